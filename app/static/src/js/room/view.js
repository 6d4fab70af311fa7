// Where the reader is in the list, which scrolls with the page; the composer may lie over its end.

/** How near the end (pixels) still counts as being there. */
const NEAR = 96;
const GAP = 16;

export class View {
  #list;
  #composer;

  constructor(list, composer) {
    this.#list = list;
    this.#composer = composer;
  }

  /** Whether the newest line is in sight, or nearly. */
  isAtEnd() {
    const bottom = Math.min(innerHeight, this.#composer.getBoundingClientRect().top);
    return this.#list.getBoundingClientRect().bottom - bottom < NEAR;
  }

  /** Whether a line is there, but further up than can be seen. */
  isAbove(line) {
    return Boolean(line) && line.getBoundingClientRect().bottom < 0;
  }

  /** Bring the newest line into sight, with the composer below it. */
  toEnd() {
    const { top, bottom } = this.#composer.getBoundingClientRect();
    const covered = this.#list.getBoundingClientRect().bottom + GAP - top;
    scrollBy({ top: Math.max(covered, bottom - innerHeight), behavior: "instant" });
  }

  /** Bring a line into sight with some of what comes before it. */
  to(line) {
    line.scrollIntoView({ block: "center", behavior: "instant" });
  }
}
