"""The rules of PROTOCOL.md, written from its text alone: echo rule, ledger, matching, link.

Nothing here knows the Rust code. `vectors.py` holds it against server/wire/vectors.
"""

import heapq

FATES = ["echoed", "lost", "dropped", "refused", "rejected", "unanswered"]
HEAD_BYTES = 48
MASK64 = (1 << 64) - 1


def echo_answer(bytes_, buffer, echo_empty):
    """What a server answers to that many bytes: None, or (bytes sent back, whether they were cut)."""
    received = bytes_ if buffer is None else min(bytes_, buffer)
    if received == 0 and not echo_empty:
        return None
    return received, received < bytes_


def is_guarded(peer_port, own_port):
    return peer_port < 1024 or peer_port == own_port


class Ledger:
    """The books of a session. Datagrams are numbered from 1."""

    def __init__(self):
        names = ["sent", *FATES, "in_flight", "duplicates", "reordered", "late", "truncated", "stray"]
        self.counters = dict.fromkeys([*names, "bytes_sent", "bytes_received"], 0)
        self.fates, self.opened, self.sizes, self.copies_out = {}, {}, {}, {}
        self.wire = []
        self.newest_echoed = 0

    def open(self, at, size):
        self.counters["sent"] += 1
        self.counters["in_flight"] += 1
        self.counters["bytes_sent"] += size
        number = self.counters["sent"]
        self.opened[number], self.sizes[number], self.copies_out[number] = at, size, 1
        return number

    def on_wire(self, number, copy, payload):
        self.wire.append({"id": number, "copy": copy, "payload": payload, "seen": False, "answered": False})

    def send(self, at, payload):
        number = self.open(at, len(payload))
        self.on_wire(number, 0, payload)
        return number

    def settle(self, number, fate):
        if number in self.fates or number not in self.opened:
            return False
        self.fates[number] = fate
        self.counters["in_flight"] -= 1
        self.counters[fate] += 1
        return True

    def seen_by_server(self, payload):
        for copy in self.wire:
            if copy["payload"] == payload and not copy["seen"] and not copy["answered"]:
                copy["seen"] = True
                return copy["id"], copy["copy"]
        return None

    def match(self, payload):
        """Finds the copy that an answer belongs to, by the five rules."""

        def whole(copy):
            return copy["payload"] == payload

        def cut(copy):
            head = payload[:HEAD_BYTES]
            longer = len(copy["payload"]) > len(payload) > 0
            return longer and copy["payload"][: len(head)] == head

        def oldest(rule, in_flight):
            for copy in self.wire:
                given_up = copy["id"] in self.fates
                if not copy["answered"] and rule(copy) and not (in_flight and given_up):
                    return copy
            return None

        found = oldest(whole, True) or oldest(cut, True) or oldest(whole, False) or oldest(cut, False)
        if found:
            found["answered"] = True
            # The newest answered one is the one that was answered last, not the one that was sent last.
            self.wire.remove(found)
            self.wire.append(found)
            return found
        answered = [copy for copy in self.wire if copy["answered"] and whole(copy)]
        return answered[-1] if answered else None

    def deliver(self, payload):
        """Books an answer; returns (datagram, delivery, bytes it was cut from)."""
        self.counters["bytes_received"] += len(payload)
        copy = self.match(payload)
        if copy is None:
            self.counters["stray"] += 1
            return None, "stray", None
        number, size = copy["id"], len(copy["payload"])
        cut_from = size if size > len(payload) else None
        self.counters["truncated"] += cut_from is not None
        if self.settle(number, "echoed"):
            self.counters["reordered"] += number < self.newest_echoed
            self.newest_echoed = max(self.newest_echoed, number)
            return number, "echoed", cut_from
        delivery = "duplicate" if self.fates[number] == "echoed" else "late"
        self.counters["duplicates" if delivery == "duplicate" else "late"] += 1
        return number, delivery, cut_from

    def duplicated(self, number):
        self.copies_out[number] += 1

    def copy_dropped(self, number):
        self.copies_out[number] -= 1
        return self.copies_out[number] == 0 and self.settle(number, "dropped")

    def refuse(self):
        waiting = {copy["id"] for copy in self.wire if not copy["answered"] and not copy["seen"]}
        return [number for number in sorted(waiting) if self.settle(number, "refused")]

    def expire(self, now, timeout):
        due = [n for n in self.opened if n not in self.fates and self.opened[n] + timeout <= now]
        ended = []
        for number in sorted(due):
            fate = "lost" if self.sizes[number] else "unanswered"
            self.settle(number, fate)
            ended.append([number, fate])
        return ended

    def balanced(self):
        return self.counters["sent"] == sum(self.counters[name] for name in [*FATES, "in_flight"])


