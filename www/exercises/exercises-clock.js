// The clock of a case, by which its machine and all its programs go. It stands while a program works, but for what its calls take; when
// all wait, it jumps to what comes next. So a check is over at once, however long its programs sleep, and one seed gives one record.

import { StandingClock, turn } from "./udp-run-clock.js";
import { deferred } from "./udp-run-shared.js";

/** A clock as programs take it (udp-run-clock.js), of a machine whose time is held (`hold_time` of the chunk `machine`). */
export class Clock extends StandingClock {
  #machine;
  /** What the machine's clock said when this one began. */
  #zero;
  #waiting = new Set();

  constructor(machine) {
    super(Date.now());
    this.#machine = machine;
    this.#zero = machine.now();
  }

  /** The machine comes to where the program is: what it sends then is sent at that time. */
  async settled() {
    this.#machine.advance(this.#zero + this.micros);
  }

  /** Resolves at the end, or when something has come. */
  async wait(end, arrival) {
    const timer = { at: Math.round(1000 * end), ...deferred() };
    this.#waiting.add(timer);
    await Promise.race([arrival, timer.promise]);
    this.#waiting.delete(timer);
  }

  /**
   * Lets everything happen until `isOver()`, or until this clock shows `limit` milliseconds. With `isStill`, no further than to the
   * point at which all wait. Resolves with why it stopped: `over`, `limit`, `still`, or `stuck` when nothing is left that could happen.
   *
   * `isStarting()` tells that something is under way which this clock does not see, such as the compiling of wasm.
   */
  async run({ isOver, isStarting, isStill = false, limit = Infinity }) {
    for (;;) {
      // Whatever follows from the last step has happened when the browser comes to this task.
      await turn();
      if (isOver()) return "over";
      if (isStarting()) continue;
      const timer = this.#earliest();
      const next = Math.max(this.micros, Math.min(timer?.at ?? Infinity, (this.#machine.due() ?? Infinity) - this.#zero));
      if (isStill && next > this.micros) return "still";
      if (next === Infinity) return "stuck";
      if (next > 1000 * limit) return "limit";
      this.reach(next);
      this.#machine.advance(this.#zero + next);
      if (timer && timer.at <= next) timer.resolve();
    }
  }

  #earliest() {
    let found = null;
    for (const timer of this.#waiting) if (!found || timer.at < found.at) found = timer;
    return found;
  }
}
