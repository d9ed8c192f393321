// Runs the cases of an exercise, one after the other, each in a worker of its own, and has them judged.

import { load, near } from "./udp-run-parts.js";

/** Milliseconds of the real clock that a case may take. It takes a tenth of a second, unless a program computes without an end. */
const PATIENCE = 15_000;

let machine = null;

async function parts() {
  machine ??= fetch(near("udp-echo-machine_bg.wasm"))
    .then((response) => {
      if (!response.ok) throw new Error("The host has no file udp-echo-machine_bg.wasm");
      return response.arrayBuffer();
    })
    .then((bytes) => WebAssembly.compile(bytes));
  machine.catch(() => (machine = null));
  const [[interpreter, shim], compiled] = await Promise.all([load(), machine]);
  return { interpreter, shim, machine: compiled };
}

/**
 * Checks an exercise. `sources` are the texts of its programs by their names. `tell(index, result)` takes the result of each case:
 * `{ wrong, record }`, where `wrong` is what its judge says. Resolves when the last one is
 * told, when a program did not end, or when `signal` ends it.
 */
export async function check(exercise, sources, seed, tell, signal) {
  const loaded = await parts();
  for (const [index, one] of exercise.cases(seed).entries()) {
    if (signal.aborted) return;
    const given = { programs: exercise.programs({ ...one, sources }), limit: one.limit };
    const { record, failure } = await play({ parts: loaded, given }, signal);
    if (signal.aborted) return;
    tell(index, { record, wrong: failure ? { say: failure } : exercise.judge(record, one) });
    // It would not end in the other cases either.
    if (failure) return;
  }
}

function play(message, signal) {
  return new Promise((resolve) => {
    const worker = new Worker(near("exercises-worker.js"), { type: "module" });
    const end = (result) => {
      clearTimeout(timer);
      worker.terminate();
      resolve(result);
    };
    const timer = setTimeout(() => end({ failure: `After ${PATIENCE / 1000} seconds a program still computes: it neither waits for anything nor ends.` }), PATIENCE);
    signal.addEventListener("abort", () => end({}), { once: true });
    worker.onmessage = ({ data }) => end(data);
    worker.onerror = (event) => {
      event.preventDefault();
      end({ failure: `The worker failed: ${event.message ?? "the page’s policy allows none"}` });
    };
    worker.postMessage(message);
  });
}
