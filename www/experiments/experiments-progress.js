// Which experiments, or exercises, a reader has done. It is kept in the reader's own browser and is sent to nobody.

const EXPERIMENTS_KEY = "udp-echo.experiments-done";

/** What is done, of those with these names; it says `change` when that changes, in another tab too. `key` is where it is kept. */
export class Progress extends EventTarget {
  #names;
  #key;
  #done = new Set();
  #isKept = true;

  constructor(names, key = EXPERIMENTS_KEY) {
    super();
    this.#names = names;
    this.#key = key;
    this.#read();
    addEventListener("storage", ({ key }) => {
      // No key: all of the storage was cleared.
      if (key !== null && key !== this.#key) return;
      this.#read();
      this.#tell();
    });
  }

  has(name) {
    return this.#done.has(name);
  }

  get count() {
    return this.#done.size;
  }

  /** False when the browser keeps nothing for this page: then it lasts until the page is left. */
  get isKept() {
    return this.#isKept;
  }

  mark(name) {
    if (this.#done.has(name)) return;
    this.#done.add(name);
    this.#write();
  }

  clear() {
    this.#done.clear();
    this.#write();
  }

  /** The next one that is not done, in the order of the list and around its end; none when all are. */
  after(name) {
    const place = this.#names.indexOf(name) + 1;
    return [...this.#names.slice(place), ...this.#names.slice(0, place)].find((other) => other !== name && !this.has(other));
  }

  #read() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.#key) ?? "[]");
      // Another version of this page, or another page of the same origin, may have written what is there.
      this.#done = new Set(this.#names.filter((name) => Array.isArray(kept) && kept.includes(name)));
    } catch (error) {
      // What is no JSON will be written over. A browser that lets no page keep anything throws something else.
      this.#isKept = error instanceof SyntaxError;
    }
  }

  #write() {
    try {
      if (this.#done.size) localStorage.setItem(this.#key, JSON.stringify([...this.#done]));
      else localStorage.removeItem(this.#key);
    } catch {
      this.#isKept = false;
    }
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}
