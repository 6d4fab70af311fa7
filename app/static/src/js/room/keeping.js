// The choice to keep on this device what is not sent yet, and what stands in the form as long as it holds.

const DRAFT = "draft";
/** What a form carries besides the writer's words. Files wait on the server, which names them by itself. */
const NOT_WORDS = new Set(["csrf_token", "client_id", "draft", "confirmed", "files", "described"]);

export class Keeping {
  #form;
  #kept;
  #switch;

  /** `chosen()` is called after the choice has been made or taken back. */
  constructor(form, kept, chosen) {
    this.#form = form;
    this.#kept = kept;
    this.#switch = form.querySelector("[data-keep]");
    this.#switch.checked = kept.isChosen;
    this.#switch.addEventListener("change", () => {
      kept.choose(this.#switch.checked);
      this.#switch.checked = kept.isChosen;
      this.keepDraft();
      chosen();
    });
    form.addEventListener("input", ({ target }) => target !== this.#switch && this.keepDraft());
  }

  /** Keep what stands in the form, or forget it when nothing does. */
  keepDraft() {
    const words = [...new FormData(this.#form)].filter(([name, value]) => isWords(name, value));
    if (this.#form.elements.body.value.trim()) this.#kept.keep(DRAFT, Object.fromEntries(words));
    else this.#kept.drop(DRAFT);
  }

  /** What stands in the form is on its way. */
  taken() {
    this.#kept.drop(DRAFT);
  }

  /** Put what an earlier page left back into the form. What the server has kept meanwhile is not written over. */
  restore() {
    const words = this.#kept.find(DRAFT);
    if (!words) return;
    const fields = this.#form.elements;
    const [ours, theirs] = [words.body ?? "", fields.body.value];
    if (theirs.trim() && !ours.includes(theirs.trim())) words.body = theirs.includes(ours.trim()) ? theirs : `${theirs}\n\n${ours}`;
    for (const [name, value] of Object.entries(words)) {
      if (!fields[name]) continue;
      fields[name].value = value;
      // What holds something is not folded away.
      fields[name].closest("details")?.setAttribute("open", "");
    }
    // Whoever shows what a field holds hears of it; and the server keeps it too, as if it had just been typed.
    fields.body.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function isWords(name, value) {
  return typeof value === "string" && value !== "" && !NOT_WORDS.has(name);
}
