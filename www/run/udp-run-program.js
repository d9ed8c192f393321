// One program from its first line to its last: the interpreter, its sockets, its clock and its output.

import { browserClock } from "./udp-run-clock.js";
import { Crash, start } from "./udp-run-interpreter.js";
import { deferred } from "./udp-run-shared.js";
import { SocketError, Sockets } from "./udp-run-sockets.js";

/** The empty modules that the shim fills. */
const MODULES = ["_socket", "_select", "_time", "_errno"];

/** The answer that has Python raise `KeyboardInterrupt`. */
const INTERRUPT = "^";

/** Most bytes that a program may print. */
const MOST_OUTPUT = 1 << 20;

/** A line is told as soon as it is printed; of more than this many, those that come within these milliseconds are told together. */
const SINGLE_LINES = 1000;
const TOGETHER = 5;

/** A program that is about to run. */
export class Program {
  #source;
  #tell;
  #sockets;
  #interpreter = null;
  #interrupt = deferred();
  #input = deferred();
  #output;
  #clock = null;
  #began = 0;
  /** Resolves when there is a clock. */
  #ready = deferred();

  /**
   * `program` is `{ source, name, args, echo }`, of which `echo` has `localhost` stand for the host's echo server, too. `tell(what, value)` takes what happens: `output` with `[stream, bytes]`, `link` with a
   * message for the host of the sockets, `input` with a prompt, `exit` with `{ code, line }`, of which `line` is that of an error.
   * `clock` is one of `udp-run-clock.js`; without one, the program waits for `keepTime` before it calls the system.
   */
  constructor(program, tell, clock = browserClock) {
    this.#source = { name: "program.py", args: [], ...program };
    this.#tell = tell;
    this.#output = new Output((stream, bytes) => tell("output", [stream, bytes]));
    this.#sockets = new Sockets((message) => tell("link", message), { echo: program.echo });
    if (clock) this.keepTime(clock);
  }

  /** The clock that the program goes by. The first one stays. */
  keepTime(clock) {
    if (this.#clock) return;
    this.#clock = clock;
    this.#began = clock.now();
    this.#ready.resolve();
  }

  /** Runs it with an interpreter of its own; `shim` is the text of `udp-run-shim.py`. */
  async run(module, shim) {
    try {
      this.#interpreter = await start(module, {
        modules: MODULES,
        write: (stream, bytes) => this.#output.write(stream, bytes),
        host: (name, text) => this.#host(name, text.split(" "), text),
        date: () => (this.#clock ?? browserClock).date(),
      });
      await this.#interpreter.run(shim);
    } catch (error) {
      this.#output.flush();
      const why = error instanceof Crash ? error.message : "the interpreter ran out of room for the calls under way";
      this.#tell("output", [2, new TextEncoder().encode(`The program was ended: ${why}.\n`)]);
      this.#tell("exit", { code: 1, line: 0 });
    }
  }

  /** A message of the host of the sockets. */
  receive(message) {
    this.#sockets.take(message);
  }

  /** The host of the sockets is gone. */
  lose(reason) {
    this.keepTime(browserClock);
    this.#sockets.end(reason);
  }

  /** Has the call that waits raise `KeyboardInterrupt`. */
  interrupt() {
    this.#clock?.forget();
    this.#interrupt.resolve(INTERRUPT);
  }

  /** The line that `input()` waits for; null is the end of the input. */
  answer(line) {
    this.#input.resolve(line === null ? "" : `>${line}`);
  }

  /** Bytes of memory that the interpreter takes. */
  memory() {
    return this.#interpreter?.memory() ?? 0;
  }

