// The exercises on the page. Their texts and first programs stand in its HTML; what is added here: Check and its results, the
// program of the other side, the link, a solution after a try, and what the reader has done. www/exercises/README.md

import * as checksum from "./exercises-checksum.js";
import * as count from "./exercises-count.js";
import * as pinger from "./exercises-pinger.js";
import * as wait from "./exercises-wait.js";
import { check } from "./exercises-check.js";
import { Kept } from "./exercises-kept.js";
import { shown } from "./exercises-record.js";
import { make } from "./experiments-make.js";
import { Progress } from "./experiments-progress.js";

/** Each exercise by its name: the reader's programs by the ids of their elements, the other side's, and its solution's files. */
const EXERCISES = {
  pinger: {
    ...pinger,
    own: { "pinger.py": "program" },
    other: { name: "server.py", file: "exercise-server.py", args: "10001", title: "The server, server.py" },
    solution: { "pinger.py": "exercise-pinger-solution.py" },
    linked: "program",
  },
  count: {
    ...count,
    own: { "receiver.py": "program" },
    other: { name: "sender.py", file: "exercise-sender.py", args: count.senderArgs().join(" "), beside: "program", title: "The sender, sender.py: run it with your receiver" },
    solution: { "receiver.py": "exercise-count-solution.py" },
    linked: "program",
  },
  checksum: {
    ...checksum,
    own: { "checked.py": "program" },
    other: { name: "server.py", file: "exercise-server.py", args: "10003", title: "The server, server.py" },
    solution: { "checked.py": "exercise-checksum-solution.py" },
    linked: "program",
    args: checksum.WORDS.join(" "),
  },
  wait: {
    ...wait,
    own: { "receiver.py": "receiver", "sender.py": "program" },
    solution: { "receiver.py": "exercise-wait-receiver-solution.py", "sender.py": "exercise-wait-sender-solution.py" },
    linked: "receiver",
    args: wait.WORDS.join(" "),
  },
};

const NAMES = Object.keys(EXERCISES);

const WORDS = {
  check: "Check",
  stop: "Stop the check",
  checking: "Checking …",
  waiting: "not checked yet",
  running: "running …",
  passed: "passed",
  failed: "failed",
  all: (count) => `All ${count} cases passed. The exercise is done.`,
  some: (passed, count) => `${passed} of ${count} cases passed.`,
  halted: "Stopped.",
  stopped: "stopped",
  expected: "Expected",
  got: "Your program",
  tick: "✓ done",
  solution: "A solution",
  locked: "A solution can be seen here after the first check.",
  use: "Put it into the editor",
  tally: (count) => `${count} of ${NAMES.length} exercises done.`,
  kept: "This browser remembers it; nobody else is told.",
  forgotten: "This browser keeps nothing for this page: it is forgotten when you leave.",
  clear: "Forget what I have done",
  seed: (seed) => `This link has seed ${seed}: everybody who follows it gets the same losses.`,
  badSeed: (text) => `The seed “${text}” of this link is no whole number from 0 to 999999999. The exercises use seed 1.`,
};

/** The seed that a teacher's link has, `?seed=7`; and the sentence about it. */
function seedOf(search) {
  const text = new URLSearchParams(search).get("seed");
  if (text === null) return { seed: 1, said: "" };
  if (!/^\d{1,9}$/.test(text)) return { seed: 1, said: WORDS.badSeed(text) };
  return { seed: Number(text), said: WORDS.seed(Number(text)) };
}

