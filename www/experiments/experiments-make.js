// Elements of the page, made in one expression.

/** An element with attributes and children. An attribute that is `true` has no value, and one that is `false` is left out. */
export const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
};
