// What the reader has seen: tells the server how far they read, and shows the ways to the unread and to the newest.

/** At most one mark in this time, and one page of waiting messages at a time. */
const MARK_MS = 3000;
const UNPARK_MESSAGES = 20;

export class Reading {
  #view;
  #timeline;
  #newestLink;
  #unreadLink;
  #words;
  #mark;
  #jumps;
  #plain;
  #marked = 0;
  #timer = null;
  #unseen = 0;
  #isAtEnd = false;
  #isHeld = false;

  /** `mark(seq)` resolves to whether the server has noted it. */
  constructor({ room, list, composer, view, timeline, words, mark }) {
    this.#view = view;
    this.#timeline = timeline;
    this.#words = words;
    this.#mark = mark;
    this.#newestLink = room.querySelector("[data-jump=newest]");
    this.#unreadLink = room.querySelector("[data-jump=unread]");
    this.#jumps = room.querySelector("[data-jumps]");
    this.#plain = this.#newestLink.textContent;
    this.#newestLink.addEventListener("click", (event) => {
      event.preventDefault();
      this.toNewest();
      const newest = list.lastElementChild;
      newest.tabIndex = -1;
      newest.focus({ preventScroll: true });
      this.look();
    });
    addEventListener("scroll", () => this.look(), { capture: true, passive: true });
    document.addEventListener("visibilitychange", () => this.look());
    // A notice above the composer, a longer text in it, a keyboard, letters that arrive late: the end stays in sight.
    const keep = () => requestAnimationFrame(() => this.#keepAtEnd());
    const observer = new ResizeObserver(keep);
    observer.observe(list);
    observer.observe(composer);
    addEventListener("resize", keep);
  }

  /** Where the page opens: at the unread line, otherwise at the end; unless the address names a place. */
  open() {
    const unread = document.getElementById("unread");
    if (location.hash) return;
    if (unread) this.#view.to(unread);
    else this.#view.toEnd();
    this.look();
  }

  /** `n` messages of others were added. */
  arrived(n) {
    this.#unseen += n;
    this.look();
  }

  /** Note nothing more as read while this page is open: its reader said so, or something is missing in it. */
  hold() {
    this.#isHeld = true;
    clearTimeout(this.#timer);
  }

  /** Go to the end, with everything that waited to be shown. */
  toNewest() {
    this.#timeline.unpark();
    this.#view.toEnd();
  }

  /** See where the reader is now. */
  look() {
    if (this.#view.isAtEnd() && this.#timeline.hasParked) this.#timeline.unpark(UNPARK_MESSAGES);
    const isAtEnd = this.#view.isAtEnd() && !this.#timeline.hasParked;
    const isSeen = isAtEnd && document.visibilityState === "visible";
    this.#isAtEnd = isAtEnd;
    if (isSeen) this.#unseen = 0;
    // A link that has the focus stays, or the focus would be lost.
    if (!this.#newestLink.matches(":focus")) this.#newestLink.hidden = isAtEnd;
    this.#newestLink.textContent = this.#unseen ? this.#words.count("new", this.#unseen) : this.#plain;
    this.#unreadLink.hidden = !this.#view.isAbove(document.getElementById("unread"));
    this.#jumps.hidden = this.#newestLink.hidden && this.#unreadLink.hidden;
    if (isSeen && !this.#isHeld && this.#timeline.newest > this.#marked) this.#soon();
  }

  #keepAtEnd() {
    if (this.#isAtEnd) this.#view.toEnd();
    this.look();
  }

  #soon() {
    this.#timer ??= setTimeout(async () => {
      this.#timer = null;
      const seq = this.#timeline.newest;
      if (document.visibilityState === "visible" && this.#view.isAtEnd() && (await this.#mark(seq))) this.#marked = seq;
    }, MARK_MS);
  }
}
