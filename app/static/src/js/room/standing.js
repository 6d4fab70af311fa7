// Why one cannot write at present, as the server last said. What was typed stays, and can be sent when that is over.

export class Standing {
  #place;
  #write;
  #said;
  #changed;
  #announcer;

  /** `changed()` is called whenever the answer is another one. */
  constructor(form, announcer, changed) {
    this.#place = form.querySelector("[data-why]");
    this.#write = form.querySelector(".composer__write");
    this.#said = this.#place.querySelector("[data-said]");
    this.#announcer = announcer;
    this.#changed = changed;
  }

  get mayWrite() {
    return this.#said.textContent === "";
  }

  /** `why` is a sentence, or nothing when the reader may write. */
  show(why) {
    if (why === this.#said.textContent) return;
    this.#said.textContent = why;
    this.#place.hidden = !why;
    this.#write.hidden = false;
    this.#announcer.say("standing", why);
    this.#changed();
  }
}
