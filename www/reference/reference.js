// Draws the reference from custom-elements.json, so that it lists what there is: tables, and one live example, which is that of the
// row that was chosen last.

/** The example to begin with, and that of all methods. */
const PLAIN = '<udp-echo mode="simulated" view="mini"></udp-echo>';
/** One that has events of every kind. */
const EVENTFUL = '<udp-echo mode="simulated" view="mini" loss="30 0" count="3"></udp-echo>';
/** One that shows most colours. */
const COLOURFUL = '<udp-echo mode="simulated" view="transcript"></udp-echo>';

/** What an example of an attribute says beside `mode` and `view`, which are those of all. */
const ATTRIBUTES = {
  "What it talks to": {
    mode: "",
    relay: 'relay="wss://udp.example/relay"',
    target: 'target="echo"',
    lane: 'lane="auto"',
    src: 'mode="replay" src="./embed/run.json"',
    experiment: 'experiment="loss" view="timeline"',
  },
  "What it sends": {
    message: 'message="Grüße"',
    count: 'count="3"',
    interval: 'count="5" interval="400"',
    timeout: 'timeout="500" loss="100 0"',
    autosend: 'count="3" autosend',
  },
  "The link": {
    loss: 'loss="50 0" count="6" autosend',
    delay: 'delay="300 300"',
    jitter: 'delay="100" jitter="80" count="6" autosend',
    rate: 'rate="8" count="4" autosend',
    reorder: 'delay="50" reorder="50" count="6" autosend',
    duplicate: 'duplicate="50" count="6" autosend',
    corrupt: 'corrupt="50" count="6" autosend',
    preset: 'preset="mobile" count="6" autosend',
    seed: 'seed="7" loss="50 0" count="6" autosend',
  },
  "A program of the page": {
    role: 'role="server" view="transcript"',
    port: 'role="server" port="0" view="transcript"',
    buffer: 'role="server" buffer="4096" view="transcript"',
    to: 'role="client" to="localhost:10000" view="transcript"',
  },
  "How it shows": {
    view: 'view="transcript"',
    theme: 'theme="dark"',
    label: 'label="UDP echo over a lossy link"',
    motion: 'motion="none" autosend',
    "max-rows": 'view="full" max-rows="3" count="6" autosend',
    loading: 'loading="click"',
  },
};

const METHODS = {
  connect: "connect()",
  disconnect: "disconnect()",
  whenReady: "whenReady()",
  send: 'send("Grüße")',
  ask: 'ask({ stream: ["a", "b"] })',
  burst: 'burst(5, 200, "one of five")',
  step: "step()",
  pause: "pause()",
  resume: "resume()",
  reset: "reset()",
  export: "export()",
};

const CALLS = {
  connect: (element) => element.connect(),
  disconnect: (element) => element.disconnect(),
  whenReady: (element) => element.whenReady(),
  send: (element) => element.send("Grüße"),
  ask: (element) => element.ask({ stream: ["a", "b"] }),
  burst: (element) => element.burst(5, 200, "one of five"),
  step: (element) => element.step(),
  pause: (element) => element.pause(),
  resume: (element) => element.resume(),
  reset: (element) => element.reset(),
  export: (element) => element.export(),
};

const STATES = {
  live: { label: 'element.mode = "live"', run: (element) => (element.mode = "live") },
  simulated: { label: 'element.mode = "simulated"', run: (element) => (element.mode = "simulated") },
};

const SLOTS = {
  "": '<udp-echo mode="simulated" loading="click">\n  <pre>sending "This is the message.  It will be repeated."</pre>\n</udp-echo>',
  error: '<udp-echo mode="simulated" loading="click">\n  <p slot="error">The live example does not start here. Read on.</p>\n</udp-echo>',
};

/** Of the views, the smallest that has the panel. */
const VIEWS = { core: "", motion: "", picture: "timeline", lab: "lab", bytes: "full", ends: "" };

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

const section = (name) => document.querySelector(`[data-list=${name}]`);
const code = (text) => make("code", { translate: false }, text);

/** A description with `code` in it. */
const prose = (text) => (text ?? "").split("`").map((piece, place) => (place % 2 ? code(piece) : piece));

/** A row: its name, what it is, and what is pressed or filled in to see it. */
function row(name, description, ...controls) {
  const line = make("tr", {}, make("th", { scope: "row" }, name ? code(name) : "(no name)"), make("td", {}, ...description));
  if (controls.length) line.append(make("td", { className: "controls" }, ...controls));
  line.dataset.name = name;
  return line;
}

function table(columns, ...bodies) {
  const heads = columns.map((text) => make("th", { scope: "col" }, text));
  return make("table", {}, make("thead", {}, make("tr", {}, ...heads)), ...bodies);
}

