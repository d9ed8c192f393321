"""A client with a lane that knows nothing but PROTOCOL.md: QUIC and HTTP/3 are aioquic's, the WebSocket is of the standard library.

Usage: lane_client.py URL ORIGIN. Prints a line for each thing that it has seen to be true; exits with 1 and a sentence at the first
that is not. aioquic comes from PyPI.
"""

import asyncio
import hashlib
import json
import ssl
import struct
import sys
from pathlib import Path
from urllib.parse import urlsplit

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DatagramReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated
from cryptography.hazmat.primitives.serialization import Encoding
from websocket import WebSocket

FIRST_ANSWER = 2**31 + 1
VECTORS = Path(__file__).parents[2] / "wire" / "vectors" / "lane.json"


def check(what, got, expected):
    if got != expected:
        sys.exit(f"{what}: got {got!r}, expected {expected!r}")


def write(number, payload):
    return struct.pack("!Q", number) + payload


def read(message):
    """Number and payload of a message; None when it has no number that may be."""
    if len(message) < 8:
        return None
    (number,) = struct.unpack("!Q", message[:8])
    return (number, message[8:]) if 1 <= number < 2**53 else None


def check_headers():
    vectors = json.loads(VECTORS.read_text())
    for header in vectors["headers"]:
        message, payload = bytes.fromhex(header["hex"]), bytes.fromhex(header["payload"])
        check(header["hex"], read(message), (header["number"], payload))
        check(header["hex"], write(header["number"], payload), message)
    for text in vectors["no_headers"]:
        check(text, read(bytes.fromhex(text)), None)
    print("headers are those of the vectors")


class Lane(QuicConnectionProtocol):
    """A WebTransport session without any stream but that of its request."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.http = H3Connection(self._quic, enable_webtransport=True)
        self.statuses, self.answers, self.ended = asyncio.Queue(), asyncio.Queue(), asyncio.Queue()

    def quic_event_received(self, event):
        if isinstance(event, ConnectionTerminated):
            self.ended.put_nowait((event.error_code, event.reason_phrase))
        for said in self.http.handle_event(event):
            if isinstance(said, HeadersReceived):
                self.statuses.put_nowait(int(dict(said.headers)[b":status"]))
            elif isinstance(said, DatagramReceived):
                self.answers.put_nowait(read(said.data))

    async def ask(self, url, origin):
        """Asks for a WebTransport session, and returns the status of the answer."""
        parts = urlsplit(url)
        self.stream = self._quic.get_next_available_stream_id()
        head = {":method": "CONNECT", ":scheme": "https", ":authority": parts.netloc, ":path": f"{parts.path}?{parts.query}"}
        head |= {":protocol": "webtransport", "origin": origin, "sec-webtransport-http3-draft02": "1"}
        self.http.send_headers(self.stream, [(name.encode(), value.encode()) for name, value in head.items()])
        self.transmit()
        return await self.next(self.statuses)

    def send(self, number, payload):
        self.http.send_datagram(self.stream, write(number, payload))
        self.transmit()

    async def next(self, queue):
        return await asyncio.wait_for(queue.get(), 10)

    def certificate(self):
        """SHA-256 of the certificate that the host showed."""
        shown = self._quic.tls._peer_certificate.public_bytes(Encoding.DER)
        return hashlib.sha256(shown).hexdigest()


class Session:
    """The WebSocket of the session. It is read by whoever waits for something on it."""

    def __init__(self, url, origin):
        self.socket = WebSocket(url, origin=origin)
        self.texts, self.events, self.binaries = [], [], []

    def say(self, message):
        self.socket.send(json.dumps(message))

    def report(self, **what):
        self.say({"lane": {"report": what}})

    def step(self):
        message = self.socket.receive()
        if isinstance(message, bytes):
            self.binaries.append(message)
        elif "events" in (text := json.loads(message)):
            self.events += text["events"]
        else:
            self.texts.append(text)

    async def until(self, found):
        """Reads until there is something, and returns it."""
        while (thing := found()) is None:
            await asyncio.to_thread(self.step)
        return thing

    async def told(self, name, part=None):
        def found():
            for text in self.texts:
                if name in text and (part is None or part in text[name]):
                    self.texts.remove(text)
                    return text[name] if part is None else text[name][part]

        return await self.until(found)

    async def end(self, number):
        """What a datagram's last event was, with the reason if it was dropped."""

        def found():
            mine = [what for _, datagram, _, what in self.events if datagram == number]
            if "gone" in mine:
                return next(what["dropped"] for what in mine if "dropped" in what)
            return next((what for what in mine if "relay_out" in what or "rejected" in what), None)

        return await self.until(found)


def open_lane(url):
    configuration = QuicConfiguration(alpn_protocols=H3_ALPN, max_datagram_frame_size=65536)
    # The hash decides, and not an authority.
    configuration.verify_mode = ssl.CERT_NONE
    parts = urlsplit(url)
    return connect(parts.hostname, parts.port, configuration=configuration, create_protocol=Lane)


async def main(url, origin):
    check_headers()
    session = Session(url, origin)
    offer = (await session.told("hello"))["lane"]
    address = f"{offer['url']}?token={offer['token']}"
    check("digits of the token", len(offer["token"]), 32)

    async with open_lane(offer["url"]) as lane:
        check("the certificate is one of the offer", lane.certificate() in offer["hashes"], True)
        check("status", await lane.ask(address, origin), 200)
        carried = (await session.told("lane", "opened"))["datagram_bytes"]
        check("the path carries what was offered", carried >= offer["datagram_bytes"], True)
        print("a lane opens with the token of hello and the certificate of its hash")

        lane.send(1, b"one")
        check("the first answer", await lane.next(lane.answers), (FIRST_ANSWER, b"one"))
        session.report(sent=1, received=[[FIRST_ANSWER, FIRST_ANSWER]])
        check("the end of datagram 1", await session.end(1), {"relay_out": [FIRST_ANSWER, "echoed"]})
        print("a datagram goes there and back by the lane, and is echoed once that is reported")

        session.say({"lane": "numbered"})
        session.socket.send(write(2, b"two"))
        check("the end of datagram 2", await session.end(2), {"relay_out": [1, "echoed"]})
        check("its answer", (await session.until(lambda: session.binaries or None)).pop(), b"two")
        print("numbers go on by the WebSocket, and answers there have none")

        lane.send(4, b"four")
        check("an answer", await lane.next(lane.answers), (FIRST_ANSWER + 1, b"four"))
        lane.send(5, b"never reported")
        await lane.next(lane.answers)
        session.report(sent=6, received=[[FIRST_ANSWER + 1, FIRST_ANSWER + 1]], unsent=[[6, 1400, 1100]])
        rejected = (await session.end(6))["rejected"]
        check("the words of a rejection name the limit", "1100" in rejected, True)
        check("the end of datagram 3, which never came", await session.end(3), ["up", "hop"])
        check("the end of datagram 5, which was not reported", await session.end(5), ["down", "hop"])
        session.say("counters")
        books = await session.told("counters")
        fates = {"sent": 6, "echoed": 3, "dropped": 2, "rejected": 1, "in_flight": 0}
        check("the books", {name: books[name] for name in fates}, fates)
        print("the books close over both lanes, with what got lost on the browser's hop")

        async with open_lane(offer["url"]) as second:
            check("status of a token that was used", await second.ask(address, origin), 403)
        print("a token opens one lane")

        session.socket.socket.close()
        session.socket.stream.close()
        code, _ = await lane.next(lane.ended)
        print(f"the lane ends with its WebSocket, code {code}")


asyncio.run(main(*sys.argv[1:]))
