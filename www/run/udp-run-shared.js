// What the page's side and the worker's side share: promises that somebody else settles, and the header of a datagram
// (`wire::sockets::header`).

/** `Promise.withResolvers`, which browsers of early 2024 do not have. */
export function deferred() {
  let resolve, reject;
  const promise = new Promise((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
}

/** Bytes of an address by the family in the header. */
const ADDRESS_BYTES = { 0: 0, 4: 4, 6: 16 };

/** A binary message; `address` has 4 bytes, 16, or none for the peer of a connected socket. */
export function written(socket, address, port, data) {
  const message = new Uint8Array(5 + address.length + data.length);
  const view = new DataView(message.buffer);
  view.setUint16(0, socket);
  view.setUint8(2, address.length && (address.length === 4 ? 4 : 6));
  view.setUint16(3, port);
  message.set(address, 5);
  message.set(data, 5 + address.length);
  return message;
}

/** A binary message in its parts. `data` is a view of it; `host` is empty where the header has no address. */
export function read(message) {
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  const end = 5 + ADDRESS_BYTES[view.getUint8(2)];
  return { socket: view.getUint16(0), host: text(message.subarray(5, end)), port: view.getUint16(3), data: message.subarray(end) };
}

/** The bytes of an address; null when it is none. */
export function octets(host) {
  if (!host.includes(":")) {
    const four = host.split(".").map(Number);
    return four.every((octet) => octet <= 255) ? four : null;
  }
  const halves = host.split("::").map((half) => half.split(":").filter(Boolean));
  const gap = halves.length > 1 ? 8 - halves[0].length - halves[1].length : 0;
  const groups = [...halves[0], ...Array(Math.max(gap, 0)).fill("0"), ...(halves[1] ?? [])].map((group) => parseInt(group, 16));
  const isWhole = groups.length === 8 && groups.every((group) => group <= 0xffff);
  return isWhole ? groups.flatMap((group) => [group >> 8, group & 255]) : null;
}

/** An address as text, as RFC 5952 wants it: a URL has it so. */
function text(address) {
  if (address.length <= 4) return address.join(".");
  const groups = Array.from({ length: 8 }, (_, at) => ((address[2 * at] << 8) | address[2 * at + 1]).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
