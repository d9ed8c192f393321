// Where a program runs: in a worker of the page, or, where the page's policy allows none, in that of a frame of `/embed`.

import { HOST, newWorker } from "./udp-run-parts.js";

/** Milliseconds in which a frame has to answer. */
const PATIENCE = 10_000;

/** Whether the page's policy allows no worker: what has been found out once need not be tried again. */
let isForbidden = false;

/** A worker for a program, as `Worker` is one. `onerror` takes a sentence of the browser, or nothing where a policy is in the way. */
export class Runner {
  onmessage = () => {};
  onerror = () => {};
  #place;
  /** What was said to it before it was heard of: a frame that takes over is told all of it. */
  #said = [];

  /** With `isFrame`, a worker is not even tried. */
  constructor(isFrame = false) {
    if (isFrame || isForbidden) this.#takeFrame();
    else this.#takeWorker();
  }

  postMessage(message) {
    this.#said?.push(message);
    this.#place.postMessage(message);
  }

  terminate() {
    this.#said = null;
    this.#place.terminate();
  }

  #takeWorker() {
    const refused = () => {
      isForbidden = true;
      this.#place?.terminate();
      this.#takeFrame();
    };
    try {
      this.#take(newWorker());
    } catch {
      return refused();
    }
    this.#place.onerror = (event) => {
      event.preventDefault();
      // A script that fails has words; a policy, and a file that does not load, have none.
      if (this.#said && !event.message) refused();
      else this.onerror(event.message ?? "");
    };
  }

  #takeFrame() {
    this.#take(new Frame());
    this.#place.onerror = () => this.onerror("");
    for (const message of this.#said) this.#place.postMessage(message);
  }

  #take(place) {
    this.#place = place;
    place.onmessage = ({ data }) => {
      if (place !== this.#place) return;
      if (data.what === "broken") return this.onerror(data.value);
      this.#said = null;
      this.onmessage({ data });
    };
  }
}

/** A frame of `/embed` with a worker inside. */
class Frame {
  onmessage;
  onerror;
  #frame = document.createElement("iframe");
  #port;
  #listening = new AbortController();

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = (event) => this.onmessage(event);
    const { origin, href } = new URL("embed.html?run", HOST);
    const { signal } = this.#listening;
    const timer = setTimeout(() => this.#failed(), PATIENCE);
    signal.addEventListener("abort", () => clearTimeout(timer));
    const heard = ({ source, data }) => {
      if (source !== this.#frame.contentWindow || data?.from !== "udp-run-frame") return;
      this.#listening.abort();
      source.postMessage({ to: "udp-run-frame" }, origin, [port2]);
    };
    addEventListener("message", heard, { signal });
    document.addEventListener("securitypolicyviolation", (event) => {
      if (/^(frame|child|default)-src/.test(event.effectiveDirective) && href.startsWith(event.blockedURI)) this.#failed();
    }, { signal });
    Object.assign(this.#frame, { src: href, hidden: true, title: "Python" });
    document.body.append(this.#frame);
  }

  postMessage(message) {
    this.#port.postMessage(message);
  }

  terminate() {
    this.#listening.abort();
    this.#port.close();
    this.#frame.remove();
  }

  #failed() {
    this.terminate();
    this.onerror();
  }
}
