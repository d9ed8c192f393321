// The exercise "stop and wait": its cases, and its judge.

import { badEnd, datagrams, lines, listed, plural, seconds } from "./exercises-judge.js";

const SENDER = "sender.py";
const RECEIVER = "receiver.py";
const COUNT = 20;

/** Milliseconds in which all have to arrive. */
const LIMIT = 15_000;

const QUIET = { delay_us: 20_000 };
const LOSES = { ...QUIET, jitter_us: 10_000, loss_ppm: 300_000 };
/** Copies arrive at different times, so that an old one may come between two new ones. */
const DOUBLES = { delay_us: 60_000, jitter_us: 59_000, duplicate_ppm: 400_000, loss_ppm: 200_000 };

/** The link when both just run: `down` to the receiver, whose it is, and `up` back. So what is on its way outlives the sender. */
export const lab = (seed) => ({ down: LOSES, up: LOSES, seed });

/** Twenty messages. The third and the fourth are the same. */
export const WORDS = "ask for the the next one only when this one is known to have come to the end".split(" ").concat("of", "it");

/** Twenty that the reader has not seen. */
const OTHERS = "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo sierra tango".split(" ");

export const programs = ({ sources, args, lab, mishaps = {} }) => [
  { name: RECEIVER, source: sources[RECEIVER], isEndless: true, lab, mishaps: mishaps[RECEIVER] },
  { name: SENDER, source: sources[SENDER], args, mishaps: mishaps[SENDER] },
];

/** What befalls the n-th datagram of each. */
const UNLUCKY = { [SENDER]: { 7: "lose", 8: "lose", 9: "lose", 10: "lose", 11: "lose" }, [RECEIVER]: { [COUNT]: "lose" } };

export const cases = (seed) => [
  { title: "A link that loses nothing", args: OTHERS, lab: { down: QUIET, up: QUIET, seed }, limit: LIMIT },
  { title: "A link that loses 30 % of the acknowledgements", args: OTHERS, lab: { down: QUIET, up: LOSES, seed }, limit: LIMIT },
  { title: "One message is lost five times in a row, and the last acknowledgement is lost", args: OTHERS, lab: { down: QUIET, up: QUIET, seed }, mishaps: UNLUCKY, limit: LIMIT },
  { title: "A link that loses 30 % each way, and two messages with the same text", args: WORDS, lab: lab(seed), limit: LIMIT },
  { title: "A link that doubles and reorders", args: OTHERS, lab: { down: DOUBLES, up: DOUBLES, seed }, limit: LIMIT },
];

export function judge(record, { args, limit }) {
  const receiver = record.programs[RECEIVER];
  const hasFailed = receiver.endedAt !== null && receiver.code !== 0;
  if (hasFailed) return badEnd(record, RECEIVER, limit);
  return judgeOrder(record, args, limit) ?? judgeEnd(record, args, limit) ?? judgeWaits(record, args);
}

/** What the receiver printed has to be the messages: all, in order, each once. */
function judgeOrder(record, args, limit) {
  const found = lines(record.programs[RECEIVER]);
  const at = found.findIndex((line, place) => line !== args[place]);
  const whole = { expected: args.join("\n"), got: found.join("\n") || "(nothing)" };
  if (at < 0 && found.length === args.length) return null;
  if (at < 0) {
    const end = badEnd(record, SENDER, limit);
    const missing = `The receiver printed ${found.length} of ${args.length} messages; number ${found.length + 1}, “${args[found.length]}”, is missing.`;
    return { say: end ? `${missing} ${end.say}` : `${missing} The sender had ended at ${seconds(record.programs[SENDER].endedAt)}.`, ...whole };
  }
  const line = found[at];
  if (at >= args.length) return { say: `The receiver printed a line more than there are messages: “${line}”. A message that comes again must not be printed again.`, ...whole };
  if (!args.includes(line)) return { say: `The receiver printed “${line}”, which is no message. It has to print the text of each message, and nothing else.`, ...whole };
  if (args.slice(0, at).includes(line)) return { say: `“${line}” was printed again as line ${at + 1}. The message came more than once, and a copy must not be printed.`, ...whole };
  return { say: `Line ${at + 1} has to be “${args[at]}”, and is “${line}”: message ${at + 1} is missing or comes later.`, ...whole };
}

/** The sender has to notice that all have arrived. */
function judgeEnd(record, args, limit) {
  const bad = badEnd(record, SENDER, limit);
  if (!bad) return null;
  const { endedAt } = record.programs[RECEIVER];
  const why = endedAt === null ? "" : ` The receiver had ended at ${seconds(endedAt)}; nobody was left to acknowledge what it had acknowledged in vain.`;
  return { ...bad, say: `All ${args.length} messages have arrived, but the sender does not know it: ${bad.say}${why}` };
}

/** A message may leave for the first time only after something came back for the one before. */
function judgeWaits(record, args) {
  if (new Set(args).size < args.length) return null;
  const ways = record.datagrams.filter(({ program }) => program === SENDER);
  let hasHeard = true;
  const early = [];
  let next = 0;
  for (const { way, text } of ways) {
    if (way === "in") hasHeard = true;
    else if (next < args.length && text.includes(args[next])) {
      if (!hasHeard) early.push(next + 1);
      hasHeard = false;
      next += 1;
    }
  }
  if (!early.length) return null;
  const count = datagrams(record, SENDER, "out").length;
  return { say: `Stop and wait: the next message leaves when the one before is acknowledged. ${plural(early.length, "message")} left before anything came back: number ${listed(early)}. ${count} datagrams were sent in all.` };
}
