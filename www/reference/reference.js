// Draws the reference from custom-elements.json, so that it lists what there is, with a live example beside each entry.

/** What an example of an attribute says beside `mode` and `view`, which are those of all. */
const ATTRIBUTES = {
  "What it talks to": {
    mode: "",
    relay: 'relay="wss://udp.example/relay"',
    target: 'target="echo"',
    src: 'mode="replay" src="./embed/run.json"',
    experiment: 'experiment="two-spaces"',
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
  "How it shows": {
    view: 'view="transcript"',
    theme: 'theme="dark"',
    label: 'label="UDP echo over a lossy link"',
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

const SLOTS = {
  "": '<udp-echo mode="simulated" loading="click">\n  <pre>sending "This is the message.  It will be repeated."</pre>\n</udp-echo>',
  error: '<udp-echo mode="simulated" loading="click">\n  <p slot="error">The live example does not start here. Read on.</p>\n</udp-echo>',
};

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

const section = (name) => document.querySelector(`[data-list=${name}]`);

/** A description with `code` in it. */
function prose(text, className = "") {
  const pieces = (text ?? "").split("`").map((piece, place) => (place % 2 ? make("code", {}, piece) : piece));
  return make("p", { className }, ...pieces);
}

/** Code, which scrolls, with the keys too. */
const source = (code) => make("pre", { tabIndex: 0 }, make("code", {}, code));

/** The code of an example, and what comes of it. */
function example(code, element) {
  return make("div", { className: "example" }, source(code), element);
}

function entry(heading, name, about, shown) {
  const words = make("div", {}, make(heading, { className: "name", textContent: name }), ...about);
  const row = make("article", { className: "entry" }, words, shown);
  row.dataset.name = name;
  return row;
}

let examples = 0;

/** The element that a line of markup is: our own constants, nobody's input. */
function widget(markup) {
  const [, tag, attributes, inside] = markup.match(/^<([a-z-]+)(.*?)>\s*(.*?)\s*<\/\1>$/s);
  const element = document.createElement(tag);
  for (const [, name, value = ""] of attributes.matchAll(/([a-z-]+)(?:="(.*?)")?/g)) element.setAttribute(name, value);
  if (inside) element.append(inside.startsWith("<") ? widget(inside) : inside);
  if (tag !== "udp-echo") return element;
  // Who hears the page tells one example from the next by its name; on a button that waits for a click, the name is what it says.
  if (!element.hasAttribute("label") && !element.hasAttribute("loading")) element.setAttribute("label", `Example ${(examples += 1)}`);
  return element;
}

function attributes(catalogue) {
  const known = new Map(catalogue.attributes.map((attribute) => [attribute.name, attribute]));
  for (const [heading, group] of Object.entries(ATTRIBUTES)) {
    section("attributes").append(make("h3", {}, heading));
    for (const [name, more] of Object.entries(group)) {
      const { description, fieldName } = known.get(name);
      const others = [['mode="simulated"', /\bmode=/], ['view="mini"', /\bview=/]].filter(([, set]) => !set.test(more));
      const said = [...others.map(([text]) => text), more].filter(Boolean).join(" ");
      const property = fieldName === name ? [] : [prose(`As a property: \`${fieldName}\`.`, "quiet")];
      const shown = widget(`<udp-echo ${said}></udp-echo>`);
      section("attributes").append(entry("h4", name, [prose(description), ...property], example(`<udp-echo ${said}></udp-echo>`, shown)));
    }
  }
}

/** One widget for a whole list; it stays in sight while the list goes by. */
function shared(place, list, markup, ...more) {
  const element = widget(markup);
  const side = make("div", { className: "example follow" }, source(markup), element, ...more);
  section(place).append(make("div", { className: "entry first" }, list, side));
  return element;
}

const item = (name, description, ...more) => {
  const term = make("dt", {}, make("code", {}, name));
  term.dataset.name = name;
  return [term, make("dd", {}, ...prose(description).childNodes, ...more)];
};

function log() {
  const lines = make("pre", { className: "log", tabIndex: 0 });
  lines.setAttribute("role", "log");
  lines.setAttribute("aria-label", "What came of it");
  const add = (text) => {
    lines.append(`${text}\n`);
    lines.scrollTop = lines.scrollHeight;
  };
  return { lines, add };
}

function methods(catalogue) {
  const { lines, add } = log();
  const list = make("dl");
  const element = shared("methods", list, '<udp-echo mode="simulated" view="mini"></udp-echo>', lines);
  for (const { name, description, kind } of catalogue.members) {
    if (kind === "field") {
      list.append(...item(name, `${description} Read only.`));
      continue;
    }
    const call = make("button", { type: "button", className: "code", textContent: `element.${METHODS[name]}` });
    call.onclick = async () => {
      try {
        const result = await CALLS[name](element);
        const text = typeof result === "string" ? `${result.slice(0, 300)}…` : JSON.stringify(result);
        add(`${name}: ${text ?? "done"}`);
      } catch (error) {
        add(`${name}: ${error.name}: ${error.message}`);
      }
    };
    list.append(...item(name, description, call));
  }
}

function events(catalogue) {
  const { lines, add } = log();
  const list = make("dl");
  const element = shared("events", list, '<udp-echo mode="simulated" view="mini" loss="30 0" count="3"></udp-echo>', lines);
  for (const { name, description } of catalogue.events) {
    list.append(...item(name, description));
    element.addEventListener(name, ({ type, detail }) => add(`${type} ${JSON.stringify(detail)}`));
  }
}

function parts(catalogue) {
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets.push(sheet);
  const list = make("div");
  const meaning = make("p", { className: "quiet", textContent: "\u00a0" });
  // Of the views, the smallest that has the panel.
  const views = { core: "", picture: "timeline", lab: "lab", bytes: "full" };
  const element = shared("parts", list, '<udp-echo mode="simulated"></udp-echo>', meaning);
  const code = element.previousElementSibling.firstElementChild;
  for (const [panel, view] of Object.entries(views)) {
    const choices = make("div", { className: "choices" });
    for (const { name, description } of catalogue.cssParts.filter((part) => part.panel === panel)) {
      const button = make("button", { type: "button", textContent: name });
      button.dataset.name = name;
      button.setAttribute("aria-pressed", "false");
      button.onclick = () => {
        const chosen = button.getAttribute("aria-pressed") === "false";
        for (const other of list.querySelectorAll("button")) other.setAttribute("aria-pressed", String(chosen && other === button));
        sheet.replaceSync(chosen ? `udp-echo::part(${name}) { outline: 3px solid #d55e00; outline-offset: 2px }` : "");
        // The element beside the list shows the panel that the part is of.
        if (view) element.setAttribute("view", view);
        else element.removeAttribute("view");
        code.textContent = `<udp-echo mode="simulated"${view && ` view="${view}"`}></udp-echo>`;
        element.shadowRoot?.querySelector(`[part~=${name}]`)?.scrollIntoView({ block: "nearest" });
      };
      button.onfocus = button.onpointerenter = () => (meaning.textContent = `${name}: ${description}`);
      choices.append(button);
    }
    list.append(make("h3", {}, panel), choices);
  }
}

function properties(catalogue) {
  const list = make("dl");
  const element = shared("properties", list, '<udp-echo mode="simulated" view="transcript"></udp-echo>');
  for (const { name, description, default: initial } of catalogue.cssProperties) {
    // Of a pair, the first is that of light pages.
    const color = initial.match(/^light-dark\((#[0-9a-f]{6})/)?.[1];
    const input = make("input", color ? { type: "color", value: color } : { placeholder: initial });
    input.setAttribute("aria-label", name);
    input.oninput = () => element.style.setProperty(name, input.value);
    list.append(...item(name, `${description}: \`${initial}\` `, input));
  }
}

function states(catalogue) {
  const list = make("dl");
  const choices = make("div", { className: "choices" });
  const element = shared("states", list, '<udp-echo mode="simulated" view="mini"></udp-echo>', choices);
  for (const mode of ["simulated", "live"]) {
    const button = make("button", { type: "button", textContent: `element.mode = "${mode}"` });
    button.onclick = () => (element.mode = mode);
    choices.append(button);
  }
  const marks = catalogue.cssStates.map(({ name, description }) => {
    const mark = make("span", { className: "quiet" });
    list.append(...item(name, `${description} `, mark));
    return [name, mark];
  });
  const look = () => marks.forEach(([name, mark]) => (mark.textContent = element.matches(`:state(${name})`) ? "● now" : ""));
  element.addEventListener("udp-state", look);
  look();
}

function slots(catalogue) {
  for (const { name, description } of catalogue.slots) {
    section("slots").append(entry("h3", name || "(no name)", [prose(description)], example(SLOTS[name], widget(SLOTS[name]))));
  }
}

const response = await fetch(new URL("custom-elements.json", import.meta.url));
const [catalogue] = (await response.json()).modules[0].declarations;
// What the bundle wrote out for readers without JavaScript.
for (const list of document.querySelectorAll(".plain")) list.remove();
for (const draw of [attributes, methods, events, parts, properties, states, slots]) draw(catalogue);
// For the tests, and for links that were followed before there was anything to go to.
document.documentElement.dataset.drawn = "";
if (location.hash) document.querySelector(location.hash)?.scrollIntoView();
