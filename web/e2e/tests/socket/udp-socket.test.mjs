// udp-socket.js by itself, on a host that is not there. Run by web/e2e/tests/browser/socket.rs; by hand: `node --test web/e2e/tests/socket/`.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mock, test } from "node:test";

import { UDPSocket } from "../../../../www/socket/udp-socket.js";
import { FakeHost } from "./fake-host.mjs";

/** Sessions outlive their last socket for a while, which no test waits for. */
mock.timers.enable({ apis: ["setTimeout"] });

const LOCAL = { localAddress: "127.0.0.1", localPort: 10000 };
const REMOTE = { remoteAddress: "localhost", remotePort: 10000 };
const text = (data) => new TextDecoder().decode(data);
const bytes = (data) => new TextEncoder().encode(data);

/** A socket on a host of its own, open. */
async function open(options = LOCAL) {
  const host = new FakeHost();
  const at = () => host.wire;
  const socket = new UDPSocket({ host: at, ...options });
  return { at, host, socket, ...(await socket.opened) };
}

const rejects = (promise, name, errno, words = /./) =>
  assert.rejects(promise, (error) => {
    assert.equal(error.name, name, error.message);
    assert.equal(error.errno, errno);
    assert.match(error.message, words);
    return true;
  });

/** What the protocol pins for hosts and clients in whatever language. */
const vectors = JSON.parse(readFileSync(new URL("../../../../server/wire/vectors/sockets.json", import.meta.url)));

test("options that the draft refuses are refused at once, and the words name them", () => {
  const host = () => assert.fail("no session is needed to see that");
  for (const [options, words] of [
    [undefined, /remoteAddress or a localAddress/],
    [{}, /remoteAddress or a localAddress/],
    [{ remoteAddress: "localhost" }, /go together/],
    [{ remotePort: 1 }, /go together/],
    [{ ...REMOTE, localAddress: "127.0.0.1" }, /either/],
    [{ localPort: 1 }, /localAddress/],
    [{ ...REMOTE, localPort: 9 }, /localPort goes with localAddress/],
    [{ localAddress: "127.0.0.1", localPort: 0 }, /localPort is 0/],
    [{ localAddress: "127.0.0.1", localPort: 65536 }, /localPort is 65536/],
    [{ localAddress: "127.0.0.1", localPort: "port" }, /localPort is port/],
    [{ remoteAddress: "localhost", remotePort: -1 }, /remotePort is -1/],
    [{ localAddress: "localhost" }, /localhost, which is no IP address/],
    [{ localAddress: "" }, /no IP address/],
    [{ localAddress: "127.1" }, /127\.1, which is no IP address/],
    [{ localAddress: "127.0.0.01" }, /no IP address/],
    [{ localAddress: "127.0.0.256" }, /no IP address/],
    [{ localAddress: "fe80::1%eth0" }, /no IP address/],
    [{ localAddress: "::1]/[" }, /no IP address/],
    [{ localAddress: "1:2" }, /no IP address/],
    [{ ...LOCAL, sendBufferSize: 0 }, /sendBufferSize is 0/],
    [{ ...LOCAL, receiveBufferSize: 2 ** 32 }, /receiveBufferSize is 4294967296/],
    [{ ...LOCAL, dnsQueryType: "ipv4" }, /dnsQueryType goes with remoteAddress/],
    [{ ...REMOTE, dnsQueryType: "ipv5" }, /dnsQueryType is ipv5/],
    [{ ...REMOTE, ipv6Only: true }, /ipv6Only goes with the localAddress ::/],
    [{ ...LOCAL, ipv6Only: true }, /ipv6Only goes with the localAddress ::/],
    [{ localAddress: "::1", ipv6Only: true }, /ipv6Only goes with the localAddress ::/],
  ]) {
    const refused = { name: "TypeError", message: words };
    assert.throws(() => new UDPSocket(options && { host, ...options }), refused, JSON.stringify(options));
  }
});

test("what this one does not have is NotSupportedError, by its name", () => {
  for (const lacking of [{ multicastTimeToLive: 3 }, { multicastLoopback: false }, { multicastAllowAddressSharing: true }]) {
    const name = Object.keys(lacking)[0];
    assert.throws(() => new UDPSocket({ ...LOCAL, ...lacking }), { name: "NotSupportedError", message: new RegExp(`${name}: `) });
  }
  const both = { localAddress: "::", ipv6Only: false };
  assert.throws(() => new UDPSocket(both), { name: "NotSupportedError", message: /ipv6Only: false/ });
});

