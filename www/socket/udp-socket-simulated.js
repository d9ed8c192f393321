// A host for UDPSocket that needs no network: the widget's chunk `machine`, which has addresses, ports and links of its own.
// www/socket/README.md says how to use it; udp-socket-simulated.d.ts has the types.

import start, { simulated_sockets } from "./udp-echo-machine.js";

/** What `UDPSocket.host` takes. All sockets with the same one are in one session. */
export function simulated({ seed = 1, loopback = "", lab } = {}) {
  return () => {
    let host;
    // A session says nothing before its host has said hello.
    const wire = { send: (message) => host.send(message), close: () => host?.free() };
    const tell = (data) => queueMicrotask(() => wire.onmessage({ data }));
    const begin = () => {
      host = simulated_sockets(`${seed}`, loopback, tell);
      if (lab) host.send(JSON.stringify({ lab }));
    };
    const fail = (error) => wire.onclose({ code: 1006, reason: `${error.message ?? error}` });
    start({ module_or_path: new URL("./udp-echo-machine_bg.wasm", import.meta.url) }).then(begin).catch(fail);
    return wire;
  };
}
