// What one can do with a message, in a menu that is made when it is asked for. Everything in it, and more, is on the
// message's own page as well.

import { REACTIONS } from "./beside.js";

/** For so long (ms) after it was sent a message can be changed. */
const CHANGE_MS = 15 * 60 * 1000;

export class Menu {
  #list;
  #url;
  #me;
  #may;
  #words;
  #verbs;
  #open = null;

  /** `verbs`: `answer(line)`, `react(line, kind, isOn)`, `copied()`, `unread(line)`. */
  constructor({ room, list, words, verbs }) {
    this.#list = list;
    this.#url = room.dataset.url;
    this.#me = room.dataset.me;
    this.#may = new Set(room.dataset.may.split(" "));
    this.#words = words;
    this.#verbs = verbs;
    list.addEventListener("click", ({ target }) => {
      const button = target.closest(".message__menu");
      if (button) this.#toggle(button);
    });
    list.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("pointerdown", ({ target }) => {
      if (this.#open && !target.closest(".menu, .message__menu")) this.#close(false);
    });
  }

  #toggle(button) {
    const isOwnMenu = this.#open?.button === button;
    if (this.#open) this.#close(true);
    if (isOwnMenu) return;
    const line = button.closest(".message");
    const menu = document.createElement("div");
    menu.className = "menu";
    menu.setAttribute("role", "menu");
    menu.append(...this.#items(line));
    menu.addEventListener("focusout", ({ relatedTarget }) => relatedTarget && !menu.contains(relatedTarget) && this.#close(false));
    button.after(menu);
    button.setAttribute("aria-expanded", "true");
    this.#open = { button, menu };
    // Where there is more room above than below, it opens upward.
    const { top, bottom } = button.getBoundingClientRect();
    menu.classList.toggle("menu--up", bottom + menu.offsetHeight > innerHeight && top > innerHeight - bottom);
    menu.firstElementChild.focus({ preventScroll: true });
    menu.scrollIntoView({ block: "nearest" });
  }

  #items(line) {
    const { seq, author, mine = "" } = line.dataset;
    const page = `${this.#url}/messages/${seq}`;
    const isOwn = author === this.#me;
    const sent = Date.parse(line.querySelector(".message__time").dateTime);
    const items = [];
    const does = (word, verb) => items.push(this.#item("button", word, verb));
    const leads = (word, address) => {
      items.push(this.#item("a", word));
      items.at(-1).href = address;
    };
    const isThere = !line.classList.contains("message--gone");
    if (isThere && this.#may.has("answer")) does("answer", () => this.#verbs.answer(line));
    if (isThere && this.#may.has("react")) for (const kind of REACTIONS) items.push(this.#reaction(line, kind, mine.split(" ").includes(kind)));
    does("copy", () => this.#copy(new URL(page, location.href).href));
    if (isThere && isOwn && this.#may.has("answer") && Date.now() - sent < CHANGE_MS) leads("change", `${page}/change`);
    if (isThere && isOwn) leads("withdraw", `${page}/withdraw`);
    if (isThere && !isOwn && this.#may.has("take-out")) leads("take-out", `${page}/take-out`);
    does("unread", () => this.#verbs.unread(line));
    leads("more", page);
    return items;
  }

  #reaction(line, kind, isOn) {
    const item = this.#item("button", kind, () => this.#verbs.react(line, kind, !isOn));
    item.setAttribute("role", "menuitemcheckbox");
    item.setAttribute("aria-checked", String(isOn));
    return item;
  }

  #item(name, word, verb) {
    const item = document.createElement(name);
    item.className = "menu__item";
    item.textContent = this.#words.say(word);
    item.setAttribute("role", "menuitem");
    item.tabIndex = -1;
    if (name === "button") item.type = "button";
    item.addEventListener("click", () => {
      if (!verb) return;
      this.#close(true);
      verb();
    });
    return item;
  }

  #key(event) {
    if (!this.#open?.menu.contains(event.target)) return;
    const items = [...this.#open.menu.children];
    const at = items.indexOf(document.activeElement);
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 };
    if (event.key in moves) items[moves[event.key] % items.length].focus();
    else if (event.key === "Escape") this.#close(true);
    else if (event.key === "Tab") {
      this.#close(true);
      return;
    } else return;
    event.preventDefault();
    // Escape three times is not meant for anything else on the page.
    event.stopPropagation();
  }

  #close(goesBack) {
    const { button, menu } = this.#open;
    this.#open = null;
    const had = menu.contains(document.activeElement);
    menu.remove();
    button.setAttribute("aria-expanded", "false");
    if (goesBack || had) button.focus({ preventScroll: true });
  }

  async #copy(address) {
    try {
      await navigator.clipboard.writeText(address);
      this.#verbs.copied();
    } catch {
      // Where the browser does not let us, the message's page shows its address.
      location.assign(address);
    }
  }
}
