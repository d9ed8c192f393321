// How a reader watches this page's datagrams in Wireshark: the line that installs udp-echo there, and the token of the session.

import { copyButton } from "./copy-button.js";

const WATCH = "Watch in Wireshark";
const HIDE = "Hide how to watch in Wireshark";
/** Where Wireshark looks for the host unless it is told otherwise. */
const DEFAULT_HOST = /^(127\.0\.0\.1|localhost):8000$/;
/** Windows has no shell that makes links, and no other place for them. */
const isWindows = /^Win/.test(navigator.platform);
const INSTALL = isWindows
  ? 'mkdir "%APPDATA%\\Wireshark\\extcap"\nfor %p in (udp-echo.exe) do copy "%~$PATH:p" "%APPDATA%\\Wireshark\\extcap"'
  : 'mkdir -p ~/.local/lib/wireshark/extcap\nln -sf "$(command -v udp-echo)" ~/.local/lib/wireshark/extcap/';

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

/** Code with a caption and a button that copies it. */
function figure(caption, text) {
  const code = make("code", { textContent: text });
  const pre = make("pre", { tabIndex: 0, translate: false }, code);
  return make("figure", { className: "code" }, make("figcaption", { textContent: caption }, copyButton(code, caption)), pre);
}

/** Adds the button behind `place`, for the sessions of the element `live`. */
export function mountWireshark(live, place) {
  const button = make("button", { type: "button", className: "more", textContent: WATCH });
  const panel = make("section", { className: "wireshark", hidden: true, ariaLabel: WATCH });
  const row = make("p", { className: "watch", hidden: live.state !== "live" }, button);
  place.after(row, panel);
  button.ariaExpanded = "false";

  const ask = () => live.ask("capture");
  button.onclick = () => {
    panel.hidden = !panel.hidden;
    button.textContent = panel.hidden ? WATCH : HIDE;
    button.ariaExpanded = String(!panel.hidden);
    if (!panel.hidden) ask();
  };
  // A session that begins anew has a token of its own.
  live.addEventListener("udp-state", ({ detail: { state } }) => {
    row.hidden = state !== "live";
    if (panel.hidden) return;
    if (state === "live") ask();
    else panel.replaceChildren(make("p", { textContent: "The session has ended, and with it its token." }));
  });
  live.addEventListener("udp-told", ({ detail: { capture } }) => {
    if (capture) panel.replaceChildren(...steps(capture.token));
  });
}

/** What to do, once and each time. */
function steps(token) {
  const host = location.host + (location.port ? "" : ":80");
  const isElsewhere = !DEFAULT_HOST.test(host);
  const elsewhere = isElsewhere ? ` -o extcap.udp_echo.host:${host}` : "";
  return [
    make(
      "ol",
      {},
      make(
        "li",
        {},
        "Once, in a terminal: give Wireshark this program. ",
        make("small", {
          textContent: "Before Wireshark 4.2, take the folder that Help, About Wireshark, Folders calls “Extcap path”.",
        }),
        figure("Install", INSTALL),
      ),
      make(
        "li",
        {},
        "Start Wireshark, choose ",
        make("b", { textContent: "A session of udp-echo" }),
        `, and fill in the token${isElsewhere ? ` and the host ${host}` : ""}. Or, in a terminal:`,
        figure("Token of this session", token),
        figure("Terminal", `tshark -i udp-echo -o extcap.udp_echo.token:${token}${elsewhere} -T fields -e udp.payload -e frame.comment`),
      ),
      make("li", {}, "Press ", make("b", { textContent: "Send" }), " here. Each datagram shows once its fate is known; its packet comment says which."),
    ),
    make("p", {}, make("small", { textContent: "The token lets a program on this machine see this session’s datagrams, until you leave or reload the page." })),
  ];
}
