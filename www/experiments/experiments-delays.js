// Two lines of delays over the same datagrams, for the experiments about the two lanes: what is live here, and what was recorded.

import { make } from "./experiments-make.js";

const NAMES = { websocket: "WebSocket", webtransport: "WebTransport" };
const LANES = Object.keys(NAMES);
const WIDTH = 600;
const HEIGHT = 160;
const NAMESPACE = "http://www.w3.org/2000/svg";

const draw = (tag, attributes, text = "") => {
  const node = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = text;
  return node;
};

/** A round number that is not below any delay, so that lines begin and end inside. */
const ceiling = (delays) => [5, 10, 20, 50, 100, 150, 200, 300, 500, 1000, 2000].find((top) => delays.every((delay) => delay <= top)) ?? 1000 * Math.ceil(Math.max(...delays) / 1000);

/** The points of a line, in pieces: one that has no answer leaves a gap. */
function pieces(settled, x, y) {
  const all = [[]];
  for (const { number, roundTrip } of settled) {
    if (roundTrip === undefined) all.push([]);
    else all.at(-1).push(`${x(number)},${y(roundTrip)}`);
  }
  return all.filter(({ length }) => length);
}

/** One chart. `of` is the number of datagrams that there will be. */
function chart(title, of) {
  const svg = draw("svg", { viewBox: `-4 -6 ${WIDTH + 8} ${HEIGHT + 22}`, "aria-hidden": "true" });
  const top = make("span", { class: "top" });
  const legend = LANES.map((lane) => make("span", { "data-lane": lane }, NAMES[lane]));
  const caption = make("figcaption", {}, make("b", {}, title), " ", ...legend);
  const node = make("figure", { class: "delays", hidden: true }, caption, top, svg, make("small", {}, `How long each answer took, for datagrams 1 to ${of} in the order in which they were sent. × had no answer.`));
  const show = (runs) => {
    const delays = runs.flat().flatMap(({ roundTrip }) => roundTrip ?? []);
    node.hidden = !delays.length;
    if (!delays.length) return;
    const limit = ceiling(delays);
    top.textContent = `${limit.toLocaleString("en")} ms`;
    const x = (number) => Math.round(((number - 1) * WIDTH) / (of - 1));
    const y = (delay) => Math.round(10 * (HEIGHT - (delay * HEIGHT) / limit)) / 10;
    const lines = runs.flatMap((run, which) => {
      const settled = [...run].sort((one, other) => one.number - other.number);
      const lost = settled.filter(({ roundTrip }) => roundTrip === undefined);
      return [
        ...pieces(settled, x, y).map((points) => draw("polyline", { "data-lane": LANES[which], points: points.length > 1 ? points.join(" ") : `${points[0]} ${points[0]}` })),
        ...lost.map(({ number }) => draw("text", { "data-lane": LANES[which], class: "lost", x: x(number), y: HEIGHT + 14, "text-anchor": "middle" }, "×")),
      ];
    });
    svg.replaceChildren(...[0, 0.5, 1].map((part) => draw("line", { x1: 0, x2: WIDTH, y1: part * HEIGHT, y2: part * HEIGHT })), ...lines);
  };
  return { node, show };
}

/** Sentences about how the run was recorded. */
const told = ({ conditions, rows }) => {
  const { date, kernel, browser, delay, every, rounds } = conditions;
  const control = rows.filter(({ loss }) => loss === 0).map(({ lane, p99, lost }) => `${p99} ms over the ${NAMES[lane]} lane${lost ? ` (${lost} lost)` : ""}`);
  return (
    `Recorded on ${date}, ${kernel}, ${browser}, on a wire that really loses packets: ${rows.at(-1).loss} of 100 packets each way, a datagram every ${every} ms, and ${delay} ms from one end to the other. ` +
    `The control, ${(rounds * conditions.datagrams).toLocaleString("en")} datagrams of each lane on the same wire without loss: 99 of 100 answers came within ${control.join(", and within ")}.`
  );
};

/** Puts the two elements side by side, each with its lane's name, and the charts above. Call `refresh` when there is more to show. */
export function sideBySide(elements, facts) {
  const lanes = elements.map((element, which) => make("section", { class: "lane", "data-lane": LANES[which] }, make("h4", {}, NAMES[LANES[which]], " ", make("mark", { hidden: true }, "Recorded")), element));
  const charts = { live: chart("Live, from here to the host", 100), recorded: chart("Recorded", 100) };
  const conditions = make("p", { class: "conditions", hidden: true });
  const note = fetch(new URL("./experiments-lanes.json", import.meta.url)).then((answer) => answer.json());
  note.then((recorded) => (conditions.textContent = told(recorded))).catch(() => (conditions.textContent = "Its conditions could not be loaded."));
  const node = make("div", { class: "elements lanes" }, make("div", { class: "charts" }, charts.live.node, charts.recorded.node, conditions), ...lanes);
  const refresh = () => {
    charts.live.show(facts.map(({ settled }) => settled));
    charts.recorded.show(facts.map(({ recorded }) => recorded));
    const isRecorded = facts.some(({ mode }) => mode === "replay");
    conditions.hidden = !isRecorded;
    for (const mark of node.querySelectorAll("mark")) mark.hidden = !isRecorded;
  };
  return { node, refresh };
}
