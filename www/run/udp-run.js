// <udp-run>: a Python program in an article, which runs where it stands. www/run/README.md says how it works.

import { Editor } from "./udp-run-editor.js";
import { open } from "./udp-run-link.js";
import { Output } from "./udp-run-output.js";
import { hasLoaded, load, ownSheet, policy } from "./udp-run-parts.js";
import { Record } from "./udp-run-record.js";
import { Runner } from "./udp-run-runner.js";
import { deferred } from "./udp-run-shared.js";
import { followTheme, isSet, keepKeys } from "./udp-run-surroundings.js";
import { expect } from "./udp-run-time.js";
import { WORDS } from "./udp-run-words.js";

/** Milliseconds that a program has to end by itself after Stop. */
const GRACE = 400;

/** Milliseconds between two questions whether a program still waits for something now and then, and how long it may not. */
const LOOK = 1000;
const BUSY = 10_000;

/** Milliseconds in which the program beside this one binds its port. */
const PATIENCE = 5000;

export class UdpRun extends HTMLElement {
  #parts = {};
  #editor;
  #original = "";
  #output;
  #besideOutput;
  /** The run under way: `{ worker, link, ... }`. */
  #current = null;
  /** The datagrams of the newest run, and what shows them once the reader wants to see them. */
  #record = null;
  #seen = null;
  /** Ends the listening to the program beside this one. */
  #listening = null;

