// The inside of a frame that runs one program for its parent, whose policy allows no worker. The frame has the policy of its own host. The
// program's sockets stay the parent's: what its worker says goes to the parent, and the other way.

import { load, newWorker } from "./udp-run-parts.js";

addEventListener("message", function begin({ source, data, ports: [port] }) {
  if (source !== parent || data?.to !== "udp-run-frame" || !port) return;
  removeEventListener("message", begin);
  const worker = newWorker();
  worker.onmessage = ({ data }) => port.postMessage(data);
  worker.onerror = ({ message }) => port.postMessage({ what: "broken", value: message ?? "" });
  // Interpreter and shim are loaded here: a module of wasm does not pass from one origin to another.
  let before = load();
  port.onmessage = ({ data: { what, value } }) => {
    before = before.then(async () => {
      if (what === "run") {
        const [module, shim] = await load();
        value = { ...value, module, shim };
      }
      worker.postMessage({ what, value });
    });
    before.catch(({ message }) => port.postMessage({ what: "broken", value: message }));
  };
});

// A sandboxed frame does not know its parent's origin; that the frame is ready is no secret.
parent.postMessage({ from: "udp-run-frame" }, "*");
