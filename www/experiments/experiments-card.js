// The experiments on the page: a list, and the card of the one that is open. `#experiment=NAME` opens one, and
// `#experiment=NAME&mode=simulated` opens it without a host.

import { EXPERIMENTS, WORDS, prepare, send } from "./experiments.js";
import { gather } from "./experiments-facts.js";
import { make } from "./experiments-make.js";
import { LETTERS, pair } from "./experiments-pair.js";
import { Progress } from "./experiments-progress.js";

const NAMES = Object.keys(EXPERIMENTS);
const link = (name, ...children) => make("a", { href: `#experiment=${name}` }, ...children);

/** Shows the list in `place`, and the card that the address names. Returns what the reader has done. */
export function mount(place, copyButton) {
  const progress = new Progress(NAMES);
  const card = make("div");
  const complaint = make("p", { class: "complaint", role: "alert" });
  const entries = Object.entries(EXPERIMENTS).map(([name, { title, teaser }]) => make("li", { "data-name": name }, link(name, make("b", {}, title), " ", make("span", {}, teaser))));
  const list = make("ol", { class: "experiments", "aria-label": WORDS.list }, ...entries);
  place.replaceChildren(complaint, card, tally(progress), list);
  tick(place.ownerDocument, progress);

  const open = () => {
    const address = new URLSearchParams(location.hash.slice(1));
    const name = address.get("experiment");
    const known = Object.hasOwn(EXPERIMENTS, name ?? "");
    if (name === null) return;
    complaint.textContent = known ? "" : WORDS.unknown(name);
    for (const entry of entries) entry.firstChild.toggleAttribute("aria-current", entry.dataset.name === name);
    card.replaceChildren();
    if (!known) return void complaint.scrollIntoView();
    const shown = show(name, address.get("mode"), progress, copyButton);
    card.append(shown);
    shown.scrollIntoView();
    shown.querySelector("h3").focus({ preventScroll: true });
  };
  // A second click on the same link starts over, though the address stays.
  place.ownerDocument.addEventListener("click", ({ target }) => {
    const hash = target.closest?.("a[href^='#experiment=']")?.getAttribute("href");
    if (hash && hash === location.hash) open();
  });
  addEventListener("hashchange", open);
  open();
  return progress;
}

/** How many are done, where that is kept, and a button that forgets it. */
function tally(progress) {
  const said = make("span", { role: "status" });
  const clear = make("button", { type: "button" }, WORDS.clear);
  clear.onclick = () => progress.clear();
  const line = make("p", { class: "tally" }, said, " ", clear);
  const write = () => {
    const { count, isKept } = progress;
    said.textContent = [WORDS.count(count, NAMES.length), count && WORDS.kept(isKept)].filter(Boolean).join(" ");
    clear.hidden = !count;
  };
  progress.addEventListener("change", write);
  write();
  return line;
}

