// What a stranger's page does to an element in it: its keys, the size of its text, its theme, and how it writes what is true or false.
// `<udp-echo>` has the same rules, in a file that pages with programs alone do not load.

try {
  // An em of the text around the element, everywhere inside. A length that is registered is handed down in pixels.
  CSS.registerProperty({ name: "--udp-run-em", syntax: "<length>", inherits: true, initialValue: "16px" });
} catch {
  // Another copy of this file has registered it; and before Firefox 128 `em` has to do.
}

/** Whether an attribute without a value is set: React up to 18 writes `false` into it. */
export function isSet(element, name) {
  const value = element.getAttribute(name);
  return value !== null && value.toLowerCase() !== "false";
}

/** Whether an input method has this key: it begins, changes or ends a composition. Safari says so of the last Enter by its code alone. */
export const isOfInputMethod = ({ isComposing, keyCode }) => isComposing || keyCode === 229;

/** Keys that move in a text, or change it, and their chords. */
const EDITS = /^(Arrow.*|Home|End|Page.*|Backspace|Delete|Enter|Insert|Tab|Escape|Dead|Process|Unidentified|[acvxyz])$/i;
const SCROLLS = /^(Arrow|Page|Home|End| )/;
const isMac = /^(Mac|iP)/.test(navigator.platform);

/** Whether the program's element, or the browser in one of its controls, does something with this key. */
function uses(event, target) {
  const { key, altKey, ctrlKey, metaKey } = event;
  const isChord = (altKey || ctrlKey || metaKey) && !event.getModifierState("AltGraph");
  if (target.matches("textarea, input")) {
    if (isOfInputMethod(event)) return true;
    // Option makes characters on a Mac, `@` and `[` too, and goes by words.
    const isOption = isMac && altKey && !ctrlKey && !metaKey;
    if (!isChord || isOption) return [...key].length === 1 || EDITS.test(key);
    return !altKey && EDITS.test(key) && !/Enter|Page|Tab|Escape/.test(key);
  }
  if (isChord) return false;
  return (target.matches("button, summary") && /^(Enter| )$/.test(key)) || (target.matches("pre") && SCROLLS.test(key));
}

/**
 * Keys that are used in here go no further: to the page they come from this element, and not from a field. Sphinx begins to search at
 * a slash, and mdBook turns its pages by arrows. A button may be gone when its key is released.
 */
export function keepKeys(root) {
  const pressed = new Set();
  const keep = (event) => {
    const { type, code, target } = event;
    if (type === "keydown") pressed[uses(event, target) ? "add" : "delete"](code);
    if (pressed.has(code)) event.stopPropagation();
    if (type === "keyup") pressed.delete(code);
  };
  for (const type of ["keydown", "keypress", "keyup"]) root.addEventListener(type, keep);
}

/** Keeps `frame` light or dark, as the text around the element is, however the page switches. */
export function followTheme(host, root, frame) {
  const probe = Object.assign(document.createElement("span"), { className: "probe" });
  // Its inside is late by a millisecond, which tells that the colour has changed, whatever changed it.
  probe.append(document.createElement("i"));
  root.append(probe);
  const follow = () => {
    // In whatever way a page writes its colour, a mixture in sRGB is `color(srgb 0.9 0.9 0.9)`.
    const [r, g, b] = getComputedStyle(probe).outlineColor.match(/[\d.e-]+/g) ?? [];
    if (b !== undefined) frame.dataset.scheme = 2 * r + 5 * g + 1 * b > 4 ? "dark" : "light";
  };
  const noticed = () => {
    follow();
    for (let node = host; node; node = node.parentElement ?? node.getRootNode().host) {
      for (const { transitionProperty, finished } of node.getAnimations()) {
        if (transitionProperty === "color") finished.then(follow, follow);
      }
    }
  };
  for (const step of ["run", "end", "cancel"]) probe.addEventListener(`transition${step}`, noticed);
  // What is not displayed tells of no colours: it is asked when it is displayed again.
  new ResizeObserver(follow).observe(host);
  return follow;
}
