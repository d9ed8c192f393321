// What the element says.

export const WORDS = {
  run: "Run",
  stop: "Stop",
  reset: "Reset",
  both: (name) => `Run with ${name}`,
  loading: "Loading Python, once …",
  starting: "Starting …",
  running: "Running",
  waits: "Waits for a line",
  ended: "Ended",
  failed: (line) => (line ? `Ended with an error in line ${line}` : "Ended with an error"),
  stopped: "Stopped",
  live: "on real sockets of the host",
  simulated: (why) => `Simulated in this page, where waiting takes no time: ${why}`,
  busy: "The program has not waited for anything for 10 seconds.",
  goOn: "Let it run",
  alone: "No answer came: on this page no program has bound that port.",
  beside: (name) => `Run ${name} beside it`,
  echo: "Ask the host’s echo server",
  missing: "This page was built without its Python, run/micropython.wasm. On a machine with npm, cargo xtask bundle adds it.",
  policy: (what) => `The page’s policy allows no worker. Add to its Content-Security-Policy: ${what}`,
};
