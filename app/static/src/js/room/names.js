// Names that one can choose behind an @ while typing: those of people in this room, asked from the server a few at a time.

/** How long a pause in typing is (ms) before names are asked for, and letters and words of a name at most. */
const PAUSE_MS = 250;
const LONGEST = 40;
const MOST_WORDS = 3;
const AT = /(?:^|[^\p{L}\p{N}_@])@([^@\n]*)$/u;

export class Names {
  #field;
  #ask;
  #say;
  #list;
  #start = -1;
  #fruitless = "";
  #timer = null;
  #chosen = 0;

  /** `ask(beginning)` resolves to names; `say(number)` tells those who listen how many there are. */
  constructor(field, { ask, say, label }) {
    this.#field = field;
    this.#ask = ask;
    this.#say = say;
    this.#list = document.createElement("ul");
    this.#list.id = "names";
    this.#list.className = "menu composer__names";
    this.#list.setAttribute("role", "listbox");
    this.#list.setAttribute("aria-label", label);
    this.#list.hidden = true;
    field.before(this.#list);
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", "names");
    field.addEventListener("input", () => this.#later());
    field.addEventListener("blur", () => this.#close());
    // Before the composer hears of it: Enter chooses a name here, and sends nothing.
    field.form.addEventListener("keydown", (event) => this.#key(event), { capture: true });
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.#list.addEventListener("click", ({ target }) => this.#choose(target.closest("[role=option]")));
  }

  #later() {
    clearTimeout(this.#timer);
    const beginning = this.#beginning();
    if (beginning === null) this.#close();
    else this.#timer = setTimeout(() => this.#offer(beginning), PAUSE_MS);
  }

  /** What stands behind the last @ before the caret, or null where no name is being typed. */
  #beginning() {
    const { selectionStart: caret, selectionEnd, value } = this.#field;
    const typed = caret === selectionEnd ? AT.exec(value.slice(0, caret)) : null;
    if (!typed || typed[1].length > LONGEST || typed[1].trim().split(/\s+/).length > MOST_WORDS) return null;
    const start = caret - typed[1].length;
    // What found nobody finds nobody with more letters.
    if (start === this.#start && this.#fruitless && typed[1].startsWith(this.#fruitless)) return null;
    if (start !== this.#start) this.#fruitless = "";
    this.#start = start;
    return typed[1];
  }

  async #offer(beginning) {
    const names = await this.#ask(beginning);
    if (!names || this.#beginning() !== beginning) return;
    if (!names.length) {
      this.#fruitless = beginning;
      this.#close();
      return;
    }
    this.#list.replaceChildren(...names.map((name, number) => option(name, number)));
    this.#list.hidden = false;
    this.#mark(0);
    this.#say(names.length);
  }

  #key(event) {
    if (this.#list.hidden || event.target !== this.#field || event.isComposing) return;
    const options = this.#list.children;
    if (event.key === "ArrowDown") this.#mark((this.#chosen + 1) % options.length);
    else if (event.key === "ArrowUp") this.#mark((this.#chosen - 1 + options.length) % options.length);
    else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") this.#choose(options[this.#chosen]);
    else if (event.key === "Escape") this.#close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #mark(number) {
    this.#chosen = number;
    for (const [place, one] of [...this.#list.children].entries()) one.setAttribute("aria-selected", String(place === number));
    this.#field.setAttribute("aria-activedescendant", this.#list.children[number].id);
    this.#list.children[number].scrollIntoView({ block: "nearest" });
  }

  #choose(one) {
    if (!one) return;
    this.#field.setRangeText(`${one.textContent} `, this.#start, this.#field.selectionStart, "end");
    this.#close();
    this.#field.dispatchEvent(new Event("input", { bubbles: true }));
    clearTimeout(this.#timer);
    this.#field.focus();
  }

  #close() {
    clearTimeout(this.#timer);
    this.#list.hidden = true;
    this.#field.removeAttribute("aria-activedescendant");
  }
}

function option(name, number) {
  const one = document.createElement("li");
  one.id = `name-${number}`;
  one.className = "menu__item";
  one.setAttribute("role", "option");
  one.append(document.createElement("bdi"));
  one.firstElementChild.textContent = name;
  return one;
}
