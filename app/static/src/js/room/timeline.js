// The room's list: stored messages in order, and below them what was written here and is not stored yet.

/** More lines than this are not kept in the page, nor more elements than a slow phone draws well. */
const MOST_MESSAGES = 120;
const MOST_ELEMENTS = 780;
/** What stays in any case, so that a page never becomes empty while it is being read. */
const FEWEST_MESSAGES = 20;

export class Timeline {
  #list;
  #lines;
  #view;
  #clock;
  #me;
  #name;
  #trimmed;
  #parked = [];
  #everything = document.getElementsByTagName("*");

  /** `me` is the reader's id, `name` how they are called. `trimmed(seq)` is told the oldest number that is left. */
  constructor({ list, lines, view, clock, me, name, trimmed }) {
    this.#list = list;
    this.#lines = lines;
    this.#view = view;
    this.#clock = clock;
    this.#me = me;
    this.#name = name;
    this.#trimmed = trimmed;
    this.#localTimes();
  }

  /** The number of the newest stored message in the page, or 0. */
  get newest() {
    const last = this.#stored().at(-1);
    return last ? seqOf(last) : 0;
  }

  /** Whether messages have arrived that wait until the reader comes down to them. */
  get hasParked() {
    return this.#parked.length > 0;
  }

  /** Whether a message was written by the reader. */
  isOwn(message) {
    return message.author.id === this.#me;
  }