test("a bound socket tells its address, who reaches it, and the token of its loopback", async () => {
  const { host, localAddress, localPort, remoteAddress, outside, loopback } = await open();
  assert.deepEqual([localAddress, localPort, remoteAddress], ["127.83.1.5", 10000, undefined]);
  assert.equal(outside, "127.83.1.5:10000");
  assert.equal(loopback, "0123456789abcdef0123456789abcdef");
  const told = Object.fromEntries(host.asked);
  assert.deepEqual(told.options, { tracing: false });
  assert.deepEqual(told.open, { socket: 1, family: "ipv4" });
  assert.deepEqual(told.bind, { socket: 1, host: "127.0.0.1", port: 10000 });
});

test("a connected socket tells both addresses, and needs no second question for an address", async () => {
  const { host, ...info } = await open({ remoteAddress: "127.0.0.2", remotePort: "10000" });
  assert.deepEqual([info.localAddress, info.localPort], ["127.83.1.5", 40001]);
  assert.deepEqual([info.remoteAddress, info.remotePort], ["127.0.0.2", 10000]);
  assert.deepEqual(host.asked.map(([name]) => name).sort(), ["connect", "open", "options"]);
});

test("a name decides the family, and an asked-for family does", async () => {
  const family = async (options) => Object.fromEntries((await open({ remotePort: 7000, ...options })).host.asked).open.family;
  assert.equal(await family({ remoteAddress: "localhost" }), "ipv4");
  assert.equal(await family({ remoteAddress: "six" }), "ipv6");
  assert.equal(await family({ remoteAddress: "::1" }), "ipv6");
  assert.equal(await family({ remoteAddress: "localhost", dnsQueryType: "ipv6" }), "ipv6");
  assert.equal(await family({ remotePort: undefined, localAddress: "::", ipv6Only: true }), "ipv6");
});

test("a datagram goes out behind its header, whatever kind of buffer holds it", async () => {
  const { host, writable } = await open();
  const writer = writable.getWriter();
  const to = { remoteAddress: "127.83.1.5", remotePort: 513 };
  const view = new DataView(bytes("_two_").buffer, 1, 3);
  for (const data of [bytes("one"), view, bytes("six").buffer, new ArrayBuffer(0)]) await writer.write({ data, ...to });
  const header = "0001" + "04" + "0201" + "7f530105";
  const hex = (data) => Buffer.from(data).toString("hex");
  assert.deepEqual(host.datagrams, ["one", "two", "six", ""].map((data) => header + hex(data)));
});

test("over IPv6, and to a connected peer, the header has another length", async () => {
  const six = await open({ localAddress: "::1" });
  await six.writable.getWriter().write({ data: bytes("a"), remoteAddress: "2001:DB8::ff00:0:1", remotePort: 7 });
  assert.deepEqual(six.host.datagrams, ["0001" + "06" + "0007" + "20010db8000000000000ff0000000001" + "61"]);
  const connected = await open(REMOTE);
  await connected.writable.getWriter().write({ data: bytes("a") });
  assert.deepEqual(connected.host.datagrams, ["0001" + "00" + "0000" + "61"]);
});

test("what comes has its sender's address, and data that is the whole of its buffer", async () => {
  const { host, readable } = await open();
  const reader = readable.getReader();
  host.deliver("0001 04 c3db 7f000001", "hello");
  const { value } = await reader.read();
  assert.deepEqual([value.remoteAddress, value.remotePort, text(value.data)], ["127.0.0.1", 50139, "hello"]);
  assert.ok(value.data instanceof Uint8Array);
  assert.equal(value.data.buffer.byteLength, 5);
  host.deliver("0001 04 c3db 7f000001");
  assert.equal((await reader.read()).value.data.length, 0, "an empty datagram is one");
  host.deliver("0001 06 0007 20010db8000000000000000000000001", "six");
  assert.equal((await reader.read()).value.remoteAddress, "2001:db8::1");
  host.deliver("0009 04 0007 7f000001", "for a socket that is not there");
});

