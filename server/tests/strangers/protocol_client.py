"""A client of /relay that knows nothing but PROTOCOL.md: it keeps books of its own and compares them with the host's.

Usage: protocol_client.py URL. Prints a line for each thing that it has seen to be true; exits with 1 and a
sentence at the first that is not.
"""

import json
import sys

from contract import FATES, Ledger, Link
from websocket import Closed, WebSocket

FINAL = {"gone": "dropped", "lost": "lost", "unanswered": "unanswered"}


def check(what, got, expected):
    if got != expected:
        sys.exit(f"{what}: got {got!r}, expected {expected!r}")


class Session:
    def __init__(self, url):
        self.socket = WebSocket(url)
        first = self.socket.receive()
        check("kind of the first message", type(first), str)
        check("name of the first message", list(json.loads(first)), ["hello"])
        self.hello = json.loads(first)["hello"]
        self.ledger = Ledger()
        self.sent, self.answers, self.events = {}, [], []
        self.waiting, self.control = [], []
        self.deliveries, self.words = {}, {}

    def send(self, payload):
        self.sent[len(self.sent) + 1] = payload
        self.socket.send(payload)
        return len(self.sent)

    def say(self, message):
        self.socket.send(json.dumps(message))

    def step(self):
        """Reads one message and books what it says."""
        message = self.socket.receive()
        if isinstance(message, bytes):
            self.answers.append(message)
        elif "events" in (control := json.loads(message)):
            self.events += control["events"]
            self.waiting += control["events"]
        else:
            self.control.append(control)
        # An event may come before the answer that it is about.
        while self.waiting and self.book(self.waiting[0]):
            self.waiting.pop(0)

    def book(self, event):
        at, number, copy, what = event
        name, value = next(iter(what.items())) if isinstance(what, dict) else (what, None)
        if name == "relay_in":
            check(f"bytes of datagram {number}", value, len(self.sent[number]))
            check("datagrams are numbered as they were sent", self.ledger.open(at, value), number)
        elif name == "udp_out":
            self.ledger.on_wire(number, copy, self.sent[number])
        elif name == "relay_out":
            answer, delivery = value
            if answer > len(self.answers):
                return False
            got = self.ledger.deliver(self.answers[answer - 1])
            check(f"what answer {answer} counts as", (got[0] or 0, got[1]), (number, delivery))
            self.deliveries.setdefault(number, []).append((delivery, self.answers[answer - 1]))
        elif name in FINAL:
            self.ledger.settle(number, FINAL[name])
        elif name in ("refused", "rejected"):
            self.words[number] = value
            self.ledger.settle(number, name)
        elif name == "dropped":
            self.ledger.copies_out[number] -= 1
        return True

    def settle(self):
        """Reads until every datagram sent has its fate, and no event waits for its answer."""
        while len(self.ledger.fates) < len(self.sent) or self.waiting:
            self.step()

    def until(self, name):
        """Reads until a control message of this name comes and returns its content."""
        while True:
            for message in self.control:
                if isinstance(message, dict) and name in message:
                    self.control.remove(message)
                    return message[name]
            self.step()

    def forget_control(self):
        self.control.clear()

    def fate(self, number):
        return self.ledger.fates[number]

    def names_of(self, number):
        """The names of a datagram's events, in the order of their times."""
        mine = sorted((event for event in self.events if event[1] == number), key=lambda event: event[0])
        return [what if isinstance(what, str) else next(iter(what)) for _, _, _, what in mine]

    def compare_books(self, where):
        self.forget_control()
        self.say("counters")
        host = self.until("counters")
        check(f"the host's books {where}", host, self.ledger.counters)
        check(f"the books balance {where}", host["sent"], sum(host[name] for name in [*FATES, "in_flight"]))
        print(f"books {where}: {host['sent']} sent, all accounted for")


session = Session(sys.argv[1])
hello = session.hello
check("protocol", hello["protocol"], 1)
check("the session talks to the host's own server", hello["own_server"], True)
print(f"hello: {hello['client']} to {hello['server']}")

# Message oriented: three sends are three receives, and each comes back whole.
numbers = [session.send(text) for text in (b"one", b"two", b"three")]
session.settle()
for number in numbers:
    check(f"answers to {number}", session.deliveries[number], [("echoed", session.sent[number])])
    names = ["relay_in", "udp_out", "echo_in", "echo_out", "udp_in", "relay_out"]
    check(f"the way of {number}", session.names_of(number), names)
print("three sends, three receives, six stamps each, in the order of time")

