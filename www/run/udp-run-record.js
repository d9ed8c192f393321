// The datagrams of the page's programs, as their sessions tell them: where each came from and went, its bytes, and what became of it.
//
// A page may have both ends: then one session tells of its sending, and another one of its arrival. Here the two become one flight, as
// in `web/sockets/src/record.rs`.

import { read } from "./udp-run-shared.js";

/** Flights that are kept, and rows of a program; older ones go. */
const MOST = 100;

/** Name of a fate, for its colour and sign; in words; more; and how its arrow ends. The words are those of `web/sockets/src/words.rs`. */
const FATES = {
  delivered: ["delivered", "delivered", "", "arrives"],
  left: ["left", "handed over", ", to a program outside", "arrives"],
  refused: ["refused", "refused", ", no program has bound the port", "nobody"],
  unbound: ["dropped", "dropped", ", no program has bound the port", "nobody"],
  unreceived: ["dropped", "dropped", ", the receiving socket never gave it out", "lost"],
  slow_reader: ["dropped", "dropped", ", the receiving page reads too slowly", "lost"],
  loss: ["dropped", "lost on the link", "", "lost"],
  checksum: ["dropped", "lost on the link", ", its checksum failed", "lost"],
  queue: ["dropped", "lost on the link", ", the queue was full", "lost"],
};
const UNDER_WAY = ["in flight", "in flight", "", "open"];
const UNKNOWN = ["in flight", "not known", ", the program ended first", "open"];

/** What became of a flight. What has come to a program of the page has, even if its sender's session did not live to hear of it. */
const fateOf = ({ fate, arrivals, sender }) => fate ?? (arrivals.length ? FATES.delivered : sender?.isOver ? UNKNOWN : UNDER_WAY);

/** Microseconds that a datagram is on its way at least, where there is room for that. */
const ON_WAY = 20;

/** All flights of the page, oldest first. */
const flights = [];

/** Names of programs by the addresses of their sockets. */
const names = new Map();

/** The records that are shown: a datagram concerns both of its ends. */
const records = new Set();

/** The record of one run of a program. */
export class Record {
  /** Its datagrams: `{ number, flight, isOwn, data }`, oldest first. */
  rows = [];
  sent = 0;
  received = 0;
  isOver = false;
  #program;
  #changed;
  #clock;
  /** How far the session's clock lies behind the page's, in microseconds: as far as the quickest message says. */
  #offset = Infinity;
  #locals = new Map();
  #peers = new Map();
  /** When messages of the host left it, of which the event came first. */
  #early = new Map();

  /** `program` is its name, and `changed` is called when there is something new to show. `clock` is in microseconds. */
  constructor(program, changed, clock) {
    this.#program = program;
    this.#changed = changed;
    this.#clock = clock;
    records.add(this);
  }

  /** The program has ended, and its session with it. */
  over() {
    this.isOver = true;
    this.#tell();
  }

  /** It is shown no longer. */
  end() {
    records.delete(this);
  }

  /** A message that goes to the host. */
  out(message) {
    if (typeof message === "string") return;
    const { socket, host, port, data } = read(message);
    this.sent += 1;
    const to = host ? address(host, port) : this.#peers.get(socket);
    const from = this.#locals.get(socket) ?? "";
    const flight = { sender: this, id: this.sent, socket, from, to, data: data.slice(), at: null, arrivals: [], turned: [], fate: null };
    keep(flights, flight);
    this.#row(flight, true, flight.data);
  }

