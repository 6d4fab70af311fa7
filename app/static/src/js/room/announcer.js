// The one polite live region of the room. It speaks at most every five seconds, so that a busy room can be listened to.

const QUIET_MS = 5000;
/** A moment in which what happens together is said together. */
const GATHER_MS = 400;

export class Announcer {
  #region;
  #words;
  #news = 0;
  #notices = new Map();
  #spokenAt = -QUIET_MS;
  #timer = null;

  /** True while new messages are not announced. What happens to one's own messages is still said. */
  muted = false;

  constructor(region, words) {
    this.#region = region;
    this.#words = words;
  }

  /** `n` messages of other people have arrived. */
  news(n) {
    if (this.muted || n === 0) return;
    this.#news += n;
    this.#soon();
  }

  /** Say a sentence. A later one on the same topic takes its place when it was not spoken yet. */
  say(topic, sentence) {
    this.#notices.set(topic, sentence);
    this.#soon();
  }

  #soon() {
    if (this.#timer) return;
    const wait = Math.max(GATHER_MS, this.#spokenAt + QUIET_MS - performance.now());
    this.#timer = setTimeout(() => this.#speak(), wait);
  }

  #speak() {
    this.#timer = null;
    const sentences = [...this.#notices.values()];
    if (this.#news && !this.muted) sentences.push(this.#words.count("new", this.#news));
    this.#notices.clear();
    this.#news = 0;
    if (!sentences.length) return;
    this.#spokenAt = performance.now();
    // The same sentence twice is only read twice when the node is new.
    const line = document.createElement("span");
    line.textContent = sentences.join(" ");
    this.#region.replaceChildren(line);
  }
}