test("what comes to a connected socket has no address, as in the draft", async () => {
  const { host, readable } = await open(REMOTE);
  host.deliver("0001 04 2710 7f530105", "hello");
  assert.deepEqual(Object.keys((await readable.getReader().read()).value), ["data"]);
});

test("an echo server is one line, and answers without waiting for the host", async () => {
  const { host, readable, writable } = await open();
  readable.pipeTo(writable);
  host.isSlow = true;
  for (const data of ["a", "b", "c"]) host.deliver("0001 04 c3db 7f000001", data);
  await host.until(3);
  assert.deepEqual(host.datagrams, ["61", "62", "63"].map((data) => "0001" + "04" + "c3db" + "7f000001" + data));
});

test("messages that the draft refuses end the writing side with a TypeError", async () => {
  const to = { remoteAddress: "127.83.1.5", remotePort: 10000 };
  for (const [options, message, words] of [
    [LOCAL, undefined, /data/],
    [LOCAL, "text", /data/],
    [LOCAL, { data: "text", ...to }, /data/],
    [LOCAL, { data: new ArrayBuffer(1) }, /not connected name a remoteAddress/],
    [LOCAL, { data: new ArrayBuffer(1), remoteAddress: "127.83.1.5" }, /not connected name a remoteAddress/],
    [LOCAL, { data: new ArrayBuffer(1), ...to, remotePort: 65536 }, /remotePort is 65536/],
    [REMOTE, { data: new ArrayBuffer(1), ...to }, /connected name no remoteAddress/],
    [REMOTE, { data: new ArrayBuffer(1), dnsQueryType: "ipv4" }, /connected name no/],
  ]) {
    const { host, writable } = await open(options);
    const writer = writable.getWriter();
    writer.closed.catch(() => {});
    await rejects(writer.write(message), "TypeError", undefined, words);
    assert.deepEqual(host.datagrams, []);
    await rejects(writer.write({ data: new ArrayBuffer(1) }), "TypeError", undefined, words);
  }
});

test("a datagram that is one byte too long is EMSGSIZE, by the family's limit", async () => {
  for (const [options, most] of [[REMOTE, 65507], [{ remoteAddress: "::1", remotePort: 7000 }, 65527]]) {
    const { host, writable } = await open(options);
    const writer = writable.getWriter();
    writer.closed.catch(() => {});
    await writer.write({ data: new Uint8Array(most) });
    assert.equal(host.datagrams[0].length, 2 * (5 + most));
    await rejects(writer.write({ data: new Uint8Array(most + 1) }), "NetworkError", "EMSGSIZE", new RegExp(`at most ${most} bytes`));
  }
});

test("what the host refuses is told by the write of that datagram", async () => {
  const { host, writable } = await open();
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  await writer.write({ data: bytes("a"), remoteAddress: "127.83.1.5", remotePort: 10001 });
  host.isSlow = true;
  const write = writer.write({ data: bytes("b"), remoteAddress: "192.0.2.1", remotePort: 9000 });
  await host.until(2);
  const why = "192.0.2.1:9000 is none of the host's targets";
  host.tell({ error: { socket: 1, call: "send", datagram: 2, count: 1, errno: "EACCES", text: why } });
  await rejects(write, "NetworkError", "EACCES", /192\.0\.2\.1:9000/);
  await rejects(writer.write({ data: bytes("c"), remoteAddress: "127.83.1.5", remotePort: 10001 }), "NetworkError", "EACCES");
});

test("an error of an earlier datagram ends the writing side, and is not blamed on the write under way", async () => {
  const { host, writable } = await open();
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  await writer.write({ data: bytes("a"), remoteAddress: "127.83.1.5", remotePort: 10001 });
  host.isSlow = true;
  const write = writer.write({ data: bytes("b"), remoteAddress: "127.83.1.5", remotePort: 10002 });
  await host.until(2);
  host.tell({ error: { socket: 1, call: "send", datagram: 1, count: 1, errno: "ENETUNREACH", text: "Network is unreachable" } });
  host.answer();
  await write;
  await rejects(writer.closed, "NetworkError", "ENETUNREACH", /Network is unreachable/);
});

