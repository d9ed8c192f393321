// The worker of one case, in Node: what www/exercises/exercises-worker.js is in a browser.

import { parentPort, workerData } from "node:worker_threads";

globalThis.self = globalThis;
const { bundle, parts, given } = workerData;
const { play } = await import(`${bundle}exercises-bench.js`);
parentPort.postMessage(await play(parts, given));
