// Why the files of <udp-echo> did not load, as a sentence with the line to add. The loader asks for this when they did not.

/** The files of a module, the core or a chunk, and their types. What stands in for a host has no style sheet, and a lane nothing but
 * its script. */
const filesOf = (unit) => ({
  ...(unit !== "web" && { "udp-echo-hashes.js": "text/javascript" }),
  [`udp-echo-${unit}.js`]: "text/javascript",
  ...(unit !== "lane" && { [`udp-echo-${unit}_bg.wasm`]: "application/wasm" }),
  ...(!/^(simulator|runs|machine|sockets|lane)$/.test(unit) && { [unit === "web" ? "udp-echo.css" : `udp-echo-${unit}.css`]: "text/css" }),
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

/** What nginx needs in its location to pass WebSockets. */
const NGINX = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;";

/** How long a second handshake may take, in milliseconds. */
const HANDSHAKE = 5000;

/** What the host behind a relay says of itself to anybody who asks; nothing where no host answers. */
async function about(address) {
  const answer = await tried(address, { cache: "no-store" });
  const said = answer?.ok && (await answer.json().catch(() => {}));
  // Another server's JSON must not pass for a host's.
  return said?.name === "udp-echo" ? said : undefined;
}

/** Whether a host says its first word over a WebSocket: true or false, or nothing where that takes too long, or where somebody closes
 * it in so many words. What takes the handshake and then drops the connection passes no WebSockets either. */
async function opens(relay) {
  const socket = new WebSocket(relay);
  const opened = await new Promise((tell) => {
    setTimeout(tell, HANDSHAKE);
    socket.onmessage = () => tell(true);
    socket.onclose = ({ code }) => tell(code === 1006 ? false : undefined);
  });
  socket.close();
  return opened;
}

/** What in the host's own words keeps this page out, if anything does. */
function refusal({ allowed, why, setting, busy, targets }, target) {
  if (!allowed) return trouble("refused", why || "The host does not let this page connect", setting ?? "");
  if (target && !targets.includes(target)) {
    const message = `The host has no target “${target}”, but ${targets.join(", ")}. Start it with another one`;
    return trouble("no-target", message, `--target ${target}=HOST:PORT`);
  }
  if (busy) return trouble("busy", `The host turned this page away: ${busy}`, "");
}

/**
 * Why no session began at a relay: a code, a sentence, and what would change it. Nothing where no host answers, which is what
 * it looked like, or where a session can begin by now.
 */
export async function judge(relay, violations) {
  const url = new URL(relay);
  const target = url.searchParams.get("target");
  // The token of the session before is for a session, not for a question.
  url.searchParams.delete("resume");
  // Elements with a role ask so.
  const isForSockets = url.hash === "#sockets";
  url.hash = "";
  const facts = new URL(url);
  facts.protocol = url.protocol.replace("ws", "http");
  facts.pathname += ".json";
  facts.search = "";
  const { host, hostname } = url;
  if (location.protocol === "https:" && url.protocol === "ws:" && !isLoopback(url)) {
    const message = `This page came over https, and browsers let it reach nothing that has no TLS, such as ${host}. Put a proxy with a certificate before the host, and name it so`;
    return trouble("mixed-content", message, `relay="https://${hostname}${url.pathname.replace(/^\/relay$/, "")}"`);
  }
  const first = await about(facts);
  // The event of a violation may come after the exception.
  await new Promise((done) => setTimeout(done));
  const isBlocked = ({ href }) => violations.some(({ blockedURI, effectiveDirective }) => effectiveDirective === "connect-src" && blockedURI && href.startsWith(blockedURI));
  const blocked = [facts, url].filter(isBlocked);
  if (blocked.length) {
    const message = `The Content-Security-Policy of this page forbids ${blocked.at(-1).origin}. Add to it`;
    return trouble("csp", message, `connect-src ${blocked.map(({ origin }) => origin).join(" ")}`);
  }
  // Pages that did not come over https are never asked, and the permission always reads as denied.
  if (!first && isSecureContext && isLoopback(url) && !isLoopback(location) && (await isLoopbackForbidden())) {
    const message = `This browser does not let pages of ${location.origin} reach ${host}, which is this machine. In the settings of this site, beside its address, allow it`;
    return trouble("loopback-refused", message, "Apps on device");
  }
  const sockets = ({ allowed, sockets }) => isForSockets && allowed && sockets === "off" && trouble("sockets-off", "The host gives pages no sockets of their own. Start it with", "--sockets own");
  const cause = first && (sockets(first) || refusal(first, target));
  if (!first || cause) return cause;
  // The host answers and lets this page in. It may have been down for a moment; what stands before it would fail again.
  if ((await opens(url)) !== false) return;
  const second = await about(facts);
  const message = "The host answers, but something between here and there does not pass WebSockets. nginx passes them with these lines in its location";
  return second && (refusal(second, target) ?? trouble("no-websockets", message, NGINX));
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
    const cause = await fault(near(name), type, origin, hashes[name], violations, types);
    if (cause) return cause;
  }
  return trouble("failed", `The widget could not start: ${error?.target?.href ?? error?.message ?? error}`, "");
}

async function fault(address, type, origin, integrity, violations, types) {
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
