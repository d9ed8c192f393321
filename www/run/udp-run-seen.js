// What is seen of a program's datagrams: the rows, the picture of both ends, and the bytes of one. All of it is drawn by the chunks of
// `<udp-echo>`, in a root of its own, for their style sheets.

import { chunk, looks, near, styleSheet } from "./udp-run-parts.js";

/** Milliseconds between two drawings. */
const PAUSE = 50;

export class Seen {
  #root;
  #frame;
  #program = null;
  #bytes = null;
  #record = null;
  #picked = null;
  #timer = 0;

  constructor(place) {
    this.#root = place.attachShadow({ mode: "open" });
  }

  /** Loads what draws it. */
  async load() {
    const [[ends, style], sheet, own] = await Promise.all([chunk("ends"), looks(), styleSheet(near("udp-run-seen.css"))]);
    this.#root.adoptedStyleSheets = [sheet, style, own];
    this.#frame = document.createElement("div");
    this.#frame.setAttribute("part", "frame");
    this.#frame.lang = "en";
    this.#root.replaceChildren(this.#frame);
    const place = document.createElement("div");
    this.#frame.append(place);
    this.#program = ends.program(place, (_, number) => this.#pick(Number(number)));
    this.#draw();
  }

  /** Shows this record from now on. */
  show(record) {
    this.#record = record;
    this.#picked = null;
    this.#bytes?.place.remove();
    this.#bytes?.panel.free();
    this.#bytes = null;
    this.changed();
  }

  /** There is something new in it. */
  changed() {
    this.#timer ||= setTimeout(() => this.#draw(), PAUSE);
  }

  #draw() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (!this.#program || !this.#record) return;
    this.#program.show(this.#record.feed(this.#picked));
    const bytes = this.#bytes && this.#record.bytes(this.#picked);
    if (bytes) this.#bytes.panel.show(bytes);
  }

  async #pick(number) {
    this.#picked = number;
    this.#draw();
    if (this.#bytes) return;
    const record = this.#record;
    const [glue, style] = await chunk("bytes");
    if (this.#bytes || this.#record !== record) return;
    const { adoptedStyleSheets: sheets } = this.#root;
    if (!sheets.includes(style)) this.#root.adoptedStyleSheets = [...sheets.slice(0, -1), style, sheets.at(-1)];
    const place = document.createElement("div");
    place.setAttribute("part", "chunk bytes");
    this.#frame.append(place);
    this.#bytes = { place, panel: glue.panel(place, () => {}) };
    this.#draw();
  }
}
