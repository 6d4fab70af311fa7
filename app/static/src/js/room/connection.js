// The socket of one room: opens it, comes back by itself, and finds out why when it does not.

import { io } from "socket.io-client";
import { wait } from "./backoff.js";

const ANSWER_MS = 8000;
/** After a change that everybody in the room hears of at once, they ask within this time (ms) what it means for them. */
const SPREAD_MS = 1000;
/** Between two quiet looks for frames that were missed: half a minute, not at the same moment for everybody. */
const LOOK_MS = 25000;
const LOOK_SPREAD_MS = 10000;
/** For how long to wait (ms) after a refusal that passes by itself, when the server does not say. */
const REFUSED_MS = 5000;
/** A handshake takes four round trips; on the slowest networks that people have, some four seconds. */
const HANDSHAKE_MS = 12000;
/** So many failures in a row while the page itself can be reached mean that no WebSocket gets through. */
const BLOCKED_AFTER = 2;
const WAYS_OUT = { signed_out: "signed-out", not_found: "closed" };

export class Refused extends Error {
  constructor({ code, retry_after: seconds }) {
    super(code);
    this.code = code;
    this.seconds = seconds;
  }
}

/**
 * States: `connecting`, `live`, `down`, `offline`, `blocked` (pages work, sockets do not), `signed-out` and `ended`
 * (which a new sign-in of the same person mends), `closed` (the room is not open to them).
 */
export class Connection {
  state = "connecting";
  #socket;
  #room;
  #url;
  #me;
  #changed;
  #catchUp;
  #recheck;
  #isOpen = false;
  #isBack = false;
  #failures = 0;
  #timer = null;

