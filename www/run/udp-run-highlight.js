// Python in colours: pieces of text with their kinds, which is all that a small listing needs.

const KEYWORDS =
  "False|None|True|and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|" +
  "lambda|nonlocal|not|or|pass|raise|return|try|while|with|yield";

/** In this order: what a piece begins with decides what it is. */
const PIECES = new RegExp(
  [
    /(?<comment>#[^\n]*)/,
    /(?<string>\b[rbfu]{0,2}(?:"""[^]*?(?:"""|$)|'''[^]*?(?:'''|$)|"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?)|(?:"""[^]*?(?:"""|$)|'''[^]*?(?:'''|$)|"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?))/,
    new RegExp(`(?<keyword>\\b(?:${KEYWORDS})\\b)`),
    /(?<number>\b(?:0[xob][\da-fA-F_]+|\d[\d_]*\.?\d*(?:e[+-]?\d+)?)\b)/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "g",
);

/** The pieces of a program: `[kind, text]`, of which plain text has the kind "". */
export function pieces(source) {
  const found = [];
  let at = 0;
  for (const match of source.matchAll(PIECES)) {
    if (match.index > at) found.push(["", source.slice(at, match.index)]);
    const [kind] = Object.entries(match.groups).find(([, text]) => text !== undefined);
    found.push([kind, match[0]]);
    at = match.index + match[0].length;
  }
  if (at < source.length) found.push(["", source.slice(at)]);
  return found;
}
