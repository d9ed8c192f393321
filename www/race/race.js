// The race on the page: draws what the module `udp-echo-race` says of each moment, and holds the clock.

import { copyButton } from "./copy-button.js";

const START = "Start the race";
const AGAIN = "Again";
const STOP = "Skip to the end";
const OTHER = "Other losses";
const FAILED = "The race did not load. Reload the page to try again.";

/** What the letters of the module mean, for style sheets. */
const STATES = { u: "unsent", w: "under-way", l: "lost", h: "waiting", d: "delivered" };
/** Milliseconds that a race takes at most: a longer one runs faster. */
const LONGEST = 10_000;
const MESSAGES = 50;
/** The race that a reader sees first. */
const FIRST = "2";

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

/** The seed that the address names, if it names one. */
const named = () => location.hash.match(/^#race=(\d{1,20})$/)?.[1];

/** A side of the race: what its reader has, cell after cell. */
function side(name, title, remark) {
  const score = make("p", { className: "score" });
  const cells = Array.from({ length: MESSAGES }, () => make("span", { className: "cell" }));
  const grid = make("div", { className: "cells" }, ...cells);
  grid.setAttribute("aria-hidden", "true");
  const heading = make("h3", { textContent: title }, make("small", { textContent: ` ${remark}` }));
  const element = make("div", { className: "side" }, heading, score, grid);
  element.dataset.side = name;
  const show = (letters) => {
    const count = (letter) => letters.split(letter).length - 1;
    cells.forEach((cell, place) => {
      const state = STATES[letters[place]];
      if (cell.dataset.state !== state) cell.dataset.state = state;
    });
    const parts = [`${count("d")} of ${MESSAGES} arrived`];
    if (count("l")) parts.push(`${count("l")} lost`);
    if (count("h")) parts.push(`${count("h")} held back`);
    const text = parts.join(", ");
    if (score.textContent !== text) score.textContent = text;
  };
  return { element, show };
}

/** What the signs in the cells mean. */
function legend() {
  const entries = [
    ["d", "arrived"],
    ["l", "lost"],
    ["h", "held back until what was lost before it is there"],
  ];
  const list = make("p", { className: "legend" });
  for (const [letter, words] of entries) {
    const cell = make("span", { className: "cell" });
    cell.dataset.state = STATES[letter];
    cell.setAttribute("aria-hidden", "true");
    list.append(make("span", {}, cell, ` ${words}`));
  }
  return list;
}

/** How many messages each reader had, over time. */
function curves() {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("preserveAspectRatio", "none");
  const lines = ["udp", "tcp"].map((name) => {
    const line = document.createElementNS(namespace, "polyline");
    line.dataset.side = name;
    svg.append(line);
    return line;
  });
  const name = (side, textContent) => {
    const word = make("b", { textContent });
    word.dataset.side = side;
    return word;
  };
  const caption = make("figcaption", {}, "Messages that the reader has, over time. ");
  caption.append(name("udp", "UDP"), " goes on past a loss and ends lower. ", name("tcp", "TCP"), " stops, and then catches up.");
  const plot = make("div", { className: "plot" }, svg);
  const element = make("figure", { className: "curves" }, plot, caption);
  svg.setAttribute("aria-hidden", "true");
  const draw = (race) => {
    svg.setAttribute("viewBox", `0 ${-MESSAGES} ${Math.max(race.length(), 1)} ${MESSAGES}`);
    lines.forEach((line, isTcp) => line.setAttribute("points", race.curve(isTcp === 1).replace(/,/g, ",-")));
  };
  const show = (part) => svg.style.setProperty("--shown", `${100 * part}%`);
  return { element, draw, show };
}

async function mount(place) {
  const glue = await import("./udp-echo-race.js");
  // From its bytes, not as a stream: so a host that does not know the type of wasm will do.
  const module = await fetch(new URL("./udp-echo-race_bg.wasm", import.meta.url));
  if (!module.ok) throw new Error(module.statusText);
  await glue.default({ module_or_path: await WebAssembly.compile(await module.arrayBuffer()) });

  const udp = side("udp", "UDP", "each datagram for itself");
  const tcp = side("tcp", "TCP", "a model: all bytes, in order");
  const both = curves();
  const summary = make("p", { className: "summary" });
  summary.setAttribute("role", "status");
  const start = make("button", { type: "button", className: "start", textContent: START });
  const other = make("button", { type: "button", className: "other", textContent: OTHER });
  const pace = make("span", { className: "pace" });
  const address = make("code", { translate: false });
  const link = make("p", { className: "link" }, "This race again, on any machine: ", address);
  link.append(" ", copyButton(address, "the address of this race"));
  const sides = make("div", { className: "sides" }, udp.element, tcp.element);
  const tools = make("div", { className: "tools" }, start, other, pace);
  place.replaceChildren(tools, sides, legend(), both.element, summary, link);

  const isStill = matchMedia("(prefers-reduced-motion: reduce)");
  let race, frame, began;

  const show = (millis) => {
    const letters = race.at(millis);
    udp.show(letters.slice(0, MESSAGES));
    tcp.show(letters.slice(MESSAGES));
    both.show(millis / Math.max(race.length(), 1));
  };
  const finish = () => {
    cancelAnimationFrame(frame);
    frame = undefined;
    show(race.length());
    start.textContent = AGAIN;
    summary.textContent = race.summary();
  };
  const faster = () => Math.max(race.length() / LONGEST, 1);
  const tick = (now) => {
    began ??= now;
    const millis = (now - began) * faster();
    if (millis >= race.length()) return finish();
    show(millis);
    frame = requestAnimationFrame(tick);
  };
  const run = () => {
    cancelAnimationFrame(frame);
    began = undefined;
    summary.textContent = "";
    if (isStill.matches) return finish();
    start.textContent = STOP;
    show(0);
    frame = requestAnimationFrame(tick);
  };
  /** Puts the race of this seed in place; it does not run yet. */
  const set = (seed) => {
    cancelAnimationFrame(frame);
    frame = undefined;
    race?.free();
    race = new glue.Race(seed);
    both.draw(race);
    show(0);
    summary.textContent = "";
    start.textContent = START;
    pace.textContent = faster() > 1 ? `shown ${faster().toFixed(1)} times faster` : "";
    address.textContent = new URL(`#race=${seed}`, location.href).href;
    place.dataset.seed = seed;
  };

  start.onclick = () => (frame === undefined ? run() : finish());
  other.onclick = () => {
    const seed = String(crypto.getRandomValues(new Uint32Array(1))[0]);
    history.replaceState(null, "", `#race=${seed}`);
    set(seed);
    run();
  };
  const follow = () => {
    if (!named()) return;
    place.closest("section").scrollIntoView();
    set(named());
    run();
  };
  addEventListener("hashchange", follow);
  set(named() ?? FIRST);
  follow();
}

/** Loads the race when it is nearly in sight, or when the address names one. */
export function mountRace(place) {
  const seen = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      seen.disconnect();
      mount(place).catch(() => place.replaceChildren(make("p", { textContent: FAILED })));
    },
    { rootMargin: "300px" },
  );
  seen.observe(place);
  const find = () => named() && place.closest("section").scrollIntoView();
  addEventListener("hashchange", find);
  find();
}
