// The page of the iframe with programs: those of this origin that the query names. They come with a link, so nothing runs before the
// reader has pressed Run, whatever the page around the frame says.

import { UdpRun } from "./udp-run.js";

/** Attributes of the program that the query may set. `autorun` is none of them. */
const ATTRIBUTES = ["args", "readonly", "height", "mode", "seed", "lab"];

/** What the page around may ask for. */
const CALLS = ["stop", "reset"];

const query = new URLSearchParams(location.search);

// What is told is no secret.
const tell = (message) => parent.postMessage({ from: "udp-run", ...message }, "*");

/** Why a program is not shown; null when it is. */
function refusal(address) {
  const { origin } = new URL(document.baseURI);
  if (self.origin === "null") {
    return "The sandbox of this frame hides its origin, from which programs come. Add allow-same-origin to the iframe’s sandbox.";
  }
  const asked = URL.canParse(address, document.baseURI) ? new URL(address, document.baseURI) : null;
  if (asked?.origin === origin && /^https?:$/.test(asked.protocol)) return null;
  return `This frame shows programs of its own origin, ${origin}, and ${address} is none.`;
}

function program(address, id) {
  const why = refusal(address);
  if (why) {
    const sentence = document.createElement("p");
    sentence.setAttribute("role", "alert");
    sentence.textContent = why;
    return sentence;
  }
  const element = document.createElement("udp-run");
  element.id = id;
  const { pathname } = new URL(address, document.baseURI);
  element.setAttribute("name", decodeURIComponent(pathname.split("/").pop()));
  element.setAttribute("src", address);
  return element;
}

/** Shows a program under its name, or a sentence. */
function show(element) {
  if (!(element instanceof UdpRun)) return document.body.append(element);
  const figure = document.createElement("figure");
  const name = document.createElement("figcaption");
  name.textContent = element.name;
  name.translate = false;
  figure.append(name, element);
  document.body.append(figure);
}

const shown = program(query.get("run"), "run");
const other = query.get("beside");
if (shown instanceof UdpRun) {
  for (const name of ATTRIBUTES) if (query.has(name)) shown.setAttribute(name, query.get(name));
}
// The program beside stands first, and finds the same link and the same machine.
if (other) {
  const beside = program(other, "beside");
  if (beside instanceof UdpRun) {
    for (const name of ["height", "mode", "seed"]) if (query.has(name)) beside.setAttribute(name, query.get(name));
    shown.setAttribute("beside", beside.id);
  }
  show(beside);
}
show(shown);

const elements = [...document.body.querySelectorAll("udp-run")];
new ResizeObserver(() => tell({ height: Math.ceil(document.body.getBoundingClientRect().height) })).observe(document.body);

for (const element of elements) {
  for (const name of ["output", "exit"]) {
    element.addEventListener(`udp-run-${name}`, ({ type, detail }) => tell({ type, program: element.name, detail }));
  }
}

addEventListener("message", ({ source, data }) => {
  if (source !== parent || data?.to !== "udp-run" || !CALLS.includes(data.call)) return;
  for (const element of elements) element[data.call]();
  tell({ type: "result", call: data.call });
});
