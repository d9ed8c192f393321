// The page's side of the sockets of its programs: a WebSocket of `/sockets` for each program, all on one loopback; without a host, the
// simulated machine.

import { HOST, near } from "./udp-run-parts.js";
import { deferred } from "./udp-run-shared.js";
import { Timed } from "./udp-run-time.js";

/** Milliseconds in which a host says hello. */
const PATIENCE = 5000;

/** Sessions under way, and what the newest loopback is known by. */
let sessions = 0;
let loopback = null;

/**
 * Opens a session: `tell` takes the messages of its host, `lost` a sentence when it ends. Returns `{ mode, why, time, send, close }`, of
 * which `time` is that of the simulated machine, where `post` takes messages for the program's worker.
 *
 * The first program's loopback is that of all who come while one runs.
 */
export async function open(tell, lost, { post, relay = HOST, simulated = false, seed = "1" }) {
  const isFirst = sessions === 0;
  sessions += 1;
  const shared = isFirst ? null : await loopback?.promise;
  if (isFirst) loopback = deferred();
  const known = loopback;
  const heard = (message, time) => {
    if (typeof message === "string" && message.startsWith('{"hello"')) known.resolve(JSON.parse(message).hello.loopback.token);
    tell(message, time);
  };
  let isOpen = true;
  const ended = () => {
    if (isOpen) sessions -= 1;
    isOpen = false;
    known.resolve(null);
  };
  // As for the widget, the address may be that of its WebSocket.
  const host = relay.replace(/^ws/, "http");
  const why = simulated ? "asked for" : await reason(host);
  try {
    const link = why ? await machine(heard, shared, seed, post) : await live(host, shared, heard, (sentence) => (ended(), lost(sentence)));
    return {
      mode: why ? "simulated" : "live",
      why,
      time: link.time,
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

function live(relay, token, tell, lost) {
  const url = new URL("sockets", relay);
  url.protocol = url.protocol.replace("http", "ws");
  if (token) url.searchParams.set("loopback", token);
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  const { promise, resolve, reject } = deferred();
  const timer = setTimeout(() => socket.close(), PATIENCE);
  socket.onmessage = ({ data }) => {
    clearTimeout(timer);
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
    lost(reason || "the connection broke");
  };
  return promise;
}

async function machine(tell, token, seed, post) {
  const glue = await import(near("udp-echo-machine.js"));
  const module = await fetch(near("udp-echo-machine_bg.wasm"));
  await glue.default({ module_or_path: await module.arrayBuffer() });
  const time = new Timed(glue, seed, post);
  const host = glue.simulated_sockets(seed, token ?? "", (message) => tell(message, time));
  return {
    time,
    send: (message) => host.send(message),
    close() {
      host.free();
      time.leave();
    },
  };
}
