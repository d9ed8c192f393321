// Where a program's output is shown: what comes close together is drawn together, and what is long is drawn more seldom.

/** Fewest milliseconds between two drawings. */
const PAUSE = 30;

export class Output {
  #pane;
  #waiting = [];
  #timer = 0;
  #pause = PAUSE;

  constructor(pane) {
    this.#pane = pane;
  }

  /** Adds text of a stream, `stdout` or `stderr`. */
  add(stream, text) {
    this.#waiting.push([stream, text]);
    this.#timer ||= setTimeout(() => this.draw(), this.#pause);
  }

  /** Shows at once what has come. */
  draw() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (!this.#waiting.length) return;
    const began = performance.now();
    const pane = this.#pane;
    pane.hidden = false;
    for (const [stream, text] of this.#waiting.splice(0)) {
      const last = pane.lastChild;
      if (last?.className === stream) last.append(text);
      else {
        const piece = document.createElement("span");
        piece.className = stream;
        piece.append(text);
        pane.append(piece);
      }
    }
    pane.scrollTop = pane.scrollHeight;
    this.#pause = Math.max(PAUSE, 3 * (performance.now() - began));
  }

  /** Shows nothing. */
  clear() {
    this.#waiting = [];
    this.draw();
    this.#pane.replaceChildren();
    this.#pane.hidden = true;
    this.#pause = PAUSE;
  }
}
