// The second lane of a session: a WebSocket that sends datagrams by WebTransport as soon as that is open. Elements with the attribute
// `lane` load this, and no others. What page and host say to each other about the lane: "The lane" in server/wire/PROTOCOL.md.
//
// To the module that uses it, it is a WebSocket: answers of the lane are binary messages like all others, counted in the order in which
// they came, and reports say these numbers in place of the host's. Notices say which lane datagrams take: `carrier WebTransport`,
// `carrier WebSocket`.

/** Bytes in front of each payload: its number. */
const HEADER = 8;
/** Milliseconds that a lane may take to open. With what follows, it is less than a page waits for `hello`. */
const OPENING = 3000;
/** Milliseconds that the host may take to say what it saw of a lane that did not open. */
const ASKING = 1000;
/** Least milliseconds from one report to the next. */
const PAUSE = 50;
/** Milliseconds before a lane that ended is opened again. */
const REST = 2000;
/** The host's numbers of answers on the lane begin after this one. */
const OF_LANE = 2 ** 31;
/** Most answers whose numbers are kept until the host reports on them. */
const KEPT = 1 << 14;

// A Content-Security-Policy that stands in the way tells nobody but this event.
const violations = [];
document.addEventListener("securitypolicyviolation", (event) => violations.push(event));

const wait = (time) => new Promise((done) => setTimeout(done, time));

/** A datagram as it travels. It is a copy: what the module hands over is its memory. */
function numbered(number, payload) {
  const bytes = new Uint8Array(HEADER + payload.byteLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number));
  bytes.set(payload, HEADER);
  return bytes;
}

/** The number of a datagram; nothing where it has none. */
const numberOf = ({ buffer, byteOffset, byteLength }) => byteLength >= HEADER && Number(new DataView(buffer, byteOffset).getBigUint64(0));

const bytesOf = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));

/** Adds a number to a list of ranges. */
function add(ranges, number) {
  const last = ranges.at(-1);
  if (last?.[1] === number - 1) last[1] = number;
  else ranges.push([number, number]);
}

/** What no try can mend; nothing where one may open. */
const obstacle = () =>
  !isSecureContext
    ? "Browsers give WebTransport only to pages of https and of this machine."
    : !globalThis.WebTransport && "This browser has no WebTransport: Chrome and Edge 97, Firefox 125 and Safari 26.4 have.";

/** What in the page or in the certificate keeps a lane from opening, if anything does. */
function fault({ url, hashes, expires }) {
  const { origin } = new URL(url);
  const isBlocked = ({ effectiveDirective, blockedURI }) => effectiveDirective === "connect-src" && blockedURI.startsWith(origin);
  if (violations.some(isBlocked)) {
    return `The Content-Security-Policy of this page forbids it. Add to it: connect-src ${origin}${hashes.length ? " 'unsafe-webtransport-hashes'" : ""}`;
  }
  const end = new Date(expires * 1000);
  if (expires && end < Date.now()) return `By the clock of this machine, the host's certificate expired on ${end.toISOString().slice(0, 10)}. Set the clock, or restart the host.`;
}

/** All failures look alike to a script. */
const CAUSES = (address) =>
  `What may be in the way: something on the way that stops UDP to ${address}; a certificate that this browser does not take; the permission of this site for the local network.`;

class LaneSocket extends WebSocket {
  /** Whether datagrams go by the lane alone while it is open. */
  #isStrict;
  /** Texts and datagrams that wait for the lane, where the session begins on it. */
  #held;
  #lane;
  #writer;
  #limit = 0;
  /** The number of the newest datagram. */
  #sent = 0;
  /** Bytes that wait for the lane. */
  #waiting = 0;
  /** Whether what goes by the WebSocket has a number, too. */
  #isNumbered = false;
  /** How many answers have come, and how many of them by the WebSocket. */
  #came = 0;
  #bySocket = 0;
  /** How many had when the first one came by the lane. */
  #before;
  /** Their places in that order, by the host's numbers. */
  #places = new Map();
  /** Lists of events about answers that are not here yet: control may overtake datagrams. */
  #early = [];
  #pause = PAUSE;
  #report = {};
  #reported = 0;
  #timer;
  #told;

