// The snippet maker: the ready folders of embed/, with the host and the attributes that were chosen.

import { copyButton } from "./copy-button.js";

/** What the folders say, and what is put in its place. */
const HOST = "http://127.0.0.1:8000";

/** The folder in which this host has everything, which may be below a path of its server. */
const HERE = import.meta.url.replace(/(\/v\/[^/]+)?\/[^/]*$/, "");

/** What programs that build sites write into their pages, and a strict policy has to allow besides. */
const SCRIPTS = "the hashes of its inline scripts";
const STYLES = "the hashes of its inline scripts and of its style attributes";
const SHEETS = "style-src-elem 'self' 'unsafe-inline'";
/** What an author of a framework's project does. */
const PACKAGE = "Install the package: npm install udp-echo. vite.config.js builds React, Vue and Svelte: leave out what you do not use.";
const INLINED = "Vite puts small files into addresses, which this policy forbids: set build.assetsInlineLimit to 0, as in vite.config.js.";

/** The files of each kind, how attributes stand in them, what else an author has to do, and what the policy needs besides. */
const KINDS = {
  plain: { files: ["plain.html"], write: tag },
  classic: { files: ["classic.html"], write: tag },
  iframe: { files: ["iframe.html"], write: query, note: "A sandboxed frame has the origin null: udp-echo --allow-origin null." },
  sphinx: {
    folder: "sphinx/",
    files: ["example/conf.py", "example/index.rst"],
    write: options,
    note: 'Install the directive: pip install "udp-echo[sphinx]"',
    besides: `Sphinx needs ${SCRIPTS} besides.`,
  },
  mkdocs: {
    folder: "mkdocs/",
    files: ["mkdocs.yml", "docs/index.md"],
    write: tag,
    note: 'Install the extension: pip install "udp-echo[markdown]"',
    besides: `Material needs ${SCRIPTS} besides; Zensical needs ${SHEETS}, too.`,
  },
  mdbook: { folder: "mdbook/", files: ["book.toml", "udp-echo-book.js", "src/udp.md"], write: tag, besides: `mdBook needs ${STYLES} besides.` },
  docusaurus: {
    folder: "docusaurus/",
    files: ["docusaurus.config.js", "docs/udp.mdx"],
    write: tag,
    besides: `Docusaurus needs ${STYLES} besides.`,
  },
  vitepress: {
    folder: "vitepress/",
    files: ["docs/.vitepress/config.mjs", "docs/index.md"],
    write: tag,
    note: "Vue has to know that the tag is no component: isCustomElement in the configuration tells it.",
    besides: `VitePress needs ${STYLES} besides, and ${SHEETS}.`,
  },
  starlight: {
    folder: "starlight/",
    files: ["astro.config.mjs", "src/content.config.ts", "src/content/docs/index.md"],
    write: tag,
    note: "Astro needs Node 22 or newer.",
    besides: `Starlight needs ${STYLES} besides.`,
  },
  jekyll: { folder: "jekyll/", files: ["_config.yml", "_layouts/default.html", "index.md"], write: tag },
  hugo: { folder: "hugo/", files: ["hugo.toml", "layouts/shortcodes/udp-echo.html", "content/_index.md"], write: shortcode },
  react: { folder: "frameworks/", files: ["react/App.tsx", "vite.config.js"], write: tagOfFramework, note: PACKAGE, besides: INLINED },
  vue: { folder: "frameworks/", files: ["vue/App.vue", "vite.config.js"], write: tagOfFramework, note: PACKAGE, besides: INLINED },
  svelte: { folder: "frameworks/", files: ["svelte/App.svelte", "vite.config.js"], write: tagOfFramework, note: PACKAGE, besides: INLINED },
  notebook: {
    folder: "notebook/",
    files: ["udp.py"],
    write: keywords,
    note: 'Install the widget: pip install "udp-echo[notebook]". The host admits notebooks on the reader’s own machine by itself.',
    besides: "Notebook servers have no such policy unless their administrator sets one. The widget’s module and files then come from blob: addresses.",
    policy: " blob:",
  },
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

/** A brace in a value would begin code in Svelte. */
function tagOfFramework(text, attributes) {
  const quoted = inQuotes(attributes, (value) => escaped(value).replaceAll("{", "&#123;"));
  return text.replace(' view="transcript"', () => quoted);
}

/** Arguments of Python. */
function keywords(text, attributes) {
  const value = (value) => (/^\d+$/.test(value) ? value : JSON.stringify(value));
  return text.replace('    view="transcript",\n', () => attributes.map(([name, text]) => `    ${name}=${value(text)},\n`).join(""));
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
  const names = ["view", "preset", "message", "count", "loading", "mode", "lane"];
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
  const { write, files, note = "", besides = "", policy = "" } = kinds[kind];
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
  const sources = `'self' ${source}${policy}`;
  document.querySelector("#csp").textContent =
    kind === "iframe"
      ? `default-src 'none'; script-src ${source}; frame-src ${source}`
      : `default-src 'none'; style-src 'self'; script-src ${sources} 'wasm-unsafe-eval'; connect-src ${sources} ${source.replace(/^http/, "ws")}${workers}`;
  document.querySelector("#besides").textContent = besides;
  document.documentElement.dataset.drawn = isProgram ? `${what} ${kind}` : kind;
}

form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());
show();
