// Files in messages: what each is and how large; a picture or a sound opens in its place when somebody asks for it. Nothing
// is loaded by itself, and nothing from anywhere else.

/** Opens in the page; everything else is a download. */
const MAKE = {
  picture: (link, said) => {
    const picture = new Image(link.dataset.width, link.dataset.height);
    picture.alt = said || link.textContent;
    return picture;
  },
  sound: (link, said) => {
    const sound = new Audio();
    sound.preload = "none";
    sound.controls = true;
    sound.ariaLabel = said || link.textContent;
    return sound;
  },
};

export class Files {
  #pattern;
  #url;
  #words;

  /** `room` holds the pattern of a file, knows the room's address, and is where files are opened. */
  constructor(room, words) {
    this.#pattern = room.querySelector('template[data-pattern="file"]').content.firstElementChild;
    this.#url = room.dataset.url;
    this.#words = words;
    room.addEventListener("click", (event) => this.#clicked(event));
  }

  /** The list of a message's files, or nothing where it has none. */
  list(files = []) {
    if (!files.length) return [];
    const list = document.createElement("ul");
    list.className = "files";
    list.append(...files.map((file) => this.#line(file)));
    return [list];
  }

  #line({ id, kind, size, width, height, length, described }) {
    const line = this.#pattern.cloneNode(true);
    const [link, said] = line.children;
    link.href = `${this.#url}/files/${id}`;
    link.dataset.file = kind;
    if (width) Object.assign(link.dataset, { width, height });
    link.textContent = this.#words.say(`file-${kind}`, { size: Math.ceil(size / 1024), length: this.#length(kind, length) });
    if (described) said.textContent = described;
    else said.remove();
    return line;
  }

  #length(kind, length) {
    if (kind === "document") return this.#words.count("pages", length);
    return `${Math.floor(length / 60)}:${String(length % 60).padStart(2, "0")}`;
  }

  #clicked(event) {
    const link = event.target.closest("a[data-file]");
    const make = MAKE[link?.dataset.file];
    if (!make || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const line = link.parentElement;
    const before = line.querySelector(".file__shown");
    link.ariaExpanded = String(!before);
    if (before) {
      before.remove();
      return;
    }
    const shown = make(link, line.querySelector(".file__said")?.textContent);
    shown.className = "file__shown";
    shown.addEventListener("error", () => this.#failed(shown), { once: true });
    shown.src = link.href;
    link.after(shown);
  }

  #failed(shown) {
    const said = document.createElement("p");
    said.className = "file__shown";
    said.role = "alert";
    said.textContent = this.#words.say("file-gone");
    shown.replaceWith(said);
  }
}
