// Defines <udp-echo>. Everything else, the wasm module too, is loaded when the first element is seen.
// Attributes, methods, events and parts: reference.html and custom-elements.json beside this file.

const here = import.meta.url;
/** Hashes of the other files. The bundle writes them here, so that no file of another version slips in. */
const hashes = {};

const ATTRIBUTES =
  "autosend buffer corrupt count delay duplicate experiment interval jitter label lane loss max-rows message mode motion port preset rate relay reorder seed src target timeout to view";

/** The folder in which a host has everything: that of this file, and not that of a version. A proxy may have it below a path. */
const root = () => new URL(new URL(here).pathname.replace(/(\/v\/[^/]+)?\/[^/]*$/, "/"), here).href;

const near = (name) => new URL(name, here).href;
const make = (tag, part, textContent = "") => Object.assign(document.createElement(tag), { part, textContent });

/** Where our own words go: they are English, whatever the page's are. */
const ours = (tag, part, text) => Object.assign(make(tag, part, text), { lang: "en", dir: "ltr" });
const place = () => ours("div", "frame");

/** Something that an author can mend: a code that never changes, a sentence, and the line to add. */
const trouble = (code, message, hint = "") => ({ code, message, hint });

// A Content-Security-Policy that stands in the way tells nobody but this event.
const violations = [];
document.addEventListener("securitypolicyviolation", (event) => violations.push(event));

const CORE = "udp-echo-web";
let units = {};
let restarts = 0;

/** A wasm module and its style sheet: `web`, the core; `sockets`, which stands in its place for elements with a role; or a chunk. One of
 * each for all elements of a page. */
function load(name) {
  const unit = (units[name] ??= fetchUnit(`udp-echo-${name}`));
  // A failure may pass: the next element tries again.
  unit.catch(() => units[name] === unit && delete units[name]);
  return unit;
}

async function fetchUnit(file) {
  const name = file + ".js";
  // The hashes of chunks have a file of their own, which a page without chunks does not load.
  if (file !== CORE && !hashes[name]) Object.assign(hashes, (await script("udp-echo-hashes.js")).default);
  // The second lane of a session is a script alone.
  if (/lane$/.test(file)) return [await script(name)];
  const looks = /sockets$/.test(file) && sheet(CORE);
  const [glue, module, style] = await Promise.all([script(name), get(file + "_bg.wasm").then(compile), sheet(file)]);
  await glue.default({ module_or_path: module });
  return [glue, style, await looks];
}

/** Imports the glue. A dynamic import takes no hash, but what a preload with one has put in place is what it finds. */
async function script(name) {
  // After a panic the module is wanted anew, which is another address of the same file.
  const address = near(name) + (restarts ? `?restart=${restarts}` : "");
  const integrity = hashes[name];
  if (integrity) {
    await new Promise((onload, onerror) => {
      const link = document.createElement("link");
      document.head.append(Object.assign(link, { rel: "modulepreload", href: address, crossOrigin: "", integrity, onload, onerror }));
    });
  }
  return import(address);
}

const get = async (name) => {
  const response = await fetch(near(name), { integrity: hashes[name] });
  if (!response.ok) throw name;
  return response;
};

// From its bytes, not as a stream: so a host that does not know the type of wasm will do.
const compile = async (response) => WebAssembly.compile(await response.arrayBuffer());

/** A constructable style sheet: a strict Content-Security-Policy has nothing against it. What stands in for a host has none. */
const sheet = async (file) =>
  !/-(simulator|runs|machine|sockets)$/.test(file) && new CSSStyleSheet().replace(await (await get(file.replace("-web", "") + ".css")).text());

/** What finds out why something fails, which no exception tells. */
const reasons = () => import(near("udp-echo-why.js"));

/** Finds out why the files did not load. */
async function explain(error, unit) {
  if (here.startsWith("file:")) {
    return trouble("file-page", "Browsers load no modules from files. Serve the folder:", "python3 -m http.server");
  }
  try {
    return await (await reasons()).explain(error, near, hashes, violations, unit);
  } catch {
    return trouble("unreachable", `The files beside ${here} do not load. Copy all, and see that the server runs:`, "udp-echo serve");
  }
}

const running = new Set();
/** How many listeners of the page are at work, one inside another. */
let telling = 0;

/** A panic stops its module for every element of the page, and so does what is thrown through it, by the browser or by what the
 * page has put in a function's place: all begin again with new ones. What listeners of the page throw is theirs, and a promise that
 * nobody waits for is no panic. */
