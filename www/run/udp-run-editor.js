// An editor for a short program: a textarea, and behind it the same text in colours. What the browser gives a textarea stays: undo,
// selection, screen readers, the keyboard.

import { pieces } from "./udp-run-highlight.js";
import { isOfInputMethod } from "./udp-run-surroundings.js";

const INDENT = "    ";

/** Makes an editor in this element; `changed` is called with each new text. */
export class Editor {
  #area = document.createElement("textarea");
  #colours = document.createElement("pre");
  #numbers = document.createElement("pre");
  #marked = 0;
  /** Whether Tab indents: once the reader has pressed another key in here, or clicked. Before, it goes to the next control. */
  #isAtWork = false;

  constructor(root, { label, changed, isReadOnly }) {
    root.setAttribute("part", "editor");
    Object.assign(this.#area, { spellcheck: false, autocapitalize: "off", autocomplete: "off", wrap: "off", readOnly: isReadOnly });
    this.#area.setAttribute("aria-label", label);
    this.#area.setAttribute("aria-description", "Once you type, Tab indents. Escape, then Tab, leaves the editor.");
    root.setAttribute("translate", "no");
    this.#numbers.className = "numbers";
    this.#colours.className = "colours";
    for (const behind of [this.#numbers, this.#colours]) behind.setAttribute("aria-hidden", "true");
    const sheet = document.createElement("div");
    sheet.className = "sheet";
    sheet.append(this.#colours, this.#area);
    root.replaceChildren(this.#numbers, sheet);
    this.#area.addEventListener("input", () => {
      this.#marked = 0;
      this.#draw();
      changed();
    });
    this.#area.addEventListener("keydown", (event) => this.#key(event));
    this.#area.addEventListener("pointerdown", () => (this.#isAtWork = true));
    this.#area.addEventListener("blur", () => (this.#isAtWork = false));
  }

  get text() {
    return this.#area.value;
  }

  set text(text) {
    this.#area.value = text;
    this.#marked = 0;
    this.#draw();
  }

  /** Selects the whole text, for the reader to copy. */
  select() {
    this.#area.focus({ preventScroll: true });
    this.#area.select();
  }

  /** Marks a line, counted from 1; 0 marks none. */
  mark(line) {
    this.#marked = line;
    this.#draw();
  }

  #draw() {
    const lines = this.text.split("\n").length;
    this.#numbers.replaceChildren(
      ...Array.from({ length: lines }, (_, at) => {
        const number = document.createElement("span");
        number.textContent = `${at + 1}\n`;
        if (at + 1 === this.#marked) number.className = "marked";
        return number;
      }),
    );
    this.#colours.replaceChildren(
      ...pieces(this.text).map(([kind, text]) => {
        if (!kind) return document.createTextNode(text);
        const piece = document.createElement("span");
        piece.className = kind;
        piece.textContent = text;
        return piece;
      }),
      "\n",
    );
    // The textarea is as high as its text: the page scrolls, and not the editor.
    this.#area.rows = lines;
  }

  #key(event) {
    if (this.#area.readOnly || isOfInputMethod(event) || event.altKey || event.ctrlKey || event.metaKey) return;
    if (!["Tab", "Shift"].includes(event.key)) this.#isAtWork = event.key !== "Escape";
    if (event.key === "Tab" && this.#isAtWork) {
      event.preventDefault();
      this.#indent(event.shiftKey);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      const before = this.text.slice(0, this.#area.selectionStart);
      const line = before.slice(before.lastIndexOf("\n") + 1);
      insert(`\n${line.match(/^ */)[0]}${/:\s*(#.*)?$/.test(line) ? INDENT : ""}`);
    } else if (event.key === "Backspace" && this.#area.selectionStart === this.#area.selectionEnd) {
      const before = this.text.slice(0, this.#area.selectionStart);
      const spaces = before.slice(before.lastIndexOf("\n") + 1);
      if (!/^ +$/.test(spaces)) return;
      event.preventDefault();
      this.#area.selectionStart -= spaces.length % INDENT.length || INDENT.length;
      document.execCommand("delete");
    }
  }

  #indent(isBack) {
    const { selectionStart: from, selectionEnd: to } = this.#area;
    if (from === to && !isBack) return insert(INDENT);
    const first = this.text.lastIndexOf("\n", from - 1) + 1;
    const block = this.text.slice(first, Math.max(to, from));
    const moved = isBack ? block.replace(/^ {1,4}/gm, "") : block.replace(/^(?=.)/gm, INDENT);
    this.#area.setSelectionRange(first, Math.max(to, from));
    insert(moved);
    this.#area.setSelectionRange(first, first + moved.length);
  }
}

/** Puts text in the place of what is selected. Only this way the browser can undo it. */
function insert(text) {
  if (text) document.execCommand("insertText", false, text);
  else document.execCommand("delete");
}
