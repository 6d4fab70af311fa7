// What a member chose to keep on this device until it is sent. All of it has names that begin alike, so that all of it
// can be forgotten at once. Nothing else of ours is ever stored in a browser but cookies.

const WORDS = "unsent ";
const CHOICE = "keep";

/** Forget the words, in whatever room they were written; the choice stays. */
export function forgetWords() {
  attempt((storage) => {
    for (const name of Object.keys(storage)) if (name.startsWith(WORDS)) storage.removeItem(name);
  });
}

/** Forget everything, the choice too: at the exit, when signing out, and when the choice is taken back. */
export function forgetEverything() {
  forgetWords();
  attempt((storage) => storage.removeItem(CHOICE));
}

/** Forget where a session ends or is locked, without waiting for an answer. The exit does so itself. */
export function forgetAtTheWaysOut(page) {
  if (page.documentElement.hasAttribute("data-locked")) forgetWords();
  page.addEventListener("submit", ({ target }) => {
    if (target.matches("[data-sign-out]")) forgetEverything();
    else if (target.matches("[data-lock]")) forgetWords();
  });
}

/** What is kept for one person in one room, who is known there by the id `me`. */
export class Kept {
  #me;
  #room;

  constructor(room, me) {
    this.#room = `${WORDS}${room} `;
    this.#me = me;
    // Whoever used this device before under another name: their words are nobody's here.
    for (const [name, { by }] of this.#all()) if (by !== me) drop(name);
  }

  /** Whether this person chose that words are kept here. Asked anew each time: another page may have taken it back. */
  get isChosen() {
    return chosenBy().includes(this.#me);
  }

  /** Choose it, or take it back and with it everything that is kept. */
  choose(isWished) {
    if (!isWished) forgetEverything();
    else if (!this.isChosen) attempt((storage) => storage.setItem(CHOICE, [...chosenBy(), this.#me].join(" ")));
  }

  /** Keep `words`, a plain object, under a name. Returns whether they are kept. */
  keep(name, words) {
    if (!this.isChosen) return false;
    const line = JSON.stringify({ by: this.#me, at: Date.now(), words });
    return attempt((storage) => storage.setItem(this.#room + name, line) ?? true) ?? false;
  }

  /** What is kept under a name, or null. */
  find(name) {
    return this.#all().find(([full]) => full === this.#room + name)?.[1].words ?? null;
  }

  /** Everything that is kept in this room but `besides`, oldest first, as [name, words]. */
  list(besides) {
    const own = this.#all().map(([full, line]) => [full.slice(this.#room.length), line]);
    return own
      .filter(([name]) => name !== besides)
      .sort(([, one], [, other]) => one.at - other.at)
      .map(([name, { words }]) => [name, words]);
  }

  drop(name) {
    drop(this.#room + name);
  }

  #all() {
    const found = attempt((storage) => Object.entries(storage)) ?? [];
    return found.filter(([name]) => name.startsWith(this.#room)).map(([name, line]) => [name, read(line)]);
  }
}

/** Those who chose it, by their ids: one person may go by several, each in other rooms. */
function chosenBy() {
  return (attempt((storage) => storage.getItem(CHOICE)) ?? "").split(" ");
}

function drop(name) {
  attempt((storage) => storage.removeItem(name));
}

function read(line) {
  try {
    return JSON.parse(line) ?? {};
  } catch {
    return {};
  }
}

// A browser may forbid storage, or have no room left: then nothing is kept, as for those who did not choose it.
function attempt(what) {
  try {
    return what(localStorage);
  } catch {
    return undefined;
  }
}
