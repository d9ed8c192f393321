// What the page adds to its text: buttons that copy code, the host's own address in commands, contents that follow, answers that
// open, and the experiments.

import { copyButton } from "./copy-button.js";
import { mount } from "./experiments-card.js";
import { follow } from "./contents.js";
import { mountRace } from "./race.js";

const MORE = "Show timeline, lab and bytes";
const LESS = "Show less";
const ANSWERS = "Open all answers";
const NO_ANSWERS = "Close all answers";

for (const figure of document.querySelectorAll("figure.code")) {
  const caption = figure.querySelector("figcaption");
  caption.append(copyButton(figure.querySelector("code"), caption.textContent));
}

const live = document.getElementById("live");
const more = document.createElement("button");
more.type = "button";
more.className = "more";
more.textContent = MORE;
more.onclick = () => {
  live.view = live.view ? null : "full";
  more.textContent = live.view ? LESS : MORE;
};
live.after(more);

const begun = ({ mode, server, loopback }) => {
  if (mode !== "live") return;
  if (loopback) offerWireshark();
  const [, host, port] = server.match(/^\[?(.*?)\]?:(\d+)$/);
  document.getElementById("terminal").textContent = `nc -u ${host} ${port}\n`;
};
// A session may have begun before this file was here, and more of them may follow.
live.whenReady?.().then(begun, () => {});
live.addEventListener("udp-ready", ({ detail }) => begun(detail));

let isWiresharkOffered = false;

/** The way into Wireshark, where the host lets its sessions be watched. */
async function offerWireshark() {
  if (isWiresharkOffered) return;
  isWiresharkOffered = true;
  try {
    const { capture } = await (await fetch("relay.json", { cache: "no-store" })).json();
    if (capture) (await import("./wireshark.js")).mountWireshark(live, more);
  } catch {
    // The widget says what is wrong with the host. The next session asks again.
    isWiresharkOffered = false;
  }
}

const progress = mount(document.getElementById("experiment"), copyButton);
mountRace(document.getElementById("race-stage"));

// The exercises load when the reader comes near, or has followed a link to one.
const exercises = document.getElementById("exercises");
const loadExercises = () => {
  near.disconnect();
  removeEventListener("hashchange", followed);
  import("./exercises.js").then(({ mount }) => mount(exercises));
};
const followed = () => location.hash.startsWith("#exercise-") && loadExercises();
const near = new IntersectionObserver((entries) => entries.some(({ isIntersecting }) => isIntersecting) && loadExercises(), { rootMargin: "50%" });
near.observe(exercises);
addEventListener("hashchange", followed);
followed();

// An answer opens once its experiments are done; and all of them do for somebody who wants to read, or to print.
const answers = [...document.querySelectorAll("details.answer")];
const reveal = () => {
  for (const answer of answers) {
    const isDone = answer.dataset.after.split(" ").every((name) => progress.has(name));
    if (isDone && !answer.dataset.shown) answer.open = true;
    answer.dataset.shown = isDone ? "yes" : "";
  }
};
progress.addEventListener("change", reveal);
reveal();

const all = document.createElement("button");
all.type = "button";
all.className = "more";
const areOpen = () => answers.every(({ open }) => open);
const name = () => (all.textContent = areOpen() ? NO_ANSWERS : ANSWERS);
all.onclick = () => {
  const open = !areOpen();
  for (const answer of answers) answer.open = open;
};
for (const answer of answers) answer.addEventListener("toggle", name);
name();
const contents = document.querySelector(".contents");
contents.querySelector("details").append(all);
follow(contents);

let closed = [];
addEventListener("beforeprint", () => {
  closed = answers.filter(({ open }) => !open);
  for (const answer of closed) answer.open = true;
});
addEventListener("afterprint", () => {
  for (const answer of closed) answer.open = false;
});