# Edges, all byte values, and payloads that repeat.
sizes = [0, 1, 41, 42, 1472, 1473, 4096, 9217, 32768, 65506, hello["limits"]["datagram_bytes"]]
for size in sizes:
    number = session.send(bytes(i % 256 for i in range(size)))
    session.settle()
    check(f"fate of {size} bytes", session.fate(number), "echoed" if size else "unanswered")
for _ in range(5):
    session.send(b"the same")
session.settle()
number = session.send(b"x" * (hello["limits"]["datagram_bytes"] + 1))
session.settle()
check("fate of one byte too many", session.fate(number), "rejected")
print(f"one byte too many: {session.words[number]}")
session.compare_books("after the edges")

# The link: its losses are known before the first datagram is sent.
lossy = {"loss_ppm": 300_000, "duplicate_ppm": 200_000}
session.say({"lab": {"up": lossy, "seed": 7}})
check("seed in force", session.until("lab")["seed"], 7)
link = Link(lossy, 7, "up")
foretold = {}
for n in range(60):
    payload = f"datagram {n} of the lab".encode()
    foretold[session.send(payload)] = link.offer(0, n, len(payload))
session.settle()
for number, verdict in foretold.items():
    check(f"fate of {number}", session.fate(number), "dropped" if verdict == "loss" else "echoed")
# Second copies may still be on their way back.
twice = sum(verdict == 2 for verdict in foretold.values())
while sum(len(session.deliveries.get(n, [])) for n in foretold) < sum(v for v in foretold.values() if v != "loss"):
    session.step()
lost = sum(verdict == "loss" for verdict in foretold.values())
check("some were lost and some came twice", lost > 5 and twice > 3, True)
print(f"lab: {lost} of 60 lost and {twice} twice, each one foretold from the seed")
session.say({"lab": {}})
session.until("lab")
session.compare_books("after the lab")

# One thing to one datagram: the first is lost, the second overtaken by the third, the fourth answered twice.
check("the host takes `once`", hello["once"], True)
fates = []
for mishap, count in [("lose", 1), ("hold", 2), ("double", 1)]:
    session.say({"once": mishap})
    fates.append([session.send(b"once, " + mishap.encode()) for _ in range(count)])
session.settle()
[[lost], [late, early], [twice]] = fates
while len(session.deliveries.get(twice, [])) < 2:
    session.step()
check("what was to be lost", session.fate(lost), "dropped")
check("what was to be overtaken", [session.fate(late), session.fate(early)], ["echoed", "echoed"])
check("the order of their answers", [e[1] for e in session.events if e[1] in (late, early) and "relay_out" in e[3]], [early, late])
check("what was to be doubled", [name for name, _ in session.deliveries[twice]], ["echoed", "duplicate"])
session.compare_books("after one thing to one datagram each")

# A server of the session's own: a buffer of 4096 cuts, and nobody listening is a refusal, not an end.
session.say({"server": {"buffer": 4096}})
session.until("server")
number = session.send(bytes(5000))
session.settle()
check("what a buffer of 4096 leaves", len(session.deliveries[number][0][1]), 4096)
check("the cut is told", "cut" in session.names_of(number), True)
session.say({"server": {"listening": False}})
session.until("server")
number = session.send(b"is anybody there?")
session.settle()
check("fate when nobody listens", session.fate(number), "refused")
print(f"nobody listens: {session.words[number]}")

# A socket that is not connected hears nothing of that, as the tutorial's own client does not.
session.say({"options": {"connected": False, "timeout_ms": 300}})
check("the socket in force", session.until("options")["connected"], False)
number = session.send(b"is anybody there now?")
session.settle()
check("fate when nobody listens and the socket is unconnected", session.fate(number), "lost")
session.say({"options": {}})
check("the socket in force", session.until("options")["connected"], True)
session.say({"server": {}})
session.until("server")
number = session.send(b"and now?")
session.settle()
check("fate when it listens again", session.fate(number), "echoed")
session.compare_books("after stop and start of the server")

# Options and their limits; a byte stream, which keeps no boundaries.
session.forget_control()
session.say({"options": {"timeout_ms": 0}})
check("a timeout of nothing", session.until("notice")["code"], "out_of_range")
session.say({"options": {"timeout_ms": 500, "unknown": "is ignored"}})
check("options in force", session.until("options"), {"tracing": True, "timeout_ms": 500, "connected": True})
session.say({"stream": ["one", "two", "three"]})
stream = session.until("stream")
check("the stream's bytes", "".join(stream["reads"]), "onetwothree")
print(f"byte stream: 3 writes, {len(stream['reads'])} reads")

# A text that is no control message ends the session, with a code and a sentence.
session.socket.send("this is no control message")
try:
    while True:
        session.step()
except Closed as end:
    check("close code", end.code, 4400)
    print(f"closed with {end.code}: {end.reason}")
