// Asks before words go out that may lead to somebody, in place: what was found, and the two ways on.

import { element } from "./beside.js";
import { confirmation, givesAway, privateIn } from "./warnings.js";

export class Asking {
  #place;
  #field;
  #words;
  #names;

  /** `names` are the writer's own private ones. */
  constructor(form, words, names) {
    this.#place = form.querySelector("[data-warning]");
    this.#field = form.elements.body;
    this.#words = words;
    this.#names = names;
    this.#field.addEventListener("input", () => this.#close());
  }

  /** Call `send(confirmed)` at once where nothing is found in the note and the text, otherwise once the writer says so. */
  before(note, text, send) {
    this.#close();
    const whole = [note, text].filter(Boolean).join("\n");
    const found = [...givesAway(whole), ...privateIn(whole, this.#names).map((words) => ({ kind: "private", words }))];
    if (!found.length) {
      send("");
      return;
    }
    const list = document.createElement("ul");
    for (const { kind, words } of found) {
      const line = element("li", "", `${this.#words.say(kind)}: `);
      const marked = document.createElement("mark");
      marked.append(element("bdi", "", words));
      line.append(marked);
      list.append(line);
    }
    const ways = element("div", "actions");
    const change = this.#button("change-it", "button button--secondary", () => this.#field.focus());
    ways.append(change, this.#button("anyway", "button button--danger", () => {
      send(confirmation(whole));
      this.#field.focus();
    }));
    const notice = element("div", "notice notice--caution");
    notice.setAttribute("role", "group");
    notice.append(element("p", "notice__title", this.#words.say("warning")), list, element("p", "", this.#words.say("warning-rest")), ways);
    notice.setAttribute("aria-label", this.#words.say("warning"));
    this.#place.replaceChildren(notice);
    this.#place.hidden = false;
    change.focus();
  }

  /** What the server found and this page did not: the sentence for it. Sent again it goes out. */
  sentence({ kinds = [] }) {
    return `${this.#words.say("warning")}: ${kinds.map((kind) => this.#words.say(kind)).join(" · ")}.`;
  }

  #button(word, className, verb) {
    const button = element("button", className, this.#words.say(word));
    button.type = "button";
    button.addEventListener("click", () => {
      this.#close();
      verb();
    });
    return button;
  }

  #close() {
    this.#place.hidden = true;
    this.#place.replaceChildren();
  }
}
