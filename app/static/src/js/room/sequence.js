// The order of a room's messages: each is shown once, in order, and what is missing is asked for.
//
// Numbers may have holes (a message that expired, or that this reader may not see), so a hole is only believed when the
// server was asked after it was noticed. After a long absence not everything is fetched: the reader chooses where to go on.

/** With more messages than this missing, a page of the room is the better place to read them. */
const FAR = 300;

export class Sequence {
  #last;
  #ask;
  #show;
  #skip;
  #held = new Map();
  #asking = null;
  #again = false;

  /**
   * `ask(since)` resolves to `{messages, more, last}`, where `last` is the newest number of all; `show(messages)` gets new
   * ones in order. `skip(after, number)` is told of a stretch that is too long to be fetched.
   */
  constructor(last, { ask, show, skip }) {
    this.#last = last;
    this.#ask = ask;
    this.#show = show;
    this.#skip = skip;
  }

  get last() {
    return this.#last;
  }

  /** Take a message from a broadcast or an acknowledgement. */
  receive(message) {
    if (message.seq <= this.#last) return;
    if (message.seq === this.#last + 1) {
      this.#advance([message]);
      return;
    }
    this.#held.set(message.seq, message);
    // Whoever asks deals with an asking that fails; the held message stays until the next catching up.
    this.catchUp().catch(() => {});
  }

  /** Ask for everything after the last message until nothing is missing. Rejects with what `ask` rejects with. */
  catchUp() {
    if (this.#asking) {
      this.#again = true;
      return this.#asking;
    }
    this.#asking = this.#askUntilNothingIsMissing().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #askUntilNothingIsMissing() {
    let goOn;
    do {
      this.#again = false;
      const before = [...this.#held.values()];
      const { messages, more, last } = await this.#ask(this.#last);
      if (more && last - this.#last > FAR) {
        this.#skip(this.#last, last - this.#last);
        this.#last = last;
      }
      this.#advance(messages);
      goOn = more && messages.length > 0;
      if (!goOn) this.#advance(before);
    } while (goOn || (this.#again && this.#held.size));
  }

  #advance(messages) {
    const fresh = [];
    const take = (message) => {
      if (message.seq <= this.#last) return;
      fresh.push(message);
      this.#last = message.seq;
    };
    [...messages].sort((one, other) => one.seq - other.seq).forEach(take);
    while (this.#held.has(this.#last + 1)) take(this.#held.get(this.#last + 1));
    for (const seq of this.#held.keys()) if (seq <= this.#last) this.#held.delete(seq);
    if (fresh.length) this.#show(fresh);
  }
}
