// Types of <udp-echo>. custom-elements.json says the same for tools.

export type UdpState = "idle" | "connecting" | "live" | "simulated" | "replay" | "gone" | "refused";
export type UdpFate = "echoed" | "lost" | "dropped" | "refused" | "rejected" | "unanswered";

export interface UdpSettled {
  number: number;
  fate: UdpFate;
  bytes: number;
  /** Milliseconds, by the browser's clock. */
  roundTrip?: number;
  /** The part of it between relay and server and in both, in milliseconds by the host's clock. */
  beyondRelay?: number;
  /** Bytes of the answer: fewer than `bytes` when the server cut it. */
  answer?: number;
  /** The words of whoever refused or rejected it. */
  reason?: string;
}

export interface UdpEchoEventMap {
  /** At each beginning: on the page, after `reset()`, with another mode, relay or target. Not when a lost host is back. */
  "udp-ready": CustomEvent<{ mode: "live" | "simulated" | "replay"; client?: string; server?: string; ownServer?: boolean; loopback?: boolean }>;
  "udp-state": CustomEvent<{ state: UdpState }>;
  "udp-sent": CustomEvent<{ number: number; bytes: number }>;
  "udp-echoed": CustomEvent<UdpSettled>;
  "udp-lost": CustomEvent<UdpSettled>;
  "udp-error": CustomEvent<{ code: string; message: string; hint: string }>;
  /** What the host said, in the words of the protocol: one of `server`, `stream`, `visitor`, `notice`. */
  "udp-told": CustomEvent<Record<string, any>>;
  "udp-stats": CustomEvent<Record<string, number>>;
  /** An element with `role="server"` got a datagram. */
  "udp-served": CustomEvent<{ number: number; peer: string; bytes: number; text: string; sent: number | null }>;
}

export interface UdpEchoElement extends HTMLElement {
  autosend: boolean;
  /** Of `role="server"`: bytes that its `recvfrom` takes. */
  buffer: string | null;
  corrupt: string | null;
  count: string | null;
  delay: string | null;
  duplicate: string | null;
  experiment: string | null;
  interval: string | null;
  jitter: string | null;
  label: string | null;
  /** What carries datagrams between browser and relay: `websocket`, `webtransport` or `auto`. */
  lane: string | null;
  loading: string | null;
  loss: string | null;
  maxRows: string | null;
  message: string | null;
  mode: string | null;
  /** `none`: no dot travels the way of the datagrams. */
  motion: string | null;
  /** Of `role="server"`: the port that it binds. */
  port: string | null;
  preset: string | null;
  rate: string | null;
  relay: string | null;
  reorder: string | null;
  /** `server` or `client`: the element is a UDP program of the page's own. Read when it begins. */
  role: string | null;
  seed: string | null;
  src: string | null;
  target: string | null;
  theme: string | null;
  timeout: string | null;
  /** Of `role="client"`: where it sends. */
  to: string | null;
  view: string | null;
  readonly state: UdpState;
  /** As `whenReady`. */
  connect(): Promise<unknown>;
  disconnect(): void;
  /** Rejects with a `DOMException` by the name `AbortError` (it left or was disconnected before), `refused`, or the code of the
   * `udp-error` that says why it cannot start. All methods that promise something do. */
  whenReady(): Promise<unknown>;
  send(message?: string | ArrayBuffer | ArrayBufferView): Promise<void>;
  burst(count: number, interval?: number, message?: string | ArrayBuffer | ArrayBufferView): Promise<void>;
  ask(message: object): Promise<void>;
  step(back?: boolean): void;
  pause(): void;
  resume(): void;
  reset(): void;
  export(): Promise<string>;
}

/** The name of the class in custom-elements.json. */
export type UdpEcho = UdpEchoElement;

declare global {
  interface HTMLElementTagNameMap {
    "udp-echo": UdpEchoElement;
  }
  interface HTMLElementEventMap extends UdpEchoEventMap {}
}
