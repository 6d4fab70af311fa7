// Files that go with the next message: brought from the composer without leaving it, with a bar, and taken away again.

export class Attaching {
  #form;
  #root;
  #shown;
  #words;
  #announcer;
  /** What stood in the composer when it was sent, by the ids of its files, should its writer want it back. */
  #sent = new Map();

  constructor(form, words, announcer) {
    this.#form = form;
    this.#root = form.querySelector("[data-attach]");
    this.#words = words;
    this.#announcer = announcer;
    if (!this.#root) return;
    this.#shown = this.#root.querySelector("[data-attached]");
    this.#root.addEventListener("click", (event) => this.#clicked(event));
    this.#form.elements.described.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      this.#bring();
    });
  }

  /** What is attached goes with a message: under which name in it, or nothing. The composer has it no more. */
  taken() {
    const ids = this.#form.elements.files?.value;
    if (!ids) return {};
    this.#sent.set(ids, [...this.#shown.childNodes]);
    this.#show("");
    return { files: ids };
  }

  /** The message did not go: what was attached is the composer's again. */
  putBack({ files: ids } = {}) {
    const before = this.#sent.get(ids);
    if (before) this.#shown.replaceChildren(...before);
  }

  #clicked(event) {
    const button = event.target.closest("button");
    if (!button) return;
    event.preventDefault();
    if ("bring" in button.dataset) this.#bring();
    if ("takeBack" in button.dataset) this.#ask(button.formAction, {}).then(() => this.#root.querySelector("summary").focus());
  }

  async #bring() {
    const { file, described } = this.#form.elements;
    const [chosen] = file.files;
    if (!chosen) return this.#complain("file-none");
    if (chosen.size > Number(this.#root.dataset.most)) return this.#complain("file-heavy");
    const isBrought = await this.#ask(this.#root.querySelector("[data-bring]").formAction, {
      file: chosen,
      described: described.value,
    });
    if (!isBrought) return undefined;
    file.value = described.value = "";
    file.removeAttribute("aria-invalid");
    this.#root.querySelector("details").open = false;
    this.#root.querySelector("summary").focus();
    this.#announcer.say("file", this.#words.say("file-attached"));
    return undefined;
  }

  /** Post to one of the composer's addresses, and show what is attached from then on. Resolves to whether it was done. */
  async #ask(address, fields) {
    const bar = this.#root.querySelector("[data-bar]");
    const buttons = this.#root.querySelectorAll("button");
    const going = this.#form.elements.bringing;
    bar.hidden = false;
    bar.value = 0;
    going.value = "1";
    for (const button of buttons) button.disabled = true;
    const { status, text } = await post(`${address}?part`, { csrf_token: this.#form.elements.csrf_token.value, ...fields }, bar);
    bar.hidden = true;
    going.value = "";
    for (const button of buttons) button.disabled = false;
    // Only the composer's own part is put into it, never a page that says why something else went wrong.
    if (!text.includes("data-file-wrong")) this.#complain("file-failed");
    else this.#show(text);
    if (status !== 200) this.#form.elements.file.setAttribute("aria-invalid", "true");
    return status === 200;
  }

  /** Show HTML of the server's own (`chat/_attached.html`). */
  #show(html) {
    const part = document.createElement("template");
    part.innerHTML = html;
    this.#shown.replaceChildren(part.content);
    const wrong = this.#shown.querySelector("[data-file-wrong]");
    if (wrong && !wrong.hidden) this.#announcer.say("file", wrong.textContent);
  }

  #complain(word) {
    let wrong = this.#shown.querySelector("[data-file-wrong]");
    if (!wrong) {
      wrong = document.createElement("p");
      wrong.className = "field__error";
      wrong.dataset.fileWrong = "";
      wrong.id = "file-error";
      this.#shown.append(wrong);
    }
    wrong.textContent = this.#words.say(word);
    wrong.hidden = false;
    this.#form.elements.file.focus();
    this.#announcer.say("file", wrong.textContent);
  }
}

/** What `fetch` cannot do: say how much of it has left. Resolves to the status (0 for none) and the text of the answer. */
function post(address, fields, bar) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      // What is done with it when it has arrived takes a moment too.
      bar.value = (95 * loaded) / total;
    });
    request.addEventListener("loadend", () => resolve({ status: request.status, text: request.responseText }));
    request.send(body);
  });
}