  /** Add stored messages, in order. A reader at the end stays there; one who reads further up is not moved. */
  show(messages) {
    const follows = this.#view.isAtEnd();
    for (const message of messages) {
      // A full page gives up its oldest lines, but never under the eyes of somebody who reads them.
      if (!follows && (this.hasParked || this.#isFull())) this.#parked.push(message);
      else this.#add(message);
    }
    if (!follows) return;
    this.#trim();
    this.#view.toEnd();
  }

  /**
   * Take away the words of one message (`seq`), or of all by one author (`author`), also of those that wait; or everything
   * that was ever said here (`all`). `by` says who or what did.
   */
  takeAway({ seq, author, all, by }) {
    if (all) {
      this.#parked = [];
      for (const line of [...this.#list.children]) if (!line.dataset.clientId) this.#remove(line);
      return;
    }
    const isMeant = (number, writer) => (seq === undefined ? writer === author : number === seq);
    for (const line of this.#stored()) {
      if (isMeant(seqOf(line), line.dataset.author)) keepFocus(line, () => this.#lines.takeAway(line, by));
    }
    for (const message of this.#parked) if (isMeant(message.seq, message.author.id)) message.gone = by;
  }

  /** Show a message anew that was changed. One that is not in the page stays out of it. */
  change(message) {
    const line = this.line(message.seq);
    if (line) keepFocus(line, () => this.#lines.fill(line, message, this.isOwn(message)));
    const parked = this.#parked.findIndex(({ seq }) => seq === message.seq);
    if (parked >= 0) this.#parked[parked] = message;
  }

  /** Show who said what to a message. */
  react({ seq, reactions }) {
    const line = this.line(seq);
    if (line) keepFocus(line, () => this.#lines.react(line, reactions));
    for (const message of this.#parked) if (message.seq === seq) message.reactions = reactions;
  }

  /** The line of a stored message, or undefined. */
  line(seq) {
    return this.#stored().find((line) => seqOf(line) === seq);
  }

  /**
   * From the oldest to the newest number in the page, and which of them are shown with something beside their words; null
   * when it is empty.
   */
  get stretch() {
    const stored = this.#stored();
    if (!stored.length) return null;
    const odd = stored.filter((line) => line.querySelector(".message__marks, .message__said, .message__quote"));
    return { from: seqOf(stored[0]), to: this.newest, odd: odd.map(seqOf) };
  }

  /** Put right what was changed while nothing was heard: `kept` are the numbers that are still there, `messages` those that are not plain. */
  putRight({ from, to, kept, messages }) {
    const there = new Set(kept);
    for (const line of this.#stored()) {
      const seq = seqOf(line);
      if (seq >= from && seq <= to && !there.has(seq)) this.#remove(line);
    }
    for (const message of messages) this.change(message);
  }

  /** Draw the unread line above a message, in place of where it was. */
  unreadFrom(line) {
    this.#list.querySelector("#unread")?.remove();
    line.before(this.#lines.unread());
  }

  /** Say below what is shown that `number` messages are missing, and how one gets to them; nothing is fetched. */
  skip(after, number) {
    this.unpark();
    this.#list.insertBefore(this.#lines.away(after, number), this.#unsent()[0] ?? null);
    this.#view.toEnd();
  }

  /** Add what waits, a little at a time while the reader comes down, or all of it. */
  unpark(most = Infinity) {
    for (const message of this.#parked.splice(0, most)) this.#add(message);
    this.#trim();
  }

  /** Show how a text of one's own stands that is not stored yet. */
  showUnsent(item) {
    let line = this.unsentLine(item.clientId);
    if (line) {
      this.#lines.setState(line, item);
      return;
    }
    line = this.#lines.message();
    this.#lines.fillUnsent(line, item, this.#name);
    this.#list.append(line);
    this.#view.toEnd();
  }

  /** Forget the line of a text that turned out to be stored in a place that is not in the page. */
  dropUnsent(clientId) {
    const line = this.unsentLine(clientId);
    if (line) this.#remove(line);
  }

  /** The line of an unsent text, or undefined. */
  unsentLine(clientId) {
    return this.#unsent().find((line) => line.dataset.clientId === clientId);
  }

  #add(message) {
    const isOwn = this.isOwn(message);
    const line = (isOwn && this.unsentLine(message.client_id)) || this.#lines.message();
    this.#lines.fill(line, message, isOwn);
    const next = this.#unsent()[0] ?? null;
    // A line that already stands where it belongs is not moved: moving would take the focus out of it.
    if (!line.isConnected || line.nextElementSibling !== next) this.#list.insertBefore(line, next);
    this.#dayAbove(line);
  }

  #dayAbove(line) {
    let before = line.previousElementSibling;
    while (before && !before.matches(".message[data-seq]")) before = before.previousElementSibling;
    if (before && this.#dayKey(before) === this.#dayKey(line)) return;
    const above = line.previousElementSibling;
    // The unread line stands between the day and its first unread message.
    const place = above?.matches(".unread-line") ? above : line;
    if (!place.previousElementSibling?.matches(".day-line")) place.before(this.#lines.day(instantOf(line)));
  }

  #dayKey(line) {
    return this.#clock.dayKey(instantOf(line));
  }

  /** The server wrote times and days in UTC. */
  #localTimes() {
    for (const line of this.#list.querySelectorAll(".day-line")) line.remove();
    for (const line of this.#stored()) {
      this.#lines.setTime(line.querySelector(".message__time"), instantOf(line));
      this.#dayAbove(line);
    }
  }

  #trim() {
    const stored = this.#stored();
    let gone = 0;
    while (stored.length - gone > FEWEST_MESSAGES && this.#isFull(stored.length - gone)) {
      const line = stored[gone];
      if (line.contains(document.activeElement)) break;
      while (this.#list.firstElementChild !== line) this.#list.firstElementChild.remove();
      line.remove();
      gone += 1;
    }
    if (!gone) return;
    this.#dayAbove(stored[gone]);
    this.#trimmed(seqOf(stored[gone]));
  }

  #isFull(messages = this.#stored().length) {
    return messages > MOST_MESSAGES || this.#everything.length > MOST_ELEMENTS;
  }

  #remove(line) {
    keepFocus(line, () => line.remove(), this.#list);
  }

  #stored() {
    return [...this.#list.querySelectorAll(".message[data-seq]")];
  }

  #unsent() {
    return [...this.#list.querySelectorAll(".message[data-client-id]")];
  }
}

/** Do something to a line. When the focus was in what it replaces, the line itself (or another place) has it afterwards. */
function keepFocus(line, what, place = line) {
  const had = line.contains(document.activeElement);
  what();
  if (!had || line.contains(document.activeElement)) return;
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
}

function seqOf(line) {
  return Number(line.dataset.seq);
}

function instantOf(line) {
  return line.querySelector(".message__time").dateTime;
}
