// The socket of one room: opens it, comes back by itself, and finds out why when it does not.

import { io } from "socket.io-client";

const ANSWER_MS = 8000;
/** Between two quiet looks for frames that were missed: half a minute, not at the same moment for everybody. */
const LOOK_MS = 25000;
const LOOK_SPREAD_MS = 10000;
/** For how long to wait (ms) after a refusal that passes by itself, when the server does not say. */
const REFUSED_MS = 5000;
const LONGEST_MS = 20000;
/** A handshake takes four round trips; on the slowest networks that people have, some four seconds. */
const HANDSHAKE_MS = 12000;
/** So many failures in a row while the page itself can be reached mean that no WebSocket gets through. */
const BLOCKED_AFTER = 2;
const WAYS_OUT = { signed_out: "signed-out", forbidden: "closed", not_found: "closed" };

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
  #isOpen = false;
  #failures = 0;
  #timer = null;

  /** `message(message)` for each broadcast, `gone(what)` for what was taken away, `changed(state)` for each state, `catchUp()` to ask for what is missing, `locked()` when the screen is locked. */
  constructor({ room, url, me, message, gone, changed, catchUp, locked }) {
    this.#room = room;
    this.#url = url;
    this.#me = me;
    this.#changed = changed;
    this.#catchUp = catchUp;
    this.#socket = io({
      transports: ["websocket"],
      upgrade: false,
      autoConnect: false,
      reconnectionDelay: 1000,
      reconnectionDelayMax: LONGEST_MS,
      randomizationFactor: 0.5,
      timeout: HANDSHAKE_MS,
    });
    this.#socket.on("connect", () => this.synchronise());
    this.#socket.on("connect_error", () => this.#failed());
    this.#socket.on("disconnect", (reason) => this.#lost(reason));
    this.#socket.on("session.ended", () => this.stop("ended"));
    this.#socket.on("session.locked", locked);
    // Somebody left, so the room has a new address; asking finds it, or says that we are not in the room any more.
    this.#socket.on("room.moved", (moved) => moved.room === room && this.synchronise());
    this.#socket.on("room.gone", (what) => what.room === room && gone(what));
    this.#socket.on("room.message", (sent) => sent.room === room && message(sent));
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
    if (event === "room.open" && answer.me !== this.#me) throw new Refused({ code: "forbidden" });
    this.#isOpen = true;
    return answer;
  }

  /** Send one text. Resolves to the acknowledgement, or to null when none came. */
  async post({ clientId, body, draft }) {
    if (this.state !== "live") return null;
    const sent = { client_id: clientId, body, draft: draft ? "1" : "" };
    const answer = await this.#emit("room.post", sent).catch(() => null);
    if (!answer) this.synchronise();
    else if (answer.error?.code in WAYS_OUT) this.stop(WAYS_OUT[answer.error.code]);
    return answer;
  }

  /** Have the server keep what is being typed. Resolves to whether it is kept. */
  async keep(body) {
    if (this.state !== "live") return false;
    const answer = await this.#emit("room.draft", { body }).catch(() => null);
    return answer?.ok ?? false;
  }

  /** Say how far was read. Resolves to whether it was noted. */
  async read(seq) {
    if (this.state !== "live") return false;
    const answer = await this.#emit("room.read", { seq }).catch(() => null);
    return answer?.ok ?? false;
  }

  /** Ask for what is missing; when nothing is, the room is live. */
  async synchronise() {
    try {
      await this.#catchUp();
      this.#failures = 0;
      this.#become("live");
      this.#later(LOOK_MS + Math.random() * LOOK_SPREAD_MS, () => this.#look());
    } catch (failure) {
      if (!this.#socket.connected || this.#isFinal()) return;
      if (!(failure instanceof Refused)) this.#reconnect();
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

  #lost(reason) {
    this.#isOpen = false;
    if (this.#isFinal()) return;
    this.#become(navigator.onLine ? "down" : "offline");
    if (reason === "io server disconnect") this.#comeBack();
  }

  async #failed() {
    this.#failures += 1;
    // A handshake that the server itself refused is not repeated by the library.
    if (!this.#socket.active) this.#comeBack();
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
    const wait = Math.min(LONGEST_MS, 1000 * 2 ** this.#failures) * (0.5 + Math.random());
    this.#later(wait, () => this.#socket.connect());
  }

  /** The network is back, or the reader is: do not wait for the next try. */
  async #revive() {
    if (this.state === "closed") return;
    if (this.#isFinal()) {
      if ((await reach(this.#url)) !== "open") return;
      this.state = "connecting";
    }
    if (this.#socket.connected) this.synchronise();
    else this.#reconnect();
  }

  #reconnect() {
    this.#socket.disconnect();
    this.#socket.connect();
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
