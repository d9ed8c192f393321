// The worker of one program. Before the program begins, the worker gives away what could reach beyond it.

import "./udp-run-alone.js";
import { MachineClock, browserClock } from "./udp-run-clock.js";
import { Program } from "./udp-run-program.js";

const post = self.postMessage.bind(self);

let program;
let clock;

self.onmessage = ({ data }) => take(data);

function take({ what, value }) {
  switch (what) {
    case "run":
      program = new Program(value.program, (what, value) => post({ what, value }), null);
      program.run(value.module, value.shim);
      break;
    case "live":
      program.keepTime(browserClock);
      break;
    // The machine's time, and what has happened.
    case "time":
      clock ??= new MachineClock((value) => post({ what: "wait", value }), value.origin);
      clock.set(value.now);
      program.keepTime(clock);
      value.messages.forEach(take);
      clock.wake();
      break;
    case "link":
      program.receive(value);
      break;
    case "lost":
      program.lose(value);
      break;
    case "interrupt":
      program.interrupt();
      break;
    case "input":
      program.answer(value);
      break;
    case "ping":
      post({ what: "pong", value: program.memory() });
      break;
  }
}
