// Defines <udp-echo>. Everything else, the wasm module too, is loaded when the first element is seen.

const here = import.meta.url;
const near = (name) => new URL(name, here).href;

let loading;

/** The wasm module and the style sheet: one of each for all elements of a page. */
function load() {
  loading ??= Promise.all([wasm(), sheet()]);
  // A failure may pass: the next element tries again.
  loading.catch(() => (loading = undefined));
  return loading;
}

async function wasm() {
  const glue = await import(near("udp-echo-web.js"));
  await glue.default({ module_or_path: near("udp-echo-web_bg.wasm") });
  return glue.Widget;
}

/** A constructable style sheet: a strict Content-Security-Policy has nothing against it. */
async function sheet() {
  const address = near("udp-echo.css");
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} answers ${response.status}`);
  return new CSSStyleSheet().replace(await response.text());
}

/** Tells elements that they are seen. Before that, nothing is loaded and no socket is opened. */
const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (isIntersecting) {
      seen.unobserve(target);
      target.start();
    }
  }
});

class UdpEcho extends HTMLElement {
  static observedAttributes = ["relay", "target", "message"];

  #widget;

  connectedCallback() {
    seen.observe(this);
  }

  disconnectedCallback() {
    seen.unobserve(this);
    // An element that is only moved is connected again at once and keeps its session.
    queueMicrotask(() => this.isConnected || this.#widget?.disconnected());
  }

  attributeChangedCallback() {
    this.#widget?.changed();
  }

  /** Loads what is needed and begins. Called once the element is seen. */
  async start() {
    try {
      const [Widget, style] = await load();
      // It may have left the page while this was loading.
      if (!this.isConnected) return;
      const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
      root.adoptedStyleSheets = [style];
      this.#widget ??= new Widget(here, Math.random());
      this.#widget.connected(this, root);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Says in the element itself what went wrong, below what stands in it. */
  #fail(error) {
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    const sentence = document.createElement("p");
    sentence.setAttribute("part", "error");
    sentence.setAttribute("role", "alert");
    sentence.textContent = `<udp-echo> could not start: ${error?.message ?? error}`;
    root.replaceChildren(document.createElement("slot"), sentence);
    console.error(error);
  }
}

// A page may load this file twice; the first definition stays.
if (!customElements.get("udp-echo")) customElements.define("udp-echo", UdpEcho);