test("want of room on the host is counted and ends nothing", async () => {
  const { host, socket, writable } = await open(REMOTE);
  const writer = writable.getWriter();
  await writer.write({ data: bytes("a") });
  host.tell({ error: { socket: 1, call: "send", datagram: 1, count: 3, errno: "ENOBUFS", text: "over the rate" } });
  await writer.write({ data: bytes("b") });
  assert.equal(socket.rejected, 3);
});

test("nobody has bound the port: the reading side of a connected socket ends with ECONNREFUSED", async () => {
  const { host, socket, readable, writable } = await open(REMOTE);
  const reader = readable.getReader();
  reader.closed.catch(() => {});
  host.tell({ error: { socket: 1, call: "receive", errno: "ECONNREFUSED", text: "Connection refused" } });
  await rejects(reader.read(), "NetworkError", "ECONNREFUSED", /Connection refused/);
  await writable.getWriter().close();
  await rejects(socket.closed, "NetworkError", "ECONNREFUSED");
});

test("a name in a message is asked for, and its target's port is taken for 0", async () => {
  const { host, writable } = await open();
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  await writer.write({ data: bytes("a"), remoteAddress: "echo", remotePort: 0 });
  await writer.write({ data: bytes("b"), remoteAddress: "localhost", remotePort: 10000, dnsQueryType: "ipv4" });
  assert.deepEqual(host.datagrams, ["0001" + "04" + "2710" + "7f000002" + "61", "0001" + "04" + "2710" + "7f530105" + "62"]);
  host.errors.resolve = [{ errno: "ENOENT", text: "nowhere is no name here" }];
  const write = writer.write({ data: bytes("a"), remoteAddress: "nowhere", remotePort: 1 });
  await rejects(write, "NetworkError", "ENOENT", /nowhere is no name here/);
});

test("the bytes that are sent are those at the time of the write", async () => {
  const { host, writable } = await open();
  const data = bytes("now");
  host.isSlow = true;
  const write = writable.getWriter().write({ data, remoteAddress: "localhost", remotePort: 10000 });
  await new Promise(setImmediate);
  data.fill(0);
  host.answer();
  await write;
  assert.ok(host.datagrams[0].endsWith(Buffer.from("now").toString("hex")));
});

test("a write waits while much waits in the WebSocket, and asks the host for nothing meanwhile", async () => {
  const { host, writable } = await open({ ...REMOTE, sendBufferSize: 1000 });
  const writer = writable.getWriter();
  host.wire.bufferedAmount = 999;
  await writer.write({ data: bytes("a") });
  const before = host.asked.length;
  host.wire.bufferedAmount = 1000;
  let isDone = false;
  const write = writer.write({ data: bytes("b") }).then(() => (isDone = true));
  for (let count = 0; count < 3; count += 1) {
    await new Promise(setImmediate);
    mock.timers.tick(4);
  }
  assert.deepEqual([isDone, host.datagrams.length], [false, 1]);
  host.wire.bufferedAmount = 0;
  await new Promise(setImmediate);
  mock.timers.tick(4);
  await write;
  assert.deepEqual([host.datagrams.length, host.asked.length], [2, before]);
});

test("new destinations and names are asked for once, and no faster than a host takes it", async () => {
  const { host, writable } = await open();
  const writer = writable.getWriter();
  const count = (request) => host.asked.filter(([name]) => name === request).length;
  for (let count = 0; count < 3; count += 1) await writer.write({ data: bytes("a"), remoteAddress: "localhost", remotePort: 10000 });
  assert.deepEqual([count("resolve"), count("options")], [1, 2], "the first of the options comes with hello");
  mock.method(performance, "now", () => 5_000);
  const write = (port) => writer.write({ data: bytes("a"), remoteAddress: "localhost", remotePort: port });
  for (let port = 10001; port <= 10100; port += 1) await write(port);
  assert.deepEqual([host.datagrams.length, count("options")], [103, 34]);
  mock.method(performance, "now", () => 6_000);
  await write(10101);
  assert.equal(count("options"), 35);
  mock.restoreAll();
});

