"""The rules of PROTOCOL.md for /sockets, written from its text alone: headers, sessions, receipts.

Nothing here knows the Rust code. `vectors.py` holds it against server/wire/vectors/sockets.json.
"""

import ipaddress
import struct

from contract import Link

FATES = ["delivered", "left", "dropped", "refused", "rejected"]
RECEIPT_US, HELD_US, MOST_IN_FLIGHT = 2_000_000, 130_000_000, 8192
DEFAULT_LAB = {"up": {}, "down": {}, "seed": 0}


def address_of(text):
    """An address and port in one text, `127.83.1.5:10000` or `[::1]:10000`, as a pair."""
    host, _, port = text.rpartition(":")
    return ipaddress.ip_address(host.strip("[]")), int(port)


def text_of(address):
    ip, port = address
    return f"[{ip}]:{port}" if ip.version == 6 else f"{ip}:{port}"


def write_header(socket, address):
    if address is None:
        return struct.pack("!HBH", socket, 0, 0)
    ip, port = address_of(address)
    return struct.pack("!HBH", socket, ip.version, port) + ip.packed


def read_header(message):
    """Returns (socket, address or None, payload), or None for what is no header."""
    if len(message) < 5:
        return None
    socket, family, port = struct.unpack("!HBH", message[:5])
    if family == 0 and port == 0:
        return socket, None, message[5:]
    size = {4: 4, 6: 16}.get(family)
    if size is None or len(message) < 5 + size:
        return None
    return socket, text_of((ipaddress.ip_address(message[5 : 5 + size]), port)), message[5 + size :]


