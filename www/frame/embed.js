// The page of the iframe: attributes come in the query, sizes and events go out by postMessage, calls come in the same way.

const query = new URLSearchParams(location.search);
const element = document.querySelector("udp-echo");

if (query.get("run") === "") {
  // A frame that runs programs for its parent, and shows nothing.
  element.remove();
  import("./udp-run-frame.js");
} else if (query.get("run")) {
  // Programs, in the place of the widget.
  element.remove();
  import("./embed-run.js");
} else {
  widget();
}

function widget() {
  for (const [name, value] of query) {
    // An attribute's name and nothing else: `onclick` would be stopped by the policy, but need not get that far.
    if (/^[a-z]+(-[a-z]+)*$/.test(name) && !name.startsWith("on")) element.setAttribute(name, value);
  }

  // What is told is no secret, and a sandboxed frame does not know its parent's origin.
  const tell = (message) => parent.postMessage({ from: "udp-echo", ...message }, "*");

  new ResizeObserver(() => tell({ height: Math.ceil(element.getBoundingClientRect().height) })).observe(element);

  for (const name of ["ready", "state", "sent", "echoed", "lost", "told", "error", "stats"]) {
    element.addEventListener(`udp-${name}`, ({ type, detail }) => tell({ type, detail }));
  }

  const METHODS = ["connect", "disconnect", "send", "burst", "ask", "step", "pause", "resume", "reset", "export"];
  addEventListener("message", async ({ source, data }) => {
    if (source !== parent || data?.to !== "udp-echo" || !METHODS.includes(data.call)) return;
    const { call } = data;
    try {
      const result = await element[call](...(data.with ?? []));
      tell({ type: "result", call, detail: call === "export" ? result : undefined });
    } catch ({ name, message }) {
      tell({ type: "result", call, error: { name, message } });
    }
  });
}
