// A host of /sockets as far as udp-socket.js can tell: it answers requests as PROTOCOL.md says, and a test moves the datagrams.

/** Requests, and the name of the answer to each. */
const ANSWERS = { open: "opened", bind: "bound", connect: "connected", close: "closed", resolve: "resolved", options: "options" };

const ADDRESSES = { localhost: "127.83.1.5", echo: "127.0.0.2:10000", six: "[::1]:7000", "127.0.0.1": "127.83.1.5" };

export class FakeHost {
  /** What acts as a WebSocket. */
  wire = {
    bufferedAmount: 0,
    send: (message) => this.#sent(message),
    close: () => (this.isClosed = true),
  };
  /** Requests, in order, each as `[name, content]`. */
  asked = [];
  /** What it told, in order. */
  told = [];
  /** Datagrams, in order, with their headers, in hexadecimal. */
  datagrams = [];
  /** Errors instead of answers, by the name of the request: consumed one by one. */
  errors = {};
  /** While true, answers wait until `answer()`. */
  isSlow = false;
  isClosed = false;
  #waiting = [];
  #waiters = [];

  constructor({ isLate = false } = {}) {
    if (!isLate) queueMicrotask(() => this.hello());
  }

  hello() {
    this.tell({ hello: { protocol: 1, loopback: { address: "127.83.1.5", token: "0123456789abcdef0123456789abcdef" }, targets: [] } });
  }

  tell(message) {
    this.told.push(message);
    this.wire.onmessage({ data: JSON.stringify(message) });
  }

  /** Has a datagram arrive, with the header that is given in hexadecimal. */
  deliver(header, data = "") {
    const bytes = Uint8Array.from([...Buffer.from(header.replaceAll(" ", ""), "hex"), ...Buffer.from(data)]);
    this.wire.onmessage({ data: bytes.buffer });
  }

  end(code, reason = "") {
    return this.wire.onclose({ code, reason });
  }

  /** Gives the answers that wait. */
  answer() {
    this.isSlow = false;
    for (const message of this.#waiting.splice(0)) this.tell(message);
  }

  /** Resolves when this many datagrams have been sent. */
  until(count) {
    return new Promise((resolve) => {
      this.#waiters.push([count, resolve]);
      this.#look();
    });
  }

  #look() {
    for (const [count, resolve] of this.#waiters) if (this.datagrams.length >= count) resolve();
  }

  #sent(message) {
    if (typeof message !== "string") {
      this.datagrams.push(Buffer.from(message).toString("hex"));
      return this.#look();
    }
    const [[name, content]] = Object.entries(JSON.parse(message));
    this.asked.push([name, content]);
    const error = this.errors[name]?.shift();
    const reply = error ? { error: { socket: content.socket ?? null, call: name, ...error } } : { [ANSWERS[name]]: this.#content(name, content) };
    if (this.isSlow) this.#waiting.push(reply);
    else queueMicrotask(() => this.tell(reply));
  }

  #content(name, { socket, host, port, tracing }) {
    const local = `127.83.1.5:${port || 40000}`;
    const known = ADDRESSES[host] ?? (host?.includes(":") ? `[${host}]` : host);
    if (name === "bind") return host.includes(":") ? { socket, local: `[::1]:${port || 40000}`, outside: null } : { socket, local, outside: local };
    if (name === "connect") {
      const peer = /:\d+$/.test(known) ? known : `${known}:${port}`;
      return { socket, local: known.includes("[") ? "[::1]:40001" : "127.83.1.5:40001", peer };
    }
    if (name === "resolve") return { host, addresses: [known] };
    return name === "options" ? { tracing } : { socket };
  }
}
