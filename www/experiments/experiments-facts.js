// What an element has told, gathered for the sentences of an experiment.

const FATES = ["echoed", "lost", "dropped", "refused", "rejected", "unanswered"];

/** The facts of one element so far; `changed` is called, at most once a frame, when there are more. */
export function gather(element, changed) {
  const facts = { mode: "", client: "", server: "", sent: [], settled: [], recorded: [], carrier: "", visitors: [], served: [], errors: [], stats: {}, rules: undefined, stream: undefined };
  for (const fate of FATES) facts[fate] = [];
  let due = false;
  const on = (name, take) =>
    element.addEventListener(name, ({ detail }) => {
      take(detail);
      if (due) return;
      due = true;
      requestAnimationFrame(() => {
        due = false;
        changed();
      });
    });
  on("udp-ready", (detail) => Object.assign(facts, detail));
  on("udp-sent", (detail) => facts.mode !== "replay" && facts.sent.push(detail));
  const settle = (detail) => {
    // What is replayed was no datagram of this page.
    if (facts.mode === "replay") return facts.recorded.push(detail);
    facts.settled.push(detail);
    facts[detail.fate].push(detail);
  };
  on("udp-echoed", settle);
  on("udp-lost", settle);
  on("udp-served", (detail) => facts.served.push(detail));
  on("udp-error", (detail) => facts.errors.push(detail));
  on("udp-stats", (detail) => (facts.stats = detail));
  on("udp-told", ({ visitor, stream, server, notice }) => {
    if (notice?.code.startsWith("carrier ")) facts.carrier = notice.code.slice(8);
    if (visitor) facts.visitors.push(visitor);
    if (stream) facts.stream = stream;
    if (server) {
      facts.rules = server.rules;
      facts.server = server.server;
    }
  });
  return facts;
}
