// Types of udp-socket.js: the interface of WICG's Direct Sockets, and what this one has besides.

/** What acts as a WebSocket: enough of one for a session of /sockets. */
export interface SocketsWire {
  binaryType: string;
  /** Absent where nothing ever waits to be sent. */
  readonly bufferedAmount?: number;
  /** Is set by the session, and called with `{ data }`: a text, or bytes. */
  onmessage: ((event: any) => any) | null;
  /** Is set by the session, and called with `{ code, reason }`. */
  onclose: ((event: any) => any) | null;
  send(message: string | Uint8Array): void;
  close(): void;
}

/** The folder in which a host has its routes, or a function that opens a session in another way, such as a simulated one. */
export type SocketsHost = string | URL | (() => SocketsWire);

export type SocketDnsQueryType = "ipv4" | "ipv6";

export interface UDPSocketOptions {
  /** The peer of a connected socket: `localhost`, the name of a target, or an address. */
  remoteAddress?: string;
  /** 0 is the port of a target's own. */
  remotePort?: number;
  /** The address to bind to. The unspecified address and 127.0.0.1 are the loopback's own. */
  localAddress?: string;
  /** Left out, the system picks one. */
  localPort?: number;
  /** Bytes that may wait to be sent, those of other sockets of the page included; 212,992 when left out. */
  sendBufferSize?: number;
  /** Bytes that may wait to be read; 212,992 when left out. What comes then is dropped and counted. */
  receiveBufferSize?: number;
  /** For connected sockets. */
  dnsQueryType?: SocketDnsQueryType;
  /** For the local address `::`, and never false. */
  ipv6Only?: true;
  /** Not in the draft: where the host is, for this socket. */
  host?: SocketsHost;
  /** Not in the draft: the token of the loopback to join. */
  loopback?: string;
}

export interface UDPMessage {
  data: ArrayBuffer | ArrayBufferView;
  /** Where it goes; not for a connected socket. */
  remoteAddress?: string;
  remotePort?: number;
  dnsQueryType?: SocketDnsQueryType;
}

/** A message that has come. A connected socket's has no address. */
export interface ReceivedUDPMessage {
  data: Uint8Array & { readonly buffer: ArrayBuffer };
  remoteAddress?: string;
  remotePort?: number;
}

export interface UDPSocketOpenInfo {
  readable: ReadableStream<ReceivedUDPMessage>;
  writable: WritableStream<UDPMessage>;
  localAddress: string;
  localPort: number;
  /** Of a connected socket. */
  remoteAddress?: string;
  remotePort?: number;
  /** Not in the draft: where other programs of this machine reach a bound socket, such as `127.83.1.5:10000`, if they do. */
  outside?: string;
  /** Not in the draft: what lets another tab join this loopback. Who has it can do there what this page can. */
  loopback: string;
}

/** What promises and streams reject with, beside `TypeError`. */
export interface UDPSocketError extends DOMException {
  /** The system's name of the error, such as `EADDRINUSE`; absent when the session ended. */
  readonly errno?: string;
}

export class UDPSocket {
  /** Where the host is, for sockets that do not say it. When this is not set either: the folder that this file came from. */
  static host?: SocketsHost;
  /** The token of the loopback to join, for sockets that do not say it. */
  static loopback?: string;

  constructor(options?: UDPSocketOptions);
  readonly opened: Promise<UDPSocketOpenInfo>;
  readonly closed: Promise<undefined>;
  /** Rejects with `InvalidStateError` while the socket is not open, or a reader or writer holds one of its streams. */
  close(): Promise<undefined>;

  /** Not in the draft: datagrams that came while `receiveBufferSize` bytes waited to be read. */
  readonly dropped: number;
  /** Not in the draft: datagrams that the host did not send, for want of room or because they came too fast. */
  readonly rejected: number;
}