function watch(event) {
  const error = event.error ?? event.reason;
  const isOurs = error instanceof WebAssembly.RuntimeError || (event.error && !telling);
  if (!(isOurs && error?.stack?.includes(near("udp-echo-")))) return;
  // What an older one still does no longer matters.
  if (restarts ? !error.stack.includes(`?restart=${restarts}`) : error.stack.includes("?restart=")) return;
  restarts += 1;
  units = {};
  for (const element of running) element.restart(error.message);
}
addEventListener("error", watch);
addEventListener("unhandledrejection", watch);

/** A page that a reader leaves may be kept for the way back, and its sockets with it. Sessions end then, and begin again on the way back. */
const kept = new Set();
addEventListener("pagehide", () => {
  for (const element of running) {
    kept.add(element);
    element.disconnect();
  }
});
addEventListener("pageshow", () => {
  kept.forEach((element) => element.isConnected && element.start());
  kept.clear();
});

/** Tells elements that they are seen. Before that, nothing is loaded and no socket is opened. */
const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) target.start();
});

/** Follows the page's own theme: text is light where the background is dark. Each element has a probe that notices how the colour
 * around it changes; these notice what a probe cannot while the element is not shown. */
const follow = () => running.forEach((element) => element.follow());
const themes = new MutationObserver(follow);
for (const node of [document.documentElement, document.body]) node && themes.observe(node, { attributes: true });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", follow);
/** What is not displayed tells of no colours: it is asked when it is displayed again. */
const displayed = new ResizeObserver((entries) => entries.forEach(({ target }) => target.follow()));

// All lengths of the widget count in the size of the text around it, which is `1em` of the element itself. A registered property
// carries that length inside, where `em` is something else in every part.
try {
  CSS.registerProperty({ name: "--udp-echo-em", syntax: "<length>", inherits: true, initialValue: "16px" });
} catch {
  // Another copy of this file has registered it; and before Firefox 128 `em` has to do.
}

// Room for what is to come, as measured at many widths: so nothing on the page moves when it comes. Padding counts in the width of the
// column, which no height does. Below 44em, where client and server stand one below the other, the height is nearly the same at every
// width: the second of three terms begins there.
const BASE = `:host, slot:not([hidden]) { display: flow-root }
:host::before { content: ""; float: left; display: var(--udp-echo-room, block); padding-top: max(39.5em, min(48em, (44em - 100%) * 999), 78em - 100%) }
:host(:is([autosend], [mode=replay], [src]))::before { padding-top: max(56.75em, min(82.75em, (44em - 100%) * 999), 109em - 100%) }
:host([motion=none])::before { padding-top: max(33em, min(37em, (44em - 100%) * 999), 70em - 100%) }
:host([view=mini])::before { padding-top: max(15.75em, min(19.5em, (44em - 100%) * 999), 46.5em - 100%) }
:host([view=transcript])::before { padding-top: max(32em, min(47em, (44em - 100%) * 999), 74em - 100%) }
:host([view=timeline])::before { padding-top: max(70em, 139em - 100%) }
:host([view=lab])::before { padding-top: max(91.5em, 200em - 200%) }
:host([view=full])::before { padding-top: max(171.75em, 357.5em - 300%) }
:host([role=client])::before { padding-top: max(49em, min(64.5em, (44em - 100%) * 999), 95em - 100%) }
:host([role=server])::before { padding-top: max(50em, min(70em, (44em - 100%) * 999), 98em - 100%) }
:host([hidden]), [hidden] { display: none }
.probe { position: absolute; visibility: hidden; outline: 0 solid color-mix(in srgb, currentcolor, currentcolor) }
.probe i { background: light-dark(#fff, #000); transition: color 1ms, background-color 1ms }
[data-scheme=dark] { color-scheme: dark }
[data-scheme=light] { color-scheme: light }
[part=error] { border-inline-start: 3px solid #d55e00; padding: 0 .8em }
@media print { :host::before { display: none } slot[hidden] { display: contents !important } slot[hidden] ~ [part=frame] { display: none } }`;

/** Keys that move in a text, or change it, and their chords. */
const EDITS = /^(Arrow.*|Home|End|Page.*|Backspace|Delete|Enter|Insert|Dead|Process|Unidentified|[acvxyz])$/i;
const isMac = /^(Mac|iP)/.test(navigator.platform);
const BOX = /^(checkbox|radio|button|file|color|submit|reset)$/;

