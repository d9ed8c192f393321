// What the page adds to its text: buttons that copy code, the host's own address in commands, and the experiments.

import { copyButton } from "./copy-button.js";
import { mount } from "./experiments-card.js";

const MORE = "Show the picture over time, the lab and the bytes as well";
const LESS = "Show less";

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

live.addEventListener("udp-ready", ({ detail: { mode, server } }) => {
  if (mode !== "live") return;
  const [, host, port] = server.match(/^\[?(.*?)\]?:(\d+)$/);
  document.getElementById("terminal").textContent = `nc -u ${host} ${port}\n`;
});

mount(document.getElementById("experiment"), copyButton);
