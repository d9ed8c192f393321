// Types of udp-socket-simulated.js: a host for UDPSocket that needs no network.

import type { SocketsWire } from "./udp-socket.js";

/** One direction of a session's link, in the protocol's words (`server/wire/PROTOCOL.md`); what is left out is 0 or false. */
export interface SimulatedLink {
  loss_ppm?: number;
  burst_start_ppm?: number;
  burst_end_ppm?: number;
  delay_us?: number;
  jitter_us?: number;
  reorder_ppm?: number;
  duplicate_ppm?: number;
  corrupt_ppm?: number;
  no_checksum?: boolean;
  rate_kbps?: number;
  limit?: number;
}

export interface SimulatedOptions {
  /** The same seed gives the same addresses and ports on a page, and the same losses where `lab` has no seed. */
  seed?: number | bigint;
  /** The token of another session of this page whose loopback is to be joined. */
  loopback?: string;
  /** The session's link: `up` is the way out of its sockets, `down` the way into them. */
  lab?: { up?: SimulatedLink; down?: SimulatedLink; seed?: number };
}

/** What `UDPSocket.host` takes. All sockets with the same one are in one session, and all sessions of a page on one machine. */
export function simulated(options?: SimulatedOptions): () => SocketsWire;
