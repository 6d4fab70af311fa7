// What stands beside a message's words: marks, what it answers, a fold, and who said one of five things to it.

/** The five things, in the order in which they are offered. */
export const REACTIONS = ["with-you", "thank-you", "i-relate", "helpful", "thinking-of-you"];
/** Of those who said the same so many are named, with the reader. */
const MOST_NAMED = 3;

export class Beside {
  #words;
  #url;
  #me;
  #away;
  #topic;
  #topics;

  /** `root` knows the room's address, who reads, and whom they keep away. */
  constructor(root, words) {
    this.#words = words;
    this.#url = root.dataset.url;
    this.#me = root.dataset.me;
    this.#topic = root.dataset.topic;
    this.#topics = root.querySelector("[data-topics]")?.content;
    this.#away = new Set(root.dataset.away.split(" ").filter(Boolean));
  }

  /** Draw it anew around the body of a line that was just filled. */
  show(line, { author, gone, note, mentions = [], edited, pinned, reply, topic, reactions = [] }) {
    this.clear(line);
    if (gone) return;
    const isAway = this.#away.has(author.id);
    const namesMe = mentions.includes(this.#me);
    line.classList.toggle("message--named", namesMe);
    line.classList.toggle("message--away", isAway);
    line.toggleAttribute("data-pinned", Boolean(pinned));
    const body = line.querySelector(".message__body");
    const marks = [namesMe && "names-you", edited && "edited", pinned && "pinned"].filter(Boolean);
    if (marks.length) body.before(element("span", "message__marks", marks.map((mark) => this.#words.say(mark)).join(" · ")));
    if (topic && topic !== this.#topic) line.querySelector(".message__link").after(this.#topicLink(topic));
    if (reply) body.before(this.quote(reply));
    if (isAway || note) this.#fold(line, body, isAway ? "" : note);
    this.react(line, reactions);
  }

  /** Take all of it away again. */
  clear(line) {
    line.classList.remove("message--named", "message--away");
    for (const part of line.querySelectorAll(":scope > :is(.message__marks, .message__quote, .message__said, .message__topic)"))
      part.remove();
    const fold = line.querySelector(".message__fold");
    fold?.querySelector("summary").remove();
    fold?.replaceWith(...fold.childNodes);
  }

  /** What a message answers, in short, on the way to it. */
  quote({ seq, author, words }) {
    const link = element("a", "message__quote");
    link.href = `${this.#url}?around=${seq}#m${seq}`;
    link.dataset.answers = seq;
    link.dataset.author = author.id;
    link.append(element("span", "visually-hidden", `${this.#words.say("answers")} `));
    if (this.#away.has(author.id)) link.append(this.#words.say("kept-away"));
    else {
      if (author.name) link.append(element("bdi", "", author.name), ": ");
      link.append(element("bdi", "", words || this.#words.say("no-words")));
    }
    return link;
  }

  /** Who said what to a message, with names and never a number. */
  react(line, reactions) {
    line.querySelector(".message__said")?.remove();
    if (!reactions.length || line.classList.contains("message--gone")) return;
    const list = element("ul", "message__said");
    list.setAttribute("aria-label", this.#words.say("reactions"));
    const mine = new Set((line.dataset.mine ?? "").split(" "));
    for (const { kind, by, others } of reactions) {
      if (by.some(({ id }) => id === this.#me)) mine.add(kind);
      // Whom the reader keeps away is not named to them here either.
      const met = by.filter(({ id }) => !id || !this.#away.has(id));
      if (met.length || others || mine.has(kind)) list.append(this.#said(kind, met, others, mine.has(kind)));
    }
    if (!list.children.length) return;
    (line.querySelector(".message__fold") ?? line.querySelector(".files") ?? line.querySelector(".message__body")).after(list);
  }

  /** Words that were taken away are gone from what answers them, too. */
  forget(list, { seq, author, all }) {
    for (const link of list.querySelectorAll(".message__quote")) {
      const isMeant = all || (seq === undefined ? link.dataset.author === author : Number(link.dataset.answers) === seq);
      if (isMeant) link.replaceChildren(this.#words.say("no-words"));
    }
  }

  /** The way to the messages of a topic. One that was opened since the page was drawn has no name here yet. */
  #topicLink(id) {
    const link = element("a", "message__topic");
    link.href = `${this.#url}?topic=${id}`;
    link.append(element("bdi", "", this.#topics?.querySelector(`[data-topic-name="${id}"]`)?.textContent || this.#words.say("topic")));
    return link;
  }

  #said(kind, by, others, isMine) {
    const names = by.filter(({ id }) => id !== this.#me);
    const most = MOST_NAMED - (isMine ? 1 : 0);
    const line = element("li", "", `${this.#words.say(kind)}: `);
    const parts = names.slice(0, most).map(({ name }) => element("bdi", "", name || this.#words.say("former")));
    if (isMine) parts.unshift(this.#words.say("you"));
    parts.forEach((part, index) => line.append(...(index ? [`${this.#words.say("comma")} `, part] : [part])));
    if (others || names.length > most) line.append(` ${this.#words.say("others")}`);
    return line;
  }

  #fold(line, body, note) {
    const fold = element("details", "message__fold");
    const summary = element("summary", "", note ? `${this.#words.say("noted")} ` : this.#words.say("kept-away"));
    if (note) summary.append(element("bdi", "", note));
    body.before(fold);
    fold.append(summary, body, ...line.querySelectorAll(":scope > .files"));
  }
}

/** An element with a class and a text. */
export function element(name, className, text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}
