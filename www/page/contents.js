// The contents follow the reader: the link to the section that is read is marked, and in narrow windows the list is a bar with the
// name of that section, which opens.

/** As in article.css. */
const WIDE = "(min-width: 60em)";
/** The line across the window at which a section is being read. */
const LINE = "-25% 0px -75% 0px";

export function follow(contents) {
  const details = contents.querySelector("details");
  const name = document.createElement("span");
  name.dataset.current = "";
  details.querySelector("summary").append(name);

  const links = new Map([...contents.querySelectorAll("a")].map((link) => [link.hash.slice(1), link]));
  const mark = (id) => {
    for (const [section, link] of links) {
      if (section === id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    name.textContent = links.get(id)?.textContent ?? "";
  };
  // Between two sections, the one before stays marked.
  const reader = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) mark(target.id);
    },
    { rootMargin: LINE },
  );
  for (const id of links.keys()) reader.observe(document.getElementById(id));

  const wide = matchMedia(WIDE);
  const fit = () => (details.open = wide.matches);
  wide.addEventListener("change", fit);
  fit();
  // A bar that was opened to go somewhere has done its work.
  details.addEventListener("click", ({ target }) => {
    if (target.closest("a") && !wide.matches) details.open = false;
  });
}
