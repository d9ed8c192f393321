// The record of a case, for a reader: what each program printed, and each datagram with its time.

import { make } from "./experiments-make.js";

const MOST_ROWS = 400;

const FATES = {
  loss: "lost on the link",
  checksum: "damaged, and dropped",
  unbound: "no program has bound the port",
  unreceived: "the receiver had ended",
  refused: "refused",
};

/** Bytes as Python writes them. */
function quoted(bytes) {
  const sign = (byte) => (byte === 39 || byte === 92 ? `\\${String.fromCharCode(byte)}` : byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`);
  return `b'${bytes.map(sign).join("")}'`;
}

/** What can be opened below a case that has failed. */
export function shown({ programs, datagrams }) {
  const printed = Object.entries(programs).flatMap(([name, { printed, errors }]) => {
    const text = printed + errors;
    if (!text) return [];
    return [make("p", {}, `${name} printed`), make("pre", { tabindex: "0", translate: "no", "aria-label": `What ${name} printed` }, text)];
  });
  const rows = datagrams.slice(0, MOST_ROWS).map(({ at, program, way, bytes, fate }) =>
    make(
      "tr",
      { "data-way": way },
      make("td", {}, (at / 1000).toFixed(3)),
      make("td", {}, `${program} ${way === "out" ? "→" : "←"}`),
      make("td", {}, quoted(bytes)),
      make("td", {}, FATES[fate] ?? fate),
    ),
  );
  const head = make("tr", {}, ...["Seconds", "Program", "Datagram", "What became of it"].map((name) => make("th", { scope: "col" }, name)));
  const table = make("table", { translate: "no" }, make("caption", {}, "→ left the program, ← came to it"), make("thead", {}, head), make("tbody", {}, ...rows));
  const scroll = make("div", { class: "wire", tabindex: "0", role: "group", "aria-label": "Datagrams" }, table);
  return make("details", { class: "record" }, make("summary", {}, "What happened, step by step"), ...printed, ...(rows.length ? [scroll] : [make("p", {}, "No datagram was sent.")]));
}