  constructor(url, lane) {
    super(url);
    this.#isStrict = lane === "webtransport";
    if (this.#isStrict) this.#held = [];
    this.addEventListener("message", (event) => event.isTrusted && this.#hear(event));
    this.addEventListener("close", () => this.#lane?.close());
  }

  get bufferedAmount() {
    return super.bufferedAmount + this.#waiting;
  }

  send(data) {
    if (typeof data === "string") return super.send(data);
    const number = ++this.#sent;
    const bytes = data.byteLength;
    if (this.#writer && bytes <= this.#most()) return this.#write(numbered(number, data));
    if (this.#writer) {
      const limit = this.#most();
      if (this.#isStrict) {
        (this.#report.unsent ??= []).push([number, bytes, limit]);
        this.#given(number);
        return this.#tell();
      }
      this.#say("WebTransport", `Datagram ${number} has ${bytes} bytes, and a datagram of this lane at most ${limit}: it went by the WebSocket.`);
    }
    super.send(this.#isNumbered ? numbered(number, data) : data);
  }

  close() {
    // What came is not lost with the session.
    if (this.#report.received) this.#tellNow();
    super.close();
    this.#lane?.close();
  }

  /** Most bytes of a payload, which changes with the path. */
  #most() {
    return Math.min(this.#limit, (this.#lane.datagrams.maxDatagramSize ?? Infinity) - HEADER);
  }

  #write(datagram) {
    const size = datagram.byteLength;
    const number = numberOf(datagram);
    this.#waiting += size;
    const done = () => {
      this.#waiting -= size;
      this.#given(number);
      // Nothing is missing yet: most of it is on its way.
      this.#timer ??= setTimeout(() => this.#tellNow(), PAUSE);
    };
    this.#writer.write(datagram).then(done, done);
  }

  /** The host is to hear that numbers up to this one are given out. */
  #given(number) {
    this.#report.sent = Math.max(number, this.#report.sent ?? 0);
  }

  /** Takes what is about the lane out of what the host says. */
  #hear(event) {
    const { data } = event;
    if (typeof data !== "string") {
      this.#count(++this.#bySocket);
      if (!this.#early.length) return;
      event.stopImmediatePropagation();
      this.#pass(data);
      return this.#tellEvents();
    }
    if (this.#before !== undefined && data.startsWith('{"events"')) {
      event.stopImmediatePropagation();
      this.#early.push(data);
      return this.#tellEvents();
    }
    const [about] = /^\{"(hello|lane)"/.exec(data) ?? [];
    const message = about && JSON.parse(data);
    if (message?.lane) {
      event.stopImmediatePropagation();
      return this.#learn(message.lane);
    }
    if (this.#held) {
      this.#held.push(data);
      event.stopImmediatePropagation();
    }
    if (message) this.#begin(message.hello);
  }

  /** An answer came, to which the host gives this number. */
  #count(number) {
    this.#came += 1;
    if (this.#before === undefined) return;
    this.#places.set(number, this.#came);
    if (this.#places.size > KEPT) this.#places.delete(this.#places.keys().next().value);
  }

  /** Passes on what the host reports, with the places of answers in place of its numbers, as far as they are here. */
  #tellEvents() {
    for (; this.#early.length; this.#early.shift()) {
      let isHere = true;
      const text = this.#early[0].replace(/("relay_out":\[)(\d+)/g, (_, name, digits) => {
        const number = +digits;
        const place = number > this.#before ? this.#places.get(number) : number;
        isHere &&= place || number <= this.#bySocket || number > OF_LANE;
        return name + (place ?? 0);
      });
      if (!isHere) return;
      this.#pass(text);
    }
  }

  #begin({ lane, limits }) {
    this.#pause = Math.max(PAUSE, 4000 / (limits.control_per_second || 1e3));
    const why = lane ? obstacle() : "This host offers none: it was started without --webtransport.";
    if (why) this.#fall(why);
    else this.#open(lane);
  }

  #learn({ offer, opened, closed, attempt }) {
    if (offer && !this.#lane) this.#open(offer);
    if (opened) this.#limit = opened.datagram_bytes;
    if (closed) this.#end(this.#lane, closed.text);
    this.#told?.(attempt);
  }

  async #open(offer) {
    const { url, token, hashes, datagram_bytes } = offer;
    let lane;
    this.#limit = Infinity;
    try {
      const serverCertificateHashes = hashes.map((hash) => ({ algorithm: "sha-256", value: bytesOf(hash) }));
      const options = { congestionControl: "low-latency", ...(hashes.length && { serverCertificateHashes }) };
      this.#lane = lane = new WebTransport(`${url}?token=${token}`, options);
      const end = ({ reason }) => this.#end(lane, reason);
      lane.closed.then(end, () => end({}));
      await Promise.race([lane.ready, wait(OPENING).then(() => Promise.reject())]);
      if (this.readyState !== WebSocket.OPEN) return lane.close();
      const { datagrams } = lane;
      const writer = (datagrams.createWritable?.() ?? datagrams.writable).getWriter();
      this.#read(datagrams.readable.getReader());
      if (!this.#isNumbered) super.send('{"lane":"numbered"}');
      this.#isNumbered = true;
      this.#limit = Math.min(this.#limit, datagram_bytes);
      this.#writer = writer;
    } catch {
      this.#lane = undefined;
      lane?.close();
      return this.#fall(await this.#why(offer));
    }
    this.#say("WebTransport");
    this.#release();
  }

  async #read(reader) {
    for (;;) {
      const { value, done } = await reader.read().catch(() => ({ done: true }));
      if (done) return;
      const number = numberOf(value);
      if (!number) continue;
      this.#before ??= this.#came;
      this.#count(number);
      this.#pass(value.slice(HEADER).buffer);
      add((this.#report.received ??= []), number);
      this.#tell();
    }
  }

  /** The lane has ended; the session goes on without it. */
  #end(lane, why) {
    if (!lane || lane !== this.#lane) return;
    const wasOpen = this.#writer;
    this.#lane = this.#writer = undefined;
    // One that has never opened says so elsewhere.
    if (!wasOpen || this.readyState !== WebSocket.OPEN) return;
    this.#say("WebSocket", `The WebTransport lane ended${why ? `: ${why}` : ""}. Datagrams go by the WebSocket.`);
    wait(REST).then(() => this.readyState === WebSocket.OPEN && super.send('{"lane":"offer"}'));
  }

  /** Why a lane did not open, as far as it can be found out. */
  async #why(offer) {
    // The event of a violation may come after the exception.
    await wait(0);
    const why = fault(offer);
    if (why || this.readyState !== WebSocket.OPEN) return why;
    super.send('{"lane":"attempt"}');
    const attempt = await Promise.race([new Promise((told) => (this.#told = told)), wait(ASKING)]);
    this.#told = undefined;
    const causes = CAUSES(new URL(offer.url).host);
    return attempt?.saw === "refused" ? attempt.text : `${attempt?.text ?? ""} ${causes}`.trim();
  }

  /** The session goes by the WebSocket, and says why. */
  #fall(why) {
    this.#say("WebSocket", `WebTransport did not open, so datagrams go by the WebSocket. ${why}`);
    this.#release();
  }

  /** What was held goes on, as if it came now. */
  #release() {
    const held = this.#held ?? [];
    this.#held = undefined;
    held.forEach((data) => this.#pass(data));
  }

  /** Says which lane datagrams take, and what else is to be said of that. */
  #say(name, text = "") {
    this.#pass(JSON.stringify({ notice: { code: `carrier ${name}`, text } }));
  }

  /** Hands something on as a message of the host. */
  #pass(data) {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  /** Reports to the host, unless the last report was a moment ago. */
  #tell() {
    const left = this.#reported + this.#pause - performance.now();
    if (left <= 0) return this.#tellNow();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tellNow(), left);
  }

  #tellNow() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.readyState !== WebSocket.OPEN) return;
    super.send(JSON.stringify({ lane: { report: this.#report } }));
    this.#report = {};
    this.#reported = performance.now();
  }
}

/** Opens a session whose datagrams may go by a second lane: `webtransport`, which it waits for, or `auto`. */
export const lane = (url, name) => new LaneSocket(url, name);
