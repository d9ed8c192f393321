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

/** A clock that stands still while a program works, but for what its calls take. What it counts are whole microseconds. */
export class StandingClock {
  #now = 0;
  #origin;

  /** `origin` is when it stood at zero, as `Date.now()` tells time. */
  constructor(origin) {
    this.#origin = origin;
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

  forget() {}

  /** What it shows, in microseconds. */
  get micros() {
    return this.#now;
  }

  /** Goes on to a time, in microseconds, unless it is later already. */
  reach(micros) {
    this.#now = Math.max(this.#now, micros);
  }
}

/**
 * The clock of the simulated machine, for one of its programs. When the program waits, the page lets the machine's clock go on
 * (`udp-run-time.js`). `tell({ until, seen })` takes that it waits, and how often it has been woken.
 */
export class MachineClock extends StandingClock {
  #tell;
  /** Where the machine is. This program may be ahead of it. */
  #machine = 0;
  #seen = 0;
  #wake = null;

  /** `origin` is when the machine's clock stood at zero. */
  constructor(tell, origin) {
    super(origin);
    this.#tell = tell;
  }

  /** The page says how late it is. */
  set(now) {
    this.#machine = now;
    this.reach(now);
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

  /** Resolves when the machine has come to where this program is: what it sends then is sent at that time. */
  async settled() {
    while (this.#machine < this.micros) await this.wait(this.now());
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
/** Resolves in the browser's next task: whatever follows from what has happened has happened then. */
export function turn() {
  return new Promise((resolve) => {
    turns.push(resolve);
    channel.port2.postMessage(null);
  });
}
