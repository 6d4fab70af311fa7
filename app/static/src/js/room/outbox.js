// What was written here and is not stored yet. It goes out one at a time, in order, under an id that stays the same
// however often it is tried. It lives in memory only: nothing is kept on the device.

/** For how long to wait (seconds) when the server cannot save just now and does not say itself. */
const UNSAVED_SECONDS = 5;
/** Refusals that pass by themselves. Every other one needs the writer. */
const PASSING = { too_many: "too-fast", unavailable: "unsaved" };

export class Outbox {
  #items = [];
  #busy = false;
  #stopped = false;
  #send;
  #changed;
  #stored;
  #wait;

  /**
   * `send(item)` resolves to an acknowledgement, or to null when nothing can be sent now; it never rejects.
   * `changed(item)` is called with each new `item.state`: waiting, sending, too-fast, unsaved, refused, stopped, posted.
   * `stored(message)` is called with what the server stored. `wait(seconds)` resolves later.
   */
  constructor({ send, changed, stored, wait }) {
    this.#send = send;
    this.#changed = changed;
    this.#stored = stored;
    this.#wait = wait;
  }

  get isEmpty() {
    return this.#items.length === 0;
  }

  /** What was not stored yet, in order. */
  get texts() {
    return this.#items.map(({ body }) => body);
  }

  /** Take a text. `draft` says that the server keeps it as one. Returns its item, already on its way when a connection is there. */
  add(body, draft = false) {
    const item = { clientId: newId(), body, draft, state: "waiting", reason: "", seconds: 0 };
    this.#items.push(item);
    this.#mark(item, this.#stopped ? "stopped" : "waiting");
    this.pump();
    return item;
  }

  /** Send whatever can be sent. Harmless to call at any time. */
  async pump() {
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (await this.#sendNext());
    } finally {
      this.#busy = false;
    }
  }

  /** The server has stored it, as a broadcast or a catching up told. */
  settle(clientId) {
    this.#items = this.#items.filter((item) => item.clientId !== clientId);
  }

  /** Try a refused text again, in its own place. */
  retry(clientId) {
    const item = this.#find(clientId);
    if (!item || this.#stopped) return;
    this.#mark(item, "waiting");
    this.pump();
  }

  /** Give a text back to its writer. Returns it, or "" when it has been stored meanwhile. */
  takeBack(clientId) {
    const item = this.#find(clientId);
    this.settle(clientId);
    return item?.body ?? "";
  }

  /** Send nothing any more; what is here stays readable. */
  stop() {
    this.#stopped = true;
    this.#markAll("stopped");
  }

  /** Go on after a stop. */
  resume() {
    if (this.#stopped) this.#markAll("waiting");
    this.#stopped = false;
    this.pump();
  }

  async #sendNext() {
    const item = this.#items.find(({ state }) => state !== "refused");
    if (!item || this.#stopped) return false;
    this.#mark(item, "sending");
    const answer = await this.#send(item);
    if (!this.#items.includes(item)) return true;
    if (this.#stopped) return false;
    if (!answer) {
      this.#mark(item, "waiting");
      return false;
    }
    if (answer.ok) {
      this.settle(item.clientId);
      if (answer.message) this.#stored(answer.message);
      else this.#mark(item, "posted");
      return true;
    }
    return this.#afterRefusal(item, answer.error);
  }

  async #afterRefusal(item, { code, text, retry_after: seconds }) {
    item.reason = text ?? "";
    if (!(code in PASSING)) {
      this.#mark(item, "refused");
      return true;
    }
    item.seconds = Math.max(1, Math.ceil(seconds ?? UNSAVED_SECONDS));
    this.#mark(item, PASSING[code]);
    await this.#wait(item.seconds);
    return true;
  }

  #find(clientId) {
    return this.#items.find((item) => item.clientId === clientId);
  }

  #markAll(state) {
    for (const item of this.#items) if (item.state !== "refused") this.#mark(item, state);
  }

  #mark(item, state) {
    item.state = state;
    this.#changed(item);
  }
}

// crypto.randomUUID is missing where a page is not served over TLS (a first try in a local network); this is the same.
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