/** Marks every link of the page to an experiment that is done. */
function tick(page, progress) {
  const write = () => {
    for (const anchor of page.querySelectorAll("a[href^='#experiment=']")) {
      // Where to go next is told by its words.
      if (anchor.classList.contains("next")) continue;
      anchor.querySelector(".tick")?.remove();
      if (progress.has(anchor.hash.replace(/^#experiment=/, ""))) anchor.append(" ", make("small", { class: "tick" }, WORDS.tick));
    }
  };
  progress.addEventListener("change", write);
  write();
}

/** The card of one experiment, with elements of its own: what was done before is gone with the ones before. */
function show(name, mode, progress, copyButton) {
  const experiment = EXPERIMENTS[name];
  const { title, clients = 1, elements: given = Array(clients).fill({}) } = experiment;
  const elements = given.map((own, place) => {
    const label = given[place].role ? WORDS.widget(`${title}, ${own.role}`, 1, 1) : WORDS.widget(title, place + 1, given.length);
    const attributes = { loading: "eager", label, timeout: "1500", ...own };
    return make("udp-echo", mode ? { ...attributes, mode } : attributes);
  });

  const told = make("ul", { class: "told" }, make("li", {}, WORDS.nothing));
  const verdict = make("p", { class: "verdict", role: "status" });
  const remark = make("p", { class: "remark", role: "status" }, WORDS.waiting);
  const why = make("details", { class: "why", hidden: true }, make("summary", {}, WORDS.why), make("p", {}, experiment.why));
  const hint = make("p", { class: "hint", id: "experiment-hint" }, WORDS.first);
  const next = link(name);
  next.className = "next";
  const buttons = experiment.actions.map(({ label }) => make("button", { type: "button", "aria-disabled": "true", "aria-describedby": "experiment-hint" }, label));
  const commands = make("div", { class: "commands" });

  let prediction;
  let isReady = false;
  let isOver = false;
  /** How many of the buttons have been pressed, which are pressed in their order. */
  let pressed = 0;

  /** Lights the one step that is next, and in it the one button. */
  const light = () => {
    const current = isOver ? 2 : prediction === undefined ? 0 : 1;
    steps.forEach((step, place) => {
      step.toggleAttribute("data-done", place < current);
      if (place === current) step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    });
    buttons.forEach((button, place) => {
      button.toggleAttribute("data-pressed", place < pressed);
      button.toggleAttribute("data-next", current === 1 && place === pressed);
      if (!isReady || prediction === undefined || place > pressed) return;
      button.removeAttribute("aria-disabled");
      button.removeAttribute("aria-describedby");
    });
    const following = progress.after(name);
    next.href = following ? `#experiment=${following}` : "#experiments";
    next.textContent = following ? (isOver ? WORDS.next : WORDS.skip)(EXPERIMENTS[following].title) : WORDS.all;
    next.toggleAttribute("data-main", isOver);
    own.hidden = !isOver;
  };

  const refresh = () => {
    both?.refresh();
    lanes?.refresh();
    const sentences = (experiment.told(facts) || []).filter(Boolean);
    if (sentences.length) {
      told.replaceChildren(...sentences.map((text) => make("li", {}, text)));
      // What is chosen after it was seen is no prediction.
      if (prediction !== undefined) fields.disabled = true;
    }
    if (prediction === undefined || isOver || !experiment.done(facts)) return;
    const { choices, answer } = experiment;
    verdict.textContent = prediction === answer ? WORDS.right : WORDS.wrong(choices[prediction], choices[answer]);
    progress.mark(name);
    finish();
  };
  /** The run is over: its reasons are told, and the next experiment is what comes next. */
  const finish = () => {
    isOver = true;
    why.hidden = false;
    why.open = true;
    light();
  };
  /** Loads what shows two lanes beside each other. An element that moves in its page begins anew, so they wait for it. */
  async function beside() {
    const { sideBySide } = await import("./experiments-delays.js");
    lanes = sideBySide(elements, all);
    card.lastChild.replaceWith(lanes.node);
  }
  const all = elements.map((element) => gather(element, refresh));
  const [facts, other] = all;
  Object.assign(facts, { all, other });
  // Two clients of the host's server share its box; elements with roles show their own ends. Two lanes have lines of delays above them.
  const both = clients > 1 ? pair(elements, all) : undefined;
  let lanes;
  const begun = experiment.recorded && beside();

  const act = async (element, action, client) => {
    if (action.replay) return replay(element, experiment.recorded[elements.indexOf(element)]);
    if (action.ask) await element.ask(action.ask);
    for (const entry of action.send ?? []) await send(element, entry, client);
  };
  buttons.forEach((button, place) => {
    button.onclick = () => {
      if (button.hasAttribute("aria-disabled")) return hint.classList.add("insistent");
      const action = experiment.actions[place];
      const acting = action.at === undefined ? elements : [elements[action.at]];
      acting.forEach((element, which) => act(element, action, both && LETTERS[which]));
      pressed = Math.max(pressed, place + 1);
      light();
    };
  });

  const choices = experiment.choices.map((text, index) => {
    const input = make("input", { type: "radio", name: "prediction", value: index });
    input.onchange = () => {
      prediction = index;
      hint.hidden = true;
      light();
      refresh();
      giveUp();
    };
    return make("label", {}, input, make("span", {}, text));
  });
  const fields = make("fieldset", {}, make("legend", {}, experiment.question), ...choices);

  /** What cannot be done here is explained at least. */
  const giveUp = () => {
    if (!isReady || prediction === undefined || !experiment.commands || canJoin(facts)) return;
    told.replaceChildren(make("li", {}, WORDS.inVain));
    finish();
  };
  const begin = () => {
    isReady = true;
    remark.textContent = facts.mode === "live" ? "" : WORDS.simulated;
    if (experiment.commands) remark.textContent = join(experiment, facts, commands, copyButton);
    // A page of its own needs a host that both reach.
    if (experiment.elsewhere && facts.mode === "live") remark.append(make("a", { href: experiment.elsewhere, target: "_blank" }, WORDS.elsewhere));
    light();
    giveUp();
  };
  // One that does not become ready says why by itself; or the card is gone.
  Promise.resolve(begun)
    .then(() => Promise.all(elements.map((element) => prepare(element, name))))
    .then(begin, () => (remark.textContent = ""));

  const again = make("button", { type: "button", class: "again" }, WORDS.again);
  again.onclick = () => {
    const fresh = show(name, mode, progress, copyButton);
    card.replaceWith(fresh);
    fresh.querySelector("h3").focus({ preventScroll: true });
  };
  const own = make("button", { type: "button", class: "own", "aria-pressed": "false" }, WORDS.own);
  own.onclick = () => own.setAttribute("aria-pressed", String(card.toggleAttribute("data-own")));

  const step = (heading, ...children) => make("li", {}, make("h4", {}, heading), ...children);
  const steps = [
    step(WORDS.predicting, fields),
    step(WORDS.acting, ...(buttons.length ? [hint, make("p", { class: "actions" }, ...buttons)] : []), commands, remark),
    step(WORDS.happened, told, verdict, why),
  ];
  const card = make(
    "article",
    { class: "experiment", "aria-labelledby": "experiment-title", "data-name": name },
    make(
      "div",
      { class: "course" },
      make("p", { class: "place" }, WORDS.place(NAMES.indexOf(name) + 1, NAMES.length)),
      make("h3", { id: "experiment-title", tabindex: "-1" }, title),
      make("p", {}, experiment.doing),
      make("ol", { class: "steps" }, ...steps),
      make("p", { class: "after" }, next, again, own),
    ),
    both?.node ?? make("div", { class: "elements" }, ...(experiment.recorded ? [] : elements)),
  );
  light();
  return card;
}

/** Shows a recorded run in place of the session. */
function replay(element, run) {
  element.removeAttribute("mode");
  if (element.hasAttribute("src")) return element.reset();
  element.setAttribute("src", new URL(run, import.meta.url).href);
}

/** Whether a terminal of the reader's reaches this server, and the page hears of it. */
const canJoin = ({ mode, loopback, ownServer }) => mode === "live" && loopback && ownServer;

/** Puts the lines for a terminal in place, or says why there are none. */
function join(experiment, facts, place, copyButton) {
  if (facts.mode !== "live") return experiment.needsLive;
  if (!canJoin(facts)) return experiment.needsLoopback;
  const [, host, port] = facts.server.match(/^\[?(.*?)\]?:(\d+)$/);
  for (const line of experiment.commands(host, port)) {
    const code = make("code", {}, line);
    place.append(make("div", { class: "command" }, make("pre", { tabindex: "0", translate: "no" }, code), copyButton(code, line.split(" ")[0])));
  }
  return "";
}
