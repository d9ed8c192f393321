// UDPSocket for any page: the interface of WICG's Direct Sockets, on the route /sockets of a udp-echo host.
// www/socket/README.md says how to use it and what differs from the draft; udp-socket.d.ts has the types.

const here = import.meta.url;

/** Bytes that wait on each side unless the program says otherwise: as much as Linux gives a socket. */
const BUFFER = 212992;
/** What a waiting datagram takes beside its data, so that empty ones do not wait without end. */
const OVERHEAD = 64;
/** Bytes of the longest header. */
const HEADER = 21;
/** Destinations that a socket remembers as admitted. */
const REMEMBERED = 1024;
/** How long a session stays without a socket, in milliseconds, so that the next socket finds the same loopback. */
const LINGER = 10000;
/** Milliseconds until a write looks again whether there is room. */
const AGAIN = 4;
/** Questions a second about new destinations. A host takes a hundred requests a second, of all kinds. */
const QUESTIONS = 32;

/** The sides of a socket. It closes after both. */
const READABLE = 1;
const WRITABLE = 2;

/** `Promise.withResolvers`, which browsers of early 2024 do not have. Nobody may be waiting. */
function deferred() {
  let resolve, reject;
  const promise = new Promise((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
}

const ignore = () => {};

/** A `DOMException`, with the system's name of the error beside it. */
const exception = (text, errno, name = "NetworkError") => Object.assign(new DOMException(text, name), { errno });

/** The bytes of an address; nothing for a name, or for an odd spelling of an address. */
function bytesOf(address) {
  const parts = address.split(".");
  if (parts.length === 4 && parts.every((part) => part === `${part & 255}`)) return parts;
  const url = `http://[${address}]`;
  if (!/^[\da-f:.]+$/i.test(address) || !URL.canParse(url)) return;
  const [left, right] = new URL(url).hostname.slice(1, -1).split("::").map((half) => (half ? half.split(":") : []));
  const words = right ? [...left, ...Array(8 - left.length - right.length).fill(0), ...right] : left;
  return words.flatMap((word) => [parseInt(word, 16) >> 8, parseInt(word, 16)]);
}

/** The text of an address, as RFC 5952 wants it. */
function textOf(bytes) {
  if (bytes.length === 4) return bytes.join(".");
  const words = Array.from({ length: 8 }, (_, at) => ((bytes[2 * at] << 8) | bytes[2 * at + 1]).toString(16));
  return new URL(`http://[${words.join(":")}]`).hostname.slice(1, -1);
}

/** Address and port of `127.83.1.5:10000`, of `[::1]:10000`, or of an address alone. */
function endpoint(text) {
  const [, six, four, port] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(text) ?? [0, text];
  return [six ?? four, port && +port];
}

/** Members of options and messages, converted as Web IDL does it. */
function converted(members) {
  const made = { ...members };
  const integer = (key, least, most) => {
    const number = Math.trunc(made[key]);
    if (!(number >= least && number <= most)) throw new TypeError(`${key} is ${made[key]}, which is no number from ${least} to ${most}`);
    made[key] = number;
  };
  for (const key in made) {
    if (made[key] === undefined) delete made[key];
    else if (key.endsWith("Address")) made[key] += "";
    else if (key.endsWith("Port")) integer(key, key === "localPort" ? 1 : 0, 65535);
    else if (key.endsWith("BufferSize")) integer(key, 1, 2 ** 32 - 1);
    else if (key === "dnsQueryType" && !/^ipv[46]$/.test(made[key])) throw new TypeError(`dnsQueryType is ${made[key]}, and not ipv4 or ipv6`);
    else if (key.startsWith("multicast") || (key === "ipv6Only" && !made[key])) {
      throw exception(`This UDPSocket has no ${key}: ${made[key]}. Leave it out`, undefined, "NotSupportedError");
    }
  }
  return made;
}

/** The options of a socket, checked as the draft does it. */
function checked(options) {
  const made = converted(options);
  const { remoteAddress, localAddress } = made;
  const isConnected = remoteAddress !== undefined;
  const bytes = bytesOf(remoteAddress ?? localAddress ?? "");
  const wrong = [
    [isConnected !== "remotePort" in made, "remoteAddress and remotePort go together"],
    [isConnected === (localAddress !== undefined), "A socket has either a remoteAddress or a localAddress"],
    [isConnected && "localPort" in made, "localPort goes with localAddress"],
    [!isConnected && !bytes, `localAddress is ${localAddress}, which is no IP address`],
    [!isConnected && "dnsQueryType" in made, "dnsQueryType goes with remoteAddress"],
    ["ipv6Only" in made && (isConnected || bytes?.length === 4 || bytes?.some(Boolean)), "ipv6Only goes with the localAddress ::"],
  ].find(([is]) => is);
  if (wrong) throw new TypeError(wrong[1]);
  return { ...made, isConnected, isName: !bytes, isIpv6: bytes?.length > 4 || made.dnsQueryType === "ipv6" };
}

/** Why no session began. A script never learns that from a WebSocket. */
async function why(address, isJoining) {
  const { origin, href } = new URL("relay.json", address.replace("ws", "http"));
  const answer = await fetch(href, { cache: "no-store" }).catch(ignore);
  const said = await answer?.json().catch(ignore);
  if (said?.name !== "udp-echo") return `No udp-echo host answers at ${origin}. Start one: udp-echo serve`;
  if (!said.allowed) return `${said.why}: ${said.setting}`;
  if (said.busy) return `The host has no room: ${said.busy}`;
  if ((said.sockets ?? "off") === "off") return "The host has no sockets for pages. Start it with --sockets own";
  if (isJoining) return "The host knows no such loopback: the token is wrong, or its last session has ended";
  return `The host at ${origin} answers, but no WebSocket gets through to it`;
}

/** Sessions under way: by the address of their route, or by the function that opened them. */
const sessions = new Map();

/** One WebSocket, for all sockets of a page. */
class Session {
  /** Why it has ended. */
  end;
  /** The token of its loopback; known once it is live. */
  loopback;
  #live = deferred();
  #wire;
  #key;
  /** Sockets by their numbers. */
  #sockets = new Map();
  #number = 0;
  #timer;
  #sent = 0;
  /** Questions about new destinations in this second. */
  #questions;
  #second;
  /** What names stand for. */
  #names = new Map();
  /** Requests without an answer. Answers come in the order of requests. */
  #asked = [];

  /** The session for a socket with these options. */
  static at({ host = UDPSocket.host, loopback = UDPSocket.loopback }) {
    if (typeof host === "function") return sessions.get(host) ?? new Session(host, host, () => "The session has ended");
    // Files may lie below a version; routes never do.
    const url = new URL("sockets", host ?? here.replace(/(\/v\/[^/]+)?\/[^/]*$/, "/"));
    url.protocol = url.protocol.replace("http", "ws");
    if (loopback !== undefined) url.searchParams.set("loopback", loopback);
    const { href } = url;
    return sessions.get(href) ?? new Session(href, () => new WebSocket(href), () => why(href, loopback !== undefined));
  }

  constructor(key, open, explain) {
    const wire = (this.#wire = open());
    wire.binaryType = "arraybuffer";
    wire.onmessage = ({ data }) => (typeof data === "string" ? this.#told(JSON.parse(data)) : this.#came(new Uint8Array(data)));
    wire.onclose = async ({ code, reason }) => {
      this.#forget();
      this.#end(exception(reason ? `The host ended the session: ${reason} (${code})` : this.loopback ? `The host is gone (${code})` : await explain()));
    };
    this.#key = key;
    sessions.set(key, this);
  }

  /** Gives a socket a free number. */
  add(socket) {
    do this.#number = (this.#number + 1) & 65535;
    while (this.#sockets.has(this.#number));
    this.#sockets.set(this.#number, socket);
    return this.#number;
  }

  remove(number) {
    this.#sockets.delete(number);
    const leave = () => {
      if (this.#sockets.size) return;
      this.#forget();
      this.#wire.close();
    };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(leave, LINGER);
  }

  /** Asks something of the host, and gives its answer. */
  async ask(call, answer, content) {
    await this.#live.promise;
    if (this.end) throw this.end;
    const { promise, ...settle } = deferred();
    this.#asked.push({ call, answer, socket: content.socket, ...settle });
    this.#wire.send(JSON.stringify({ [call]: content }));
    return promise;
  }

  /** Resolves when the host has handled all that was sent before. Sockets have no use for the events of datagrams. */
  handled() {
    return this.ask("options", "options", { tracing: false });
  }

  /** Whether the host may be asked once more about a new destination. */
  mayAsk() {
    const second = Math.trunc(performance.now() / 1000);
    if (second !== this.#second) this.#questions = 0;
    this.#second = second;
    return ++this.#questions <= QUESTIONS;
  }

  /** Address that a name stands for, and the port if it is a target's. */
  async resolve(host, family) {
    const name = `${host} ${family}`;
    if (!this.#names.has(name)) this.#names.set(name, endpoint((await this.ask("resolve", "resolved", { host, family })).addresses[0]));
    return this.#names.get(name);
  }

  /** Resolves when less than that waits to be sent. */
  async room(bytes) {
    while (this.#wire.bufferedAmount >= bytes) await new Promise((look) => setTimeout(look, AGAIN));
  }

  /** Sends a message that begins with room for the longest header. Gives the number of the datagram. */
  send(socket, to, port, message) {
    const begin = HEADER - 5 - to.length;
    message.set([socket >> 8, socket, to.length && (to.length > 4 ? 6 : 4), port >> 8, port, ...to], begin);
    this.#wire.send(message.subarray(begin));
    return ++this.#sent;
  }

  #told(message) {
    const [[name, content]] = Object.entries(message);
    const [first] = this.#asked;
    const isError = name === "error";
    if (name === "hello") {
      this.loopback = content.loopback.token;
      this.#live.resolve();
      this.handled().catch(ignore);
    } else if ((isError ? content.call === first?.call : name === first?.answer) && (content.socket ?? undefined) === first.socket) {
      this.#asked.shift();
      if (isError) first.reject(exception(content.text, content.errno));
      else first.resolve(content);
    } else if (isError) this.#sockets.get(content.socket)?.failed(content);
  }

  #came(message) {
    const begin = message[2] === 4 ? 9 : HEADER;
    const [high, low, , upper, lower] = message;
    this.#sockets.get((high << 8) | low)?.came(textOf(message.subarray(5, begin)), (upper << 8) | lower, message.slice(begin));
  }

  #forget() {
    if (sessions.get(this.#key) === this) sessions.delete(this.#key);
  }

  #end(end) {
    this.end = end;
    this.#live.promise.catch(ignore);
    this.#live.reject(end);
    this.#asked.forEach(({ reject }) => reject(end));
    this.#sockets.forEach((socket) => socket.broken(end));
  }
}

/** A UDP socket in a loopback of the reader's own. */
export class UDPSocket {
  /** Where the host is, for sockets that do not say it: the folder of its page, or a function that gives what acts as a WebSocket. */
  static host;
  /** The token of the loopback to join, for sockets that do not say it. */
  static loopback;

  #opened = deferred();
  #closed = deferred();
  #options;
  #session;
  #number;
  #readable;
  #writable;
  /** Their controllers. */
  #in;
  #out;
  #isOpen;
  #isClosed;
  /** Sides that have not ended. */
  #sides = READABLE | WRITABLE;
  #error;
  #dropped = 0;
  #rejected = 0;
  /** Destinations to which the host lets datagrams go. */
  #admitted = new Set();
  /** The datagram that is the first to its destination. */
  #first;

  constructor(options) {
    const { receiveBufferSize = BUFFER, sendBufferSize = BUFFER } = (this.#options = checked(options));
    const size = (message) => OVERHEAD + (message?.data?.byteLength ?? 0);
    const source = { start: (controller) => void (this.#in = controller), cancel: () => this.#ended(READABLE) };
    const leave = () => this.#ended(WRITABLE);
    const write = (message) => this.#write(message, sendBufferSize);
    this.#readable = new ReadableStream(source, { size, highWaterMark: receiveBufferSize });
    this.#writable = new WritableStream(
      { start: (controller) => void (this.#out = controller), write, close: leave, abort: leave },
      { size, highWaterMark: sendBufferSize },
    );
    // Whoever waits only for `opened` hears of a failure there.
    this.#closed.promise.catch(ignore);
    this.#open().catch((error) => this.#broken(error));
  }

  get opened() {
    return this.#opened.promise;
  }

  get closed() {
    return this.#closed.promise;
  }

  /** Datagrams that came while as many waited for the program as may. */
  get dropped() {
    return this.#dropped;
  }

  /** Datagrams of the program's that the host did not send, for want of room or above its rate. */
  get rejected() {
    return this.#rejected;
  }

  async close() {
    const invalid = (why) => exception(why, undefined, "InvalidStateError");
    if (!this.#isOpen) throw invalid("The socket is not open");
    if (!this.#isClosed) {
      if (this.#readable.locked || this.#writable.locked) throw invalid("A stream of the socket is locked: release its reader and writer");
      this.#readable.cancel().catch(ignore);
      this.#writable.abort().catch(ignore);
    }
    return this.closed;
  }

  async #open() {
    const { isConnected, isName, isIpv6, dnsQueryType, remoteAddress, remotePort, localAddress, localPort } = this.#options;
    const session = (this.#session = Session.at(this.#options));
    const socket = (this.#number = session.add({
      came: (...datagram) => this.#came(...datagram),
      failed: (error) => this.#failed(error),
      broken: (error) => this.#broken(error),
    }));
    try {
      const isSix = isIpv6 || (isName && !dnsQueryType && (await session.resolve(remoteAddress, null))[0].includes(":"));
      const open = session.ask("open", "opened", { socket, family: isSix ? "ipv6" : "ipv4" });
      const fixed = isConnected
        ? session.ask("connect", "connected", { socket, host: remoteAddress, port: remotePort })
        : session.ask("bind", "bound", { socket, host: localAddress, port: localPort ?? 0 });
      // When the first fails, so does the second; the first says why.
      fixed.catch(ignore);
      await open;
      const { local, peer, outside } = await fixed;
      const info = { readable: this.#readable, writable: this.#writable, outside: outside ?? undefined, loopback: session.loopback };
      [info.localAddress, info.localPort] = endpoint(local);
      if (isConnected) [info.remoteAddress, info.remotePort] = endpoint(peer);
      this.#options.isIpv6 = isSix;
      this.#isOpen = true;
      this.#opened.resolve(info);
    } catch (error) {
      await session.ask("close", "closed", { socket }).catch(ignore);
      session.remove(socket);
      throw error.errno === "EACCES" ? exception(error.message, error.errno, "NotAllowedError") : error;
    }
  }

  #came(remoteAddress, remotePort, data) {
    if (!(this.#sides & READABLE)) return;
    if (this.#in.desiredSize <= 0) this.#dropped += 1;
    else if (this.#options.isConnected) this.#in.enqueue({ data });
    else {
      this.#admit(`${remoteAddress} ${remotePort}`);
      this.#in.enqueue({ data, remoteAddress, remotePort });
    }
  }

  /** The host could not send datagrams, or the system told of an error later. */
  #failed({ call, datagram, count = 1, errno, text }) {
    // For want of room UDP loses datagrams; nothing ends for that.
    if (errno === "ENOBUFS") return void (this.#rejected += count);
    const error = exception(text, errno);
    const first = this.#first;
    if (call === "receive") this.#ended(READABLE, error);
    else if (first?.datagram >= datagram && first.datagram < datagram + count) first.reject(error);
    else this.#ended(WRITABLE, error);
  }

  /** It never opened, or its session has ended. */
  #broken(error) {
    if (!this.#sides) return;
    this.#sides = 0;
    this.#in.error(error);
    this.#out.error(error);
    this.#opened.reject(error);
    this.#isClosed = true;
    this.#closed.reject(error);
  }

  async #write(message, room) {
    try {
      await this.#send(message, room);
    } catch (error) {
      this.#ended(WRITABLE, error);
      throw error;
    }
  }

  async #send(message, room) {
    const { isConnected, isIpv6 } = this.#options;
    const session = this.#session;
    const { data, remoteAddress, remotePort, dnsQueryType } = converted(message);
    const view = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : data instanceof ArrayBuffer && new Uint8Array(data);
    if (!view) throw new TypeError("A message has data: an ArrayBuffer, or a view of one");
    const named = [remoteAddress, remotePort, dnsQueryType].map((member) => member !== undefined);
    if (isConnected ? named.some(Boolean) : !(named[0] && named[1])) {
      throw new TypeError(`Messages of a socket that is ${isConnected ? "" : "not "}connected name ${isConnected ? "no" : "a"} remoteAddress and remotePort`);
    }
    const most = isIpv6 ? 65527 : 65507;
    if (view.length > most) throw exception(`A datagram has at most ${most} bytes of data, and not ${view.length}`, "EMSGSIZE");
    // From here on the program may change what its buffer holds.
    const bytes = new Uint8Array(HEADER + view.length);
    bytes.set(view, HEADER);
    let to = isConnected ? [] : bytesOf(remoteAddress);
    let port = remotePort ?? 0;
    if (!to) {
      const [address, own] = await session.resolve(remoteAddress, dnsQueryType ?? (isIpv6 ? "ipv6" : "ipv4"));
      to = bytesOf(address);
      port ||= own;
    }
    await session.room(room);
    const datagram = session.send(this.#number, to, port, bytes);
    const destination = `${remoteAddress} ${remotePort}`;
    if (isConnected || this.#admitted.has(destination)) return;
    // Whether the host lets datagrams go there, the first write tells. Later ones do not wait for the host.
    if (session.mayAsk()) {
      const { promise, reject } = deferred();
      this.#first = { datagram, reject };
      await Promise.race([promise, session.handled()]);
      this.#first = undefined;
    }
    this.#admit(destination);
  }

  #admit(destination) {
    if (this.#admitted.size === REMEMBERED) this.#admitted.clear();
    this.#admitted.add(destination);
  }

  /** A side has ended, by the program or for an error. */
  #ended(side, error) {
    if (!(this.#sides & side)) return;
    this.#sides &= ~side;
    if (error) (side === READABLE ? this.#in : this.#out).error(error);
    this.#error ??= error;
    if (this.#sides) return;
    const settle = () => {
      this.#session.remove(this.#number);
      this.#isClosed = true;
      if (this.#error) this.#closed.reject(this.#error);
      else this.#closed.resolve();
    };
    this.#session.ask("close", "closed", { socket: this.#number }).then(settle, settle);
  }
}