  /** What Python asks: answered at once where nothing has to be waited for. */
  #host(name, words, text) {
    try {
      const call = () => this.#atOnce(name, words) ?? this.#inTime(name, words, text);
      const answer = this.#ofItself(name, words) ?? (this.#clock ? call() : this.#ready.promise.then(call));
      if (typeof answer === "string") return answer;
      this.#output.flush();
      return Promise.race([this.#interrupt.promise, answer.catch(failure)]).then((told) => {
        // One press of the button is one exception.
        if (told === INTERRUPT) this.#interrupt = deferred();
        return told;
      });
    } catch (error) {
      return failure(error);
    }
  }

  /** What concerns nobody but the program. */
  #ofItself(name, words) {
    const [first, second] = words.map(Number);
    switch (name) {
      case "program":
        return JSON.stringify(this.#source);
      case "exit":
        this.#output.flush();
        this.#tell("exit", { code: first, line: second });
        return "";
      case "roots":
        this.#interpreter.keepRoots(first, second);
        return "";
      case "unlist":
        this.#interpreter.unlist(first);
        return "";
      case "method":
        this.#interpreter.replaceMethod(first, second);
        return "";
      default:
        return null;
    }
  }

  #atOnce(name, words) {
    const [first] = words.map(Number);
    switch (name) {
      case "time":
        return String(this.#clock.date() / 1000);
      case "monotonic":
        this.#clock.spend();
        return String((this.#clock.now() - this.#began) / 1000);
      case "name":
        return addressed(this.#sockets.name(first));
      case "peer":
        return addressed(this.#sockets.peer(first));
      default:
        return null;
    }
  }

  #inTime(name, words, text) {
    const [first, second] = words.map(Number);
    const rest = (count) => words.slice(count).join(" ");
    switch (name) {
      case "open":
        return this.#sockets.open(first).then(String);
      case "bind":
        return this.#sockets.bind(first, rest(2), second).then(empty);
      case "connect":
        return this.#sockets.connect(first, rest(2), second).then(empty);
      case "close":
        return this.#sockets.close(first).then(empty);
      case "resolve":
        return this.#sockets.resolve(rest(1), first);
      case "sendto":
        return this.#send(first, rest(3), second, bytes(words[2]));
      case "send":
        return this.#send(first, null, 0, bytes(words[1]));
      case "recv":
        return this.#received(first) ?? this.#until(second, () => this.#received(first));
      case "select":
        return this.#until(first, () => words.slice(1).filter((word) => this.#sockets.isReadable(Number(word) - 2)).join(" ") || null);
      case "sleep":
        return this.#until(first, () => null);
      case "input":
        return this.#ask(text);
      default:
        throw new Crash(`there is no call ${name}`);
    }
  }

  async #send(...datagram) {
    this.#clock.spend();
    await this.#clock.settled();
    await this.#sockets.send(...datagram);
    return "";
  }

  #received(socket) {
    const datagram = this.#sockets.receive(socket);
    return datagram && `${hex(datagram.data)} ${addressed(datagram)}`;
  }

  /** Tries until there is something; "" when the time is over. A negative time is none. */
  async #until(milliseconds, attempt) {
    const clock = this.#clock;
    const end = milliseconds < 0 ? Infinity : clock.end(milliseconds);
    await clock.turn();
    for (;;) {
      const found = attempt();
      if (found !== null) return found;
      if (clock.now() >= end) return "";
      await clock.wait(end, this.#sockets.arrival());
    }
  }

  async #ask(prompt) {
    this.#input = deferred();
    this.#tell("input", prompt);
    const line = await this.#input.promise;
    return line;
  }
}

/** Output as it is printed, but not a message for each word. */
class Output {
  #tell;
  #parts = [];
  #stream = 1;
  #length = 0;
  #total = 0;
  #told = 0;
  #lines = 0;

  constructor(tell) {
    this.#tell = tell;
  }

  write(stream, bytes) {
    if (stream !== this.#stream) this.flush();
    this.#stream = stream;
    this.#total += bytes.length;
    if (this.#total > MOST_OUTPUT) throw new Crash("it has printed 1 MiB, which is as much as a page shows");
    this.#parts.push(bytes);
    this.#length += bytes.length;
    const isLine = bytes.at(-1) === 10;
    if (isLine && (this.#lines++ < SINGLE_LINES || performance.now() - this.#told > TOGETHER)) this.flush();
  }

  flush() {
    this.#told = performance.now();
    if (this.#length === 0) return;
    const whole = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    this.#parts = [];
    this.#length = 0;
    this.#tell(this.#stream, whole);
  }
}

const empty = () => "";
const addressed = ({ host, port }) => `${host} ${port}`;

function failure(error) {
  if (!(error instanceof SocketError)) throw error;
  return `!${error.errno} ${error.message}`;
}

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function hex(bytes) {
  return Array.from(bytes, (byte) => DIGITS[byte]).join("");
}

function bytes(hex) {
  const found = new Uint8Array(hex === "-" ? 0 : hex.length / 2);
  for (let at = 0; at < found.length; at++) found[at] = parseInt(hex.slice(2 * at, 2 * at + 2), 16);
  return found;
}
