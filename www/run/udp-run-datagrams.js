// The datagrams of a program, as its session tells them: where each went, how many bytes, and what became of it.

import { read } from "./udp-run-shared.js";

/** Rows that are kept; older ones go. */
const MOST_ROWS = 50;

/** Fates in the words of the page. */
const FATES = {
  delivered: "delivered",
  left: "sent on",
  refused: "refused: no program has bound the port",
  loss: "lost on the link",
  checksum: "a bit was turned over, and the checksum found it",
  queue: "lost: a queue of the link was full",
  slow_reader: "lost: the receiver reads too slowly",
  unbound: "no program has bound the port",
  unreceived: "never taken out by the receiver",
};

export class Datagrams {
  #list;
  #rows = new Map();
  #sent = 0;
  /** Why copies of a datagram were dropped, until the last is. */
  #dropped = new Map();

  constructor(list) {
    this.#list = list;
    list.replaceChildren();
  }

  /** A message that goes to the host. */
  out(message) {
    if (typeof message === "string") return;
    this.#sent += 1;
    const { place, length } = seen(message);
    this.#rows.set(this.#sent, this.#row("→", place || "its peer", length, "on its way"));
  }

  /** A message of the host. */
  in(message) {
    if (typeof message !== "string") {
      const { place, length } = seen(new Uint8Array(message));
      this.#row("←", place, length, "received");
      return;
    }
    if (!message.startsWith('{"events"')) return;
    for (const [, id, , what] of JSON.parse(message).events) this.#event(id, what);
  }

  #event(id, what) {
    const [kind, value] = typeof what === "string" ? [what, null] : Object.entries(what)[0];
    if (kind === "dropped") this.#dropped.set(id, value[1]);
    const fate = kind === "gone" ? FATES[this.#dropped.get(id)] : kind === "rejected" ? `not sent: ${value}` : FATES[kind];
    const row = this.#rows.get(id);
    if (!fate || !row) return;
    row.querySelector(".fate").textContent = fate;
    row.dataset.fate = kind;
    this.#rows.delete(id);
    this.#dropped.delete(id);
  }

  #row(way, place, length, fate) {
    const row = document.createElement("li");
    const cells = { way, place, length: `${length} byte${length === 1 ? "" : "s"}`, fate };
    for (const [name, text] of Object.entries(cells)) {
      const cell = document.createElement("span");
      cell.className = name;
      cell.textContent = text;
      row.append(cell, " ");
    }
    this.#list.append(row);
    if (this.#list.children.length > MOST_ROWS) this.#list.firstChild.remove();
    return row;
  }
}

/** Where a datagram goes or comes from, and how many bytes of payload it has. */
function seen(message) {
  const { host, port, data } = read(message);
  const place = host.includes(":") ? `[${host}]:${port}` : host && `${host}:${port}`;
  return { place, length: data.length };
}
