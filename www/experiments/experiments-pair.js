// Two clients of one server: each client with its letter, colour and port, and below them the one box of the server that both
// wrote to. What stands in that box is what the host reported of each datagram, in the order in which the server received them.

import { WORDS } from "./experiments.js";
import { make } from "./experiments-make.js";

export const LETTERS = ["A", "B"];

const letter = (name) => make("b", { class: "letter" }, name);

/** An address as Python prints it. */
const tuple = (address) => {
  const [, six, four, port] = address.match(/^(?:\[(.*)\]|(.*)):(\d+)$/) ?? [];
  return six ? `('${six}', ${port}, 0, 0)` : `('${four}', ${port})`;
};

/** What the server did with the datagrams of one run, each with the time at which it received it. */
function served(run, client) {
  const peer = (number) => run.routes.findLast(([first]) => first <= number)?.[1] ?? run.client;
  return run.datagrams.flatMap(({ number, at, text = "", events }) => {
    const find = (name, of) => events.find(([, , copy, what]) => copy === of && what[name] !== undefined);
    const relay = find("relay_in", 0);
    return [0, 1].flatMap((copy) => {
      const received = find("echo_in", copy);
      if (!received || !relay) return [];
      const sent = find("echo_out", copy);
      // The browser's clock, and a length of time by the host's: the two clients' runs have the first in common.
      const when = run.began + at + (received[0] - relay[0]);
      return [{ client, when, peer: peer(number), bytes: received[3].echo_in, text, sent: sent?.[3].echo_out }];
    });
  });
}

function block({ client, peer, bytes, text, sent }) {
  const lines = [`received ${bytes} bytes from ${tuple(peer)}`, text];
  if (sent !== undefined) lines.push(`sent ${sent} bytes back to ${tuple(peer)}`);
  return make("div", { class: "served", "data-client": client }, letter(client), make("pre", {}, lines.join("\n")));
}

/** Puts both clients and their server into one frame. Call `refresh` when there is more to show. */
export function pair(elements, facts) {
  const ports = elements.map(() => make("code", { translate: "no" }));
  const clients = elements.map((element, place) =>
    make("section", { class: "client", "data-client": LETTERS[place] }, make("h4", {}, letter(LETTERS[place]), ` ${WORDS.client(LETTERS[place])} `, ports[place]), element),
  );
  const server = make("code", { translate: "no" });
  const lines = make("div", { class: "lines", role: "log", "aria-live": "off", "aria-label": WORDS.served, tabindex: "0", translate: "no" });
  const node = make("div", { class: "elements pair" }, ...clients, make("section", { class: "shared-server" }, make("h4", {}, `${WORDS.server} `, server), lines));

  let shown = -1;
  const draw = (all) => {
    if (all.length === shown) return;
    shown = all.length;
    const [, host, port] = server.textContent.match(/^\[?(.*?)\]?:(\d+)$/) ?? [];
    const waiting = () => make("pre", {}, "\nwaiting to receive message");
    const blocks = all.sort((one, other) => one.when - other.when).flatMap((one) => [block(one), waiting()]);
    lines.replaceChildren(make("pre", {}, `starting up on ${host} port ${port}`), waiting(), ...blocks);
    lines.scrollTop = lines.scrollHeight;
  };
  const refresh = async () => {
    if (facts.some(({ server }) => !server)) return;
    facts.forEach(({ client }, place) => (ports[place].textContent = client));
    server.textContent = facts[0].server;
    const runs = await Promise.all(elements.map((element) => element.export()));
    draw(runs.flatMap((run, place) => served(typeof run === "string" ? JSON.parse(run) : run, LETTERS[place])));
  };
  return { node, refresh };
}
