// What was written here and is not stored yet. It goes out one at a time, in order, under an id that stays the same
// however often it is tried. It lives in memory, and on the device only where its writer chose that (kept.js).

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
  #kept;

  /**
   * `send(item)` resolves to an acknowledgement, or to null when nothing can be sent now; it never rejects.
   * `changed(item)` is called with each new `item.state`: waiting, sending, too-fast, unsaved, refused, stopped, posted.
   * `stored(message)` is called with what the server stored. `wait(seconds)` resolves later. `kept` is where items
   * outlive the page, if anywhere.
   */
  constructor({ send, changed, stored, wait, kept }) {
    this.#send = send;
    this.#changed = changed;
    this.#stored = stored;
    this.#wait = wait;
    this.#kept = kept;
  }

  get isEmpty() {
    return this.#items.length === 0;
  }

  /** Whether everything in it outlives this page. */
  get isKept() {
    return this.#kept.isChosen && this.#items.every((item) => item.isKept);
  }

  /** What was not stored yet, in order. */
  get texts() {
    return this.#items.map(({ body }) => body);
  }

  /**
   * Take a text, with `more` that belongs to it, under the names of the form's fields. `draft` says that the server keeps
   * it as one. Returns its item, already on its way when a connection is there.
   */
  add(body, more = {}, draft = false) {
    const item = this.#take({ clientId: newId(), body, more, draft });
    this.pump();
    return item;
  }

  /** Take what an earlier page left. Whether it was stored in the meantime does not matter: its id is the same. */
  restore() {
    for (const [clientId, words] of this.#kept.list("draft")) this.#take({ ...words, clientId });
  }

  /** Keep what is here from now on, or let go of it, as the writer has just chosen. */
  keepAll() {
    for (const item of this.#items) this.#keep(item);
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
    this.#kept.drop(clientId);
  }

  /** Try a refused text again, in its own place. */
  retry(clientId) {
    const item = this.#find(clientId);
    if (!item || this.#stopped) return;
    this.#mark(item, "waiting");
    this.pump();
  }

  /** Give a text back to its writer: its item, or undefined when it has been stored meanwhile. */
  takeBack(clientId) {
    const item = this.#find(clientId);
    this.settle(clientId);
    return item;
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

  #take(words) {
    const item = { ...words, state: "waiting", reason: "", seconds: 0 };
    this.#items.push(item);
    this.#keep(item);
    this.#mark(item, this.#stopped ? "stopped" : "waiting");
    return item;
  }

  #keep(item) {
    const { clientId, body, more, draft } = item;
    item.isKept = this.#kept.keep(clientId, { body, more, draft });
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
    // Counted down where it stands, which no screen reader reads aloud by itself.
    item.seconds = Math.max(1, Math.ceil(seconds ?? UNSAVED_SECONDS));
    for (; item.seconds > 0 && !this.#stopped && this.#items.includes(item); item.seconds -= 1) {
      this.#mark(item, PASSING[code]);
      await this.#wait(1);
    }
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
