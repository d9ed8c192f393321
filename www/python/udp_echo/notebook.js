// The widget in a notebook's cell: a module for anywidget. `notebook.py` is the other end.
//
// Messages to Python have a `type`: an event of the element with its `detail`, `run` with what `export()` gave, `shown` and `hidden`, and
// `files`, which asks for those of the package. Messages from Python are a `call` of the element `with` arguments, or these `files`.

/** One definition of the element for all cells of a page, on its way or there. */
const DEFINING = Symbol.for("udp-echo, in a notebook");

/** Most bytes of runs that are handed to Python in a second, so that a long run leaves room for other messages. */
const PACE = 1_000_000;

export default { render };

function render({ model, el }) {
  const element = document.createElement("udp-echo");
  element.append(Object.assign(document.createElement("pre"), { textContent: model.get("transcript") }));
  const tell = (message) => model.send(message);

  const traits = Object.entries(model.get("_attributes"));
  const settle = () => {
    const wanted = new Map(traits.map(([trait, attribute]) => [attribute, model.get(trait)]));
    const host = folder(model.get("host"));
    // The page of a notebook is no host: the element must not look for one there.
    if (host) wanted.set("relay", wanted.get("relay") ?? host);
    else if (!wanted.get("relay")) wanted.set("mode", wanted.get("mode") ?? "simulated");
    for (const [attribute, value] of wanted) {
      const text = value === true ? "" : value || value === "" ? value : null;
      if (text === null) element.removeAttribute(attribute);
      else if (element.getAttribute(attribute) !== text) element.setAttribute(attribute, text);
    }
  };
  settle();
  for (const trait of ["host", ...traits.map(([trait]) => trait)]) model.on(`change:${trait}`, settle);

  let lastError;
  const failed = (code, message, hint = "") => code !== lastError && tell({ type: "udp-error", detail: { code, message, hint } });
  for (const event of model.get("_events")) {
    element.addEventListener(`udp-${event}`, ({ type, detail }) => {
      if (type === "udp-error") lastError = detail.code;
      tell({ type, detail });
      if (/ready|stats/.test(event)) keep();
    });
  }

  let changed = false;
  let keeping = false;
  /** Hands the run to Python, again whenever it has changed. */
  async function keep() {
    changed = true;
    if (keeping) return;
    keeping = true;
    while (changed) {
      changed = false;
      // What has no run is a program of its own, by its role; or its widget was reset meanwhile, and another run comes.
      const run = await element.export().catch(() => "");
      if (run) tell({ type: "run", run });
      await new Promise((resolve) => setTimeout(resolve, (run.length / PACE) * 1000));
    }
    keeping = false;
  }

  const called = ({ call, with: values }, buffers = []) => {
    if (!call) return;
    const rest = buffers.map(bytes);
    // What it rejects with has been told, or is nobody's fault.
    Promise.resolve(element[call](...values, ...rest)).catch(({ name, message }) => failed(name, message));
  };
  model.on("msg:custom", called);

  el.append(element);
  define(model).then(
    () => tell({ type: "shown" }),
    ({ message }) => {
      el.append(Object.assign(document.createElement("p"), { role: "alert", textContent: message }));
      failed("unreachable", message);
    },
  );
  return () => {
    model.off("msg:custom", called);
    element.remove();
    tell({ type: "hidden" });
  };
}

/** The address of a host's folder, which ends in a slash. */
const folder = (host) => host && host.replace(/\/*$/, "/");

const bytes = ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength);

/** Defines the element, unless another cell has. */
async function define(model) {
  if (customElements.get("udp-echo")) return;
  const defining = (globalThis[DEFINING] ??= load(model));
  try {
    await defining;
  } catch (error) {
    // The next cell tries again.
    globalThis[DEFINING] = undefined;
    throw error;
  }
}

/** Takes the files of the host; those of the package where there is none, or where it is not wanted. */
async function load(model) {
  const host = folder(model.get("host"));
  const ofHost = () => import(/* @vite-ignore */ `${host}udp-echo.js`);
  const ofPackage = () => files(model).then(link);
  const ways = !host ? [ofPackage] : model.get("mode") === "simulated" ? [ofPackage, ofHost] : [ofHost, ofPackage];
  const reasons = [];
  for (const way of ways) {
    try {
      return await way();
    } catch ({ message }) {
      reasons.push(message);
    }
  }
  throw new Error(`The widget's files do not load: ${reasons.join("; ")}. Start the host (udp-echo), or install the package again.`);
}

/** Asks Python for the files of the package. */
function files(model) {
  return new Promise((resolve, reject) => {
    const listen = async ({ files: names }, buffers) => {
      if (!names) return;
      model.off("msg:custom", listen);
      if (!names.length) return reject(new Error("the package udp-echo has no files of the widget"));
      const unpacked = names.map(async (name, place) => [name, await unpack(bytes(buffers[place]))]);
      resolve(Object.fromEntries(await Promise.all(unpacked)));
    };
    model.on("msg:custom", listen);
    model.send({ type: "files" });
  });
}

const unpack = (packed) => new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();

const KINDS = { js: "text/javascript", css: "text/css", wasm: "application/wasm" };

/** Does what a bundler does: the loader gets an address for each file where it asks for one. */
function link({ "udp-echo.js": loader, ...others }) {
  const address = (name, content) => URL.createObjectURL(new Blob([content], { type: KINDS[name.split(".").pop()] }));
  const addresses = Object.fromEntries(Object.entries(others).map(([name, content]) => [name, address(name, content)]));
  const linked = new TextDecoder()
    .decode(loader)
    .replace(/new URL\("\.\/([^"]+)",import\.meta\.url\)\.href/g, (_, name) => JSON.stringify(addresses[name] ?? null));
  return import(/* @vite-ignore */ address("udp-echo.js", linked));
}