test("a writer is ready while less than its buffer waits", async () => {
  const { host, writable } = await open({ ...REMOTE, sendBufferSize: 1000 });
  host.wire.bufferedAmount = 1000;
  const writer = writable.getWriter();
  assert.equal(writer.desiredSize, 1000);
  const write = writer.write({ data: new Uint8Array(936) });
  assert.equal(writer.desiredSize, 0, "936 bytes and 64 beside them");
  await new Promise(setImmediate);
  host.wire.bufferedAmount = 0;
  mock.timers.tick(4);
  await write;
  assert.equal(writer.desiredSize, 1000);
});

test("what nobody reads fills the buffer, and is dropped and counted from there on, empty datagrams too", async () => {
  const { host, socket, readable } = await open({ ...LOCAL, receiveBufferSize: 640 });
  for (let count = 0; count < 12; count += 1) host.deliver("0001 04 c3db 7f000001");
  assert.equal(socket.dropped, 2);
  const reader = readable.getReader();
  for (let count = 0; count < 10; count += 1) await reader.read();
  host.deliver("0001 04 c3db 7f000001", "again");
  assert.equal(text((await reader.read()).value.data), "again");
  assert.equal(socket.dropped, 2);
});

test("close ends both sides, has the host close the socket, and resolves when it has", async () => {
  const { host, socket } = await open();
  assert.equal(await socket.close(), undefined);
  assert.equal(await socket.closed, undefined);
  assert.deepEqual(host.asked.at(-1), ["close", { socket: 1 }]);
  assert.equal(await socket.close(), undefined, "closing twice is no error");
});

test("close is InvalidStateError before the socket is open, after it failed, and while a stream is held", async () => {
  const host = new FakeHost({ isLate: true });
  const socket = new UDPSocket({ host: () => host.wire, ...LOCAL });
  await rejects(socket.close(), "InvalidStateError", undefined, /not open/);
  host.errors.bind = [{ errno: "EADDRINUSE", text: "127.83.1.5:10000 is taken" }];
  host.hello();
  await rejects(socket.opened, "NetworkError", "EADDRINUSE", /is taken/);
  await rejects(socket.close(), "InvalidStateError", undefined, /not open/);

  for (const side of ["readable", "writable"]) {
    const opened = await open();
    const holder = side === "readable" ? opened.readable.getReader() : opened.writable.getWriter();
    await rejects(opened.socket.close(), "InvalidStateError", undefined, /locked/);
    holder.releaseLock();
    await opened.socket.close();
  }
});

test("the socket closes when both sides have ended, whichever way, and not before", async () => {
  const { host, socket, readable, writable } = await open();
  const writer = writable.getWriter();
  await readable.cancel();
  await writer.write({ data: bytes("a"), remoteAddress: "localhost", remotePort: 10000 });
  host.deliver("0001 04 c3db 7f000001", "nobody reads");
  assert.equal(socket.dropped, 0);
  assert.ok(!host.asked.some(([name]) => name === "close"));
  await writer.close();
  await socket.closed;
  assert.deepEqual(host.asked.at(-1), ["close", { socket: 1 }]);
});

test("a failure to open says what the system said, frees the number, and names what is not allowed", async () => {
  for (const [request, errno, name] of [
    ["open", "EMFILE", "NetworkError"],
    ["bind", "EADDRINUSE", "NetworkError"],
    ["bind", "EACCES", "NotAllowedError"],
  ]) {
    const host = new FakeHost();
    // When there is no socket, it cannot be bound either.
    host.errors = { bind: [{ errno: "EBADF", text: "a consequence" }], [request]: [{ errno, text: `why ${errno}` }] };
    const socket = new UDPSocket({ host: () => host.wire, ...LOCAL });
    await rejects(socket.opened, name, errno, new RegExp(`why ${errno}`));
    await rejects(socket.closed, name, errno);
    assert.deepEqual(host.asked.at(-1), ["close", { socket: 1 }]);
  }
});