  /**
   * `heard` are the ears of the room, by the name of the event: each is given what was sent. `changed(state)` is told each
   * state, `catchUp()` asks for what is missing, `recheck()` for what may have changed of what is shown, after a break;
   * `locked()` is told that the screen is locked.
   */
  constructor({ room, url, me, heard, changed, catchUp, recheck, locked }) {
    this.#room = room;
    this.#url = url;
    this.#me = me;
    this.#changed = changed;
    this.#catchUp = catchUp;
    this.#recheck = recheck;
    this.#socket = io({
      transports: ["websocket"],
      upgrade: false,
      autoConnect: false,
      // We come back by ourselves: after a restart of the server a thousand pages must not do so in one moment.
      reconnection: false,
      timeout: HANDSHAKE_MS,
    });
    this.#socket.on("connect", () => this.synchronise());
    this.#socket.on("connect_error", () => this.#failed());
    this.#socket.on("disconnect", () => this.#lost());
    this.#socket.on("session.ended", () => this.stop("ended"));
    this.#socket.on("session.locked", locked);
    for (const [event, hear] of Object.entries(heard)) {
      this.#socket.on(event, (sent) => (sent.room ?? sent.message?.room) === room && hear(sent));
    }
    // Somebody left, so the room has a new address; asking finds it, or says that we are not in the room any more.
    this.#socket.on("room.moved", (moved) => moved.room === room && this.synchronise());
    // The room was closed, slowed, begun or ended: what that means for whoever reads here is part of the answer.
    this.#socket.on("room.state", (sent) => sent.room === room && this.#soon());
    addEventListener("online", () => this.#revive());
    addEventListener("offline", () => this.#isFinal() || this.#become("offline"));
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#revive());
  }

  /** Start. Nothing is connected before. */
  open() {
    this.#socket.connect();
  }

  /** Ask for messages after `since`; the first asking of a connection also opens the room on it. */
  async ask(since) {
    const event = this.#isOpen ? "room.since" : "room.open";
    const answer = await this.#emit(event, { since });
    if (!answer.ok) throw new Refused(answer.error);
    // Somebody else signed in meanwhile: what waits here must not go out under their name.
    if (event === "room.open" && answer.me !== this.#me) throw new Refused({ code: "not_found" });
    this.#isOpen = true;
    return answer;
  }

  /** Send one text with what belongs to it. Resolves to the acknowledgement, or to null when none came. */
  async post({ clientId, body, more, draft }) {
    if (this.state !== "live") return null;
    const sent = { ...more, client_id: clientId, body, draft: draft ? "1" : "" };
    const answer = await this.#emit("room.post", sent).catch(() => null);
    if (!answer) this.synchronise();
    else if (answer.error?.code in WAYS_OUT) this.stop(WAYS_OUT[answer.error.code]);
    // Nobody, or not they, may write here now: what else that means is part of the next answer.
    else if (answer.error?.code === "forbidden") this.synchronise();
    return answer;
  }

  /** Say or ask something that is not waited for where there is no connection. Resolves to the acknowledgement, or to null. */
  async tell(event, payload) {
    if (this.state !== "live") return null;
    return this.#emit(event, payload).catch(() => null);
  }

  /** Have the server keep what is being typed. Resolves to whether it is kept. */
  async keep(body) {
    return (await this.tell("room.draft", { body }))?.ok ?? false;
  }

  /** Say how far was read. Resolves to whether it was noted. */
  async read(seq) {
    return (await this.tell("room.read", { seq }))?.ok ?? false;
  }

  /** Ask for what is missing; when nothing is, the room is live. */
  async synchronise() {
    try {
      await this.#catchUp();
      this.#failures = 0;
      this.#become("live");
      if (this.#isBack) this.#recheck();
      this.#isBack = false;
      this.#later(LOOK_MS + Math.random() * LOOK_SPREAD_MS, () => this.#look());
    } catch (failure) {
      if (!this.#socket.connected || this.#isFinal()) return;
      // A socket that does not answer is given up; losing it begins the way back.
      if (!(failure instanceof Refused)) this.#socket.disconnect();
      else if (failure.code in WAYS_OUT) this.stop(WAYS_OUT[failure.code]);
      else this.#later(failure.seconds * 1000 || REFUSED_MS, () => this.synchronise());
    }
  }

  #emit(event, payload) {
    // Without this the library would keep it and send it later, behind our back.
    if (!this.#socket.connected) return Promise.reject(new Error("not connected"));
    return this.#socket.timeout(ANSWER_MS).emitWithAck(event, { room: this.#room, ...payload });
  }

  #look() {
    if (document.visibilityState === "visible" && this.#socket.connected) this.synchronise();
  }

  #soon() {
    this.#later(Math.random() * SPREAD_MS, () => this.synchronise());
  }

  #lost() {
    this.#isBack ||= this.#isOpen;
    this.#isOpen = false;
    if (this.#isFinal()) return;
    this.#become(navigator.onLine ? "down" : "offline");
    this.#comeBack();
  }

  async #failed() {
    this.#failures += 1;
    this.#comeBack();
    if (!navigator.onLine) this.#become("offline");
    else if (this.#failures > 1) await this.#findOutWhy();
  }

  async #findOutWhy() {
    const why = await reach(this.#url);
    if (this.#socket.connected || this.#isFinal()) return;
    if (why === "signed-out" || why === "closed") this.stop(why);
    else this.#become(why === "open" && this.#failures >= BLOCKED_AFTER ? "blocked" : "down");
  }

  #comeBack() {
    this.#later(wait(this.#failures), () => this.#socket.connect());
  }

  /** The network is back, or the reader is: do not wait for the next try. */
  async #revive() {
    if (this.state === "closed") return;
    if (this.#isFinal()) {
      if ((await reach(this.#url)) !== "open") return;
      this.state = "connecting";
    }
    if (this.#socket.connected) this.synchronise();
    else {
      this.#socket.disconnect();
      this.#socket.connect();
    }
  }

  /** Let go of the socket until something outside this page changes. */
  stop(state) {
    this.#become(state);
    clearTimeout(this.#timer);
    this.#socket.disconnect();
  }

  #isFinal() {
    return ["ended", "signed-out", "closed"].includes(this.state);
  }

  #become(state) {
    this.state = state;
    this.#changed(state);
  }

  #later(ms, what) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(what, ms);
  }
}

/** Whether the room's page can be reached without a socket: `open`, `signed-out`, `closed`, or `unreachable`. */
async function reach(url) {
  try {
    const { type, status, ok } = await fetch(url, { method: "HEAD", redirect: "manual", cache: "no-store" });
    if (type === "opaqueredirect" || status === 401) return "signed-out";
    if (status === 403 || status === 404) return "closed";
    return ok ? "open" : "unreachable";
  } catch {
    return "unreachable";
  }
}