/** Rows below a heading of their own. */
function group(heading, rows) {
  const head = make("th", { scope: "rowgroup", colSpan: 3, className: "group" }, heading);
  return make("tbody", {}, ...(heading ? [make("tr", {}, head)] : []), ...rows);
}

/** The element that a line of markup is: our own constants, nobody's input. */
function widget(markup) {
  const [, tag, attributes, inside] = markup.match(/^<([a-z-]+)(.*?)>\s*(.*?)\s*<\/\1>$/s);
  const element = document.createElement(tag);
  for (const [, name, value = ""] of attributes.matchAll(/([a-z-]+)(?:="(.*?)")?/g)) element.setAttribute(name, value);
  if (inside) element.append(inside.startsWith("<") ? widget(inside) : inside);
  return element;
}

/** The one live example: its code, its element, and what came of it. It stands beside the tables; where there is no room, in them. */
const example = {
  place: document.getElementById("example"),
  source: code(""),
  log: make("pre", { className: "log", tabIndex: 0, translate: false }),
  sheet: new CSSStyleSheet(),
  wide: matchMedia("(min-width: 72em)"),
  events: [],
  onstate: () => {},
  element: undefined,
  row: undefined,

  begin(events) {
    this.events = events;
    document.adoptedStyleSheets.push(this.sheet);
    this.log.setAttribute("role", "log");
    this.log.setAttribute("aria-label", "What came of it");
    this.place.append(make("pre", { tabIndex: 0, translate: false }, this.source), this.log);
    this.place.hidden = false;
    this.wide.addEventListener("change", () => this.settle());
    this.build(PLAIN);
  },

  /** Shows what a row is about, in the element that there is when its markup is the same. */
  show(markup, row) {
    for (const other of document.querySelectorAll(".show[aria-pressed=true]")) other.setAttribute("aria-pressed", "false");
    row.querySelector(".show")?.setAttribute("aria-pressed", "true");
    this.row?.removeAttribute("data-chosen");
    this.row = row;
    row.dataset.chosen = "";
    this.sheet.replaceSync("");
    if (this.source.textContent !== markup) this.build(markup);
    this.settle();
    // Somebody wants to see it. What waits for a click is to be clicked.
    if (this.element.loading !== "click") this.element.connect().catch(() => {});
    return this.element;
  },

  build(markup) {
    const element = widget(markup);
    // On a button that waits for a click, the name is what the button says.
    if (!element.hasAttribute("label") && !element.hasAttribute("loading")) element.setAttribute("label", "Example");
    for (const name of this.events) element.addEventListener(name, ({ type, detail }) => this.tell(`${type} ${JSON.stringify(detail)}`));
    element.addEventListener("udp-state", () => this.onstate());
    this.source.textContent = markup;
    this.log.textContent = "";
    this.element?.remove();
    this.element = element;
    this.log.before(element);
  },

  tell(text) {
    this.log.append(`${text}\n`);
    this.log.scrollTop = this.log.scrollHeight;
  },

  /** Puts it beside the tables, or below the row that was chosen. */
  settle() {
    document.querySelector(".below")?.replaceWith();
    if (this.wide.matches || !this.row) return void document.querySelector("main").append(this.place);
    const cell = make("td", { colSpan: 3 }, this.place);
    this.row.after(make("tr", { className: "below" }, cell));
    // As much of it as there is room for, and the row in any case.
    for (const node of [this.place, this.row]) node.scrollIntoView({ block: "nearest" });
  },
};

/** A button that shows the example of a row. */
function shower(name, markup, then = () => {}) {
  const button = make("button", { type: "button", className: "show" }, "Show");
  button.setAttribute("aria-label", `Show ${name || "the slot without a name"}`);
  button.setAttribute("aria-pressed", "false");
  button.onclick = () => then(example.show(markup, button.closest("tr")));
  return button;
}

/** A button that runs the line it shows. */
function runner(line, run) {
  const button = make("button", { type: "button", className: "code", translate: false }, line);
  button.onclick = () => run(example.show(PLAIN, button.closest("tr")));
  return button;
}

function attributes(catalogue) {
  const known = new Map(catalogue.attributes.map((attribute) => [attribute.name, attribute]));
  const groups = Object.entries(ATTRIBUTES).map(([heading, entries]) =>
    group(
      heading,
      Object.entries(entries).map(([name, more]) => {
        const { description, fieldName } = known.get(name);
        const others = [['mode="simulated"', /\bmode=/], ['view="mini"', /\bview=/]].filter(([, set]) => !set.test(more));
        const said = [...others.map(([text]) => text), more].filter(Boolean).join(" ");
        const property = fieldName === name ? [] : prose(` As a property: \`${fieldName}\`.`);
        return row(name, [...prose(description), ...property], shower(name, `<udp-echo ${said}></udp-echo>`));
      }),
    ),
  );
  section("attributes").append(table(["Name", "What it does", "Example"], ...groups));
}

