// What the judges of all exercises say. A judge gets the record of a case (exercises-bench.js) and returns what is wrong:
// `{ say, expected, got }`, of which the last two may be missing; or null when all is right.

/** What a program printed, line by line, without the space around. */
export const lines = ({ printed }) => printed.split("\n").map((line) => line.trim()).filter(Boolean);

/** A moment, or a length of time, for a reader. */
export const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(2)} s`;

/** "3 datagrams". */
export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** Numbers in a row of words: "3, 4 and 9"; of many, the first few. */
export function listed(items, most = 6) {
  const shown = items.slice(0, most).map(String);
  if (items.length > most) return `${shown.join(", ")} and ${items.length - most} more`;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** The datagrams of a program, `in` or `out`. */
export const datagrams = (record, program, way) => record.datagrams.filter((one) => one.program === program && one.way === way);

/** The first line of a program that fits, or the one that comes closest, for "got". */
export const closest = (found, start) => found.find((line) => line.startsWith(start)) ?? found.at(-1) ?? "(it printed nothing)";

/** Why a program did not come to its end, or did with an error; null when it ended well. */
export function badEnd(record, name, limit) {
  const { endedAt, code, line, errors } = record.programs[name];
  if (endedAt !== null && code === 0) return null;
  if (endedAt !== null) {
    const where = line ? ` in line ${line}` : "";
    return { say: `${name} ended with an error${where}.`, got: errors.trim().split("\n").at(-1) };
  }
  if (record.end === "stuck") {
    const heard = datagrams(record, name, "in").at(-1);
    const since = heard ? `The last datagram came to it at ${seconds(heard.at)}.` : "No datagram came to it at all.";
    return { say: `${name} waits for ever. ${since} Nothing else is on its way, and no timeout ends the wait.` };
  }
  return { say: `${name} was still running after ${limit / 1000} s.` };
}
