// The experiments: every word that a reader sees of them, the state that each begins in, and what its buttons do.
//
// `told` gets the facts that experiments-facts.js has gathered and says them in sentences; it is complete when `done` says so.
// `attributes`, `server` and `options` are what `<udp-echo experiment="…">` takes over as well.

const number = (value) => value.toLocaleString("en");
const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;
const millis = (value) => (value < 1 ? `${Math.round(value * 1000)} µs` : value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`);
/** What somebody typed, without the end of the line, which comes escaped. It may be written from right to left: where it stands among
    our words, U+2068 and U+2069 keep the two apart. */
const line = (text) => text.replace(/(\\[rn])+$/, "");
/** Bytes of a message that a reader can look at: the alphabet, again and again. */
const filling = (length) => Uint8Array.from({ length }, (_, index) => 97 + (index % 26));

/** The recorded run of each lane: `cargo xtask lanes` writes them. */
const LANES = {
  elements: [
    { lane: "websocket", timeout: "4000" },
    { lane: "auto", timeout: "4000" },
  ],
  recorded: ["./experiments-websocket.json", "./experiments-webtransport.json"],
  attributes: { view: "timeline" },
};
const HUNDRED = [{ label: "Send a hundred, without loss", send: [{ numbered: 100, interval: 20 }] }, { label: "Replay the recorded run", replay: true }];
const isReplayed = ({ all }) => all.every(({ recorded }) => recorded.length >= 100);
const slowest = (settled) => Math.max(0, ...settled.flatMap(({ roundTrip }) => roundTrip ?? []));
const unanswered = (settled) => settled.filter(({ fate }) => fate !== "echoed").length;
/** Answers that took half as long again as most did. */
const delayed = (settled) => {
  const times = settled.flatMap(({ roundTrip }) => roundTrip ?? []).sort((one, other) => one - other);
  return settled.filter(({ roundTrip }) => roundTrip > 1.5 * times[Math.floor(times.length / 2)]);
};
/** What is said of the two lanes without loss. */
const unharmed = ({ all: [first, second] }) => {
  if (first.settled.length < 100 || second.settled.length < 100) return undefined;
  const times = `the slowest of a hundred answers took ${millis(slowest(first.settled))}`;
  if (second.carrier !== "WebTransport") return `Without loss, ${times}. There is no second lane here: a host that runs with --webtransport offers one.`;
  return `Live, without loss: ${times} over the WebSocket, and ${millis(slowest(second.settled))} over WebTransport.`;
};
/** What is said of both lanes: live, and of each recorded run by the sentence of an experiment. */
const toldOfLanes = (sentence) => (facts) => [
  unharmed(facts),
  ...(isReplayed(facts) ? facts.all.map(({ recorded }, which) => `Recorded, ${which ? "WebTransport" : "WebSocket"}: ${sentence(recorded)}`) : []),
];

/** The message of one of many; of several clients each says who it is. */
const DATAGRAM = (count, client) => (client ? `${client}: message ${count}` : `datagram ${count}`);

export const WORDS = {
  list: "Sixteen experiments",
  place: (place, of) => `Experiment ${place} of ${of}`,
  predicting: "Predict",
  acting: "Try it",
  first: "Choose an answer first: a guess is enough.",
  happened: "Read what happened",
  nothing: "Nothing yet.",
  right: "As you predicted.",
  wrong: (prediction, truth) => `You predicted “${prediction}”. It is “${truth}”.`,
  inVain: "This cannot be tried here.",
  why: "Why",
  again: "Start over",
  own: "Send messages of your own",
  next: (title) => `Next: ${title}`,
  skip: (title) => `Skip to: ${title}`,
  all: "All are done: back to the list",
  tick: "✓ done",
  count: (count, of) => `${count} of ${of} done.`,
  kept: (isKept) => (isKept ? "This browser remembers it; nobody else is told." : "This browser keeps nothing for this page: it is forgotten when you leave."),
  clear: "Forget what I have done",
  waiting: "Waiting for the host …",
  simulated: "Simulated: no datagram leaves this page. The same rules run inside it.",
  unknown: (name) => `There is no experiment named “${name}”. These are the ones there are:`,
  client: (letter) => `Client ${letter}`,
  server: "Server",
  served: "What the server printed for both clients",
  elsewhere: "Or open the client in a tab of its own",
  widget: (title, place, of) => `The widget of the experiment: ${title}` + (of > 1 ? `, client ${place} of ${of}` : ""),
};

export const EXPERIMENTS = {
  "first-echo": {
    title: "First echo",
    teaser: "One datagram there, one back. What comes before?",
    doing: "Send one datagram, and look at the address that the server prints.",
    question: "What does a UDP client have to do before it can send?",
    choices: ["Connect to the server", "Bind a port of its own", "Neither"],
    answer: 2,
    attributes: { seed: "1" },
    actions: [{ label: "Send one datagram", send: [{}] }],
    done: ({ settled }) => settled.length >= 1,
    told: ({ sent, echoed, client, server }) =>
      echoed.length && [
        `${plural(sent.length, "datagram")} of ${number(sent[0].bytes)} bytes went out, and came back after ${millis(echoed[0].roundTrip)}.`,
        `It went from ${client}, the relay, to ${server}. Nobody chose the first of these ports: the relay's system did.`,
      ],
    why: "UDP sets no connection up: the first datagram already carries the data. A client need not choose a port either. A socket without a port gets a free one from its system when it first sends, or when it calls connect, which for UDP sends nothing. The relay, your UDP client here, opened its socket before you sent. That is why you could see its port. The server reads that port from the datagram.",
  },

  "three-sends": {
    title: "Three sends",
    teaser: "Three messages leave without a pause. How many arrive?",
    doing: "Send three messages in one go, without a pause. Then write the same three to a byte stream, TCP.",
    question: "How many messages does the UDP server receive?",
    choices: ["One: they are merged", "Three", "That depends on its buffer"],
    answer: 1,
    attributes: { seed: "2" },
    actions: [
      { label: "Send three", send: [{ text: "one" }, { text: "two two" }, { text: "three three" }] },
      { label: "Write them to TCP", ask: { stream: ["one", "two two", "three three"] } },
    ],
    done: ({ settled, stream }) => settled.length >= 3 && stream,
    told: ({ sent, echoed, stream }) =>
      sent.length && [
        `UDP: ${plural(sent.length, "send")}, ${plural(echoed.length, "receive")}, of ${sent.map(({ bytes }) => bytes).join(", ")} bytes.`,
        stream && `TCP: ${plural(stream.writes.length, "write")}, ${plural(stream.reads.length, "read")}: ${stream.reads.map((text) => `“${text}”`).join(", ")}.`,
      ],
    why: "Each send is one datagram, and each receive takes one datagram. TCP carries a stream of bytes instead. The stream does not say where one write ended, so a program on top of TCP has to mark that by itself.",
  },

  "nobody-listening": {
    title: "Nobody listens",
    teaser: "The client starts first.",
    doing: "Nobody has bound the server's port. Send from the tutorial's socket, which names the server in each sendto. Then call connect on the socket, and send again. Then start the server, and send once more.",
    question: "After connect, what does the socket hear of a datagram to a port that nobody has bound?",
    choices: ["Nothing: it waits until it times out", "Connection refused", "Its answer, once the server runs"],
    answer: 1,
    attributes: { seed: "3" },
    server: { listening: false },
    options: { connected: false, timeout_ms: 1500 },
    actions: [
      { label: "Send, not connected", send: [{}] },
      { label: "connect(), then send", ask: { options: { connected: true, timeout_ms: 1500 } }, send: [{}] },
      { label: "Start the server", ask: { server: { listening: true } } },
      { label: "Send once more", send: [{}] },
    ],
    done: ({ lost, refused, echoed }) => lost.length >= 1 && refused.length >= 1 && echoed.length >= 1,
    told: ({ lost, refused, echoed, rules }) => [
      lost.length && `Not connected: ${plural(lost.length, "datagram")} sent, and the socket heard nothing for 1.5 s.`,
      refused.length && `Connected: ${plural(refused.length, "datagram")} sent, and the system reported: ${refused[0].reason}.`,
      refused.length && rules?.listening && "The server has bound its port and waits.",
      echoed.length && `${plural(echoed.length, "datagram")} echoed, through the same socket and from the same port.`,
    ],
    why: "The machine there drops a datagram for a port that nobody has bound, and sends an ICMP message back. On Linux, only a connected socket is told of it. On UDP, connect sends nothing: it fixes the peer, so the system knows which socket the ICMP message belongs to, and the next call on that socket fails with “Connection refused”. The tutorial's client does not connect: it uses sendto and recvfrom, and hears nothing. No connection was broken, for there was none, so the next send is as good as the first. A firewall often swallows the ICMP message; then a connected socket hears nothing, too.",
  },

  "last-byte": {
    title: "The last byte",
    teaser: "How long may a message be, and who says so?",
    doing: "Send the longest datagram that IPv4 can carry. Then one byte more.",
    question: "What becomes of the longer one?",
    choices: ["The server refuses it", "It goes as two datagrams", "The sender's own system refuses it"],
    answer: 2,
    attributes: { seed: "4", view: "full" },
    actions: [
      { label: "Send 65,507 bytes", send: [{ bytes: 65507 }] },
      { label: "Send 65,508 bytes", send: [{ bytes: 65508 }] },
    ],
    done: ({ settled }) => settled.length >= 2,
    told: ({ echoed, rejected }) => [
      echoed.length && `${number(echoed[0].bytes)} bytes: echoed after ${millis(echoed[0].roundTrip)}.`,
      rejected.length && `${number(rejected[0].bytes)} bytes: rejected. ${rejected[0].reason}.`,
    ],
    why: "The length of an IPv4 packet is a 16-bit number, 65,535 at most. The IP header takes 20 bytes of that, and the UDP header 8. IP may split one datagram into several packets on the way, but the length of the whole still has to fit that number. UDP never makes two datagrams of one message. So the call fails before anything is on the wire.",
  },

  empty: {
    title: "The empty datagram",
    teaser: "A message of zero bytes. Is that a message?",
    doing: "Send a datagram without data. Then let the server answer such datagrams too, and send another.",
    question: "What does the server see of the first?",
    choices: ["Nothing: no data, no packet", "A datagram of 0 bytes, which it does not answer", "The end of the connection"],
    answer: 1,
    attributes: { seed: "5" },
    actions: [
      { label: "Send nothing", send: [{ text: "" }] },
      { label: "Answer empty ones too", ask: { server: { echo_empty: true } } },
      { label: "Send nothing again", send: [{ text: "" }] },
    ],
    done: ({ unanswered, echoed }) => unanswered.length >= 1 && echoed.length >= 1,
    told: ({ unanswered, echoed }) =>
      unanswered.length && [
        `${plural(unanswered.length, "datagram")} of 0 bytes arrived and was not answered: the server answers only “if data”.`,
        echoed.length && `${plural(echoed.length, "datagram")} of 0 bytes came back, as the standard for echo servers (RFC 862) has it.`,
      ],
    why: "A datagram without data still has its header: 8 bytes with the two ports, the length and a checksum. A receive that returns 0 bytes has received something. With TCP the same 0 means that the other side has closed. Programs that mix the two up stop at the first empty datagram.",
  },

  buffer: {
    title: "A buffer of 4,096",
    teaser: "5,000 bytes meet a buffer of 4,096.",
    doing: "The server receives into 4,096 bytes. Send it 5,000.",
    question: "How many bytes come back?",
    choices: ["5,000, in two answers", "4,096", "None: the message is dropped"],
    answer: 1,
    attributes: { seed: "6", view: "full" },
    server: { buffer: 4096 },
    actions: [{ label: "Send 5,000 bytes", send: [{ bytes: 5000 }] }],
    done: ({ echoed }) => echoed.length >= 1,
    told: ({ echoed, stats }) =>
      echoed.length && [
        `${number(echoed[0].bytes)} bytes went out, ${number(echoed[0].answer)} came back. ${plural(stats.truncated, "answer")} was cut.`,
        `The other ${number(echoed[0].bytes - echoed[0].answer)} bytes are gone; neither client nor server got an error.`,
      ],
    why: "A receive takes one datagram. The system throws away what the buffer cannot hold, because the next receive begins with the next datagram. On Linux and macOS, Python's recvfrom does not tell; recvmsg would (MSG_TRUNC). On Windows, the call fails with WSAEMSGSIZE, and the rest is gone all the same.",
  },

  loss: {
    title: "Lose one in five",
    teaser: "Fifty go out. How many come back?",
    doing: "The link loses one datagram in five on its way there, by chance. Send fifty.",
    question: "How many come back?",
    choices: ["50: lost ones are sent again", "Exactly 40", "About 40"],
    answer: 2,
    attributes: { seed: "38", loss: "20 0", view: "timeline" },
    actions: [{ label: "Send fifty", send: [{ numbered: 50, interval: 10 }] }],
    done: ({ settled }) => settled.length >= 50,
    told: ({ sent, echoed, dropped }) =>
      sent.length && [
        `${number(sent.length)} sent = ${number(echoed.length)} echoed + ${number(dropped.length)} lost on the link + ${number(sent.length - echoed.length - dropped.length)} on their way.`,
        sent.length >= 50 && "None was sent a second time.",
      ],
    why: "This link decides for each datagram by itself, so the count is only near the average. Nobody on the way reports a loss, and UDP keeps no copy that it could send again. The program itself has to notice, and to send again.",
  },

  order: {
    title: "Out of order",
    teaser: "Some take a short cut. Who sorts them?",
    doing: "On this link one datagram in four takes a short cut. Send twenty, and read the numbers as they come back.",
    question: "Who puts them back in order?",
    choices: ["UDP", "The server", "Nobody"],
    answer: 2,
    attributes: { seed: "8", delay: "150 0", reorder: "25 0", view: "timeline" },
    actions: [{ label: "Send twenty", send: [{ numbered: 20, interval: 30 }] }],
    done: ({ settled }) => settled.length >= 20,
    told: ({ echoed, stats }) =>
      echoed.length && [
        `Echoed in this order: ${echoed.map(({ number: of }) => of).join(" ")}.`,
        `${number(echoed.length)} came back, ${number(stats.reordered)} of them after a later one.`,
      ],
    why: "The UDP header has no number in it, so nobody can tell what was sent first. Programs that care put a number into their own data: RTP numbers its packets, and QUIC the bytes of its streams. The ID in a DNS message is something else: it tells which question an answer belongs to, and puts nothing in order.",
  },

  twice: {
    title: "Twice",
    teaser: "The network makes copies. Who recognizes them?",
    doing: "This link delivers one datagram in three twice, as a link may that sends again what was not acknowledged. Send twenty.",
    question: "How many answers does the client get?",
    choices: ["Twenty: copies are recognized", "More than twenty", "Fewer than twenty"],
    answer: 1,
    attributes: { seed: "9", delay: "10", duplicate: "33 0", view: "timeline" },
    actions: [{ label: "Send twenty", send: [{ numbered: 20, interval: 10 }] }],
    done: ({ settled, stats }) => settled.length >= 20 && stats.duplicates > 0,
    told: ({ sent, echoed, stats }) =>
      echoed.length && [
        `${number(sent.length)} sent, ${number(echoed.length)} echoed, and ${number(stats.duplicates)} answers a second time: ${number(echoed.length + stats.duplicates)} in all.`,
      ],
    why: "To UDP and to the server, a copy is a datagram like any other: the server answers it. If doing something twice is worse than doing it once, the message needs a number, and the server has to remember the numbers that it has seen.",
  },

  "slow-link": {
    title: "A slow link",
    teaser: "Ten leave at once, through a narrow link.",
    doing: "This link carries 64 kilobits a second. Send ten datagrams of 500 bytes at once.",
    question: "Which of them takes longest?",
    choices: ["All take the same time", "The first", "The last"],
    answer: 2,
    attributes: { seed: "10", rate: "64 0", delay: "20", view: "timeline" },
    actions: [{ label: "Send ten", send: [{ bytes: 500, times: 10 }] }],
    done: ({ settled }) => settled.length >= 10,
    told: ({ echoed }) =>
      echoed.length && [
        `The first came back after ${millis(echoed[0].roundTrip)}.`,
        echoed.length > 1 && `Number ${number(echoed.at(-1).number)} came back after ${millis(echoed.at(-1).roundTrip)}, ${(echoed.at(-1).roundTrip / echoed[0].roundTrip).toFixed(1)} times as long.`,
      ],
    why: "500 bytes and 28 of headers take 66 ms at this rate, and each datagram waits until those before it are through. UDP does not slow its sender down, as TCP would. When the queue is full, the next datagram is lost. Full queues are a common cause of loss on the Internet.",
  },

  "two-clients": {
    title: "Two clients at once",
    teaser: "One server, one socket, two clients.",
    doing: "Two clients, A and B, talk to the same server. Let each send three messages.",
    question: "How does the server know whom to answer?",
    choices: ["It has a connection to each", "By the address in each datagram", "It answers both, and they sort it out"],
    answer: 1,
    attributes: { seed: "11", view: "transcript" },
    clients: 2,
    actions: [{ label: "Both send three", send: [{ numbered: 3, interval: 60 }] }],
    done: ({ settled, other }) => settled.length >= 3 && other.settled.length >= 3,
    told: ({ client, echoed, stats, other }) =>
      echoed.length && [
        `Client A, ${client}, got ${number(echoed.length)} of its 3 answers, and ${number(stats.stray)} of B's.`,
        `Client B, ${other.client}, got ${number(other.echoed.length)} of its 3 answers, and ${number(other.stats.stray)} of A's.`,
        other.echoed.length && `The server has one socket: ${other.server}. It read the two ports from the datagrams.`,
      ],
    why: "The server has one socket and no list of clients. Each datagram brings the address that it came from, and the answer goes there. Two clients on one machine differ by their ports.",
  },

  terminal: {
    title: "Your own terminal joins",
    teaser: "A program meets a server that it has never heard of.",
    doing: "Open a terminal on the machine that the host runs on, and paste one of the lines below. Type something after the first, and press Enter.",
    question: "Can a program that has never heard of this page talk to its server?",
    choices: ["No: it would need the relay", "Yes: it is an ordinary UDP server"],
    answer: 1,
    attributes: { seed: "12", view: "transcript" },
    commands: (host, port) => [
      `nc -u ${host} ${port}`,
      `python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2); s.sendto(b"from Python", ("${host}", ${port})); print(s.recv(4096))'`,
    ],
    needsLive: "This needs a live host on your own machine: start one with “udp-echo serve”, and open the page that it names. What is simulated inside this page cannot be reached from a terminal.",
    needsLoopback: "This host does not show other programs' datagrams: it does so only when it and this page run on one machine.",
    actions: [],
    done: ({ visitors }) => visitors.length >= 1,
    told: ({ visitors }) => [
      visitors.length && `${plural(visitors.length, "datagram")} came from outside this page.`,
      ...visitors.slice(-3).map(({ peer, bytes, text, sent }) => `${peer} sent ${plural(bytes, "byte")}, “\u2068${line(text)}\u2069”; the server sent ${number(sent ?? 0)} back.`),
    ],
    why: "The relay is there for pages, because no browser lets a page send plain UDP. The echo server behind it is bound to a UDP port like any other, and answers whoever writes to it.",
  },

  "your-server": {
    title: "You are the server",
    teaser: "Your page binds a port. What if a second program wants the same one?",
    doing: "The first box is the tutorial's server. It runs in this page, and has bound port 10000. Send it a message from the client. Then let the second server, on port 10001, bind port 10000 as well.",
    question: "What happens when a second server binds the same port?",
    choices: ["Both get every datagram", "The two take turns", "The system refuses the second one"],
    answer: 2,
    attributes: { view: "transcript" },
    elements: [{ role: "server" }, { role: "client", to: "localhost:10000" }, { role: "server", port: "10001" }],
    actions: [
      { label: "Send a message", at: 1, send: [{}] },
      { label: "Bind port 10000 once more", at: 2, ask: { server: { port: 10000 } } },
    ],
    done: ({ all: [server, client, second] }) => server.served.length >= 1 && client.echoed.length >= 1 && second.errors.length >= 1,
    told: ({ all: [server, client, second] }) => [
      server.served.length && `Your server, ${server.server}, received ${plural(server.served[0].bytes, "byte")} from ${server.served[0].peer}.`,
      client.echoed.length && `The client got its answer after ${millis(client.echoed[0].roundTrip)}.`,
      second.errors.length && `The second server got an error: ${second.errors[0].code}. ${second.errors[0].message}`,
    ],
    why: "A server has to do two things: bind a port, and wait. The system delivers by address and port, so one port of one address belongs to one socket, and bind fails for the next (EADDRINUSE). Programs can agree to share a port with SO_REUSEADDR or SO_REUSEPORT; then only one of them gets each datagram. You need not share with other readers: this host gives each reader an address of their own in 127.0.0.0/8, so all of them have a port 10000.",
  },

  hop: {
    title: "The browser’s hop loses too",
    teaser: "A page reaches its relay over a network as well. What does that one lose?",
    doing: "Both boxes send the same hundred datagrams to the relay: the first over a WebSocket, the second over WebTransport. First try it here, where nothing is lost. Then replay a run that was recorded on a network that lost five packets in a hundred, each way.",
    question: "With these losses, how many of the hundred are missing over the WebSocket?",
    choices: ["About five", "About ten", "None"],
    answer: 2,
    ...LANES,
    actions: HUNDRED,
    done: isReplayed,
    told: toldOfLanes((recorded) => {
      const lost = unanswered(recorded);
      return `100 sent = ${number(100 - lost)} echoed + ${number(lost)} lost between page and relay.`;
    }),
    why: "A WebSocket is TCP. TCP sends again what is lost, so the page never sees a loss: it sees a late answer. WebTransport also has datagrams, over QUIC and UDP. Nobody sends those again. So the second box shows losses that the network really had, there and back. Only the hop between page and relay differs: behind the relay, both send plain UDP.",
  },

  "head-of-line": {
    title: "Head of line",
    teaser: "One packet is lost. What do those behind it do?",
    doing: "The same hundred datagrams again, over a WebSocket and over WebTransport. Each lane gets a line, which shows how long its answers took. Send a hundred here, without loss. Then replay the recorded run, and compare the lines.",
    question: "A packet of the WebSocket is lost. What happens to the datagrams behind it?",
    choices: ["They go past it", "They wait until it has come again", "They are lost as well"],
    answer: 1,
    ...LANES,
    actions: HUNDRED,
    done: isReplayed,
    told: toldOfLanes((recorded) => {
      const late = plural(delayed(recorded).length, "answer");
      return `${late} came late, the slowest after ${millis(slowest(recorded))}, and ${number(unanswered(recorded))} never came.`;
    }),
    why: "TCP delivers bytes in their order. While one packet is missing, all that came after it waits in the system’s buffer, though it is there: this is head-of-line blocking. The WebSocket’s line jumps after a loss, and slopes down: those that waited are delivered together, and the last of them waited least. WebTransport’s datagrams have no order to keep. A lost one leaves a gap in the line, and the others come on time.",
  },

  "two-pages": {
    title: "Two pages talk",
    teaser: "One page serves, another one asks. Then the server goes away.",
    doing: "The first box is a server, the second a client: each has a socket of its own, as two programs have, or two pages. Send. Then stop the server, and send again. Then call connect on the client's socket, and send once more.",
    question: "The server is gone. What does the client's socket hear after connect?",
    choices: ["Nothing: it waits until it times out", "Connection refused", "The server's last answer once more"],
    answer: 1,
    attributes: { view: "transcript" },
    elements: [{ role: "server" }, { role: "client", to: "localhost:10000" }],
    elsewhere: "./embed?role=client",
    actions: [
      { label: "Send", at: 1, send: [{}] },
      { label: "Stop the server", at: 0, ask: { server: { listening: false } } },
      { label: "Send again", at: 1, send: [{}] },
      { label: "connect(), then send", at: 1, ask: { options: { connected: true } }, send: [{}] },
    ],
    done: ({ all: [, client] }) => client.echoed.length >= 1 && client.lost.length >= 1 && client.refused.length >= 1,
    told: ({ all: [server, client] }) => [
      client.echoed.length && `The server received the datagram from ${server.served.at(-1)?.peer}, and the client has its answer after ${millis(client.echoed[0].roundTrip)}.`,
      client.echoed.length && server.rules?.listening === false && "The server is gone, and nobody told the client.",
      client.lost.length && `Not connected: ${plural(client.lost.length, "datagram")} sent, and the socket heard nothing for 1.5 s.`,
      client.refused.length && `Connected: ${plural(client.refused.length, "datagram")} sent, and the system reported: Connection refused.`,
    ],
    why: "UDP has no connection that could break. When the server closes its socket, nothing is sent, and the client's next datagram comes to a port that nobody has bound. A connected socket is told so, because the system knows which socket the error belongs to; on Linux, an unconnected one is not. It is the same the other way round: a server that answers a client that has gone hears nothing, for its socket is not connected. So a program on UDP needs a timeout.",
  },
};

