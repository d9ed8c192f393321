// The sockets of one program: the client's side of the route `/sockets` (server/wire/src/sockets), on whatever carries its messages.
//
// A program may call only when the call before has returned, so that there is one call under way at most. What comes meanwhile waits:
// datagrams in their socket's queue, errors of the system at their socket, until the next call gives them out.

import { deferred, octets, read, written } from "./udp-run-shared.js";

/** Datagrams that wait for a socket's program; more are dropped, as by a full buffer of the system. */
const MOST_WAITING = 256;

/** Most bytes of data, by family. */
const MOST_BYTES = { 4: 65_507, 6: 65_527 };

/** Datagrams that leave before the host is asked what became of them. */
const MOST_UNASKED = 128;

const SECOND = 1000;

/** An error of the system, by its name. */
export class SocketError extends Error {
  constructor(errno, text = "") {
    super(text);
    this.errno = errno;
  }
}

/** The sentence of a host that is gone, in front of whatever else is known. */
const GONE = "the host of this page is gone";

/** Sockets by their numbers, over a link: `send` takes strings and byte arrays, and `take` and `end` are to be called. */
export class Sockets {
  #send;
  #sockets = new Map();
  #hello = deferred();
  #loopback = "";
  #targets = new Map();
  #answers = [];
  #end = null;
  #unasked = 0;
  /** When the newest requests left, and how many may in a second. */
  #asked = [];
  #most = Infinity;
  #isEcho;
  #echo = null;
  /** Called whenever something has come that a program may wait for. */
  #arrived = () => {};

  /** With `echo`, what goes to this loopback goes to the host's echo server. */
  constructor(send, { echo = false } = {}) {
    this.#send = send;
    this.#isEcho = echo;
    // Nobody may be waiting when it fails.
    this.#hello.promise.catch(() => {});
  }

