// Fetches what is only needed by whoever does something here (js/acting.js), and stands in for it meanwhile.

/** How long (ms) somebody who sends waits for it. Then the server alone looks at what may lead to somebody. */
const PATIENCE_MS = 3000;
/** How long (ms) after the room is live it is fetched without being asked for, except where pages are to be light. */
const UNASKED_MS = 2000;

export class Acting {
  /** What `begin` made of it, once it is there. */
  ready = null;
  #address;
  #begin;
  #fetching = null;
  #tries = 0;
  #isUnasked = document.documentElement.dataset.mode !== "light";

  /** `begin(module)` puts it to work and returns its parts. */
  constructor(room, form, begin) {
    this.#address = room.dataset.acting;
    this.#begin = begin;
    form.addEventListener("focusin", () => this.fetch());
    form.addEventListener("click", (event) => this.#instead(event, "[data-bring], [data-take-back]"), { capture: true });
    room.addEventListener("click", (event) => this.#instead(event, ".message__menu"), { capture: true });
  }

  /** Fetch it. Resolves to its parts, or to null when it cannot be had at present. */
  fetch() {
    // An address that failed once is not tried again by every browser.
    this.#fetching ??= import(`${this.#address}#${(this.#tries += 1)}`).then(
      (module) => (this.ready = this.#begin(module)),
      () => (this.#fetching = null),
    );
    return this.#fetching;
  }

  /** The room is live: there is time. */
  soon() {
    if (this.#isUnasked) setTimeout(() => this.fetch(), UNASKED_MS);
    this.#isUnasked = false;
  }

  /** Resolves to its parts, or after a while to null. */
  waited() {
    return Promise.race([this.fetch(), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, null))]);
  }

  /** A press that it is needed for is made again once it is there. */
  #instead(event, selector) {
    const pressed = event.target.closest(selector);
    if (this.ready || !pressed) return;
    event.preventDefault();
    event.stopPropagation();
    this.fetch().then((ready) => ready && pressed.click());
  }
}
