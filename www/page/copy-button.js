// A button that copies what a piece of code on the page shows.

const COPY = "Copy";
const COPIED = "Copied";
const NOT_COPIED = "Selected: press Ctrl+C, or ⌘C";

/** The runner that a program stands in, once it is one: there the reader may have changed the text. */
const runner = (code) => code.closest("udp-run:defined");

/** Copies the text; false when the browser does not let a page copy. Then the text is selected at least. */
async function copy(code) {
  const text = runner(code)?.program ?? code.textContent;
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Pages without https from other machines have no clipboard, and some readers do not give the right to it.
    if (runner(code)) runner(code).select();
    else getSelection().selectAllChildren(code);
    // What is copied of a selection lacks the end of the last line.
    const put = (event) => {
      event.clipboardData.setData("text/plain", text);
      event.preventDefault();
    };
    addEventListener("copy", put);
    try {
      return document.execCommand("copy");
    } catch {
      return false;
    } finally {
      removeEventListener("copy", put);
    }
  }
}

/** The button; it says what became of it. */
export function copyButton(code, name) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = COPY;
  button.setAttribute("aria-label", `${COPY}: ${name}`);
  button.onclick = async () => {
    const said = (await copy(code)) ? COPIED : NOT_COPIED;
    button.textContent = said;
    button.setAttribute("aria-label", said);
    setTimeout(() => {
      button.textContent = COPY;
      button.setAttribute("aria-label", `${COPY}: ${name}`);
    }, 4000);
  };
  return button;
}
