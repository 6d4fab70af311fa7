// Where one writes: the direction of the text, which key sends, and nothing lost.

/** An event larger than this (bytes) is not let in by the server; the rest of an event takes some of it. */
const MOST_BYTES = 7900;

export class Composer {
  #form;
  #field;
  #wrong;
  #send;
  #words;
  #longest;
  #take;
  #enterSends;

  /** `take(text)` is called with each text that is to be sent. */
  constructor(form, words, take) {
    this.#form = form;
    this.#field = form.elements.body;
    this.#wrong = form.querySelector("[data-wrong]");
    this.#send = form.querySelector("[data-send]");
    this.#words = words;
    this.#longest = Number(form.dataset.longest) || Infinity;
    this.#take = take;
    this.#enterSends = form.querySelector("[data-enter-sends]");
    this.#listen(form.querySelector("[data-direction]"));
  }

  /** Whether something stands in it that was not sent. */
  get hasText() {
    return this.#field.value.trim() !== "";
  }

  /** Keep what is written readable, but take nothing more. */
  lock(isLocked) {
    this.#field.readOnly = isLocked;
    this.#send.disabled = isLocked;
  }

  /** Put a text back, below what has been written meanwhile. The writer asked for it, so the focus goes along. */
  putBack(text) {
    this.#field.value = this.hasText ? `${this.#field.value}\n\n${text}` : text;
    this.#field.focus();
  }

  #listen(direction) {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || this.#send.disabled) return;
      const isShortcut = event.ctrlKey || event.metaKey;
      if (!isShortcut && (!this.#enterSends.checked || event.shiftKey || event.altKey)) return;
      event.preventDefault();
      this.#submit();
    });
    this.#field.addEventListener("input", () => {
      this.#complain("");
      this.#form.querySelector(".error-summary")?.remove();
    });
    direction.addEventListener("change", () => {
      this.#field.dir = direction.value;
    });
    // What the browser kept of these while the page was reloaded would otherwise say something else than is true.
    direction.value = "auto";
    this.#enterSends.checked = false;
  }

  #submit() {
    const text = this.#field.value;
    if (!this.hasText) return;
    if ([...text].length > this.#longest || new Blob([JSON.stringify(text)]).size > MOST_BYTES) {
      this.#complain(this.#words.say("too-long"));
      return;
    }
    this.#field.value = "";
    this.#take(text);
  }

  #complain(sentence) {
    this.#wrong.textContent = sentence;
    this.#wrong.hidden = !sentence;
    if (sentence) this.#field.setAttribute("aria-invalid", "true");
    else this.#field.removeAttribute("aria-invalid");
  }
}
