// What the types allow and refuse. Compiled by web/e2e/tests/browser/socket/alone.rs, and never run.

import { UDPSocket, type SocketsWire, type UDPSocketError } from "../../../../www/socket/udp-socket.js";
import { simulated } from "../../../../www/socket/udp-socket-simulated.js";

// As somebody writes it who has read the draft.
async function asInTheDraft() {
  const bound = new UDPSocket({ localAddress: "127.0.0.1", localPort: 10000, receiveBufferSize: 4096 });
  const { readable, writable, localAddress, localPort } = await bound.opened;
  console.log(localAddress.length + localPort);
  const reader = readable.getReader();
  const writer = writable.getWriter();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const { data, remoteAddress, remotePort } = value;
    await writer.ready;
    await writer.write({ data, remoteAddress, remotePort });
    await writer.write({ data: data.buffer, remoteAddress: "localhost", remotePort: 1, dnsQueryType: "ipv6" });
  }
  reader.releaseLock();
  await bound.close();

  const connected = new UDPSocket({ remoteAddress: "localhost", remotePort: 10000, dnsQueryType: "ipv4", sendBufferSize: 1 });
  const info = await connected.opened;
  console.log(info.remoteAddress, info.remotePort);
  await info.writable.getWriter().write({ data: new TextEncoder().encode("PING") });
  connected.closed.then(
    () => {},
    (error: UDPSocketError) => console.log(error.errno ?? error.name),
  );
}

async function asAnEchoServerInOneLine() {
  const { readable, writable } = await new UDPSocket({ localAddress: "::", ipv6Only: true }).opened;
  await readable.pipeTo(writable);
}

async function whatTheDraftHasNot() {
  UDPSocket.host = new URL("https://udp.example/");
  UDPSocket.loopback = "0123456789abcdef0123456789abcdef";
  const socket = new UDPSocket({ localAddress: "127.0.0.1", host: "http://127.0.0.1:8000/", loopback: UDPSocket.loopback });
  const { outside, loopback } = await socket.opened;
  console.log(outside?.length, loopback.length, socket.dropped + socket.rejected);
  new UDPSocket({ localAddress: "127.0.0.1", host: () => new WebSocket("ws://127.0.0.1:8000/sockets") });
  const wire: SocketsWire = { binaryType: "", onmessage: null, onclose: null, send() {}, close() {} };
  new UDPSocket({ localAddress: "127.0.0.1", host: () => wire });
}

function aSimulatedHost() {
  UDPSocket.host = simulated();
  UDPSocket.host = simulated({ seed: 7n, loopback: "", lab: { up: { loss_ppm: 300_000 }, seed: 7 } });
  // @ts-expect-error: no such direction.
  simulated({ lab: { left: {} } });
}

async function whatIsRefused(socket: UDPSocket) {
  // @ts-expect-error: a port is a number.
  new UDPSocket({ localAddress: "127.0.0.1", localPort: "10000" });
  // @ts-expect-error: this one has no multicast.
  new UDPSocket({ localAddress: "127.0.0.1", multicastTimeToLive: 3 });
  // @ts-expect-error: nor sockets for both families.
  new UDPSocket({ localAddress: "::", ipv6Only: false });
  // @ts-expect-error: there are two families.
  new UDPSocket({ remoteAddress: "localhost", remotePort: 1, dnsQueryType: "ipv5" });
  // @ts-expect-error: a datagram has data.
  await (await socket.opened).writable.getWriter().write({ remoteAddress: "localhost", remotePort: 1 });
  // @ts-expect-error: and data is bytes.
  await (await socket.opened).writable.getWriter().write({ data: "text" });
  // @ts-expect-error: counters are read.
  socket.dropped = 0;
}

console.log(aSimulatedHost, asInTheDraft, asAnEchoServerInOneLine, whatTheDraftHasNot, whatIsRefused);
