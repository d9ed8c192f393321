// Types of the elements for frameworks and editors, from custom-elements.json: node typings.mjs NODE_MODULES/
// It runs in the package's folder, which has custom-elements.json and the types of the elements, and puts the files there.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const tool = createRequire(process.argv.at(-1));
const outdir = ".";
const { generateJsxTypes } = tool("@wc-toolkit/jsx-types");
const { generateVuejsTypes } = tool("custom-element-vuejs-integration");
const { generateVsCodeCustomElementData } = tool("custom-element-vs-code-integration");
const { generateJetBrainsWebTypes } = tool("custom-element-jet-brains-integration");

/** The catalogue, in which events have the types of our own files. Each tool changes what it is given, so each gets its own. */
function catalogue({ isShort, type }) {
  const catalogue = JSON.parse(readFileSync("custom-elements.json", "utf8"));
  for (const declaration of catalogue.modules.flatMap(({ declarations }) => declarations)) {
    const { name, tagName } = declaration;
    for (const event of declaration.events) event.type = { text: type(`import("./${tagName}.js").${name}EventMap["${event.name}"]`) };
    // A hundred parts are too many for what an editor shows beside a tag.
    if (isShort) for (const list of ["cssParts", "cssProperties", "cssStates"]) delete declaration[list];
  }
  return catalogue;
}

/** The same with events as Vue knows their listeners: `@udp-echoed` is `onUdpEchoed`. */
function named(catalogue) {
  const events = catalogue.modules.flatMap(({ declarations }) => declarations).flatMap(({ events = [] }) => events);
  for (const event of events) event.name = event.name.replace(/(^|-)([a-z])/g, (_, dash, letter) => letter.toUpperCase());
  return catalogue;
}

const detail = (event) => `${event}["detail"]`;
const whole = { isShort: false, type: () => "CustomEvent" };
const types = (kind) => ({ outdir, fileName: `udp-echo.${kind}.d.ts`, componentTypePath: (name, tag) => `./${tag}.js` });
generateJsxTypes(catalogue({ isShort: true, type: (event) => event }), types("jsx"));
generateVuejsTypes(named(catalogue({ isShort: true, type: detail })), types("vue"));
generateVsCodeCustomElementData(catalogue(whole), { outdir });
generateJetBrainsWebTypes(catalogue(whole), { outdir });