def turned(payload, bit):
    if bit is None or not payload:
        return payload
    changed = bytearray(payload)
    changed[bit // 8] ^= 0x80 >> (bit % 8)
    return bytes(changed)


class Session:
    """What a host keeps of one session. Its host says how each copy ends that the session wants sent."""

    def __init__(self, seed):
        names = ["sent", *FATES, "in_flight", "received", "receive_dropped", "strangers"]
        self.counters = dict.fromkeys([*names, "bytes_sent", "bytes_received"], 0)
        self.copies_out, self.waiting, self.sockets, self.generation = {}, [], {}, 0
        self.is_tracing, self.has_room, self.client_takes = True, True, True
        self.events, self.errors, self.receipts, self.messages = [], [], [], []
        self.went, self.arrivals = 0, []
        self.up, self.down = Link({}, seed, "up"), Link({}, seed, "down")
        self.down_takes_time = False

    # What the client asks for.

    def open(self, socket):
        self.generation += 1
        self.sockets[socket] = self.generation

    def close(self, socket):
        del self.sockets[socket]

    def ask(self, message):
        if message == "counters":
            return {"counters": dict(self.counters)}
        (name, content), = message.items()
        if name == "options":
            self.is_tracing = content.get("tracing", True)
            return {"options": {"tracing": self.is_tracing}}
        if name == "once":
            self.up.befall_next(content)
            return {"counters": dict(self.counters)}
        lab = {**DEFAULT_LAB, **content}
        if any(lab[way].get(ppm, 0) > 1_000_000 for way in ("up", "down") for ppm in lab[way] if ppm.endswith("_ppm")):
            return {"notice": {"code": "out_of_range"}}
        self.up, self.down = (self.changed(link, lab, way) for link, way in ((self.up, "up"), (self.down, "down")))
        self.down_takes_time = any(lab["down"].get(name) for name in ("delay_us", "jitter_us", "rate_kbps"))
        return {"lab": content}

    @staticmethod
    def changed(link, lab, way):
        """Generator, burst state and rate begin anew; what is on its way stays on its way, and `once` is not undone."""
        fresh = Link(lab[way], lab["seed"], way)
        fresh.queue, fresh.queued_bytes, fresh.order, fresh.mishap = link.queue, link.queued_bytes, link.order, link.mishap
        return fresh

    def message(self, now, message):
        """Takes a binary message of the client."""
        header = read_header(message)
        if header is None:
            return self.refuse_message(now, None, 0, "EINVAL", is_read=False)
        socket, to, payload = header
        if socket not in self.sockets:
            return self.refuse_message(now, socket, len(payload), "EBADF")
        if not self.has_room or self.counters["in_flight"] >= MOST_IN_FLIGHT:
            return self.refuse_message(now, socket, len(payload), "ENOBUFS")
        number = self.open_account(len(payload))
        self.note(now, number, 0, {"relay_in": [socket, len(payload)]})
        tag = (number, socket, self.sockets[socket], to, payload)
        verdict = self.up.offer(now, tag, len(payload))
        if isinstance(verdict, str):
            return self.copy_dropped(now, number, 0, "up", verdict)
        self.copies_out[number] = verdict

    def reject(self, now, message, errno):
        header = read_header(message)
        if header is None:
            return self.refuse_message(now, None, 0, "EINVAL", is_read=False)
        self.refuse_message(now, header[0], len(header[2]), errno)

    def refuse_message(self, now, socket, size, errno, is_read=True):
        number = self.open_account(size)
        if is_read:
            self.note(now, number, 0, {"relay_in": [socket, size]})
        self.not_sent(now, number, 0, socket, errno)

    # What its host tells.

    def arrive(self, now, socket, sender, to, payload):
        """A datagram came; `to` is the socket's address where the sender's session is owed a receipt."""
        self.note(now, 0, 0, {"udp_in": [socket, len(payload)]})
        arrival = {"copies": 1, "is_delivered": False, "sender": sender, "to": to, "payload": payload}
        if socket not in self.sockets:
            return self.arrival_dropped(now, arrival, 0, "unreceived")
        if not self.has_room and any(self.down.impairment.values()):
            return self.arrival_dropped(now, arrival, 0, "queue")
        verdict = self.down.offer(now, (arrival, socket, self.sockets[socket]), len(payload))
        if isinstance(verdict, str):
            return self.arrival_dropped(now, arrival, 0, verdict)
        arrival["copies"] = verdict
        if self.down_takes_time:
            self.receipt_for(arrival, "held")

    def receipt(self, now, sender, to, payload, outcome):
        mine = [copy for copy in self.waiting if copy["way"] == (sender, to) and copy["payload"] == payload]
        if outcome == "held":
            mine = [copy for copy in mine if not copy["held"]]
        if not mine:
            return
        copy = mine[0]
        if outcome == "held":
            copy["held"], copy["until"] = True, now + HELD_US
            return
        self.waiting.remove(copy)
        if outcome == "delivered":
            self.settle(copy["number"], "delivered")
            self.note(now, copy["number"], copy["copy"], "delivered")
        else:
            self.copy_dropped(now, copy["number"], copy["copy"], "down", outcome["dropped"])

    def receiver_closed(self, now, to):
        for copy in [copy for copy in self.waiting if copy["way"][1] == to]:
            self.waiting.remove(copy)
            self.copy_dropped(now, copy["number"], copy["copy"], "down", "unreceived")

    def error(self, socket, errno):
        self.tell([socket, "receive", None, None, errno])

    def run(self, now, ends):
        """Carries out what is due. `ends` says how the copies end that are sent; returns these."""
        sends = []
        for copy in sorted((copy for copy in self.waiting if copy["until"] <= now), key=lambda copy: copy["until"]):
            self.waiting.remove(copy)
            self.copy_dropped(now, copy["number"], copy["copy"], "down", "unreceived")
        while arrived := self.next_due(self.up, now):
            (number, socket, generation, to, payload), copy, bit, what, waited = arrived
            self.link_events(now, number, copy, waited, "up", bit)
            if what == "checksum":
                self.copy_dropped(now, number, copy, "up", "checksum")
            elif self.sockets.get(socket) != generation:
                self.not_sent(now, number, copy, socket, "EBADF")
            else:
                payload = turned(payload, bit)
                sends.append([number, copy, socket, to, payload.hex()])
                self.sent(now, number, copy, socket, payload, ends.pop(0))
        while arrived := self.next_due(self.down, now):
            (arrival, socket, generation), copy, bit, what, waited = arrived
            self.link_events(now, 0, copy, waited, "down", bit)
            if what == "checksum":
                self.arrival_dropped(now, arrival, copy, "checksum")
            elif self.sockets.get(socket) != generation:
                self.arrival_dropped(now, arrival, copy, "unreceived")
            elif not self.client_takes:
                self.arrival_dropped(now, arrival, copy, "slow_reader")
            else:
                self.to_client(now, arrival, copy, socket, turned(arrival["payload"], bit))
        return sends

    # How copies end.

    def sent(self, now, number, copy, socket, payload, end):
        if end is None:
            # Of a doubled datagram one copy goes to a target or a peer.
            return
        if end == "left":
            self.note(now, number, copy, "udp_out")
            if self.settle(number, "left"):
                self.note(now, number, copy, "left")
        elif "on_loopback" in end:
            self.note(now, number, copy, "udp_out")
            way = tuple(end["on_loopback"])
            self.waiting.append(
                {"number": number, "copy": copy, "way": way, "payload": payload, "held": False, "until": now + RECEIPT_US}
            )
        elif "unbound" in end:
            if not end["unbound"][1]:
                return self.copy_dropped(now, number, copy, "up", "unbound")
            if self.settle(number, "refused"):
                self.note(now, number, copy, "refused")
            self.error(socket, "ECONNREFUSED")
        else:
            self.not_sent(now, number, copy, socket, end["not"])

    def not_sent(self, now, number, copy, socket, errno):
        if self.settle(number, "rejected"):
            self.note(now, number, copy, {"rejected": errno})
            self.tell([socket, "send", number, 1, errno])

    def copy_dropped(self, now, number, copy, direction, reason):
        self.note(now, number, copy, {"dropped": [direction, reason]})
        if number in self.copies_out:
            self.copies_out[number] -= 1
            if self.copies_out[number] == 0 and self.settle(number, "dropped"):
                self.note(now, number, copy, "gone")

    def to_client(self, now, arrival, copy, socket, payload):
        self.went += 1
        self.counters["received"] += 1
        self.counters["bytes_received"] += len(payload)
        self.note(now, 0, copy, {"relay_out": self.went})
        self.messages.append((write_header(socket, arrival["sender"]) + payload).hex())
        arrival["copies"] -= 1
        if not arrival["is_delivered"]:
            arrival["is_delivered"] = True
            self.receipt_for(arrival, "delivered")

    def arrival_dropped(self, now, arrival, copy, reason):
        self.note(now, 0, copy, {"dropped": ["down", reason]})
        arrival["copies"] -= 1
        if arrival["copies"] == 0 and not arrival["is_delivered"]:
            self.counters["receive_dropped"] += 1
            self.receipt_for(arrival, {"dropped": reason})

    def receipt_for(self, arrival, outcome):
        if arrival["to"] is not None:
            self.receipts.append([arrival["sender"], arrival["to"], arrival["payload"].hex(), outcome])

    # The ledger.

    def open_account(self, size):
        self.counters["sent"] += 1
        self.counters["in_flight"] += 1
        self.counters["bytes_sent"] += size
        number = self.counters["sent"]
        self.copies_out[number] = 1
        return number

    def settle(self, number, fate):
        """Gives a datagram its fate; False when it has one."""
        if self.copies_out.pop(number, None) is None:
            return False
        self.counters["in_flight"] -= 1
        self.counters[fate] += 1
        return True

    def balanced(self):
        return self.counters["sent"] == sum(self.counters[name] for name in [*FATES, "in_flight"])

    def note(self, at, number, copy, what):
        if self.is_tracing:
            self.events.append([at, number, copy, what])

    def tell(self, error):
        last = self.errors[-1] if self.errors else None
        if last and [last[0], last[1], last[4]] == [error[0], error[1], error[4]]:
            if error[1] == "receive":
                return
            if last[2] + last[3] == error[2]:
                last[3] += error[3]
                return
        self.errors.append(error)

    # The link: `contract.Link` knows sizes; what it carries is the tag.

    @staticmethod
    def next_due(link, now):
        if not link.queue or link.queue[0][0] > now:
            return None
        waited = link.queue[0][-1]
        (_, tag, copy, bit, what), = link.due(now, most=1)
        return tag, copy, bit, what, waited

    def link_events(self, now, number, copy, waited, direction, bit):
        if waited is not None:
            self.note(waited, number, copy, "dequeued")
        if bit is not None:
            self.note(now, number, copy, {"corrupted": [direction, bit]})