/** Whether the widget, or the browser in one of its controls, does something with this key. */
function uses(event, target) {
  if (event.defaultPrevented) return true;
  const { key } = event;
  const chord = (event.ctrlKey || event.metaKey || event.altKey) && !event.getModifierState("AltGraph");
  const isField = target.matches("textarea, select, input") && !BOX.test(target.type) && target.type !== "range";
  if (isField) {
    if (event.isComposing || event.keyCode === 229) return true;
    // Option makes characters on a Mac, `@` and `[` too, and goes by words.
    const isOption = isMac && event.altKey && !event.ctrlKey && !event.metaKey;
    if (!chord || isOption) return [...key].length === 1 || EDITS.test(key);
    return (!event.altKey && EDITS.test(key) && !/Enter|Page/.test(key)) || (target.localName === "select" && /^Arrow/.test(key));
  }
  if (chord) return false;
  if (/^Arrow|^Home|^End|^Page/.test(key)) {
    const { scrollWidth, clientWidth, scrollHeight, clientHeight } = target;
    if (/^(radio|range)$/.test(target.type)) return true;
    return /Left|Right/.test(key) ? scrollWidth > clientWidth : scrollHeight > clientHeight && target.tabIndex >= 0;
  }
  if (key === " ") return target.matches("button, summary, input, a, [part=log], [part=dump]");
  return key === "Enter" && target.matches("button, summary, input, a");
}

let shared;

class UdpEcho extends HTMLElement {
  static observedAttributes = ATTRIBUTES.split(" ").concat("theme");
  /** For what else of a page uses the chunks: so a page has one of each. */
  static load = load;
  static sheet = sheet;

  #widget;
  #state = "idle";
  #ready = ready();
  #end = ready();
  #began = false;
  #wanted = false;
  #internals = this.attachInternals?.();
  #root;
  #slot = make("slot", "fallback");
  #pressed = new Set();
  #frame = place();
  #probe = Object.assign(document.createElement("span"), { className: "probe" });

