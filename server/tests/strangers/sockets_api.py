"""Python's socket calls over /sockets: bind, sendto, recvfrom and the errors of a local socket.

Written from PROTOCOL.md alone. One `Host` is one WebSocket; its sockets block as local ones do.
"""

import errno
import json
from collections import defaultdict, deque

from sockets_contract import read_header, write_header
from websocket import WebSocket


def pair(address):
    """`127.83.1.5:10000` or `[::1]:10000` as Python has it: a host and a port."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def text(host, port):
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def error_of(told):
    """What a local program would get."""
    return OSError(getattr(errno, told["errno"]), told["text"])


class Host:
    def __init__(self, url, token=None, tracing=True):
        self.websocket = WebSocket(url + (f"?loopback={token}" if token else ""))
        self.arrived, self.pending = defaultdict(deque), defaultdict(deque)
        self.bound, self.events, self.answers, self.counters_told = {}, [], deque(), None
        self.opened = self.sent = self.received = 0
        self.rejected = {}
        self.step()
        self.hello = self.answers.popleft()["hello"]
        if not tracing:
            self.ask({"options": {"tracing": False}}, "options")

    def socket(self, family="ipv4"):
        self.opened += 1
        self.ask({"open": {"socket": self.opened, "family": family}}, "opened")
        return Socket(self, self.opened, family)

    def resolve(self, host):
        return self.ask({"resolve": {"host": host}}, "resolved")["addresses"]

    def counters(self):
        return self.ask("counters", "counters")

    def ask(self, request, answer):
        """Sends a message and waits for its answer; raises the error that comes in its place."""
        call, content = (request, {}) if isinstance(request, str) else next(iter(request.items()))
        self.websocket.send(json.dumps(request))
        while True:
            while self.answers:
                message = self.answers.popleft()
                # What a datagram has bound is told unasked.
                if answer in message and message[answer].get("socket") == content.get("socket"):
                    return message[answer]
                if "error" in message and message["error"]["call"] == call:
                    raise error_of(message["error"])
            self.step()

    def step(self):
        """Reads one message and puts it where it belongs."""
        message = self.websocket.receive()
        if isinstance(message, bytes):
            self.received += 1
            socket, sender, payload = read_header(message)
            self.arrived[socket].append((payload, pair(sender)))
            return
        control = json.loads(message)
        (name, content), = control.items()
        if name == "events":
            self.events += content
        elif name == "bound":
            self.bound[content["socket"]] = content
            self.answers.append(control)
        elif name == "error" and content["call"] == "receive":
            self.pending[content["socket"]].append(content)
        elif name == "error" and content["call"] == "send":
            for number in range(content["datagram"], content["datagram"] + content["count"]):
                self.rejected[number] = content
        else:
            self.answers.append(control)

    def send(self, message):
        self.sent += 1
        self.websocket.send(message)
        return self.sent

    def close(self):
        return self.websocket.close()


class Socket:
    """A UDP socket. Where a call of it fails, it raises the OSError of a local one."""

    def __init__(self, host, number, family):
        self.host, self.number, self.family = host, number, family

    def bind(self, address):
        request = {"socket": self.number, "host": address[0], "port": address[1]}
        return self.host.ask({"bind": request}, "bound")

    def connect(self, address):
        request = {"socket": self.number, "host": address[0], "port": address[1]}
        return self.host.ask({"connect": request}, "connected")

    def disconnect(self):
        self.host.ask({"disconnect": {"socket": self.number}}, "disconnected")

    def close(self):
        self.host.ask({"close": {"socket": self.number}}, "closed")

    def getsockname(self):
        return pair(self.host.bound[self.number]["local"])

    def sendto(self, payload, address):
        """Sends to an address, or to a name that the host resolves. Returns the number of the datagram."""
        host, port = address
        if not host[:1].isdigit() and ":" not in host:
            (host,) = [one for one in self.host.resolve(host) if (":" in one) == (self.family == "ipv6")]
        return self.host.send(write_header(self.number, text(host, port)) + payload)

    def send(self, payload):
        return self.host.send(write_header(self.number, None) + payload)

    def recvfrom(self):
        """Waits for a datagram and returns it with its sender's address; raises what the system told in the meantime."""
        while not self.host.arrived[self.number]:
            if self.host.pending[self.number]:
                raise error_of(self.host.pending[self.number].popleft())
            self.host.step()
        return self.host.arrived[self.number].popleft()
