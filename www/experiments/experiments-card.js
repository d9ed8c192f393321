// The experiments on the page: a list, and the card of the one that is open. `#experiment=NAME` opens one, and
// `#experiment=NAME&mode=simulated` opens it without a host.

import { EXPERIMENTS, WORDS, prepare, send } from "./experiments.js";
import { gather } from "./experiments-facts.js";

const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
};

const link = (name, ...children) => make("a", { href: `#experiment=${name}` }, ...children);

/** Shows the list in `place`, and the card that the address names. */
export function mount(place, copyButton) {
  const card = make("div");
  const complaint = make("p", { class: "complaint", role: "alert" });
  const entries = Object.entries(EXPERIMENTS).map(([name, { title, teaser }]) => make("li", { "data-name": name }, link(name, make("b", {}, title), " ", make("span", {}, teaser))));
  const list = make("ol", { class: "experiments", "aria-label": WORDS.list }, ...entries);
  place.replaceChildren(complaint, card, list);

  const open = () => {
    const address = new URLSearchParams(location.hash.slice(1));
    const name = address.get("experiment");
    const known = Object.hasOwn(EXPERIMENTS, name ?? "");
    if (name === null) return;
    complaint.textContent = known ? "" : WORDS.unknown(name);
    for (const entry of entries) entry.firstChild.toggleAttribute("aria-current", entry.dataset.name === name);
    card.replaceChildren();
    if (!known) return void complaint.scrollIntoView();
    const shown = show(name, address.get("mode"), copyButton);
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
}

/** The card of one experiment, with elements of its own: what was done before is gone with the ones before. */
function show(name, mode, copyButton) {
  const experiment = EXPERIMENTS[name];
  const { title, clients = 1 } = experiment;
  const elements = Array.from({ length: clients }, (_, place) => {
    const attributes = { loading: "eager", label: WORDS.widget(title, place + 1, clients), timeout: "1500" };
    return make("udp-echo", mode ? { ...attributes, mode } : attributes);
  });

  const told = make("ul", { class: "told" }, make("li", {}, WORDS.nothing));
  const verdict = make("p", { class: "verdict", role: "status" });
  const remark = make("p", { class: "remark", role: "status" }, WORDS.waiting);
  const why = make("details", { class: "why" }, make("summary", {}, WORDS.why), make("p", {}, experiment.why));
  const hint = make("p", { class: "hint", id: "experiment-hint" }, WORDS.first);
  let prediction;

  const refresh = () => {
    const sentences = (experiment.told(facts) || []).filter(Boolean);
    if (sentences.length) {
      told.replaceChildren(...sentences.map((text) => make("li", {}, text)));
      // What is chosen after it was seen is no prediction.
      if (prediction !== undefined) fields.disabled = true;
    }
    if (prediction === undefined || verdict.textContent || !experiment.done(facts)) return;
    const { choices, answer } = experiment;
    verdict.textContent = prediction === answer ? WORDS.right : WORDS.wrong(choices[prediction], choices[answer]);
    why.open = true;
  };
  const [facts, other] = elements.map((element) => gather(element, refresh));
  if (other) facts.other = other;

  const act = async (element, action) => {
    if (action.ask) await element.ask(action.ask);
    for (const entry of action.send ?? []) await send(element, entry);
  };
  const buttons = experiment.actions.map((action) => {
    const button = make("button", { type: "button", "aria-disabled": "true", "aria-describedby": "experiment-hint" }, action.label);
    button.onclick = () => {
      if (button.hasAttribute("aria-disabled")) hint.classList.add("insistent");
      else for (const element of elements) act(element, action);
    };
    return button;
  });

  const choices = experiment.choices.map((text, index) => {
    const input = make("input", { type: "radio", name: "prediction", value: index });
    input.onchange = () => {
      prediction = index;
      hint.hidden = true;
      allow();
      refresh();
    };
    return make("label", {}, input, make("span", {}, text));
  });
  const fields = make("fieldset", {}, make("legend", {}, experiment.question), ...choices);

  let isReady = false;
  const allow = () => {
    for (const button of buttons) {
      if (!isReady || prediction === undefined) continue;
      button.removeAttribute("aria-disabled");
      button.removeAttribute("aria-describedby");
    }
  };

  const commands = make("div", { class: "commands" });
  const begin = () => {
    isReady = true;
    remark.textContent = facts.mode === "live" ? "" : WORDS.simulated;
    if (experiment.commands) remark.textContent = join(experiment, facts, commands, copyButton);
    allow();
  };
  // One that does not become ready says why by itself; or the card is gone.
  Promise.all(elements.map((element) => prepare(element, name))).then(begin, () => (remark.textContent = ""));

  const names = Object.keys(EXPERIMENTS);
  const following = names[(names.indexOf(name) + 1) % names.length];
  const again = make("button", { type: "button", class: "again" }, WORDS.again);
  again.onclick = () => {
    const fresh = show(name, mode, copyButton);
    card.replaceWith(fresh);
    fresh.querySelector("h3").focus({ preventScroll: true });
  };
  const step = (title, ...children) => make("section", {}, make("h4", {}, title), ...children);
  const card = make(
    "article",
    { class: "experiment", "aria-labelledby": "experiment-title", "data-name": name },
    make("h3", { id: "experiment-title", tabindex: "-1" }, title),
    make(
      "div",
      { class: "steps" },
      step(WORDS.doing, make("p", {}, experiment.doing)),
      step(WORDS.predicting, fields, ...(buttons.length ? [hint, make("p", { class: "actions" }, ...buttons)] : []), commands, remark),
      step(WORDS.happened, told, verdict, why),
      make("p", { class: "after" }, again, link(following, `${WORDS.next}: ${EXPERIMENTS[following].title}`)),
    ),
    make("div", { class: "elements" }, ...elements),
  );
  return card;
}

/** Puts the lines for a terminal in place, or says why there are none. */
function join(experiment, { mode, server, loopback, ownServer }, place, copyButton) {
  if (mode !== "live") return experiment.needsLive;
  if (!loopback || !ownServer) return experiment.needsLoopback;
  const [, host, port] = server.match(/^\[?(.*?)\]?:(\d+)$/);
  for (const line of experiment.commands(host, port)) {
    const code = make("code", {}, line);
    place.append(make("div", { class: "command" }, make("pre", { tabindex: "0" }, code), copyButton(code, line.split(" ")[0])));
  }
  return "";
}
