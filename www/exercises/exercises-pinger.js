// The exercise "pinger": its cases, and its judge.

import { badEnd, closest, datagrams, lines, seconds } from "./exercises-judge.js";

const NAME = "pinger.py";
const COUNT = 20;

/** Milliseconds in which an answer counts, and how close to that both verdicts are taken. */
const WAIT = 1000;
const SLACK = 5;

/** Milliseconds by which a printed time may differ from what the wire shows. */
const BLUR = 2;

/** Milliseconds after which a case is over: all lost, with room for whatever a program does at its end. */
const LIMIT = 30_000;

const QUIET = { delay_us: 20_000, jitter_us: 10_000 };
const both = (up, down, seed) => ({ up, down, seed });

/** The link that the program has when it just runs: three round trips in ten fail. */
export const lab = (seed) => both({ ...QUIET, loss_ppm: 200_000 }, { ...QUIET, loss_ppm: 125_000 }, seed);

export const programs = ({ sources, lab, mishaps }) => [
  { name: "server.py", source: sources["server.py"], args: ["10001"], isEndless: true },
  { name: NAME, source: sources[NAME], lab, mishaps },
];

const slow = { delay_us: 400_000, jitter_us: 390_000 };

/** So that the ping after one whose answer comes late has its own answer late, too: it is to wait no longer for that. */
const tight = { delay_us: 475_000, jitter_us: 15_000 };
const LATE = Object.fromEntries(Array.from({ length: 16 }, (_, at) => [at + 3, "hold"]));

export const cases = (seed) => [
  { title: "A link that loses nothing", lab: both(QUIET, QUIET, seed), limit: LIMIT },
  { title: "A link that loses 30 %", lab: lab(seed), limit: LIMIT },
  { title: "A slow link, on which some answers take longer than a second", lab: both(slow, slow, seed), limit: LIMIT },
  { title: "A link on which most answers come a little too late", lab: both(tight, tight, seed), mishaps: LATE, limit: LIMIT },
  { title: "A server that never answers", lab: both({ ...QUIET, loss_ppm: 1_000_000 }, QUIET, seed), limit: LIMIT },
];

/** What the wire shows of each ping: when it left, and when its answer came, if it did. */
function truth(record) {
  const out = datagrams(record, NAME, "out");
  const back = datagrams(record, NAME, "in");
  return Array.from({ length: COUNT }, (_, at) => {
    const text = `ping ${at + 1}`;
    const sent = out.filter((one) => one.text === text);
    const answer = sent.length && back.find((one) => one.text === text);
    const took = answer ? answer.at - sent[0].at : Infinity;
    return { number: at + 1, text, sent, took, lost: sent[0]?.fate, isClose: Math.abs(took - WAIT) <= SLACK };
  });
}

export function judge(record, { limit }) {
  const bad = badEnd(record, NAME, limit);
  const pings = truth(record);
  const out = datagrams(record, NAME, "out");
  const wrong = out.find(({ text }) => !pings.some((ping) => ping.text === text));
  if (wrong) return { say: "It sent something that is no ping.", expected: "ping 1, ping 2, … ping 20", got: wrong.text || "(an empty datagram)" };
  if (bad) return bad;
  for (const { text, sent } of pings) {
    if (sent.length === 0) return { say: `No datagram “${text}” left the program. It has to send ${COUNT}, from “ping 1” to “ping ${COUNT}”.` };
    if (sent.length > 1) return { say: `“${text}” was sent ${sent.length} times. A pinger sends each ping once, so that a loss shows.` };
  }
  return pings.map((ping) => judgePing(ping, record)).find(Boolean) ?? judgeSums(pings, record);
}

function judgePing(ping, record) {
  const found = lines(record.programs[NAME]);
  const start = `${ping.text}: `;
  const printed = found.filter((line) => line.startsWith(start));
  const isAnswered = ping.took <= WAIT;
  const expected = isAnswered ? `${start}${ping.took.toFixed(1)} ms` : `${start}lost`;
  const why = ping.took === Infinity
    ? `No answer to “${ping.text}” came: it was lost on the way ${ping.lost ? "there" : "back"}.`
    : `The answer to “${ping.text}” came after ${seconds(ping.took)}${isAnswered ? "." : ", which is later than one second."}`;
  if (printed.length === 0) return { say: `There is no line for “${ping.text}”. ${why}`, expected, got: closest(found, ping.text) };
  if (printed.length > 1) return { say: `There are ${printed.length} lines for “${ping.text}”.`, expected, got: printed.join("\n") };
  const [line] = printed;
  const [, time] = /^ping \d+: (\d+(?:\.\d+)?) ms$/.exec(line) ?? [];
  const saysLost = line === `${start}lost`;
  const isRight = time === undefined ? saysLost && (!isAnswered || ping.isClose) : (isAnswered || ping.isClose) && Math.abs(time - ping.took) <= BLUR;
  return isRight ? null : { say: why, expected, got: line };
}

/** The last two lines, against what the program printed before: that was right. */
function judgeSums(pings, record) {
  const found = lines(record.programs[NAME]);
  const times = pings.map(({ text }) => /: (.*) ms$/.exec(found.find((line) => line.startsWith(`${text}: `)))?.[1]).filter(Boolean).map(Number);
  const loss = (100 * (COUNT - times.length)) / COUNT;
  const sums = `${COUNT} sent, ${times.length} received, ${loss} % lost`;
  const [, sent, received, percent] = found.map((line) => /^(\d+) sent, (\d+) received, (\d+(?:\.\d+)?) ?% lost$/.exec(line)).find(Boolean) ?? [];
  const isSum = Number(sent) === COUNT && Number(received) === times.length && Math.abs(percent - loss) <= 0.5;
  if (!isSum) {
    const why = `${times.length} of ${COUNT} pings were answered in time, so ${COUNT - times.length} were lost.`;
    return { say: `The line that counts them is ${sent === undefined ? "missing" : "wrong"}. ${why}`, expected: sums, got: found.find((line) => line.includes("sent,")) ?? found.at(-1) };
  }
  const stats = found.map((line) => /^min (\S+) ms, average (\S+) ms, max (\S+) ms$/.exec(line)).find(Boolean);
  if (times.length === 0) return stats ? { say: "No ping was answered, so there is no time to print.", got: stats[0] } : null;
  const right = [Math.min(...times), times.reduce((sum, time) => sum + time, 0) / times.length, Math.max(...times)];
  const [min, average, max] = right.map((time) => time.toFixed(1));
  const expected = `min ${min} ms, average ${average} ms, max ${max} ms`;
  const isStats = stats && right.every((time, at) => Math.abs(stats[at + 1] - time) <= 0.2);
  if (isStats) return null;
  const say = `The line of the round-trip times is ${stats ? "wrong" : "missing"}. Only pings that were answered in time count.`;
  return { say, expected, got: found.find((line) => line.startsWith("min")) ?? found.at(-1) };
}
