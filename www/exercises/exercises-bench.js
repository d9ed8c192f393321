// One case of a check: programs on a machine of their own, simulated, from the first line to the end, and a record of all that
// happened. It runs in a worker (exercises-worker.js).

import { Clock } from "./exercises-clock.js";
import { hold_time, initSync, simulated_sockets } from "./udp-echo-machine.js";
import { Program } from "./udp-run-program.js";
import { read } from "./udp-run-shared.js";

/** Of the machine's addresses and ports, which no judge looks at; the link has a seed of its own. */
const SEED = "1";

/** Milliseconds in which what is under way may end after the programs that have to. */
const AFTERMATH = 3000;

/**
 * Runs programs beside one another. `parts` are `{ interpreter, shim, machine }`.
 *
 * Each of `programs` is `{ name, source, args, lab, mishaps, isEndless }`. They begin in this order, each when those before it wait.
 * `lab` is the link of its session. `mishaps` names what befalls the n-th datagram that it sends: `lose`, `hold` or `double`. A case
 * is over when all that are not `isEndless` have ended, or after `limit` milliseconds.
 *
 * The record is `{ end, time, programs, datagrams }`. `end` is `over`, `limit` or `stuck`. A program's part is `{ printed, errors,
 * code, line, endedAt }`, of which the last three are null while it runs. A datagram is `{ at, program, way, text, bytes, fate }`:
 * `way` is `out` of that program, or `in`; `fate` says what became of one that went out and did not arrive.
 */
export async function play(parts, { programs, limit }) {
  initSync({ module: parts.machine });
  const record = { end: "", time: 0, programs: {}, datagrams: [] };
  const clock = new Clock(hold_time(SEED, () => {}));
  const machine = { clock, token: "" };
  const begun = [];
  // A program that has no memory yet waits for its wasm.
  const isStarting = () => begun.some(([program, part]) => program.memory() === 0 && part.endedAt === null);
  const state = { isOver: () => false, isStarting };
  for (const given of programs) {
    const part = (record.programs[given.name] = { printed: "", errors: "", code: null, line: null, endedAt: null });
    const program = begin(given, { machine, record, part });
    begun.push([program, part]);
    program.run(parts.interpreter, parts.shim);
    await clock.run({ ...state, isStill: true });
  }
  const toEnd = programs.filter(({ isEndless }) => !isEndless).map(({ name }) => record.programs[name]);
  state.isOver = () => toEnd.every(({ endedAt }) => endedAt !== null);
  record.end = await clock.run({ ...state, limit });
  record.time = clock.now();
  if (record.end === "over") await clock.run({ ...state, isOver: () => false, limit: clock.now() + AFTERMATH });
  return record;
}

/** A program with a session of its own on the machine, ready to run. */
function begin({ name, source, args = [], lab, mishaps = {} }, { machine, record, part }) {
  const now = () => machine.clock.now();
  let host;
  const open = new Set();
  const sent = [];
  const reasons = new Map();
  const decoders = { 1: new TextDecoder(), 2: new TextDecoder() };

  const told = {
    output([stream, bytes]) {
      const text = decoders[stream].decode(bytes, { stream: true });
      part[stream === 2 ? "errors" : "printed"] += text;
    },
    link(message) {
      if (typeof message === "string") {
        const [[call, { socket }]] = Object.entries(JSON.parse(message));
        if (call === "open") open.add(socket);
        if (call === "close") open.delete(socket);
      } else {
        const datagram = { at: now(), program: name, way: "out", ...content(message), fate: "" };
        sent.push(datagram);
        record.datagrams.push(datagram);
        const mishap = mishaps[sent.length];
        if (mishap) host.send(JSON.stringify({ once: mishap }));
      }
      host.send(message);
    },
    // Nobody types.
    input: () => program.answer(null),
    exit({ code, line }) {
      Object.assign(part, { code, line, endedAt: now() });
      // The system closes its sockets. The session stays, and hears what becomes of its datagrams.
      for (const socket of open) host.send(JSON.stringify({ close: { socket } }));
    },
  };

  const fate = ([, number, , what]) => {
    if (what.dropped) reasons.set(number, what.dropped[1]);
    const datagram = sent[number - 1];
    if (what === "gone") datagram.fate = reasons.get(number);
    else if (what === "refused" || what.rejected) datagram.fate = "refused";
  };

  const program = new Program({ source, name, args }, (what, value) => told[what](value), machine.clock);
  host = simulated_sockets(SEED, machine.token, (message) => {
    if (typeof message !== "string") {
      record.datagrams.push({ at: now(), program: name, way: "in", ...content(new Uint8Array(message)), fate: "" });
    } else if (message.startsWith('{"hello"')) {
      machine.token = JSON.parse(message).hello.loopback.token;
    } else if (message.startsWith('{"events"')) {
      for (const event of JSON.parse(message).events) if (event[1] > 0) fate(event);
    }
    program.receive(message);
  });
  if (lab) host.send(JSON.stringify({ lab }));
  return program;
}

/** The payload of a datagram behind its header: as bytes, and as text, in which a byte is a character where it is no UTF-8. */
function content(message) {
  const data = read(message).data;
  return { text: new TextDecoder().decode(data), bytes: Array.from(data) };
}
