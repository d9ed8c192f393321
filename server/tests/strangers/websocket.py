"""A WebSocket client of RFC 6455 from nothing but the standard library: enough to talk to a relay.

It reads one frame at a time, joins fragments, answers pings, and tells text from binary and both from a Close.
"""

import base64
import hashlib
import os
import socket
import struct
from urllib.parse import urlsplit

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Refused(Exception):
    """The server answered the handshake with something else than 101."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status, self.body = status, body


class Closed(Exception):
    """The server closed the connection."""

    def __init__(self, code, reason):
        super().__init__(f"closed with {code}: {reason}")
        self.code, self.reason = code, reason


class WebSocket:
    def __init__(self, url, origin=None, timeout=10):
        parts = urlsplit(url)
        path = (parts.path or "/") + ("?" + parts.query if parts.query else "")
        self.socket = socket.create_connection((parts.hostname, parts.port or 80), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: {parts.netloc}", "Upgrade: websocket", "Connection: Upgrade"]
        lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
        lines += [f"Origin: {origin}"] if origin else []
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self._read_handshake(key)

    def _read_handshake(self, key):
        status = self.stream.readline().decode().strip()
        self.headers = {}
        while line := self.stream.readline().decode().strip():
            name, _, value = line.partition(":")
            self.headers[name.strip().lower()] = value.strip()
        if status.split(" ")[1] != "101":
            body = self.stream.read(int(self.headers.get("content-length", 0)))
            raise Refused(status, body.decode(errors="replace"))
        expected = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        assert self.headers["sec-websocket-accept"] == expected, "the handshake is answered for another key"

    def send(self, data):
        """Sends a message: str as text, bytes as binary."""
        if isinstance(data, str):
            self._send_frame(TEXT, data.encode())
        else:
            self._send_frame(BINARY, data)

    def receive(self):
        """Returns the next message: str for text, bytes for binary. Raises Closed."""
        kind, message = None, b""
        while True:
            fin, opcode, payload = self._read_frame()
            if opcode == PING:
                self._send_frame(PONG, payload)
                continue
            if opcode == PONG:
                continue
            if opcode == CLOSE:
                code = struct.unpack("!H", payload[:2])[0] if payload else 1005
                raise Closed(code, payload[2:].decode())
            kind = opcode if opcode != CONTINUATION else kind
            message += payload
            if fin:
                return message.decode() if kind == TEXT else message

    def close(self, code=1000):
        """Closes as the protocol wants it, and returns the code that the server answers with."""
        self._send_frame(CLOSE, struct.pack("!H", code))
        try:
            while True:
                self.receive()
        except Closed as end:
            return end.code
        finally:
            self.socket.close()

    def _send_frame(self, opcode, payload):
        length = len(payload)
        if length < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | length)
        elif length < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, length)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, length)
        mask = os.urandom(4)
        # One large number is exclusive-ored faster than thousands of bytes.
        pattern = int.from_bytes((mask * (length // 4 + 1))[:length], "big")
        masked = (int.from_bytes(payload, "big") ^ pattern).to_bytes(length, "big")
        self.socket.sendall(head + mask + masked)

    def _read_frame(self):
        first, second = self._read_exactly(2)
        length = second & 0x7F
        assert not second & 0x80, "a server must not mask its frames"
        assert not first & 0x70, "no extension was agreed on"
        if length == 126:
            (length,) = struct.unpack("!H", self._read_exactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._read_exactly(8))
        return bool(first & 0x80), first & 0x0F, self._read_exactly(length)

    def _read_exactly(self, count):
        data = self.stream.read(count)
        if len(data) < count:
            raise Closed(1006, "the connection ended without a Close")
        return data