  /** A message of the host. */
  take(message) {
    if (typeof message !== "string") return this.#datagram(new Uint8Array(message));
    const [[kind, value]] = Object.entries(JSON.parse(message));
    if (kind === "hello") {
      this.#loopback = value.loopback.address;
      this.#most = Math.max(1, Math.floor((value.limits.control_per_second || Infinity) / 2));
      for (const { name, address } of value.targets) this.#targets.set(name, address);
      if (this.#isEcho && this.#targets.has("echo")) this.#echo = parsed(this.#targets.get("echo"));
      this.#hello.resolve();
    } else if (kind === "error") {
      this.#error(value);
    } else if (kind === "bound" && this.#answers[0]?.expects !== "bound") {
      // The system has bound it to a port, and to any address.
      this.#isBound(value);
      this.#state(value.socket).asked ||= any(this.#state(value.socket).family);
    } else if (kind === this.#answers[0]?.expects) {
      this.#answers.shift().resolve(value);
    }
  }

  /** The link is down: whatever the program calls from here on fails, and says why. */
  end(reason) {
    this.#end ??= new SocketError("ENETDOWN", reason ? `${GONE}: ${reason}` : GONE);
    this.#hello.reject(this.#end);
    for (const { reject } of this.#answers.splice(0)) reject(this.#end);
    this.#arrived();
  }

  async open(family) {
    await this.#hello.promise;
    // The lowest number that is free, as systems do.
    let socket = 1;
    while (this.#sockets.has(socket)) socket += 1;
    await this.#ask("open", { socket, family: family === 6 ? "ipv6" : "ipv4" }, "opened");
    this.#sockets.set(socket, { socket, family, host: "", port: 0, asked: "", peer: null, waiting: [], error: null, refused: null, known: new Set(), terminals: new Set() });
    return socket;
  }

  async bind(socket, host, port) {
    const state = this.#state(socket);
    this.#isBound(await this.#ask("bind", { socket, host: this.#name(state, host), port }, "bound"));
    state.asked = isAny(host) ? any(state.family) : "";
  }

  async connect(socket, host, port) {
    const state = this.#state(socket);
    const to = this.#rerouted(await this.#resolved(state, host, port), port);
    const connected = await this.#ask("connect", { socket, ...to }, "connected");
    this.#isBound(connected);
    state.asked = "";
    state.peer = this.#shownAt(to);
    state.known.clear();
    // Nobody else is heard from here on.
    state.waiting = state.waiting.filter((datagram) => datagram.host === state.peer.host && datagram.port === port);
  }

  async disconnect(socket) {
    await this.#ask("disconnect", { socket }, "disconnected");
    this.#state(socket).peer = null;
  }

  async close(socket) {
    this.#state(socket);
    this.#sockets.delete(socket);
    if (!this.#end) await this.#ask("close", { socket }, "closed");
  }

  /** What getsockname(2) tells: host and port as a program on its own machine would see them. */
  name(socket) {
    const { family, host, port, asked } = this.#state(socket);
    return { host: asked || host || any(family), port };
  }

  /** What getpeername(2) tells. */
  peer(socket) {
    const { peer } = this.#state(socket);
    if (!peer) throw new SocketError("ENOTCONN");
    return peer;
  }

  /** Sends a datagram: to the peer when `host` is null. */
  async send(socket, host, port, data) {
    const state = this.#state(socket);
    this.#throwWaitingError(state);
    if (host === null && !state.peer) throw new SocketError("EDESTADDRREQ");
    if (data.length > MOST_BYTES[state.family]) throw new SocketError("EMSGSIZE");
    const to = host === null ? null : this.#rerouted(await this.#resolved(state, host, port), port);
    if (this.#end) throw this.#end;
    const address = to ? octets(to.host) : [];
    if (!address) throw new SocketError("ENOENT");
    this.#send(written(socket, address, to?.port ?? 0, data));
    // The host tells errors of datagrams before it answers what comes after them. Where the first went, others go too: they are
    // asked about now and then, so that a program cannot run ahead of the host.
    const place = to ? `${to.host} ${to.port}` : "its peer";
    this.#unasked += 1;
    if (state.known.has(place) && this.#unasked < MOST_UNASKED) return;
    await this.#ask("resolve", { host: "localhost" }, "resolved");
    this.#unasked = 0;
    const { refused } = state;
    state.refused = null;
    if (refused) throw refused;
    state.known.add(place);
  }

  /** The next datagram, or null when there is none yet. */
  receive(socket) {
    const state = this.#state(socket);
    this.#throwWaitingError(state);
    const datagram = state.waiting.shift();
    if (!datagram && this.#end) throw this.#end;
    return datagram ?? null;
  }

  /** Whether a call of `receive` would give something, be it an error. */
  isReadable(socket) {
    const state = this.#state(socket);
    return state.waiting.length > 0 || state.error !== null || this.#end !== null;
  }

  /** Resolves as soon as something has come, after which `stop` is of no use any more. */
  arrival() {
    const { promise, resolve } = deferred();
    this.#arrived = resolve;
    return promise;
  }

  /** The address of a name, as gethostbyname(3) would tell it. */
  async resolve(name, family = 4) {
    await this.#hello.promise;
    return this.#shown(await this.#resolved({ family }, name));
  }

  #state(socket) {
    const state = this.#sockets.get(socket);
    if (!state) throw new SocketError("EBADF");
    return state;
  }

  #isBound({ socket, local }) {
    const state = this.#sockets.get(socket);
    if (!state) return;
    const { host, port } = parsed(local);
    Object.assign(state, { host: this.#shown(host), port });
  }

  #throwWaitingError(state) {
    const error = state.refused ?? state.error;
    state.refused = state.error = null;
    if (error) throw error;
  }

  /** The own address reads as everybody knows it. */
  #shown(host) {
    return host === this.#loopback || host === this.#echo?.host ? "127.0.0.1" : host;
  }

  /** A source as the program knows it. */
  #shownAt({ host, port }) {
    const isEcho = host === this.#echo?.host;
    return { host: this.#shown(host), port: isEcho ? this.#echo.asked : port };
  }

  /** Where a datagram goes that the program sends there. */
  #rerouted(host, port) {
    const isOwn = host === this.#loopback || host === "127.0.0.1";
    if (!this.#echo || !isOwn) return { host, port };
    this.#echo.asked = port;
    return { host: this.#echo.host, port: this.#echo.port };
  }

  #name({ family }, host) {
    return host === "localhost" && family === 6 ? "::1" : host;
  }

  /** An address for a name: the host's own list first, then by asking. */
  async #resolved(state, host, port) {
    if (isAny(host) || host === "localhost") return state.family === 6 ? "::1" : this.#loopback;
    const target = this.#targets.get(host);
    if (target) return parsed(target).host;
    // A terminal of this machine comes from 127.0.0.1, and is answered there.
    if (host === "127.0.0.1" && state.terminals && !state.terminals.has(port)) return this.#loopback;
    if (isAddress(host)) return host;
    const family = state.family === 6 ? "ipv6" : "ipv4";
    const { addresses } = await this.#ask("resolve", { host, family }, "resolved");
    return parsed(addresses[0]).host;
  }

  async #ask(request, value, expects) {
    await this.#turn();
    if (this.#end) throw this.#end;
    const answer = deferred();
    this.#answers.push({ ...answer, request, expects });
    this.#send(JSON.stringify({ [request]: value }));
    return answer.promise;
  }

  /** A host ends a session that asks too often. So a program that does waits, at half of what the host takes. */
  async #turn() {
    while (this.#asked.length >= this.#most) {
      const left = this.#asked[0] + SECOND - performance.now();
      if (left <= 0) this.#asked.shift();
      else await new Promise((resolve) => setTimeout(resolve, left));
    }
    this.#asked.push(performance.now());
  }

  #error({ socket, call, errno, text }) {
    const error = new SocketError(errno, text);
    if (call === this.#answers[0]?.request) return this.#answers.shift().reject(error);
    const state = this.#sockets.get(socket);
    if (!state) return;
    // What the system tells later is for the next call, as on any machine.
    state[call === "send" ? "refused" : "error"] = error;
    state.known.clear();
    this.#arrived();
  }

  #datagram(bytes) {
    const { socket, host, port, data } = read(bytes);
    const state = this.#sockets.get(socket);
    if (!state) return;
    if (state.waiting.length >= MOST_WAITING) return;
    if (host === "127.0.0.1") state.terminals.add(port);
    else state.terminals.delete(port);
    state.waiting.push({ ...this.#shownAt({ host, port }), data: data.slice() });
    this.#arrived();
  }
}

const any = (family) => (family === 6 ? "::" : "0.0.0.0");
const isAny = (host) => ["", "0.0.0.0", "::"].includes(host);
const isAddress = (host) => /^\d+\.\d+\.\d+\.\d+$/.test(host) || host.includes(":");

/** `127.0.0.1:10000` or `[::1]:10000` in its parts; an address may stand alone. */
function parsed(address) {
  const [, six, four, port] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(address) ?? [];
  return { host: six ?? four ?? address, port: Number(port ?? 0) };
}
