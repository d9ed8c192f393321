// The exercise "checksum": its cases, and its judge.

import { badEnd, closest, datagrams, lines, plural } from "./exercises-judge.js";

const NAME = "checked.py";
const LIMIT = 30_000;

const QUIET = { delay_us: 20_000 };
/** Turns a bit of every other datagram on its way to the server, and lets it arrive. */
const TURNING = { ...QUIET, corrupt_ppm: 500_000, no_checksum: true };

export const lab = (seed) => ({ up: TURNING, down: QUIET, seed });

/** Words with an even number of letters and with an odd one. */
export const WORDS = "UDP adds a checksum of sixteen bits to each datagram that leaves".split(" ");

/** In short ones, the bit that turns is often one of the checksum. */
const SHORT = "be it so or if to me it is as odd as it is on or off".split(" ");

/** Its 16-bit words add up to 0x2fffe. With the 2 in front added at the end that is 0x10000, which carries once more. */
const CARRIES = ["bit-twice-may"];

export const programs = ({ sources, args, lab }) => [
  { name: "server.py", source: sources["server.py"], args: ["10003"], isEndless: true },
  { name: NAME, source: sources[NAME], args, lab },
];

export const cases = (seed) => [
  { title: "A link that changes nothing: even and odd lengths", args: ["even", "odd", "checksum", "datagrams", "a"], lab: { up: QUIET, seed }, limit: LIMIT },
  { title: "A sum that carries twice", args: CARRIES, lab: { up: QUIET, seed }, limit: LIMIT },
  { title: "A link that turns a bit now and then", args: WORDS, lab: lab(seed), limit: LIMIT },
  { title: "A link that turns a bit of every datagram", args: SHORT, lab: { ...lab(seed + 1), up: { ...TURNING, corrupt_ppm: 1_000_000 } }, limit: LIMIT },
];

/** The Internet checksum (RFC 1071). */
export function checksum(bytes) {
  let sum = 0;
  bytes.forEach((byte, at) => (sum += at % 2 ? byte : byte * 256));
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum ^ 0xffff;
}

const hex = (number) => number.toString(16).padStart(4, "0");

export function judge(record, { args, limit }) {
  const out = datagrams(record, NAME, "out");
  const back = datagrams(record, NAME, "in");
  const found = lines(record.programs[NAME]);
  for (const [at, text] of args.entries()) {
    const data = Array.from(new TextEncoder().encode(text));
    const right = checksum(data);
    const datagram = out[at];
    if (!datagram) return badEnd(record, NAME, limit) ?? { say: `No datagram left for “${text}”: ${plural(out.length, "datagram")} left for ${plural(args.length, "text")}.` };
    const sent = [right >> 8, right & 255, ...data];
    if (datagram.bytes.join() !== sent.join()) {
      const isText = datagram.bytes.slice(2).join() === data.join();
      const say = isText ? `The first two bytes of the datagram for “${text}” have to be its checksum, the high one first.` : `The datagram for “${text}” has to be its checksum in two bytes, and then the text.`;
      return { say, expected: spaced(sent), got: spaced(datagram.bytes) };
    }
    const came = back[at];
    if (!came) return badEnd(record, NAME, limit) ?? { say: `The program did not wait for the answer to “${text}”.` };
    const turned = sent.map((byte, place) => byte ^ came.bytes[place]);
    const byte = turned.findIndex(Boolean);
    const bit = byte < 0 ? 0 : Math.log2(turned[byte]);
    const expected = `${text}: ${hex(right)} ${byte < 0 ? "intact" : `byte ${byte} bit ${bit}`}`;
    if (found[at] === expected) continue;
    const bad = badEnd(record, NAME, limit);
    if (bad && found.length <= at) return bad;
    const say = byte < 0
      ? `The answer to “${text}” came back as it was sent.`
      : `The datagram for “${text}” left as ${spaced(sent)} and came back as ${spaced(came.bytes)}: in byte ${byte}, ${inBits(sent[byte])} became ${inBits(came.bytes[byte])}.`;
    return { say, expected, got: found.find((line) => line.startsWith(`${text}:`)) ?? closest(found, text) };
  }
  return badEnd(record, NAME, limit);
}

const spaced = (bytes) => bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(" ") || "(nothing)";
const inBits = (byte) => byte.toString(2).padStart(8, "0");
