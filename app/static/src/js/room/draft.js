// What is being typed is kept by the server, sealed, so that a locked screen or an ended session does not lose it.

/** How long a pause in typing is (ms) before what stands there is kept. */
const PAUSE_MS = 2500;

export class Draft {
  #field;
  #flag;
  #form;
  #save;
  #timer = null;
  /** How many texts were taken, and how many drafts are on their way of which is not known yet whether they were kept. */
  #taken = 0;
  #saving = 0;

  /** `save(text)` resolves to whether the server has kept it. */
  constructor(form, save) {
    this.#form = form;
    this.#field = form.elements.body;
    this.#flag = form.elements.draft;
    this.#save = save;
    form.addEventListener("input", ({ target }) => target === this.#field && this.#later());
  }

  /** What stands in the form is on its way. Returns whether there is a draft that is then to be forgotten. */
  taken() {
    clearTimeout(this.#timer);
    this.#taken += 1;
    const isKept = this.#saving > 0 || this.#flag.value !== "";
    this.#flag.value = "";
    return isKept;
  }

  /** Keep everything at once while the page goes away. It is kept also where the screen is locked already. */
  leave(unsent) {
    clearTimeout(this.#timer);
    const text = [...unsent, this.#field.value].filter((one) => one.trim()).join("\n\n");
    if (!text) return;
    const fields = new FormData(this.#form);
    fields.set("body", text);
    navigator.sendBeacon(this.#form.querySelector("[formaction]").formAction, fields);
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      const text = this.#field.value;
      const isKept = text.trim() !== "";
      if (!isKept && !this.#flag.value) return;
      const before = this.#taken;
      this.#saving += 1;
      const wasSaved = await this.#save(text);
      this.#saving -= 1;
      // What was sent meanwhile takes its draft along.
      if (wasSaved && before === this.#taken) this.#flag.value = isKept ? "1" : "";
    }, PAUSE_MS);
  }
}
