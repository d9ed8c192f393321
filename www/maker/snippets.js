// The snippet maker: the ready folders of embed/, with the host and the attributes that were chosen.

import { copyButton } from "./copy-button.js";

/** What the folders say, and what is put in its place. */
const HOST = "http://127.0.0.1:8000";

/** The folder in which this host has everything, which may be below a path of its server. */
const HERE = import.meta.url.replace(/(\/v\/[^/]+)?\/[^/]*$/, "");

/** The files of each kind, how attributes stand in them, and what else an author has to do. */
const KINDS = {
  plain: { files: ["plain.html"], write: tag },
  classic: { files: ["classic.html"], write: tag },
  iframe: { files: ["iframe.html"], write: query, note: "A sandboxed frame has the origin null: udp-echo --allow-origin null." },
  sphinx: {
    folder: "sphinx/",
    files: ["example/conf.py", "example/index.rst"],
    write: options,
    note: 'Install the directive: pip install "udp-echo[sphinx]"',
  },
  mkdocs: {
    folder: "mkdocs/",
    files: ["mkdocs.yml", "docs/index.md"],
    write: tag,
    note: 'Install the extension: pip install "udp-echo[markdown]"',
  },
  mdbook: { folder: "mdbook/", files: ["book.toml", "udp-echo-book.js", "src/udp.md"], write: tag },
  docusaurus: { folder: "docusaurus/", files: ["docusaurus.config.js", "docs/udp.mdx"], write: tag },
  hugo: { folder: "hugo/", files: ["hugo.toml", "layouts/shortcodes/udp-echo.html", "content/_index.md"], write: shortcode },
};

/** The same for programs, of which an author writes the text. A classic script cannot load them. */
const PROGRAMS = {
  plain: { folder: "python/", files: ["inside.html"], write: programTag },
  iframe: { folder: "python/", files: ["frame.html"], write: programQuery, note: "A frame shows programs of its own origin: of the host, or of a site that has a copy of dist/static." },
  sphinx: { ...KINDS.sphinx, files: ["example/conf.py", "example/programs.rst", "example/server.py", "example/client.py"], write: programOptions },
  mkdocs: { ...KINDS.mkdocs, files: ["mkdocs.yml", "docs/programs.md"], write: programTag },
  mdbook: { ...KINDS.mdbook, files: ["book.toml", "udp-echo-book.js", "src/programs.md"], write: programTag },
  docusaurus: { ...KINDS.docusaurus, files: ["docusaurus.config.js", "docs/programs.mdx"], write: programTag },
  hugo: { ...KINDS.hugo, files: ["hugo.toml", "layouts/shortcodes/udp-run.html", "content/programs.md"], write: programShortcode },
};

const escaped = (value) => value.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
const inQuotes = (attributes, escape) => attributes.map(([name, value]) => ` ${name}="${escape(value)}"`).join("");

function tag(text, attributes) {
  return text.replace(/(?<=\n)<udp-echo view="transcript">/, () => `<udp-echo${inQuotes(attributes, escaped)}>`);
}

function query(text, attributes) {
  const query = new URLSearchParams(attributes).toString().replaceAll("&", "&amp;");
  return text.replace("?view=transcript", () => (query ? `?${query}` : ""));
}

function options(text, attributes) {
  return text.replace("   :view: transcript\n", () => attributes.map(([name, value]) => `   :${name}: ${value}\n`).join(""));
}

