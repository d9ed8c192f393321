// Why the files of <udp-echo> did not load, as a sentence with the line to add. The loader asks for this when they did not.

/** The files of a module, the core or a chunk, and their types. What stands in for a host has no style sheet. */
const filesOf = (unit) => ({
  [`udp-echo-${unit}.js`]: "text/javascript",
  [`udp-echo-${unit}_bg.wasm`]: "application/wasm",
  ...(!/^(simulator|runs)$/.test(unit) && { [unit === "web" ? "udp-echo.css" : `udp-echo-${unit}.css`]: "text/css" }),
});

const trouble = (code, message, hint) => ({ code, message, hint });
const tried = (address, options) => fetch(address, options).catch(() => {});

/** Browsers take these for as good as https. */
const isLoopback = ({ hostname }) => /^(localhost|.*\.localhost|127\..*|\[::1\])$/.test(hostname);

/** Whether the reader, or the browser on its own, forbids pages to speak with this machine. Older Chromes have one name for both. */
async function isLoopbackForbidden() {
  for (const name of ["loopback-network", "local-network-access"]) {
    try {
      return (await navigator.permissions.query({ name })).state === "denied";
    } catch {
      // This browser knows no such permission.
    }
  }
  return false;
}

/**
 * What the host at this address says about pages that may not connect, as `/relay.json` says it; or what the browser has
 * against it, in the same form.
 */
export async function judge(address) {
  const refusal = (code, why, setting) => JSON.stringify({ name: "udp-echo", protocol: 1, version: "", allowed: false, code, why, setting });
  const url = new URL(address);
  const { host } = url;
  if (location.protocol === "https:" && url.protocol === "http:" && !isLoopback(url)) {
    const why = `This page came over https, and browsers let it reach nothing that has no TLS, such as ${host}. Put a proxy with a certificate before the host, and name it so`;
    return refusal("mixed-content", why, `relay="https://${url.hostname}"`);
  }
  const answer = await tried(address);
  // Pages that did not come over https are never asked, and the permission always reads as denied.
  if (!answer && isSecureContext && isLoopback(url) && !isLoopback(location) && (await isLoopbackForbidden())) {
    const why = `This browser does not let pages of ${location.origin} reach ${host}, which is this machine. In the settings of this site, beside its address, allow it`;
    return refusal("loopback-refused", why, "Apps on device");
  }
  return answer?.text().catch(() => "") ?? "";
}

/** What a browser must have and this one has not, by its name. */
const lacks = () =>
  [
    [globalThis.WebAssembly, "WebAssembly"],
    [HTMLElement.prototype.attachInternals, "element internals"],
    [document.adoptedStyleSheets, "constructable style sheets"],
    [CSS.supports("color", "light-dark(red, red)"), "light-dark()"],
  ].find(([has]) => !has)?.[1];

/** The cause: a code that never changes, a sentence, and the line to add. */
export async function explain(error, near, hashes, violations, unit) {
  const types = filesOf(unit);
  const missing = lacks();
  if (missing) {
    const message = `This browser is too old for the live widget: it has no ${missing}.`;
    return trouble("old-browser", message, "Chrome 123, Firefox 126, Safari 17.5, or later");
  }
  const { origin } = new URL(near(""));
  try {
    // The smallest module there is: a policy that forbids it forbids all.
    new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  } catch {
    const message = "The Content-Security-Policy of this page forbids wasm. Add to its script-src:";
    return trouble("csp-wasm", message, "'wasm-unsafe-eval'");
  }
  for (const [name, type] of Object.entries(types)) {
    const cause = await about(near(name), type, origin, hashes[name], violations, types);
    if (cause) return cause;
  }
  return trouble("failed", `The widget could not start: ${error?.target?.href ?? error?.message ?? error}`, "");
}

async function about(address, type, origin, integrity, violations, types) {
  const answer = await tried(address);
  // The event of a violation may come after the exception.
  await new Promise((done) => setTimeout(done));
  const blocked = violations.find(({ blockedURI }) => blockedURI && address.startsWith(blockedURI));
  if (blocked) {
    const directive = blocked.effectiveDirective.replace("-elem", "");
    const message = `The Content-Security-Policy of this page forbids ${address}. Add to it:`;
    return trouble("csp", message, `${directive} ${origin}`);
  }
  if (!answer) {
    if (!(await tried(address, { mode: "no-cors" }))) {
      return trouble("unreachable", `Nobody answers at ${address}. See that the server runs:`, "udp-echo serve");
    }
    const message = `The server of ${address} does not let pages of ${location.origin} read it. Have it send:`;
    return trouble("cors", message, "Access-Control-Allow-Origin: *");
  }
  const kind = answer.headers.get("content-type") ?? "no type";
  // Many servers answer with a page of theirs, and status 200, for what is not there.
  if (!answer.ok || kind.includes("html")) {
    const message = `The file ${address} is missing. Copy all files of the bundle, side by side:`;
    return trouble("file-missing", message, Object.keys(types).join(" "));
  }
  if (address.endsWith(".js") && !kind.includes("javascript")) {
    const message = `The server sends ${address} as ${kind}, which browsers do not run. Have it send:`;
    return trouble("wrong-type", message, `Content-Type: ${type}`);
  }
  if (integrity && !(await tried(address, { integrity }))) {
    const message = `The file ${address} is of another version than the loader. Put all files of one version there, and empty the caches between:`;
    return trouble("version-mismatch", message, "cargo xtask dist");
  }
}