  /** A message of the host. */
  in(message) {
    if (typeof message !== "string") return this.#came(new Uint8Array(message));
    const [[kind, value]] = Object.entries(JSON.parse(message));
    if (kind === "bound" || kind === "connected") {
      const { socket, local, peer } = value;
      this.#locals.set(socket, local);
      if (peer) this.#peers.set(socket, peer);
      names.set(local, this.#program);
      for (const flight of flights) if (flight.sender === this && flight.socket === socket) flight.from ||= local;
    } else if (kind === "opened") {
      this.#locals.delete(value.socket);
    } else if (kind === "error" && value.datagram) {
      const { datagram, count = 1, errno } = value;
      for (let id = datagram; id < datagram + count; id++) this.#ended(this.#flight(id), ["rejected", "not sent", `, ${errno}`, "not-sent"]);
    } else if (kind === "events") {
      const now = this.#clock();
      for (const [at, id, , what] of value) {
        this.#offset = Math.min(this.#offset, now - at);
        this.#event(at, id, what);
      }
    } else return;
    this.#tell();
  }

  /** All of it as a feed of the chunk `ends` (`web/ends/src/shown.rs`); `picked` is the number of a row. */
  feed(picked) {
    const local = this.rows.find(({ flight, isOwn }) => (isOwn ? flight.from : flight.to));
    const own = local && (local.isOwn ? local.flight.from : local.flight.to);
    const shown = [...new Set(this.rows.slice(-12).map(({ flight }) => flight))].slice(-6);
    return JSON.stringify({
      server: this.rows.length > 0 && !this.rows[0].isOwn,
      lane: lane(own, own, this.#program),
      picked: picked ?? undefined,
      rows: this.rows.map((row) => {
        const { number, flight, isOwn, data, isCopy } = row;
        const [fate, word, detail] = isOwn ? fateOf(flight) : ["delivered", "received", isCopy ? ", a second time" : ""];
        return [number, fate, word, detail, "", `${number}`, isOwn ? `to ${flight.to}` : `from ${flight.from}`, `${data.length}`];
      }),
      flights: shown.map((flight) => {
        const isOwn = flight.sender === this;
        const [, said, , tip] = flight.sender ? fateOf(flight) : ["", "came", "", "open"];
        const sent = flight.sender ? this.#time(flight.sender, flight.at) : false;
        const arrivals = flight.arrivals.map(({ record, at }) => this.#time(record, at));
        return [flights.indexOf(flight) + 1, isOwn, lane(isOwn ? flight.to : flight.from, own), flight.data.length, tip, said, sent, arrivals];
      }),
    });
  }

  /** A row as a feed of the chunk `bytes` (`web/feed/src/feed.rs`). */
  bytes(picked) {
    const row = this.rows.find(({ number }) => number === picked);
    if (!row) return null;
    const { number, flight, isOwn } = row;
    // What the link turned over is shown in what was sent.
    const { data } = flight.sender ? flight : row;
    const events = [[0, number, 0, { relay_in: data.length }], ...flight.turned.map((what) => [0, number, 0, { corrupted: what }])];
    const hex = Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return JSON.stringify({
      mode: "live", view: "", paused: false, selected: number, client: flight.from, server: flight.to, limit: 65_507, seed: 0,
      first: number, next: number + 1, datagrams: [{ number, at: 0, hex, events }],
    });
  }

  #came(message) {
    const { socket, host, port, data } = read(message);
    this.received += 1;
    const at = this.#early.get(this.received) ?? null;
    this.#early.delete(this.received);
    const [from, to] = [address(host, port), this.#locals.get(socket) ?? ""];
    let flight = sentAs(from, to, data);
    if (!flight) {
      flight = { sender: null, from, to, data: data.slice(), at: null, arrivals: [], turned: [], fate: null };
      keep(flights, flight);
    }
    const isCopy = flight.arrivals.length > 0;
    flight.arrivals.push({ record: this, message: this.received, at });
    this.#row(flight, false, data.slice(), isCopy);
  }

  #event(at, id, what) {
    const [kind, value] = typeof what === "string" ? [what, null] : Object.entries(what)[0];
    if (kind === "relay_out") {
      const of = (flight) => flight.arrivals.find(({ record, message }) => record === this && message === value);
      const arrival = flights.findLast(of);
      if (arrival) of(arrival).at ??= at;
      else this.#early.set(value, at);
      return;
    }
    const flight = this.#flight(id);
    if (!flight) return;
    if (kind === "relay_in") flight.at ??= at;
    else if (kind === "corrupted") flight.turned.push(value);
    else if (kind === "dropped") flight.dropped = value[1];
    else if (kind === "gone") this.#ended(flight, FATES[flight.dropped] ?? FATES.loss);
    else if (kind === "rejected") this.#ended(flight, ["rejected", "not sent", `, ${value}`, "not-sent"]);
    else if (FATES[kind]) this.#ended(flight, FATES[kind]);
  }

  #ended(flight, fate) {
    if (flight) flight.fate ??= fate;
  }

  #flight(id) {
    return flights.findLast((flight) => flight.sender === this && flight.id === id);
  }

  #row(flight, isOwn, data, isCopy = false) {
    const number = (this.rows.at(-1)?.number ?? 0) + 1;
    keep(this.rows, { number, flight, isOwn, data, isCopy });
    this.#tell();
  }

  #tell() {
    for (const record of records) record.#changed();
  }

  /** A time of a session by the clock of the page, as far as this session knows it. */
  #time(record, at) {
    return at === null ? null : Math.max(0, Math.round(at + this.#offset + this.#behind(record)));
  }

  /** How far another session's clock lies behind this one's. Messages tell about that, as quick as they were; and nothing arrives before
   * it was sent. */
  #behind(other) {
    if (other === this) return 0;
    let [least, most] = [-Infinity, Infinity];
    for (const { sender, at, arrivals } of flights) {
      if (at === null) continue;
      for (const { record, at: came } of arrivals) {
        if (came === null) continue;
        if (sender === this && record === other) least = Math.max(least, at - came);
        if (sender === other && record === this) most = Math.min(most, came - at);
      }
    }
    const room = Math.min(ON_WAY, (most - least) / 2);
    return Math.min(Math.max(other.#offset - this.#offset, least + room), most - room);
  }
}

/** The flight that an arrival belongs to: the oldest of the same bytes that has none; then a second copy of the newest; then one of the
 * same length, in which the link turned a bit over. */
function sentAs(from, to, data) {
  let copy, turned;
  for (const flight of flights) {
    if (!flight.sender || flight.from !== from || flight.to !== to || flight.data.length !== data.length) continue;
    const isSame = flight.data.every((byte, at) => byte === data[at]);
    if (isSame && !flight.arrivals.length) return flight;
    if (isSame) copy = flight;
    else if (!flight.arrivals.length) turned ??= flight;
  }
  return copy ?? turned;
}

/** The name of a lane of the picture: the port alone on the loopback of the program. */
function lane(of, own, program = names.get(of)) {
  if (!of) return "no port yet";
  const [host, port] = [of.slice(0, of.lastIndexOf(":")), of.slice(of.lastIndexOf(":"))];
  const place = own?.startsWith(`${host}:`) ? port : of;
  return program ? `${program} ${place}` : place;
}

const address = (host, port) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);

function keep(list, one) {
  list.push(one);
  if (list.length > MOST) list.shift();
}
