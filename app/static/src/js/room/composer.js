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
  #asking;
  #beside;
  #may = { sends: true, writes: true };
  #isHeld = false;

  /** `take(text, more)` is called with each text that is to be sent, once `asking` has found nothing or was answered. */
  constructor(form, words, { asking, beside, take }) {
    this.#form = form;
    this.#field = form.elements.body;
    this.#wrong = form.querySelector("[data-wrong]");
    this.#send = form.querySelector("[data-send]");
    this.#words = words;
    this.#longest = Number(form.dataset.longest) || Infinity;
    this.#take = take;
    this.#asking = asking;
    this.#beside = beside;
    this.#enterSends = form.querySelector("[data-enter-sends]");
    this.#listen(form.querySelector("[data-direction]"));
  }

  /** Whether something stands in it that was not sent. */
  get hasText() {
    return this.#field.value.trim() !== "";
  }

  /** Send nothing; where it is over for good, keep what is written readable, but take nothing more. */
  lock(may) {
    this.#may = may;
    this.#show();
  }

  /** Take nothing until a promise is kept: what is typed meanwhile would go with the text. False if that is so already. */
  async hold(promise) {
    if (this.#field.readOnly) return false;
    this.#isHeld = true;
    this.#show();
    await promise;
    this.#isHeld = false;
    this.#show();
    return true;
  }

  /** Put a text back with what belongs to it, below what has been written meanwhile. The writer asked, so the focus goes along. */
  putBack(text, { note = "" } = {}) {
    this.#field.value = this.hasText ? `${this.#field.value}\n\n${text}` : text;
    if (note) this.#note.value = note;
    this.#note.closest("details").open ||= note !== "";
    this.#field.focus();
  }

  /** Let what is written next answer a message: its number, who wrote it, and its words in short. */
  answer(quote) {
    this.#form.elements.reply_to.value = quote.seq;
    this.#form.querySelector("[data-answered]").replaceChildren(this.#beside.quote(quote));
    this.#form.querySelector("[data-answering]").hidden = false;
  }

  /** Put the cursor where one writes. */
  focus() {
    this.#field.focus();
  }

  get #note() {
    return this.#form.elements.note;
  }

  #show() {
    this.#field.readOnly = this.#isHeld || !this.#may.writes;
    this.#send.disabled = !this.#may.sends;
  }

  #answerNothing() {
    this.#form.elements.reply_to.value = "";
    this.#form.querySelector("[data-answering]").hidden = true;
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
    this.#form.querySelector("[data-answer-nothing]").addEventListener("click", (event) => {
      event.preventDefault();
      this.#answerNothing();
      this.#field.focus();
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
    const { files, bringing } = this.#form.elements;
    if (!this.hasText && !files?.value) return;
    if (bringing?.value) {
      this.#complain(this.#words.say("file-going"));
      return;
    }
    if ([...text].length > this.#longest || new Blob([JSON.stringify(text)]).size > MOST_BYTES) {
      this.#complain(this.#words.say("too-long"));
      return;
    }
    const { reply_to: answers, topic } = this.#form.elements;
    const note = this.#note.value.trim();
    this.#asking.before(note, text, (confirmed) => {
      const more = { note, reply_to: answers.value, topic: topic?.value, confirmed };
      for (const name of Object.keys(more)) if (!more[name]) delete more[name];
      this.#field.value = this.#note.value = "";
      this.#note.closest("details").open = false;
      this.#answerNothing();
      this.#take(text, more);
    });
  }

  #complain(sentence) {
    this.#wrong.textContent = sentence;
    this.#wrong.hidden = !sentence;
    if (sentence) this.#field.setAttribute("aria-invalid", "true");
    else this.#field.removeAttribute("aria-invalid");
  }
}
