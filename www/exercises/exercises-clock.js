// A clock that stands while somebody computes, and jumps to what comes next when all wait. It takes the place of the worker's own
// clock, timers and channels, so a module that is imported after this one goes by it: programs, their sockets, and the machine.
//
// So a check is over at once, however long its programs sleep, and one seed gives the same losses on a busy machine.

/** Milliseconds that one look for a datagram takes, so that a program which polls gets on. */
const TURN = 0.1;

/** Milliseconds that one look at the clock takes: little at first, and more for a program that looks and looks. */
const LOOK = 0.001;
const LOOK_AGAIN = 0.05;
const PATIENT_LOOKS = 1000;

const task = tasks();
const zero = Date.now();
const timers = new Map();
const turns = [];
let milliseconds = 0;
let looks = 0;
let last = 0;

function look() {
  looks += 1;
  milliseconds += looks > PATIENT_LOOKS ? LOOK_AGAIN : LOOK;
  return milliseconds;
}

/** A channel whose messages come in their order, and of which is known whether one is under way. */
class Channel {
  port1 = { onmessage: null };
  port2 = { postMessage: (data) => turns.push(() => this.port1.onmessage?.({ data })) };
}

performance.now = look;
Date.now = () => zero + look();
globalThis.MessageChannel = Channel;
globalThis.setTimeout = (run, after = 0) => {
  timers.set(++last, { at: milliseconds + Math.max(0, after), run });
  return last;
};
globalThis.clearTimeout = (id) => void timers.delete(id);

/** Milliseconds since the beginning. */
export const now = () => milliseconds;

/**
 * Lets everything happen until `isOver()`, or until this clock shows `limit`. With `isStill`, no further than to the point at which
 * all wait. Returns why it stopped: `over`, `limit`, `still`, or `stuck` when nothing is left that could happen.
 *
 * `isStarting()` tells that something is under way which this clock does not see, such as the compiling of wasm.
 */
export async function run({ isOver, isStarting, isStill = false, limit = Infinity }) {
  for (;;) {
    // Whatever follows from the last step has happened when the browser comes to this task.
    await task();
    if (isOver()) return "over";
    if (isStarting()) continue;
    if (milliseconds > limit) return "limit";
    const [id, next] = earliest();
    if (turns.length) {
      milliseconds += TURN;
      if (next && next.at <= milliseconds) fire(id, next);
      turns.shift()();
    } else if (isStill) {
      return "still";
    } else if (!next) {
      return "stuck";
    } else if (next.at > limit) {
      milliseconds = limit;
      return "limit";
    } else {
      fire(id, next);
    }
    looks = 0;
  }
}

function earliest() {
  let found = [0, null];
  for (const entry of timers) if (!found[1] || entry[1].at < found[1].at) found = entry;
  return found;
}

function fire(id, { at, run }) {
  timers.delete(id);
  milliseconds = Math.max(milliseconds, at);
  run();
}

/** The browser's own next task. */
function tasks() {
  const channel = new MessageChannel();
  const waiting = [];
  channel.port1.onmessage = () => waiting.shift()();
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      channel.port2.postMessage(null);
    });
}