  /** What is inside: an element that is a program of its own, by its `role`, needs nothing of the core but its looks. */
  get #unit() {
    return /^(server|client)$/.test(this.getAttribute("role")) ? "sockets" : "web";
  }

  /** Where the element stands: idle, connecting, live, simulated, replay, gone or refused. */
  get state() {
    return this.#state;
  }

  connectedCallback() {
    for (const name of PROPERTIES.keys()) {
      // What a page set before this file was loaded hides the accessor.
      if (Object.hasOwn(this, name)) {
        const value = this[name];
        delete this[name];
        this[name] = value;
      }
    }
    this.#open();
    if (this.loading === "eager" || this.#widget) this.start();
    else if (this.loading === "click") this.#offer();
    else seen.observe(this);
  }

  disconnectedCallback() {
    seen.unobserve(this);
    running.delete(this);
    // An element that is only moved is connected again at once and keeps its session.
    queueMicrotask(() => this.isConnected || this.disconnect());
  }

  attributeChangedCallback(name) {
    if (name === "theme") this.follow();
    else this.#widget?.changed();
  }

  /** Loads what is needed and begins. Called once the element is seen. */
  async start() {
    seen.unobserve(this);
    if (running.has(this)) return;
    this.#wanted = this.isConnected;
    // Who waited knows that it failed; who asks now waits for this try.
    if (this.#state === "gone") this.#renew();
    try {
      // What a browser must have is the youngest of these; without another one, something below throws.
      if (!CSS.supports("color", "light-dark(red, red)")) throw 0;
      const [{ Widget }, style, looks] = await load(this.#unit);
      // It may have left the page while this was loading, or be told to.
      if (!this.#wanted) return;
      this.#wear(looks);
      this.#wear(style);
      this.#root.querySelectorAll("[part=error], [part=start]").forEach((old) => old.remove());
      // Without anything of the author's, the widget itself is what is printed.
      if (this.textContent.trim()) this.#slot.hidden = true;
      else this.#slot.remove();
      running.add(this);
      this.follow();
      this.#widget ??= new Widget(root(), Math.random());
      this.#widget.connected(
        this,
        this.#frame,
        (name, detail) => this.#tell(name, JSON.parse(detail)),
        (name) => this.#chunk(name),
        (relay, connection) => this.#judge(relay, connection),
      );
      if (this.experiment) (await import(near("experiments.js"))).begin(this);
    } catch (error) {
      this.#fail(await explain(error, this.#unit));
    }
  }

  /** Loads a chunk for the widget, which goes on without it when that fails. */
  async #chunk(name) {
    const before = restarts;
    let chunk,
      style,
      why = "";
    try {
      [chunk, style] = await load(name);
      this.#wear(style);
    } catch (error) {
      const cause = await explain(error, name);
      why = `${cause.message} ${cause.hint}`;
      this.#tell("udp-error", cause);
    }
    // Whoever asked may be gone by now.
    if (before === restarts) this.#widget.loaded(name, chunk, why);
  }

  /** Finds out why no session began at this relay. What cannot be found out stays as it is. */
  async #judge(relay, connection) {
    const before = restarts;
    const cause = await reasons().then(({ judge }) => judge(relay, violations)).catch(() => {});
    if (cause && before === restarts) this.#widget.explained(connection, cause.code, cause.message, cause.hint);
  }

  /** The module is gone: what it had counted is gone with it. */
  restart(reason) {
    running.delete(this);
    this.#widget = undefined;
    this.#began = false;
    this.#frame.replaceWith((this.#frame = place()));
    const message = `The widget's code stopped (${reason})` + (restarts > 3 ? " again and again." : " and began again from zero.");
    const cause = trouble("panic", message);
    this.#end.reject(new DOMException(message, "panic"));
    this.#end = ready();
    this.#renew();
    if (restarts > 3) return this.#fail(cause);
    this.#tell("udp-error", cause);
    this.start().then(() => {
      const notice = ours("p", "restarted", message);
      notice.role = "status";
      this.#root.prepend(notice);
    });
  }

  /** Light or dark, as the text around the element is. */
  follow() {
    const asked = this.theme;
    if (/^(light|dark)$/.test(asked)) return void (this.#frame.dataset.scheme = asked);
    // In whatever way a page writes its colour, a mixture in sRGB is `color(srgb 0.9 0.9 0.9)`.
    const [r, g, b] = getComputedStyle(this.#probe).outlineColor.match(/[\d.e-]+/g) ?? [];
    if (b !== undefined) this.#frame.dataset.scheme = 2 * r + 5 * g + 1 * b > 4 ? "dark" : "light";
  }

  /** The colour changes: now, or at the end of a transition around the element. */
  #noticed() {
    const follow = () => this.follow();
    follow();
    for (let node = this; node; node = node.parentElement ?? node.getRootNode().host) {
      for (const { transitionProperty, finished } of node.getAnimations()) {
        if (transitionProperty === "color") finished.then(follow, follow);
      }
    }
  }

  /** Keys that are used in here go no further: neither their press nor their release is a shortcut of the page. */
  #keep(event) {
    const [target] = event.composedPath();
    // What an author has put inside the element is the page's.
    if (target.getRootNode() !== this.#root) return;
    const { type, code, key } = event;
    if (type === "keydown") {
      const isUsed = uses(event, target) || (key === "Escape" && this.#root.querySelector("[aria-selected=true]"));
      this.#pressed[isUsed ? "add" : "delete"](code);
    }
    if (this.#pressed.has(code)) event.stopPropagation();
    if (type === "keyup") this.#pressed.delete(code);
  }

  connect() {
    this.start();
    return this.whenReady();
  }

  disconnect() {
    running.delete(this);
    this.#widget?.disconnected();
    this.#wanted = false;
    this.#refuse("AbortError", "It was disconnected before it was ready.");
    this.#renew();
  }

  /** Resolves once something can be sent, or a recording is shown; rejects when that is not to come. */
  whenReady() {
    return this.#ready.promise;
  }

  /** Sends a text, or bytes; without either, the message in the composer. */
  send(message) {
    return this.burst(1, 0, message);
  }

  async burst(count, interval, message) {
    await this.whenReady();
    const bytes = message === undefined ? message : typeof message === "string" ? new TextEncoder().encode(message) : new Uint8Array(message.buffer ?? message);
    this.#widget.send(bytes, count, interval);
  }

  /** Asks something of the host, in the words of the protocol: `{ server: { listening: false } }`. */
  async ask(message) {
    await this.whenReady();
    this.#widget.ask(JSON.stringify(message));
  }

  step(back = false) {
    this.#widget?.step?.(back);
  }

  pause() {
    this.#widget?.pause?.(true);
  }

  resume() {
    this.#widget?.pause?.(false);
  }

  reset() {
    this.#widget?.reset();
    this.#renew();
  }

  /** The run so far, as JSON that `src` or the inside of the element takes; after a disconnect, too. */
  async export() {
    if (!this.#began) await this.whenReady();
    return Promise.race([this.#end.promise, new Promise((give) => this.#widget.export(give))]);
  }

  #open() {
    if (this.#root) return;
    // Where this throws, what stands in the element still shows.
    if (!shared) (shared = new CSSStyleSheet()).replaceSync(BASE);
    this.#root = this.attachShadow({ mode: "open" });
    this.#root.adoptedStyleSheets = [shared];
    this.#root.append(this.#slot, this.#frame, this.#probe);
    for (const type of ["keydown", "keypress", "keyup"]) this.#root.addEventListener(type, (event) => this.#keep(event));
    // Its inside is late by a millisecond, which tells that the colour has changed, whatever changed it.
    this.#probe.append(document.createElement("i"));
    for (const step of ["run", "end", "cancel"]) this.#probe.addEventListener(`transition${step}`, () => this.#noticed());
    displayed.observe(this);
  }

  #wear(style) {
    const sheets = this.#root.adoptedStyleSheets;
    if (style && !sheets.includes(style)) this.#root.adoptedStyleSheets = [...sheets, style];
  }

  #offer() {
    const button = make("button", "start", this.label ?? "Start");
    button.dir = "auto";
    button.onclick = () => this.start();
    this.#frame.before(button);
  }

  #tell(name, detail) {
    if (name === "udp-state") {
      // A host that comes back by itself is no new beginning.
      if (/idle|connecting/.test(detail.state) && this.#state !== "gone") this.#renew();
      this.#state = detail.state;
      if (this.#state === "refused") this.#refuse("refused", "It says why.");
      const states = this.#internals?.states;
      states?.clear();
      if (/live|simulated|replay/.test(this.#state)) states?.add(this.#state);
      else if (/gone|refused/.test(this.#state)) states?.add("offline");
    }
    // When the host is gone, its files are gone: what the reader may go on with is there before.
    if (name === "udp-echoed" && this.#state === "live") load("simulator").catch(() => {});
    if (name === "udp-ready") {
      this.#began = true;
      this.#ready.resolve(detail);
    }
    telling += 1;
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail }));
    telling -= 1;
  }

  /** Says in the element itself what went wrong, below what stands in it. */
  #fail(cause) {
    const { code, message, hint } = cause;
    this.#open();
    // There is nothing to come.
    this.style.setProperty("--udp-echo-room", "none");
    const sentence = ours("p", "error", message + " ");
    sentence.role = "alert";
    sentence.dataset.code = code;
    sentence.append(Object.assign(make("code", "hint", hint), { translate: false }));
    const slot = document.createElement("slot");
    slot.name = "error";
    slot.append(sentence);
    this.#slot.hidden = false;
    this.#root.replaceChildren(this.#slot, slot, this.#frame, this.#probe);
    this.#tell("udp-state", { state: "gone" });
    this.#tell("udp-error", cause);
    this.#refuse(code, message);
  }

  /** Who waits until it is ready waits in vain. */
  #refuse(name, message) {
    this.#ready.reject(new DOMException(message, name));
  }

  /** Who asks from now on waits again, and who waits still does. */
  #renew() {
    this.#ready = ready(this.#ready);
  }
}

/** `Promise.withResolvers`, which browsers of early 2024 do not have; what becomes of it becomes of `before`. */
function ready(before) {
  let resolve, reject;
  const promise = new Promise((...both) => ([resolve, reject] = both));
  // Nobody may be waiting.
  promise.then(before?.resolve, before?.reject).catch(() => {});
  return { promise, resolve, reject };
}

/** Each attribute is a property too: `max-rows` is `maxRows`. */
const PROPERTIES = new Map(
  `${ATTRIBUTES} loading theme`.split(" ").map((name) => [name.replace(/-./g, (dash) => dash[1].toUpperCase()), name]),
);
/** What frameworks write into an attribute of an element that they do not know. */
const isFalse = (value) => /^false$/i.test(value);
for (const [property, name] of PROPERTIES) {
  const flag = name === "autosend";
  Object.defineProperty(UdpEcho.prototype, property, {
    configurable: true,
    enumerable: true,
    get() {
      const value = this.getAttribute(name);
      return flag ? value !== null && !isFalse(value) : value;
    },
    set(value) {
      if (value === null || value === undefined || value === false || (flag && isFalse(value))) this.removeAttribute(name);
      else this.setAttribute(name, flag ? "" : value);
    },
  });
}

// A page may load this file twice, in two versions even: the first definition stays.
if (!customElements.get("udp-echo")) customElements.define("udp-echo", UdpEcho);
