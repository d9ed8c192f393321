// The reader's programs as they were last checked, kept in the reader's own browser. Reset brings the first program back.

export class Kept {
  #key;

  /** `key` is where in the browser's storage they are. */
  constructor(key) {
    this.#key = key;
  }

  /** Keeps the program of this element. */
  keep({ id, program }) {
    this.#write({ ...this.#read(), [id]: program });
  }

  /** Puts the program that was kept into this element, if there is one. It does not run. */
  restore(element) {
    const program = this.#read()[element.id];
    if (typeof program === "string") element.program = program;
  }

  clear() {
    this.#write(null);
  }

  // A browser that keeps nothing for this page throws; then the programs last until the page is left.

  #read() {
    try {
      return JSON.parse(localStorage.getItem(this.#key)) ?? {};
    } catch {
      return {};
    }
  }

  #write(programs) {
    try {
      if (programs) localStorage.setItem(this.#key, JSON.stringify(programs));
      else localStorage.removeItem(this.#key);
    } catch {
      // As above.
    }
  }
}