test("all sockets of a page share one session; its answers find their ways", async () => {
  const host = new FakeHost();
  const shared = () => host.wire;
  host.errors.bind = [null, { errno: "EADDRINUSE", text: "127.83.1.5:10000 is taken" }, null];
  const sockets = [1, 2, 3].map((port) => new UDPSocket({ host: shared, localAddress: "127.0.0.1", localPort: 10000 + port }));
  const [first, second, third] = await Promise.allSettled(sockets.map(({ opened }) => opened));
  assert.deepEqual([first.value.localPort, second.reason.errno, third.value.localPort], [10001, "EADDRINUSE", 10003]);
  host.deliver("0003 04 c3db 7f000001", "for the third");
  assert.equal(text((await third.value.readable.getReader().read()).value.data), "for the third");
  // The host tells of addresses unasked, too, and this is no answer to another socket's question.
  host.isSlow = true;
  const fourth = new UDPSocket({ host: shared, localAddress: "127.0.0.1", localPort: 10004 });
  await new Promise(setImmediate);
  const [opened, bound] = host.asked.slice(-2);
  assert.deepEqual([opened[0], bound[0]], ["open", "bind"]);
  host.tell({ opened: { socket: opened[1].socket } });
  host.tell({ bound: { socket: 1, local: "127.83.1.5:1", outside: null } });
  host.tell({ notice: { text: "a sentence" } });
  host.tell({ bound: { socket: bound[1].socket, local: "127.83.1.5:10004", outside: null } });
  assert.equal((await fourth.opened).localPort, 10004);
});

test("the session stays for a while after its last socket, so that the next has the same loopback", async () => {
  const hosts = [];
  const shared = () => hosts[hosts.push(new FakeHost()) - 1].wire;
  for (let count = 0; count < 3; count += 1) {
    const socket = new UDPSocket({ host: shared, ...LOCAL });
    await socket.opened;
    await socket.close();
    mock.timers.tick(9_000);
  }
  assert.deepEqual([hosts.length, hosts[0].isClosed], [1, false]);
  mock.timers.tick(10_000);
  assert.ok(hosts[0].isClosed);
  await new UDPSocket({ host: shared, ...LOCAL }).opened;
  assert.equal(hosts.length, 2);
});

test("when the session ends, every promise and stream of its sockets says why, and the next socket begins anew", async () => {
  const hosts = [];
  const shared = () => hosts[hosts.push(new FakeHost({ isLate: hosts.length === 2 })) - 1].wire;
  const socket = new UDPSocket({ host: shared, ...LOCAL });
  const { readable, writable } = await socket.opened;
  const reader = readable.getReader();
  const writer = writable.getWriter();
  for (const { closed } of [reader, writer]) closed.catch(() => {});
  hosts[0].isSlow = true;
  const write = writer.write({ data: bytes("a"), remoteAddress: "127.83.1.5", remotePort: 10000 });
  await hosts[0].until(1);
  const late = new UDPSocket({ host: shared, ...LOCAL });
  await hosts[0].end(4001, "nothing was sent for 10 minutes");
  const words = /nothing was sent for 10 minutes \(4001\)/;
  for (const promise of [socket.closed, reader.read(), write, writer.closed, late.opened, late.closed]) {
    await rejects(promise, "NetworkError", undefined, words);
  }
  await new UDPSocket({ host: shared, ...LOCAL }).opened;
  await hosts[1].end(1006);
  const never = new UDPSocket({ host: shared, ...LOCAL });
  await hosts[2].end(1006);
  await rejects(never.opened, "NetworkError", undefined, /session has ended/);
});

test("a socket that its program has closed is closed, even when the session ends meanwhile", async () => {
  const { host, socket } = await open();
  host.isSlow = true;
  const closed = socket.close();
  await host.end(1006);
  assert.equal(await closed, undefined);
});

test("the host is where the page says, and the token stands in the address of its route", async () => {
  const opened = [];
  globalThis.WebSocket = class {
    constructor(address) {
      opened.push(address);
      const { wire } = new FakeHost();
      return wire;
    }
  };
  const at = async (options) => {
    const before = opened.length;
    await new UDPSocket({ ...LOCAL, ...options }).opened;
    return opened.slice(before);
  };
  assert.deepEqual(await at({ host: "http://127.0.0.1:8000" }), ["ws://127.0.0.1:8000/sockets"]);
  assert.deepEqual(await at({ host: new URL("http://127.0.0.1:8000/") }), [], "that session is under way");
  assert.deepEqual(await at({ host: "https://docs.example/demo/" }), ["wss://docs.example/demo/sockets"]);
  assert.deepEqual(await at({ host: "wss://udp.example/sockets" }), ["wss://udp.example/sockets"]);
  assert.deepEqual(await at({ host: "wss://udp.example/", loopback: "ab12" }), ["wss://udp.example/sockets?loopback=ab12"]);
  UDPSocket.host = "http://127.0.0.1:9000/";
  UDPSocket.loopback = "cd34";
  assert.deepEqual(await at({}), ["ws://127.0.0.1:9000/sockets?loopback=cd34"]);
  UDPSocket.host = UDPSocket.loopback = undefined;
});

