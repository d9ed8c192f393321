// The exercise "count them": its cases, and its judge.

import { badEnd, closest, datagrams, lines, listed, plural, seconds } from "./exercises-judge.js";

const NAME = "receiver.py";
const COUNT = 50;

/** Milliseconds of silence after which the program is to count. */
const SILENCE = 2000;

/** Milliseconds by which it may be shorter. */
const SLACK = 50;

const LIMIT = 30_000;

const QUIET = { delay_us: 20_000 };
/** It varies by more than the time between two datagrams, so that some overtake several. */
const BUSY = { delay_us: 80_000, jitter_us: 70_000, loss_ppm: 100_000, duplicate_ppm: 100_000 };

/** The link to the receiver when both just run. It is the receiver's, so that what is on its way outlives the sender. */
export const lab = (seed) => ({ down: BUSY, seed });

/** What the sender gets: how many to send, seconds before the first, and seconds after half of them. */
export const senderArgs = (first = "0", half = "0.02") => [String(COUNT), first, half];

export const programs = ({ sources, args, lab, mishaps }) => [
  { name: NAME, source: sources[NAME], lab },
  { name: "sender.py", source: sources["sender.py"], args, mishaps },
];

export const cases = (seed) => [
  { title: "A link that changes nothing", lab: { down: QUIET, seed }, args: senderArgs(), limit: LIMIT },
  { title: "A link that loses, doubles and reorders", lab: lab(seed), args: senderArgs(), limit: LIMIT },
  { title: "The last three are lost", lab: { down: QUIET, seed }, args: senderArgs(), mishaps: { [COUNT - 2]: "lose", [COUNT - 1]: "lose", [COUNT]: "lose" }, limit: LIMIT },
  { title: "One comes so late that several overtake it, and another comes twice", lab: { down: QUIET, seed }, args: senderArgs(), mishaps: { 10: "hold", 20: "double", 30: "lose" }, limit: LIMIT },
  { title: "A sender that begins after 5 s and pauses for 1.5 s", lab: lab(seed + 1), args: senderArgs("5", "1.5"), limit: LIMIT },
];

/** What came to the program, counted. */
function truth(record) {
  const seen = new Set();
  const count = { received: [], lost: [], duplicates: [], "out of order": [] };
  let highest = 0;
  for (const { text } of datagrams(record, NAME, "in")) {
    const number = Number.parseInt(text, 10);
    count.received.push(number);
    if (seen.has(number)) count.duplicates.push(number);
    else if (number < highest) count["out of order"].push(number);
    seen.add(number);
    highest = Math.max(highest, number);
  }
  count.lost = Array.from({ length: COUNT }, (_, at) => at + 1).filter((number) => !seen.has(number));
  return count;
}

/** Which ones were counted, in a sentence. */
const WHICH = {
  received: (numbers) => `${plural(numbers.length, "datagram")} came to the program, copies included.`,
  lost: (numbers) => (numbers.length ? `${numbers.length} of the ${COUNT} numbers never came: ${listed(numbers)}.` : `Each of the ${COUNT} numbers came.`),
  duplicates: (numbers) => (numbers.length ? `These came once more: ${listed(numbers)}.` : "No number came twice."),
  "out of order": (numbers) =>
    numbers.length ? `These came for the first time after a higher number: ${listed(numbers)}.` : "No number came for the first time after a higher one.",
};

export function judge(record, { limit }) {
  const receiver = record.programs[NAME];
  const bad = badEnd(record, NAME, limit);
  if (bad) return bad;
  const early = judgeEnd(record, receiver);
  if (early) return early;
  const found = lines(receiver);
  for (const [name, numbers] of Object.entries(truth(record))) {
    const expected = `${name} ${numbers.length}`;
    if (found.includes(expected)) continue;
    const got = found.find((line) => line.startsWith(`${name} `));
    return { say: got ? WHICH[name](numbers) : `There is no line “${name} …”.`, expected, got: got ?? closest(found, name) };
  }
  return null;
}

/** The program may end only when nothing has come for a while. */
function judgeEnd(record, { endedAt }) {
  const silence = `It has to wait for the first one as long as it takes, and to go on until ${SILENCE / 1000} s have passed without any`;
  const sent = datagrams(record, "sender.py", "out").filter(({ at }) => at <= endedAt).length;
  if (sent < COUNT) return { say: `${NAME} ended at ${seconds(endedAt)}, when ${sent} of ${COUNT} had been sent. ${silence}.` };
  const quiet = endedAt - datagrams(record, NAME, "in").at(-1).at;
  if (quiet < SILENCE - SLACK) return { say: `${NAME} ended ${seconds(quiet)} after the last datagram. ${silence}: copies may still come.` };
  return null;
}
