// What the programs of a page share, and where it comes from: interpreter and shim with the first Run, the style sheet, the workers.

import { WORDS } from "./udp-run-words.js";

const here = import.meta.url;

/** The address of a file beside this one. What is loaded by name goes through here: a package has another address for each. */
export const near = (name) => new URL(name, here).href;

/** The folder of the host, below which the files of a version lie. */
export const HOST = here.replace(/(\/v\/[^/]+)?\/[^/]*$/, "/");

/** The parts that all programs of a page share, loaded with the first Run. */
let parts = null;

/** Whether the first Run has been. */
export const hasLoaded = () => parts !== null;

/** Loads them: the interpreter, and the shim. */
export function load() {
  parts ??= Promise.all([compiled(), text(near("udp-run-shim.py"))]).catch((error) => {
    parts = null;
    throw error;
  });
  return parts;
}

async function compiled() {
  const response = await fetch(near("run/micropython.wasm"));
  if (!response.ok) throw new Error(WORDS.missing);
  // From its bytes, not as a stream: so a host that does not know the type of wasm will do.
  return WebAssembly.compile(await response.arrayBuffer());
}

async function text(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`The host has no file ${address}`);
  return response.text();
}

/** A constructable style sheet: a strict Content-Security-Policy has nothing against it. */
export const styleSheet = async (address) => new CSSStyleSheet().replace(await text(address));

/** That of the element. */
export const ownSheet = styleSheet(near("udp-run.css"));
ownSheet.catch(() => {});

let trusted;

/** The address of a script, as a page takes it that requires Trusted Types. Where that page admits no policy of ours, this throws, and a
 * frame runs the program. */
function script(address) {
  trusted ??= globalThis.trustedTypes?.createPolicy("udp-run", { createScriptURL: (ours) => ours }) ?? { createScriptURL: String };
  return trusted.createScriptURL(address);
}

/** A worker from the host's file; in a page of another origin, from a line that imports it. */
export function newWorker() {
  const file = near("udp-run-worker.js");
  if (new URL(file).origin === location.origin) return new Worker(script(file), { type: "module" });
  const blob = new Blob([`import ${JSON.stringify(file)};`], { type: "text/javascript" });
  const address = URL.createObjectURL(blob);
  const worker = new Worker(script(address), { type: "module" });
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return worker;
}

/** The line for the policy of a page that lets no program run. */
export function policy() {
  const { origin } = new URL(here);
  return origin === location.origin
    ? "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'"
    : `script-src ${origin} 'wasm-unsafe-eval'; worker-src blob: ${origin}; frame-src ${origin}; connect-src ${origin} ${origin.replace("http", "ws")}`;
}

/** The loader of `<udp-echo>`, which this page may have already: so its elements and programs share each chunk. A bundler has to see
 * this import, for the loader knows where the chunks are. */
async function loader() {
  if (!customElements.get("udp-echo")) await import("./udp-echo.js");
  return customElements.get("udp-echo");
}

/** A chunk of `<udp-echo>` by its name: its glue, and its style sheet where it has one. */
export const chunk = async (name) => (await loader()).load(name);

/** The style sheet of `<udp-echo>` itself. */
export const looks = async () => (await loader()).sheet("udp-echo-web");
