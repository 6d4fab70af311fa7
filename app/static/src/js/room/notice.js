// The notice about the connection: what is wrong, that nothing is lost, and what one can do.

/** Interruptions shorter than this are not worth a word. */
const PATIENCE_MS = 1500;
const AT_ONCE = new Set(["live", "offline", "ended", "signed-out", "closed"]);
const WAYS = { ended: "sign-in", "signed-out": "sign-in", blocked: "refresh" };

export class Notice {
  #place;
  #words;
  #announcer;
  #timer = null;
  #shown = "live";

  constructor(place, words, announcer) {
    this.#place = place;
    this.#words = words;
    this.#announcer = announcer;
  }

  /** Show a state of the connection (connection.js), or nothing while it is live. */
  show(state) {
    clearTimeout(this.#timer);
    if (AT_ONCE.has(state)) this.#draw(state);
    else this.#timer = setTimeout(() => this.#draw(state), PATIENCE_MS);
  }

  #draw(state) {
    if (state === this.#shown) return;
    this.#shown = state;
    const sentence = this.#words.say(state);
    this.#place.hidden = state === "live";
    this.#place.querySelector("[data-said]").textContent = state === "live" ? "" : sentence;
    for (const way of this.#place.querySelectorAll("[data-way]")) way.hidden = way.dataset.way !== WAYS[state];
    this.#announcer.say("connection", sentence);
  }
}