test("when no session begins, the sentence says why, and which setting changes that", async () => {
  const says = { name: "udp-echo", allowed: true, why: null, setting: null, busy: null, sockets: "own" };
  globalThis.WebSocket = class {
    constructor() {
      queueMicrotask(() => this.onclose({ code: 1006, reason: "" }));
    }
  };
  const asked = [];
  for (const [said, words, options] of [
    [undefined, /^No udp-echo host answers at https:\/\/docs\.example\. Start one: udp-echo serve$/],
    [{ name: "another" }, /^No udp-echo host answers/],
    [{ ...says, allowed: false, why: "pages of https://a.example may not connect", setting: "--allow-origin https://a.example" }, /may not connect: --allow-origin https:\/\/a\.example$/],
    [{ ...says, busy: "1,000 sessions are open" }, /^The host has no room: 1,000 sessions are open$/],
    [{ ...says, sockets: "off" }, /no sockets for pages\. Start it with --sockets own$/],
    [{ ...says, sockets: undefined }, /no sockets for pages/],
    [says, /token is wrong, or its last session has ended$/, { loopback: "ab12" }],
    [says, /^The host at https:\/\/docs\.example answers, but no WebSocket gets through to it$/],
  ]) {
    globalThis.fetch = async (address) => {
      asked.push(address);
      if (!said) throw new TypeError("Failed to fetch");
      return { json: async () => said };
    };
    const socket = new UDPSocket({ ...LOCAL, host: "https://docs.example/none/", ...options });
    await rejects(socket.opened, "NetworkError", undefined, words);
  }
  // The token goes nowhere but to the route.
  assert.deepEqual([...new Set(asked)], ["https://docs.example/none/relay.json"]);
});

test("headers are written and read as the protocol's vectors have them", async () => {
  for (const { message, address, payload } of vectors.headers) {
    // The page chooses its socket's number.
    const whole = "0001" + message.slice(4);
    const [, remoteAddress, port] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
    const isSix = remoteAddress?.includes(":");
    const { host, readable, writable } = await open(address ? { localAddress: isSix ? "::1" : "127.0.0.1" } : REMOTE);
    const data = Buffer.from(payload, "hex");
    await writable.getWriter().write(address ? { data, remoteAddress, remotePort: Number(port) } : { data });
    assert.deepEqual(host.datagrams, [whole]);
    if (!address) continue;
    host.deliver(whole);
    const { value } = await readable.getReader().read();
    assert.deepEqual([value.remoteAddress, value.remotePort, Buffer.from(value.data)], [remoteAddress, Number(port), data]);
  }
});

test("the module asks, and the host of these tests answers, as the protocol's vectors have it", async () => {
  const shapes = (messages) => new Set(messages.map((message) => `${Object.keys(message)}: ${Object.keys(Object.values(message)[0])}`));
  const pinned = { client: shapes(vectors.client.map(({ message }) => message)), host: shapes(vectors.host.map(({ message }) => message)) };
  const { at, host, socket, writable } = await open();
  host.errors.resolve = [{ errno: "ENOENT", text: "no" }];
  await writable.getWriter().write({ data: bytes("a"), remoteAddress: "nowhere", remotePort: 1 }).catch(() => {});
  await new UDPSocket({ host: at, ...REMOTE, remoteAddress: "echo" }).opened;
  await socket.opened.then(({ readable }) => readable.cancel());
  await socket.closed.catch(() => {});
  assert.deepEqual([...new Set(host.asked.map(([name]) => name))].sort(), ["bind", "close", "connect", "open", "options", "resolve"]);
  for (const [name, content] of host.asked) assert.ok(pinned.client.has(`${name}: ${Object.keys(content)}`), `${name} ${JSON.stringify(content)}`);
  const [, ...answers] = host.told;
  for (const message of answers) assert.ok(pinned.host.has([...shapes([message])][0]), JSON.stringify(message));
});
