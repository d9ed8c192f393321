// What time it is for a program, and how it waits: by the browser's clock, or by that of the simulated machine.

import { deferred } from "./udp-run-shared.js";

/** Microseconds of simulated time that a call takes. Without it, a loop that looks at the clock again and again would never end. */
const CALL = 50;

/** The browser's clock. */
export const browserClock = {
  now: () => performance.now(),
  date: () => Date.now(),
  spend() {},
  end: (milliseconds) => performance.now() + milliseconds,
  settled() {},
  /** One turn of the loop of events: what has come already is let in, so that a program that never waits hears of it, too. */
  turn,
  async wait(end, arrival) {
    const timer = deferred();
    const left = end - performance.now();
    const id = left === Infinity ? 0 : setTimeout(timer.resolve, Math.min(left, 2 ** 31 - 1));
    await Promise.race([arrival, timer.promise]);
    clearTimeout(id);
  },
  forget() {},
};

/**
 * The clock of the simulated machine. It stands still while the program works, but for what its calls take; when the program waits, the
 * page lets the clock go on (`udp-run-time.js`). `tell({ until, seen })` takes that it waits, and how often it has been woken. What
 * the two tell each other are whole microseconds.
 */
export class MachineClock {
  #tell;
  /** Where the machine is, and where this program is, which may be ahead. */
  #machine = 0;
  #now = 0;
  #origin = 0;
  #seen = 0;
  #wake = null;

  constructor(tell) {
    this.#tell = tell;
  }

  /** The page says how late it is, and when the machine's clock stood at zero. */
  set({ now, origin }) {
    this.#machine = now;
    this.#now = Math.max(this.#now, now);
    this.#origin = origin;
    this.#seen += 1;
  }

  /** What waits looks again. */
  wake() {
    this.#wake?.();
  }

  /** What waited waits no longer. */
  forget() {
    this.#wake = null;
  }

  now() {
    return this.#now / 1000;
  }

  date() {
    this.spend();
    return this.#origin + this.now();
  }

  /** A call takes its time. */
  spend() {
    this.#now += CALL;
  }

  end(milliseconds) {
    return (this.#now + Math.max(Math.ceil(1000 * milliseconds), CALL)) / 1000;
  }

  turn() {}

  /** Resolves when the machine has come to where this program is: what it sends then is sent at that time. */
  async settled() {
    while (this.#machine < this.#now) await this.wait(this.now());
  }

  /** Resolves at the end, or when something has come. */
  wait(end) {
    const { promise, resolve } = deferred();
    this.#wake = resolve;
    this.#tell({ until: Math.round(1000 * end), seen: this.#seen });
    return promise;
  }
}

const turns = [];
const channel = new MessageChannel();
channel.port1.onmessage = () => turns.shift()?.();
function turn() {
  return new Promise((resolve) => {
    turns.push(resolve);
    channel.port2.postMessage(null);
  });
}