function shortcode(text, attributes) {
  const quoted = inQuotes(attributes, (value) => value.replace(/["\\]/g, "\\$&"));
  return text.replace('{{< udp-echo view="transcript" >}}', () => `{{< udp-echo${quoted} >}}`);
}

/** Both programs get the same attributes. */
function programTag(text, attributes) {
  return text.replace(/<udp-run (.*?)>/g, (_, own) => `<udp-run ${own}${inQuotes(attributes, escaped)}>`);
}

function programQuery(text, attributes) {
  const query = new URLSearchParams(attributes).toString().replaceAll("&", "&amp;");
  return text.replace("&amp;beside=", () => (query ? `&amp;${query}&amp;beside=` : "&amp;beside="));
}

function programOptions(text, attributes) {
  const options = attributes.map(([name, value]) => `   :${name}:${value && ` ${value}`}\n`).join("");
  return text.replace(/(\.\. udp-run:: .*\n)/g, (line) => line + options);
}

function programShortcode(text, attributes) {
  const quoted = inQuotes(attributes, (value) => value.replace(/["\\]/g, "\\$&"));
  return text.replace(/{{< udp-run (.*?) >}}/g, (_, own) => `{{< udp-run ${own}${quoted} >}}`);
}

const form = document.querySelector("form");
const read = (path) => fetch(new URL(`embed/${path}`, import.meta.url)).then((response) => response.text());
const folders = new Map();

// On the author's own machine, the files name it already.
if (!/^http:\/\/(127\.0\.0\.1|localhost)(:\d+)?$/.test(HERE)) form.elements.host.value = HERE;

/** Files of the ready folders, as they are in the project. */
function ready({ folder = "", files }) {
  for (const path of files.map((file) => folder + file)) if (!folders.has(path)) folders.set(path, read(path));
  return Promise.all(files.map((file) => folders.get(folder + file)));
}

/** The attributes of programs that were chosen. */
function chosenForPrograms() {
  const { runs, edits, height } = form.elements;
  const attributes = [["mode", runs.value], ["height", height.value]].filter(([, value]) => value);
  return edits.value ? [...attributes, [edits.value, ""]] : attributes;
}

/** The attributes of the widget that were chosen. */
function chosen() {
  const names = ["view", "preset", "message", "count", "loading", "mode"];
  return names.map((name) => [name, form.elements[name].value]).filter(([, value]) => value);
}

function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

function file(name, text) {
  const source = make("code", { translate: false }, text);
  const button = copyButton(source, name);
  const code = make("pre", { tabIndex: 0, translate: false }, source);
  code.setAttribute("role", "region");
  code.setAttribute("aria-label", name);
  const shown = make("section", { className: "file" }, make("header", {}, make("h3", { className: "name" }, name), button), code);
  shown.dataset.file = name;
  return shown;
}

/** The ready programs, as elements. */
async function programs() {
  const names = ["server.py", "client.py"];
  const texts = await ready({ folder: "python/", files: names });
  return names.map((name, place) => {
    const element = make("udp-run", { id: name.replace(".py", "") }, make("pre", {}, texts[place]));
    element.setAttribute("name", name);
    if (place) element.setAttribute("beside", "server");
    return element;
  });
}

let latest;

/** Shows what the form says. */
async function show() {
  const what = form.elements.what.value;
  const isProgram = what === "programs";
  const kinds = isProgram ? PROGRAMS : KINDS;
  for (const label of form.querySelectorAll("[data-of]")) label.hidden = label.dataset.of !== what;
  for (const option of form.elements.kind.options) option.disabled = !(option.value in kinds);
  if (!(form.elements.kind.value in kinds)) form.elements.kind.value = "plain";
  const kind = form.elements.kind.value;
  const host = form.elements.host.value.replace(/\/+$/, "") || HOST;
  const attributes = isProgram ? chosenForPrograms() : chosen();
  const asked = (latest = Symbol());
  const previews = isProgram ? await programs() : [document.createElement("udp-echo")];
  for (const preview of previews) {
    for (const [name, value] of attributes) preview.setAttribute(name, value);
    preview.setAttribute("mode", "simulated");
  }
  const { write, files, note = "" } = kinds[kind];
  const texts = await ready(kinds[kind]);
  // Another choice may have been made meanwhile.
  if (latest !== asked) return;
  document.querySelector("#place").replaceChildren(...previews);

  const list = files.map((name, place) => file(name, write(texts[place], attributes).replaceAll(HOST, host)));
  document.querySelector("#list").replaceChildren(...list);
  document.querySelector("#note").textContent = note;
  // A policy takes a path that does not end in a slash for one file.
  const source = /^\w+:\/\/[^/]+\//.test(host) ? `${host}/` : host;
  const workers = isProgram ? `; worker-src blob: ${source}` : "";
  document.querySelector("#csp").textContent =
    kind === "iframe"
      ? `default-src 'none'; script-src ${source}; frame-src ${source}`
      : `default-src 'none'; style-src 'self'; script-src 'self' ${source} 'wasm-unsafe-eval'; connect-src 'self' ${source} ${source.replace(/^http/, "ws")}${workers}`;
  document.documentElement.dataset.drawn = isProgram ? `${what} ${kind}` : kind;
}

form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());
show();
