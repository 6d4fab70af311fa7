// The lines of the list, made from the patterns that the server rendered. Only a stored message's own HTML, which the
// server has sanitised, is ever read as HTML; everything else is set as text.

export class Lines {
  #patterns;
  #clock;
  #words;
  #url;
  #files;
  #beside;

  /** `root` holds the `<template data-pattern>`s and knows the room's address. */
  constructor(root, clock, words, files, beside) {
    this.#url = root.dataset.url;
    const patterns = [...root.querySelectorAll("template[data-pattern]")];
    this.#patterns = new Map(patterns.map((pattern) => [pattern.dataset.pattern, pattern]));
    this.#clock = clock;
    this.#words = words;
    this.#files = files;
    this.#beside = beside;
  }

  /** Gives a stored message its menu. */
  equip = () => {};

  /** An empty message line. */
  message() {
    return this.#copy("message");
  }

  /** The line above the first message of a local day. */
  day(instant) {
    const line = this.#copy("day");
    const time = line.querySelector("time");
    time.dateTime = this.#clock.dayKey(instant);
    time.textContent = this.#clock.day(instant);
    return line;
  }

  /** The line above what is unread. */
  unread() {
    return this.#copy("unread");
  }

  /** The line that stands for `number` missing messages after one, with the ways to them. */
  away(after, number) {
    const line = this.#copy("gap");
    line.querySelector("[data-said]").textContent = this.#words.count("away", number);
    line.querySelector("[data-first]").href = `${this.#url}?after=${after}`;
    line.querySelector("[data-newest]").href = this.#url;
    return line;
  }

  /** Show a stored message in `line`, which may have shown the text while it was on its way. */
  fill(line, message, isOwn) {
    const { seq, author, at, html, gone, files } = message;
    this.#beside.clear(line);
    line.className = isOwn ? "message message--own" : "message";
    line.id = `m${seq}`;
    line.dataset.seq = seq;
    line.dataset.author = author.id;
    line.querySelector(".message__link").href = `${this.#url}/messages/${seq}`;
    delete line.dataset.clientId;
    // Whoever left for good has no name any more; the pattern says so.
    if (author.name) line.querySelector(".message__author").textContent = author.name;
    this.setTime(line.querySelector(".message__time"), at);
    const body = document.createElement("template");
    body.innerHTML = html;
    line.querySelector(".message__body").replaceChildren(body.content);
    line.querySelector(".files")?.remove();
    line.querySelector(".message__body").after(...this.#files.list(files));
    line.querySelector(".message__state")?.remove();
    this.#beside.show(line, message);
    this.equip(line);
    if (gone) this.takeAway(line, gone);
  }

  /** Show who said what to a message. */
  react(line, reactions) {
    this.#beside.react(line, reactions);
  }

  /** Put in place of a message's words that they were taken away, and by whom or what (`by`). */
  takeAway(line, by) {
    this.#beside.clear(line);
    line.classList.add("message--gone");
    // Whoever has left for good has no id any more, and nobody else took their words away.
    const isKnown = line.dataset.author || by !== "removed";
    line.querySelector(".files")?.remove();
    const said = document.createElement("p");
    said.textContent = (isKnown && this.#words.say(`gone-${by}`)) || this.#words.say("gone");
    line.querySelector(".message__body").replaceChildren(said);
  }

  /** Show a text that is not stored yet. */
  fillUnsent(line, item, authorName) {
    line.dataset.clientId = item.clientId;
    line.querySelector(".message__author").textContent = authorName;
    line.querySelector(".message__time").hidden = true;
    line.querySelector(".message__body").replaceChildren(
      ...paragraphs([item.body, item.more?.files && this.#words.say("files-with")].filter(Boolean).join("\n\n")),
    );
    line.append(this.#copy("state"));
    this.setState(line, item);
  }

  /** Say in words how an unsent text stands. */
  setState(line, { state, reason, seconds }) {
    const isRefused = state === "refused";
    const isOver = isRefused || state === "stopped";
    line.className = `message message--own${state === "posted" ? "" : isOver ? " message--failed" : " message--pending"}`;
    const said = state === "too-fast" ? this.#words.count("too-fast", seconds) : this.#words.say(state, { reason });
    line.querySelector("[data-said]").textContent = said;
    for (const button of line.querySelectorAll("[data-mend]")) button.hidden = !isRefused;
  }

  /** Write an instant (ISO 8601, UTC) as a local time of day. */
  setTime(time, instant) {
    time.dateTime = instant;
    time.textContent = this.#clock.time(instant);
    time.hidden = false;
  }

  #copy(name) {
    return this.#patterns.get(name).content.firstElementChild.cloneNode(true);
  }
}

function paragraphs(text) {
  return text.trim().split(/\n{2,}/).map((block) => {
    const paragraph = document.createElement("p");
    paragraph.dir = "auto";
    block.split("\n").forEach((line, index) => {
      if (index) paragraph.append(document.createElement("br"));
      paragraph.append(line);
    });
    return paragraph;
  });
}
