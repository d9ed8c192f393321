// The time of the simulated machine while programs run on it. It stands still while one of them works; when all of them wait, it jumps
// to the next thing that happens. So a program that sleeps a minute ends at once.
//
// One program works at a time, in the order in which things happen. So the same seed gives the same run, however busy the reader's
// machine is.

/** Waits of this many microseconds and more are counted, and after so many of them the clock goes no faster than the browser's: a
 * program that sleeps and prints for ever should be readable. */
const LONG = 10_000;
const MOST_LONG = 1000;

/** The machine's time in whole microseconds, held while there are programs (`hold_time` of the chunk `machine`), and when its clock
 * stood at zero. */
let machine = null;
let origin = 0;

/** The programs, in the order in which they began. */
const programs = new Set();

/** Programs that are about to begin: for them the clock waits. */
let expected = 0;

/** Long waits since the last program began. */
let longWaits = 0;

/** A jump that takes its time: from when to when, and when it began by the browser's clock. */
let slow = null;

/** Has the clock wait for a program that is about to begin. The function that this returns ends that. */
export function expect() {
  let isExpected = true;
  expected += 1;
  return () => {
    if (isExpected) expected -= 1;
    isExpected = false;
    later();
  };
}

/** A program of the machine. `post` takes messages for its worker. */
export class Timed {
  #post;
  #inbox = [];
  #posted = 0;
  /** Until when it waits; null while it works. */
  #until;
  /** Whether it waits for a line of the reader. */
  isReading = false;
  #isAway = false;

  /** `chunk` is the chunk `machine`. */
  constructor(chunk, seed, post) {
    this.#post = post;
    if (!machine) {
      machine = chunk.hold_time(seed, later);
      origin = Date.now() - machine.now() / 1000;
    }
    longWaits = 0;
    this.#until = machine.now();
    programs.add(this);
    later();
  }

  get isWorking() {
    return this.#until === null && !this.isReading && !this.#isAway;
  }

  /** What the machine's clock says. */
  get now() {
    return machine.now();
  }

  /** Until when it waits, if nothing comes. */
  get until() {
    return this.isReading ? Infinity : (this.#until ?? Infinity);
  }

  /** Whether it can go on now. */
  get isCalled() {
    return !this.isReading && this.#until !== null && (this.#inbox.length > 0 || this.#until <= machine.now());
  }

  /** Something has happened to the program in its machine. */
  receive(what, value) {
    this.#inbox.push({ what, value });
    if (this.isWorking) this.wake();
    else later();
  }

  /** The reader does something: the program hears of it at once. */
  tell(what, value) {
    this.isReading = false;
    this.#inbox.push({ what, value });
    this.wake();
  }

  /** The program waits. What it has not heard of yet calls it again. */
  waits({ until, seen }) {
    if (seen !== this.#posted) return;
    this.#until = until;
    step(false);
  }

  /** The program waits for a line of the reader. */
  reads() {
    this.isReading = true;
    later();
  }

  /** Nobody waits for it any more, until something is heard of it. */
  set isAway(is) {
    this.#isAway = is;
    later();
  }

  /** The program has ended. */
  leave() {
    programs.delete(this);
    if (!programs.size) {
      stopSlow();
      machine?.free();
      machine = null;
    }
    later();
  }

  /** It goes on. */
  wake() {
    stopSlow();
    this.#until = null;
    this.#posted += 1;
    this.#post({ what: "time", value: { now: machine.now(), origin, messages: this.#inbox.splice(0) } });
  }
}

/** Lets the next program work, or else the clock go on; with `mayJump`, after all have been heard that answer at once. */
function step(mayJump) {
  if (!machine) return;
  const all = [...programs];
  if (all.some((program) => program.isWorking)) return;
  const called = all.find((program) => program.isCalled);
  if (called) return called.wake();
  if (!mayJump) return later();
  if (expected) return;
  const until = Math.min(...all.map((program) => program.until));
  const next = Math.min(until, machine.due() ?? Infinity);
  const length = next - machine.now();
  const isLong = length >= LONG;
  const isSlow = all.some((program) => program.isReading) || (isLong && longWaits >= MOST_LONG && next < Infinity);
  if (slow) {
    if (isSlow && slow.to <= next) return;
    stopSlow();
    later();
  } else if (isSlow) {
    const ended = () => (stopSlow(), later());
    const timer = next === Infinity ? 0 : setTimeout(ended, Math.ceil(length / 1000));
    slow = { from: machine.now(), to: next, began: performance.now(), timer };
  } else if (next < Infinity) {
    longWaits += isLong;
    machine.advance(next);
    later();
  }
}

/** Ends a jump that takes its time: as far as it has come, the clock has gone on. */
function stopSlow() {
  if (!slow) return;
  const { from, to, began, timer } = slow;
  slow = null;
  clearTimeout(timer);
  machine.advance(Math.min(to, Math.floor(from + 1000 * (performance.now() - began))));
}

// A turn of the loop of events lies before each jump. In it, elements of the page answer that are on the same machine.
let isLater = false;
const channel = new MessageChannel();
channel.port1.onmessage = () => {
  isLater = false;
  step(true);
};

function later() {
  if (isLater) return;
  isLater = true;
  channel.port2.postMessage(null);
}