async function call(name, element) {
  try {
    const result = await CALLS[name](element);
    const text = typeof result === "string" ? `${result.slice(0, 300)}…` : JSON.stringify(result);
    example.tell(`${name}: ${text ?? "done"}`);
  } catch (error) {
    example.tell(`${name}: ${error.name}: ${error.message}`);
  }
}

function methods(catalogue) {
  const rows = catalogue.members.map(({ name, description, kind }) => {
    if (kind === "field") return row(name, prose(`${description} Read only.`));
    return row(name, [...prose(description), runner(`element.${METHODS[name]}`, (element) => call(name, element))]);
  });
  section("methods").append(table(["Name", "What it does, and a line to run"], group("", rows)));
}

function events(catalogue) {
  const rows = catalogue.events.map(({ name, description }) => row(name, prose(description), shower(name, EVENTFUL)));
  section("events").append(table(["Name", "When it comes", "Example"], group("", rows)));
}

function parts(catalogue) {
  for (const [panel, view] of Object.entries(VIEWS)) {
    // Nothing moves before something was sent.
    const sends = { motion: " autosend", ends: ' role="server"' }[panel] ?? "";
    const ofPanel = catalogue.cssParts.filter((part) => part.panel === panel);
    const rows = ofPanel.map(({ name, description }) => {
      const outline = (element) => {
        example.sheet.replaceSync(`udp-echo::part(${name}) { outline: 3px solid #d55e00; outline-offset: 2px }`);
        element.shadowRoot?.querySelector(`[part~=${name}]`)?.scrollIntoView({ block: "nearest" });
      };
      return row(name, prose(description), shower(name, `<udp-echo mode="simulated"${view && ` view="${view}"`}${sends}></udp-echo>`, outline));
    });
    const list = table(["Name", "What it is", "Outline it"], group("", rows));
    section("parts").append(make("details", {}, make("summary", {}, `${panel}: ${ofPanel.length} parts`), list));
  }
}

function properties(catalogue) {
  const rows = catalogue.cssProperties.map(({ name, description, default: initial }) => {
    // Of a pair, the first is that of light pages.
    const color = initial.match(/^light-dark\((#[0-9a-f]{6})/)?.[1];
    const input = make("input", color ? { type: "color", value: color } : { placeholder: initial });
    input.setAttribute("aria-label", name);
    input.oninput = () => example.show(COLOURFUL, input.closest("tr")).style.setProperty(name, input.value);
    return row(name, prose(`${description}: \`${initial}\``), input);
  });
  section("properties").append(table(["Name", "What it is, and its default", "Change it"], group("", rows)));
}

function states(catalogue) {
  const marks = [];
  const rows = catalogue.cssStates.map(({ name, description }) => {
    const mark = make("span", { className: "now" });
    marks.push([name, mark]);
    const { label, run } = STATES[name] ?? {};
    return row(name, [...prose(`${description} `), mark, ...(run ? [runner(label, run)] : [])]);
  });
  section("states").append(table(["Name", "When it holds, and a line to run"], group("", rows)));
  example.onstate = () => marks.forEach(([name, mark]) => (mark.textContent = example.element.matches(`:state(${name})`) ? "● now" : ""));
  example.onstate();
}

function slots(catalogue) {
  const rows = catalogue.slots.map(({ name, description }) => row(name, prose(description), shower(name, SLOTS[name])));
  section("slots").append(table(["Name", "What it is", "Example"], group("", rows)));
}

/** What a program takes, does and tells; one of them runs above. */
function programs({ attributes, members, events, cssParts }) {
  const lists = { attributes: [attributes, "attributes"], methods: [members, "properties and methods"], events: [events, "events"], parts: [cssParts, "parts"] };
  for (const [name, [items, word]] of Object.entries(lists)) {
    const rows = items.map(({ name, description, readonly }) => row(name, prose(readonly ? `${description} Read only.` : description)));
    const drawn = table(["Name", "What it is"], group("", rows));
    section(`run-${name}`).append(make("details", {}, make("summary", {}, `${items.length} ${word}`), drawn));
  }
}

const response = await fetch(new URL("custom-elements.json", import.meta.url));
const [catalogue, program] = (await response.json()).modules.map(({ declarations: [element] }) => element);
// What the bundle wrote out for readers without JavaScript.
for (const list of document.querySelectorAll(".plain")) list.remove();
example.begin(catalogue.events.map(({ name }) => name));
for (const draw of [attributes, methods, events, parts, properties, states, slots]) draw(catalogue);
programs(program);
// For the tests, and for links that were followed before there was anything to go to.
document.documentElement.dataset.drawn = "";
if (location.hash) document.querySelector(location.hash)?.scrollIntoView();
