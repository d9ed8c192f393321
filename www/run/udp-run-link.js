// The page's side of the sockets of its programs: a WebSocket of `/sockets` for each program, all on one loopback; without a host, the
// simulated machine.

import { HOST, chunk } from "./udp-run-parts.js";
import { deferred } from "./udp-run-shared.js";
import { Timed } from "./udp-run-time.js";

/** Milliseconds in which a host says hello. */
const PATIENCE = 5000;

/** The loopbacks of programs that run on a host, by the address of its route. */
const loopbacks = new Map();

/**
 * Opens a session: `tell` takes the messages of its host, `lost` a sentence when it ends. Returns `{ mode, why, time, send, close }`, of
 * which `time` is that of the simulated machine, where `post` takes messages for the program's worker.
 */
export async function open(tell, lost, { post, relay = HOST, simulated = false, seed = "1" }) {
  // As for the widget, the address may be that of its WebSocket.
  const host = relay.replace(/^ws/, "http");
  let why = simulated ? "this page asks no host" : await reason(host);
  const link = why ? null : await onHost(host, tell, lost).catch(async (error) => void (why = (await cause(host)) ?? error.message));
  return link ? { mode: "live", why, ...link } : { mode: "simulated", why, ...(await machine(tell, seed, post)) };
}

/** Why a host that lets this page in takes no session: a sentence, and the lines to add; nothing where that cannot be found out. */
async function cause(host) {
  const relay = new URL("relay#sockets", host);
  relay.protocol = relay.protocol.replace("http", "ws");
  const { judge } = await import("./udp-echo-why.js");
  const found = await judge(relay.href, []);
  return found && [found.message, found.hint].filter(Boolean).join(": ");
}

/** A session of a host. The first program's loopback is that of all who come while one runs. */
async function onHost(relay, tell, lost) {
  const url = new URL("sockets", relay);
  url.protocol = url.protocol.replace("http", "ws");
  const { href } = url;
  const isFirst = !loopbacks.has(href);
  if (isFirst) loopbacks.set(href, new Loopback(href));
  const loopback = loopbacks.get(href);
  loopback.sessions += 1;
  let isOpen = true;
  const ended = () => {
    if (isOpen) loopback.leave();
    isOpen = false;
  };
  const heard = (message) => {
    if (typeof message === "string" && message.startsWith('{"hello"')) loopback.is(JSON.parse(message).hello.loopback.token);
    tell(message);
  };
  const over = (sentence) => (ended(), lost(sentence));
  try {
    const shared = isFirst ? await ofElements(href) : await loopback.token;
    // The others may have gone by now.
    const link = (shared && (await live(url, shared, heard, over).catch(() => null))) || (await live(url, null, heard, over));
    return {
      send: link.send,
      close() {
        ended();
        link.close();
      },
    };
  } catch (error) {
    ended();
    throw error;
  }
}

/** The loopback of the programs of this page. While it is there, elements of the page with a role find it, as they find each other. */
class Loopback {
  sessions = 0;
  #href;
  #known = deferred();
  #channel = newChannel();

  constructor(href) {
    this.#href = href;
    if (!this.#channel) return;
    this.#channel.onmessage = async ({ data }) => {
      const { relay, ask, token } = JSON.parse(data);
      if (relay !== href || token !== undefined) return;
      const own = await this.token;
      if (own) this.#channel.postMessage(JSON.stringify({ relay, ask, token: own }));
    };
  }

  /** Its token; null when it came to nothing. */
  get token() {
    return this.#known.promise;
  }

  is(token) {
    this.#known.resolve(token);
  }

  leave() {
    this.sessions -= 1;
    if (this.sessions > 0) return;
    this.#known.resolve(null);
    this.#channel?.close();
    loopbacks.delete(this.#href);
  }
}

/** The channel of `web/sockets/src/share.rs`: pages of one origin ask each other there for the token of a loopback. */
function newChannel() {
  try {
    return new BroadcastChannel("udp-echo-loopback");
  } catch {
    return null;
  }
}

/** Milliseconds that an element has for its answer: many times what it takes. */
const ANSWER = 100;

/** The loopback of the elements with a role, where the page has some: they are programs of the same machine. */
async function ofElements(href) {
  const channel = document.querySelector("udp-echo:is([role=server], [role=client])") && newChannel();
  if (!channel) return null;
  const asked = Math.floor(Math.random() * 9e15);
  const token = await new Promise((resolve) => {
    channel.onmessage = ({ data }) => {
      const { ask, token } = JSON.parse(data);
      if (ask === asked && /^[0-9a-f]{32}$/.test(token)) resolve(token);
    };
    setTimeout(resolve, ANSWER, null);
    channel.postMessage(JSON.stringify({ relay: href, ask: asked }));
  });
  channel.close();
  return token;
}

/** Why no host takes the sockets of this page; null when one does. */
async function reason(relay) {
  try {
    const said = await (await fetch(new URL("relay.json", relay), { cache: "no-store" })).json();
    if (!said.allowed) return `${said.why}: ${said.setting}`;
    if ((said.sockets ?? "off") === "off") return "the host has no sockets for pages: --sockets own";
    return null;
  } catch {
    return `no host answers at ${relay}`;
  }
}

function live(route, token, tell, lost) {
  const url = new URL(route);
  if (token) url.searchParams.set("loopback", token);
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  const { promise, resolve, reject } = deferred();
  const timer = setTimeout(() => socket.close(), PATIENCE);
  let isLive = false;
  socket.onmessage = ({ data }) => {
    clearTimeout(timer);
    isLive = true;
    resolve({
      send: (message) => socket.send(message),
      close() {
        socket.onclose = socket.onmessage = null;
        socket.close(1000);
      },
    });
    tell(data);
  };
  socket.onclose = ({ reason }) => {
    reject(new Error(`The host at ${url.host} takes no session of /sockets`));
    if (isLive) lost(reason || "the connection broke");
  };
  return promise;
}

async function machine(tell, seed, post) {
  const [glue] = await chunk("machine");
  const time = new Timed(glue, seed, post);
  // On the loopback that the page's elements have, too.
  const host = glue.simulated_sockets(seed, "page", (message) => tell(message, time));
  return {
    time,
    send: (message) => host.send(message),
    close() {
      host.free();
      time.leave();
    },
  };
}