class Pcg32:
    """PCG-XSH-RR 64/32, seeded from one 64-bit number as the document says."""

    MULTIPLIER = 6364136223846793005

    def __init__(self, seed):
        words, state = [], seed
        for _ in range(4):
            state = (state * self.MULTIPLIER + 0xA17654E46FBE17F3) & MASK64
            words.append(self.output(state))
        self.increment = words[2] | words[3] << 32 | 1
        self.state = ((words[0] | words[1] << 32) + self.increment) & MASK64
        self.step()

    def step(self):
        self.state = (self.state * self.MULTIPLIER + self.increment) & MASK64

    def next(self):
        value = self.output(self.state)
        self.step()
        return value

    @staticmethod
    def output(state):
        word = (((state >> 18) ^ state) >> 27) & 0xFFFFFFFF
        turn = state >> 59
        return (word >> turn | word << (32 - turn)) & 0xFFFFFFFF


class Link:
    """One direction of a link."""

    MAX_QUEUED_BYTES = 4 << 20
    HOLD_US = 200_000

    def __init__(self, impairment, seed, direction):
        self.impairment = impairment
        self.chance = Pcg32(seed if direction == "up" else ~seed & MASK64)
        self.bad = False
        self.free_at = 0
        self.queue, self.queued_bytes, self.order = [], 0, 0
        self.mishap = None

    def get(self, name):
        return self.impairment.get(name, 0)

    def befall_next(self, mishap):
        self.mishap = mishap

    def offer(self, now, tag, size):
        """Takes a datagram; returns the number of copies on their way, or "loss" or "queue"."""
        burst, loss, duplicate, reorder, corrupt, bit, *jitter = [self.chance.next() for _ in range(8)]

        def happens(draw, name):
            return draw * 1_000_000 < self.get(name) << 32

        if happens(burst, "burst_end_ppm" if self.bad else "burst_start_ppm"):
            self.bad = not self.bad
        if self.get("burst_start_ppm") == 0:
            self.bad = False
        mishap, self.mishap = self.mishap, None
        if mishap == "lose":
            return "loss"
        if mishap:
            copies, held = (2, 0) if mishap == "double" else (1, self.HOLD_US)
            return sum(self.enqueue(now, tag, n, size, None, jitter[n], False, held) for n in range(copies)) or "queue"
        if self.bad or happens(loss, "loss_ppm"):
            return "loss"
        turned = bit % max(size * 8, 1) if happens(corrupt, "corrupt_ppm") else None
        copies = 2 if happens(duplicate, "duplicate_ppm") else 1
        overtakes = happens(reorder, "reorder_ppm")
        carried = sum(self.enqueue(now, tag, copy, size, turned, jitter[copy], overtakes) for copy in range(copies))
        return carried or "queue"

    def enqueue(self, now, tag, copy, size, turned, draw, overtakes, held=0):
        if len(self.queue) >= (self.get("limit") or 1000) or self.queued_bytes + size > self.MAX_QUEUED_BYTES:
            return False
        departs, waited_until = now, None
        if rate := self.get("rate_kbps"):
            waited_until = self.free_at if self.free_at > now else None
            self.free_at = max(self.free_at, now) + -((size + 28) * 8 * 1000 // -rate)
            departs = self.free_at
        travels = 0
        if not overtakes:
            late = (2 * self.get("jitter_us") * draw) >> 32
            travels = max(self.get("delay_us") + late - self.get("jitter_us"), 0) + held
        self.order += 1
        self.queued_bytes += size
        heapq.heappush(self.queue, (departs + travels, self.order, tag, copy, size, turned, waited_until))
        return True

    def due(self, now, most=None):
        """The copies that arrive up to `now`: [time, tag, copy, turned bit or None, what]."""
        arrived = []
        while self.queue and self.queue[0][0] <= now and len(arrived) != most:
            time, _, tag, copy, size, turned, _ = heapq.heappop(self.queue)
            self.queued_bytes -= size
            dropped = turned is not None and not self.impairment.get("no_checksum")
            arrived.append([time, tag, copy, turned, "checksum" if dropped else "delivered"])
        return arrived