/** Sends what one entry of an action's `send` says. Numbered messages differ, so that an answer tells which it belongs to. */
export async function send(element, { text, bytes, times = 1, numbered, interval }, client) {
  if (!numbered) return element.burst(times, 0, bytes === undefined ? text : filling(bytes));
  for (let count = 1; count <= numbered && element.isConnected; count += 1) {
    await element.send(DATAGRAM(count, client));
    if (interval) await new Promise((done) => setTimeout(done, interval));
  }
}

/** Brings an element into the state that the experiment begins in; what its author has set stays. */
export async function prepare(element, name) {
  const experiment = EXPERIMENTS[name];
  if (!experiment) throw new RangeError(WORDS.unknown(name) + " " + Object.keys(EXPERIMENTS).join(", "));
  for (const [attribute, value] of Object.entries(experiment.attributes)) {
    if (!element.hasAttribute(attribute)) element.setAttribute(attribute, value);
  }
  await element.whenReady();
  const { server, options } = experiment;
  if (options) await element.ask({ options });
  if (server) await element.ask({ server });
}

/** As `prepare`, for an element whose attribute names the experiment; what is wrong is an event of the element. */
export async function begin(element) {
  try {
    await prepare(element, element.experiment);
  } catch ({ name, message }) {
    // Why it did not become ready, it has said already.
    if (name !== "RangeError") return;
    const detail = { code: "bad-attribute", message, hint: 'experiment="loss"' };
    element.dispatchEvent(new CustomEvent("udp-error", { bubbles: true, composed: true, detail }));
  }
}
