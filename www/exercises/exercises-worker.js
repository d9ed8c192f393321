// The worker of one case. It gives away what reaches beyond it, like the worker of any program, before it does anything.

import "./udp-run-alone.js";
import { play } from "./exercises-bench.js";

self.onmessage = async ({ data: { parts, given } }) => {
  try {
    self.postMessage({ record: await play(parts, given) });
  } catch (error) {
    self.postMessage({ failure: error.message });
  }
};