  connectedCallback() {
    if (!this.shadowRoot) this.#build();
    addEventListener("pagehide", this.#left);
  }

  disconnectedCallback() {
    removeEventListener("pagehide", this.#left);
    this.#end();
  }

  /** A browser may keep a page that is left, with its sockets: its program ends all the same, and its port is free. */
  #left = () => {
    if (this.#current) this.#ended(this.#current, WORDS.left);
  };

  /** The name of the program's file. */
  get name() {
    return this.getAttribute("name") ?? this.getAttribute("src")?.split("/").pop() ?? "program.py";
  }

  /** The program as it stands in the editor. */
  get program() {
    return `${this.#editor?.text ?? this.textContent}\n`;
  }

  set program(source) {
    this.#editor.text = source.replace(/\n$/, "");
  }

  /** Whether a program runs. */
  get running() {
    return this.#current !== null;
  }

  /**
   * Runs the program; resolves when it has ended, with its exit code. With `echo`, datagrams for `localhost` and the echo server's
   * port go to the host's own echo server.
   */
  async run({ echo = false, beside = false } = {}) {
    this.#end();
    if (!beside) this.#alone();
    const run = (this.#current = { bound: deferred(), done: deferred(), asked: performance.now(), failed: "", isHere: expect() });
    this.#clear();
    this.#say(hasLoaded() ? WORDS.starting : WORDS.loading);
    this.#busy(true);
    try {
      const [module, shim] = await load().catch(withoutWasm);
      if (this.#current !== run) return run.done.promise;
      this.#say(WORDS.starting);
      const args = this.getAttribute("args")?.split(/\s+/).filter(Boolean) ?? [];
      await this.#start(run, { module, shim, program: { source: this.program, name: this.name, args, echo } });
    } catch (error) {
      if (this.#current === run) this.#ended(run, error.message);
    }
    return run.done.promise;
  }

  /** Stops the program: with a `KeyboardInterrupt` where it waits, and by force where it does not. */
  stop() {
    const run = this.#current;
    if (!run) return;
    run.isStopped = true;
    this.#tell(run, "interrupt");
    setTimeout(() => {
      if (this.#current === run) this.#ended(run, WORDS.stopped);
    }, GRACE);
  }

  /** Selects the program's text, as the reader has it, so that it can be copied. */
  select() {
    this.#editor.select();
  }

  /** Stops the program, and puts back what the author wrote. */
  reset() {
    this.#end();
    this.#clear();
    this.#alone();
    this.#editor.text = this.#original;
    this.#say("");
  }

  /** Runs the program of the element that `beside` names, and then this one. */
  async runBoth() {
    const other = this.#beside();
    if (!other) return this.run();
    const { besideName } = this.#parts;
    this.#besideOutput.clear();
    this.#listening?.abort();
    this.#listening = new AbortController();
    const heard = ({ detail: { stream, text } }) => {
      besideName.hidden = false;
      this.#besideOutput.add(stream, text);
    };
    other.addEventListener("udp-run-output", heard, { signal: this.#listening.signal });
    // The other program's timeouts wait for this one.
    const isHere = expect();
    if (!other.running) {
      other.run();
      await other.whenBound();
    }
    const done = this.run({ beside: true });
    isHere();
    return done;
  }

  /** Resolves when the program has bound a port, has ended, or takes long. */
  whenBound() {
    const run = this.#current;
    const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE));
    return Promise.race([run?.bound.promise, run?.done.promise, patience]);
  }

  async #start(run, { module, shim, program }) {
    const worker = (run.worker = new Runner(!module));
    const failed = new Promise((_, reject) => {
      worker.onerror = (words) => {
        if (!words) this.#forbidden();
        reject(new Error(words ? WORDS.broken(words) : ""));
      };
    });
    const record = (run.record = this.#record = new Record(this.name, () => this.#recorded(record), () => run.time?.now ?? 1000 * performance.now()));
    this.#seen?.show(record);
    const waiting = [];
    worker.onmessage = ({ data: { what, value } }) => {
      if (this.#current !== run) return;
      if (what === "link") {
        record.out(value);
        if (run.time) run.time.isAway = false;
        if (run.link) run.link.send(value);
        else waiting.push(value);
      } else this.#heard(run, what, value);
    };
    const toProgram = (message, time) => {
      if (this.#current !== run) return;
      run.time ??= time;
      record.in(message);
      if (typeof message === "string") {
        if (message.startsWith('{"bound"')) run.bound.resolve();
        if (message.startsWith('{"events"')) {
          run.isAlone ||= message.includes('"unbound"');
          return;
        }
      }
      if (time) time.receive("link", message);
      else worker.postMessage({ what: "link", value: message });
    };
    // The program begins while the session does: what it sends waits for it.
    worker.postMessage({ what: "run", value: { module, shim, program } });
    this.#watch(run);
    const opened = open(toProgram, (reason) => worker.postMessage({ what: "lost", value: reason }), {
      post: (message) => worker.postMessage(message),
      relay: this.getAttribute("relay") ?? undefined,
      simulated: this.getAttribute("mode") === "simulated",
      seed: this.getAttribute("seed") ?? undefined,
    });
    const link = await Promise.race([opened, failed]).catch((error) => {
      if (error.message.startsWith("The host")) worker.postMessage({ what: "lost", value: error.message });
      else throw error;
    });
    if (!link) return;
    if (this.#current !== run) return link.close();
    run.link = link;
    run.isHere();
    if (!link.time) worker.postMessage({ what: "live" });
    const lab = this.getAttribute("lab");
    if (lab) link.send(JSON.stringify({ lab: JSON.parse(lab) }));
    for (const message of waiting) link.send(message);
    this.#parts.mode.textContent = link.mode === "live" ? WORDS.live : WORDS.simulated(link.why);
    this.#parts.mode.dataset.mode = link.mode;
    this.#parts.status.textContent ||= WORDS.running;
    failed.catch((error) => this.#current === run && this.#ended(run, error.message));
  }

  #heard(run, what, value) {
    if (what === "output") {
      if (!run.first) this.#say(WORDS.running);
      run.first ??= performance.now() - run.asked;
      const [stream, bytes] = value;
      this.#print(stream === 2 ? "stderr" : "stdout", run, bytes);
    } else if (what === "wait") {
      run.time.isAway = false;
      run.time.waits(value);
    } else if (what === "input") {
      run.time?.reads();
      this.#askForLine(run, value);
    } else if (what === "pong") {
      run.pong = performance.now();
      run.memory = value;
      this.#parts.busy.hidden = true;
    } else if (what === "exit") {
      const { code, line } = value;
      this.#editor.mark(line && code !== 130 ? line : 0);
      run.code = code;
      this.#ended(run, run.isStopped ? WORDS.stopped : code === 0 ? WORDS.ended : WORDS.failed(line));
    }
  }

  #print(stream, run, bytes) {
    run.decoders ??= { stdout: new TextDecoder(), stderr: new TextDecoder() };
    const said = run.decoders[stream].decode(bytes, { stream: true });
    this.#output.add(stream, said);
    run.failed += stream === "stderr" ? said : "";
    this.dispatchEvent(new CustomEvent("udp-run-output", { detail: { stream, text: said }, bubbles: true, composed: true }));
  }

  #askForLine(run, prompt) {
    const { line, field, prompt: label } = this.#parts;
    this.#print("stdout", run, new TextEncoder().encode(prompt));
    label.textContent = prompt || WORDS.waits;
    line.hidden = false;
    field.value = "";
    this.#say(WORDS.waits);
    line.onsubmit = (event) => {
      event.preventDefault();
      line.hidden = true;
      this.#print("stdout", run, new TextEncoder().encode(`${field.value}\n`));
      this.#say(WORDS.running);
      this.#tell(run, "input", field.value);
    };
  }

  /** The page's policy lets no program run: in the place of the buttons stands what would. */
  #forbidden() {
    const { run, both, beside, echo, forbidden } = this.#parts;
    for (const button of [run, both, beside, echo]) button?.remove();
    const line = Object.assign(document.createElement("code"), { textContent: policy(), translate: false });
    forbidden.replaceChildren(WORDS.policy, " ", line);
    forbidden.hidden = false;
  }

  /** There is something new in a record. */
  #recorded(record) {
    if (record !== this.#record) return;
    const { way, summary } = this.#parts;
    way.hidden = record.sent + record.received === 0;
    summary.textContent = WORDS.datagrams(record.sent, record.received);
    this.#seen?.changed();
  }

  /** The reader wants to see the datagrams. */
  async #see() {
    const { way, datagrams } = this.#parts;
    if (!way.open || this.#seen) return;
    try {
      const { Seen } = await import("./udp-run-seen.js");
      this.#seen ??= new Seen(datagrams);
      this.#seen.show(this.#record);
      await this.#seen.load();
    } catch (error) {
      this.#seen = null;
      datagrams.replaceWith((this.#parts.datagrams = Object.assign(document.createElement("div"), { textContent: WORDS.unseen(error.message ?? error) })));
    }
  }

  /** Tells the program what the reader does. */
  #tell(run, what, value) {
    if (run.time) run.time.tell(what, value);
    else run.worker?.postMessage({ what, value });
  }

  /** Asks the worker now and then whether it still turns, and the reader when it has not for a while. */
  #watch(run) {
    run.pong = performance.now();
    const timer = setInterval(() => {
      if (this.#current !== run) return clearInterval(timer);
      if (performance.now() - run.pong > BUSY) this.#parts.busy.hidden = false;
      run.worker.postMessage({ what: "ping" });
    }, LOOK);
  }

  /** Shows no other program's output any more. */
  #alone() {
    this.#listening?.abort();
    this.#besideOutput.clear();
    this.#parts.besideName.hidden = true;
  }

  #end() {
    if (this.#current) this.#ended(this.#current, WORDS.stopped);
  }

  #ended(run, said) {
    this.#current = null;
    this.#output.draw();
    run.worker?.terminate();
    run.link?.close();
    run.record?.over();
    run.isHere();
    run.bound.resolve();
    const { hint, line, busy, beside } = this.#parts;
    line.hidden = busy.hidden = true;
    // A client that heard nothing, because nobody was there.
    hint.hidden = !(run.isAlone && run.failed.includes("TimeoutError"));
    beside.hidden = !this.#beside();
    this.#busy(false);
    this.#say(said);
    const code = run.code ?? (run.isStopped ? 130 : 1);
    run.done.resolve(code);
    this.dispatchEvent(new CustomEvent("udp-run-exit", { detail: { code, first: run.first, memory: run.memory }, bubbles: true, composed: true }));
  }

  #clear() {
    const { way, hint, mode } = this.#parts;
    this.#output.clear();
    this.#record?.end();
    way.hidden = hint.hidden = true;
    mode.textContent = "";
    this.#editor.mark(0);
  }

  #say(text) {
    this.#parts.status.textContent = text;
  }

  #busy(is) {
    const { run, stop } = this.#parts;
    const hadFocus = this.shadowRoot.activeElement === (is ? run : stop);
    run.hidden = is;
    stop.hidden = !is;
    // Whoever pressed one button by the keyboard has the other in hand, and not the page.
    if (hadFocus) (is ? stop : run).focus({ preventScroll: true });
    this.toggleAttribute("data-running", is);
  }

  #beside() {
    const id = this.getAttribute("beside");
    const found = id && this.getRootNode().getElementById(id);
    return found instanceof UdpRun ? found : null;
  }

  #build() {
    const code = (this.querySelector("code") ?? this.querySelector("pre") ?? this).cloneNode(true);
    // Docusaurus ends its lines so.
    for (const end of code.querySelectorAll("br")) end.replaceWith("\n");
    // The line ends that an author's file begins and ends with are those of the tag.
    this.#original = code.textContent.replace(/^\n/, "").trimEnd();
    const root = this.attachShadow({ mode: "open" });
    const made = (kind, part, properties = {}) => {
      const element = Object.assign(document.createElement(kind), properties);
      element.setAttribute("part", part);
      this.#parts[part] = element;
      return element;
    };
    const button = (part, textContent, onclick) => made("button", part, { type: "button", textContent, onclick });
    const name = this.name;
    made("p", "forbidden", { hidden: true });
    const editor = document.createElement("div");
    this.#editor = new Editor(editor, { label: `Program ${name}`, changed: () => {}, isReadOnly: isSet(this, "readonly") });
    const bar = made("div", "bar");
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", name);
    bar.append(
      button("run", WORDS.run, () => this.run()),
      button("stop", WORDS.stop, () => this.stop()),
      button("reset", WORDS.reset, () => this.reset()),
      made("span", "status"),
      made("span", "mode"),
    );
    this.#parts.stop.hidden = true;
    for (const part of ["run", "stop", "reset"]) this.#parts[part].setAttribute("aria-label", `${this.#parts[part].textContent} ${name}`);
    this.#parts.status.setAttribute("role", "status");
    const busy = made("p", "busy", { hidden: true });
    busy.append(WORDS.busy, " ", button("end", WORDS.stop, () => this.stop()), " ");
    busy.append(button("go-on", WORDS.goOn, () => {
      this.#current.pong = performance.now();
      if (this.#current.time) this.#current.time.isAway = true;
      busy.hidden = true;
    }));
    const line = made("form", "line", { hidden: true });
    const label = document.createElement("label");
    label.append(made("span", "prompt"), made("input", "field", { type: "text", autocomplete: "off" }));
    line.append(label, made("button", "enter", { textContent: "Enter" }));
    const output = made("pre", "output", { hidden: true, tabIndex: 0 });
    output.setAttribute("role", "log");
    output.setAttribute("aria-label", `Output of ${name}`);
    output.setAttribute("translate", "no");
    const hint = made("p", "hint", { hidden: true });
    const other = this.getAttribute("beside");
    const otherName = (other && this.getRootNode().getElementById(other)?.getAttribute("name")) ?? "the server";
    hint.append(WORDS.alone, " ", button("beside", WORDS.beside(otherName), () => this.runBoth()), " ");
    hint.append(button("echo", WORDS.echo, () => this.run({ echo: true })));
    const besideName = made("p", "besideName", { hidden: true, textContent: `${otherName}, beside it` });
    const besideOutput = made("pre", "besideOutput", { hidden: true, tabIndex: 0 });
    besideOutput.setAttribute("role", "log");
    besideOutput.setAttribute("aria-label", `Output of ${otherName}`);
    besideOutput.setAttribute("translate", "no");
    const way = made("details", "way", { hidden: true, ontoggle: () => this.#see() });
    way.append(made("summary", "summary"), made("div", "datagrams"));
    if (other) this.#parts.run.after(button("both", WORDS.both(otherName), () => this.runBoth()));
    const frame = Object.assign(document.createElement("div"), { className: "frame" });
    frame.append(editor, bar, this.#parts.forbidden, busy, line, output, hint, besideName, besideOutput, way);
    root.append(frame);
    keepKeys(root);
    const follow = followTheme(this, root, frame);
    ownSheet.then((sheet) => {
      root.adoptedStyleSheets = [sheet];
      follow();
    });
    this.#output = new Output(output);
    this.#besideOutput = new Output(besideOutput);
    this.#editor.text = this.#original;
    const height = this.getAttribute("height");
    if (height) editor.style.maxHeight = /^\d+$/.test(height) ? `${height}px` : height;
    const src = this.getAttribute("src");
    if (src) this.#fetchProgram(src);
    else if (isSet(this, "autorun")) this.run();
  }

  async #fetchProgram(src) {
    const address = new URL(src, document.baseURI);
    try {
      if (address.origin !== location.origin) throw new Error("programs come from the page’s own origin");
      const response = await fetch(address);
      if (new URL(response.url).origin !== location.origin) throw new Error(`it leads to ${response.url}, which is another origin`);
      if (!response.ok) throw new Error(`the answer was ${response.status}`);
      this.#original = this.#editor.text = (await response.text()).trimEnd();
      if (isSet(this, "autorun")) this.run();
    } catch (error) {
      this.#say(`The program ${address.href} does not load: ${error.message}`);
    }
  }
}

/** Where the page's policy allows no wasm, a frame loads it. */
function withoutWasm(error) {
  if (error instanceof WebAssembly.CompileError || error instanceof EvalError) return [];
  throw error;
}

customElements.define("udp-run", UdpRun);