/** Adds to the section what the exercises need, and opens the one that the address names. */
export function mount(section) {
  const { seed, said } = seedOf(location.search);
  const done = new Progress(NAMES, "udp-echo.exercises-done");
  const tried = new Progress(NAMES, "udp-echo.exercises-tried");
  const kept = new Kept("udp-echo.exercises-programs");
  const cards = NAMES.map((name) => card(section.querySelector(`#exercise-${name}`), name, seed, { done, tried, kept }));
  cards[0].before(...(said ? [make("p", { class: "seed" }, said)] : []), tally(done, tried, kept));
  // `#exercise-pinger` opens what the browser has scrolled to.
  const open = () => {
    const found = cards.find(({ id }) => `#${id}` === location.hash);
    if (!found) return;
    found.open = true;
    found.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();
}

/** How many are done, and a button that forgets it. */
function tally(done, tried, kept) {
  const said = make("span", { role: "status" });
  const clear = make("button", { type: "button" }, WORDS.clear);
  clear.onclick = () => {
    done.clear();
    tried.clear();
    kept.clear();
  };
  const line = make("p", { class: "tally" }, said, " ", clear);
  const write = () => {
    const hasAny = done.count + tried.count > 0;
    said.textContent = [WORDS.tally(done.count), hasAny && (done.isKept ? WORDS.kept : WORDS.forgotten)].filter(Boolean).join(" ");
    clear.hidden = !hasAny;
  };
  for (const progress of [done, tried]) progress.addEventListener("change", write);
  write();
  return line;
}

/** One exercise: the element of the page, with what belongs to it. */
function card(node, name, seed, { done, tried, kept }) {
  const exercise = EXERCISES[name];
  const element = (part) => node.querySelector(`#exercise-${name}-${part}`);
  const summary = node.querySelector("summary");
  const hint = node.querySelector(".hint");

  const linked = element(exercise.linked);
  linked.setAttribute("lab", JSON.stringify(exercise.lab(seed)));
  linked.setAttribute("seed", seed);
  if (exercise.args) element("program").setAttribute("args", exercise.args);

  const button = make("button", { type: "button", class: "check" }, WORDS.check);
  const verdict = make("p", { class: "verdict", role: "status" });
  const list = make("ol", { class: "cases", hidden: "" });
  const solution = solutionOf(exercise, element);
  hint.before(make("div", { class: "checking" }, make("p", { class: "actions" }, button), verdict, list));
  if (exercise.other) hint.before(otherSide(name, exercise.other));
  hint.after(solution);

  const programs = Object.values(exercise.own).map(element);
  for (const program of programs) kept.restore(program);

  let under = null;
  button.onclick = async () => {
    if (under) return under.abort();
    under = new AbortController();
    button.textContent = WORDS.stop;
    verdict.textContent = WORDS.checking;
    const cases = exercise.cases(seed).map(({ title }) => caseOf(title));
    list.replaceChildren(...cases.map(({ node }) => node));
    list.hidden = false;
    cases[0].show("running");
    for (const program of programs) kept.keep(program);
    let passed = 0;
    try {
      const sources = await texts(exercise, element);
      await check(exercise, sources, seed, (index, result) => {
        cases[index].show(result.wrong ? "failed" : "passed", result);
        cases[index + 1]?.show("running");
        passed += result.wrong ? 0 : 1;
      }, under.signal);
      const isHalted = under.signal.aborted;
      for (const one of cases) if (one.node.dataset.state === "running") one.show(isHalted ? "stopped" : "waiting");
      verdict.textContent = passed === cases.length ? WORDS.all(passed) : `${isHalted ? `${WORDS.halted} ` : ""}${WORDS.some(passed, cases.length)}`;
      tried.mark(name);
      if (passed === cases.length) done.mark(name);
    } catch (error) {
      verdict.textContent = error.message;
      list.hidden = true;
    }
    button.textContent = WORDS.check;
    under = null;
  };

  const write = () => {
    summary.querySelector(".tick")?.remove();
    if (done.has(name)) summary.append(" ", make("small", { class: "tick" }, WORDS.tick));
    solution.unlock(tried.has(name) || done.has(name));
  };
  for (const progress of [done, tried]) progress.addEventListener("change", write);
  write();
  return node;
}

/** The program of the other side, which is not the reader's to change. */
function otherSide(name, { name: file, file: src, args, beside, title }) {
  const attributes = { id: `exercise-${name}-other`, name: file, src: `./${src}`, args, readonly: "" };
  if (beside) attributes.beside = `exercise-${name}-${beside}`;
  const details = make("details", { class: "other" }, make("summary", {}, title), make("udp-run", attributes));
  // A sender is what the reader starts; a server starts by itself beside the reader's program.
  details.open = Boolean(beside);
  return details;
}

/** The texts of all programs of an exercise, by their names. */
async function texts({ own, other }, element) {
  const sources = Object.fromEntries(Object.entries(own).map(([file, part]) => [file, element(part).program]));
  if (other) sources[other.name] = await text(other.file);
  return sources;
}

async function text(file) {
  const response = await fetch(new URL(file, import.meta.url));
  if (!response.ok) throw new Error(`The host has no file ${file}`);
  return response.text();
}

/** One case in the list of results. */
function caseOf(title) {
  const state = make("b", {}, WORDS.waiting);
  const node = make("li", {}, state, " ", make("span", {}, title));
  const code = (label, content) => [make("dt", {}, label), make("dd", {}, make("pre", { tabindex: "0", translate: "no", "aria-label": label }, content))];
  const show = (now, { wrong, record } = {}) => {
    node.dataset.state = now;
    state.textContent = WORDS[now];
    if (!wrong) return;
    const { say, expected, got } = wrong;
    node.append(make("p", {}, say));
    const pairs = [...(expected === undefined ? [] : code(WORDS.expected, expected)), ...(got === undefined ? [] : code(WORDS.got, got))];
    if (pairs.length) node.append(make("dl", {}, ...pairs));
    if (record) node.append(shown(record));
  };
  return { node, show };
}

/** The solution, which opens only after a try. */
function solutionOf({ own, solution }, element) {
  const locked = make("p", { class: "locked" }, WORDS.locked);
  const content = make("div");
  const details = make("details", { class: "solution", hidden: "" }, make("summary", {}, WORDS.solution), content);
  const place = make("div", {}, locked, details);
  details.ontoggle = async () => {
    if (!details.open || content.firstChild) return;
    const found = await Promise.all(Object.entries(solution).map(async ([name, file]) => [name, await text(file)]));
    for (const [name, source] of found) {
      content.append(make("p", {}, name), make("pre", { tabindex: "0", translate: "no", "aria-label": `A solution: ${name}` }, make("code", {}, source)));
    }
    const use = make("button", { type: "button" }, WORDS.use);
    use.onclick = () => {
      for (const [name, source] of found) element(own[name]).program = source;
    };
    content.append(use);
  };
  place.unlock = (is) => {
    locked.hidden = is;
    details.hidden = !is;
    if (!is) details.open = false;
  };
  return place;
}
