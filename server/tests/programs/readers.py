"""Readers of a tutorial behind a proxy with TLS: each opens a session, talks, and comes back when it is closed.

    readers.py PORT READERS ORIGIN CA_FILE

Nothing but the standard library. Commands come by standard input, one a line: `report` prints what happened since the
last report as one line of JSON, `cut` breaks every connection as a network does that goes away, `stop` ends it. A reader behaves as the page does: it waits a random part of a doubling
time before it tries again, so that a whole class does not come back in one moment.
"""

import asyncio
import base64
import json
import os
import random
import ssl
import struct
import sys

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
FIRST_WAIT, LONGEST_WAIT = 0.2, 2.0
ANSWER_WITHIN = 60.0


class Ended(Exception):
    """The session ended; the argument is the close code."""


class Reader:
    def __init__(self, port, origin, tls):
        self.port, self.origin, self.tls = port, origin, tls
        self.live = False
        self.resume, self.client, self.out = "", None, None
        self.fresh()

    def fresh(self):
        self.sessions, self.echoed, self.codes, self.failures = 0, 0, [], []
        self.resumed, self.moved = 0, 0

    async def live_on(self):
        wait = FIRST_WAIT
        while True:
            try:
                await self.session()
            except Ended as ended:
                self.codes.append(ended.args[0])
                wait = FIRST_WAIT
            except (OSError, EOFError, ValueError, asyncio.TimeoutError) as error:
                if self.live and isinstance(error, (OSError, EOFError)):
                    # A proxy that closes while a datagram is on its way to it resets, and the Close is lost.
                    self.codes.append(1006)
                    wait = FIRST_WAIT
                else:
                    self.failures.append(f"{type(error).__name__}: {error}")
            self.live = False
            await asyncio.sleep(random.random() * wait)
            wait = min(2 * wait, LONGEST_WAIT)

    async def session(self):
        stream, out = await asyncio.open_connection("127.0.0.1", self.port, ssl=self.tls, server_hostname="udp.example")
        receiver = None
        try:
            await self.handshake(stream, out)
            self.out = out
            # It reads all the time, as a browser does: a Close that waits unread is lost to the reset that follows it.
            inbox = asyncio.Queue()
            receiver = asyncio.create_task(self.receive(stream, out, inbox))
            hello = None
            while hello is None:
                opcode, payload = await self.next_message(receiver, inbox)
                hello = json.loads(payload).get("hello") if opcode == TEXT else None
            self.sessions += 1
            self.take_port(hello)
            self.live = True
            number = 0
            while True:
                number += 1
                question = f"datagram {number} of {hello['client']}".encode()
                self.frame(out, BINARY, question)
                try:
                    await out.drain()
                except ConnectionError:
                    pass  # The other end has closed; its Close is still to be read.
                opcode = None
                while opcode != BINARY:
                    opcode, answer = await self.next_message(receiver, inbox)
                if answer != question:
                    raise ValueError(f"asked {question!r}, and got {answer!r}")
                self.echoed += 1
                await asyncio.wait({receiver}, timeout=0.1 + 0.2 * random.random())
                if receiver.done():
                    receiver.result()
        finally:
            if receiver:
                receiver.cancel()
            out.close()

    def take_port(self, hello):
        if self.client and hello["resumed"] != (hello["client"] == self.client):
            raise ValueError(f"resumed: {hello['resumed']}, with {self.client} before and {hello['client']} now")
        self.resumed += hello["resumed"]
        self.moved += self.client is not None and not hello["resumed"]
        self.resume, self.client = hello["resume"], hello["client"]

    async def receive(self, stream, out, inbox):
        while True:
            inbox.put_nowait(await self.message(stream, out))

    @staticmethod
    async def next_message(receiver, inbox):
        """The next message; raises what ended the session, or TimeoutError."""
        message = asyncio.ensure_future(inbox.get())
        await asyncio.wait({message, receiver}, timeout=ANSWER_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        if message.done():
            return message.result()
        message.cancel()
        if receiver.done():
            receiver.result()
        raise asyncio.TimeoutError("no answer")

    async def handshake(self, stream, out):
        key = base64.b64encode(os.urandom(16)).decode()
        out.write(
            f"GET /relay?resume={self.resume} HTTP/1.1\r\nHost: udp.example\r\nOrigin: {self.origin}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            # A lie that the proxy must not let count.
            "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n\r\n".encode()
        )
        status = (await stream.readline()).decode().strip()
        while (await stream.readline()).strip():
            pass
        if " 101 " not in status + " ":
            raise ValueError(f"the handshake was answered with {status!r}")

    async def message(self, stream, out):
        while True:
            first, second = await stream.readexactly(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack(">H", await stream.readexactly(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", await stream.readexactly(8))
            payload = await stream.readexactly(length)
            opcode = first & 0x0F
            if opcode == PING:
                self.frame(out, PONG, payload)
            elif opcode == CLOSE:
                self.frame(out, CLOSE, payload[:2])
                raise Ended(struct.unpack(">H", payload[:2])[0] if payload else None)
            else:
                return opcode, payload

    @staticmethod
    def frame(out, opcode, payload):
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        out.write(bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + masked)


async def main():
    port, readers, origin, ca_file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    tls = ssl.create_default_context(cafile=ca_file)
    crowd = [Reader(port, origin, tls) for _ in range(readers)]
    lives = [asyncio.create_task(reader.live_on()) for reader in crowd]
    commands = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(commands)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while (line := (await commands.readline()).strip()) in (b"report", b"cut"):
        if line == b"cut":
            for reader in crowd:
                reader.out.transport.abort()
            continue
        report = {
            "live": sum(reader.live for reader in crowd),
            "talking": sum(reader.echoed > 0 for reader in crowd),
            "sessions": sum(reader.sessions for reader in crowd),
            "resumed": sum(reader.resumed for reader in crowd),
            "moved": sum(reader.moved for reader in crowd),
            "echoed": sum(reader.echoed for reader in crowd),
            "codes": [code for reader in crowd for code in reader.codes],
            "failures": [failure for reader in crowd for failure in reader.failures][:5],
        }
        for reader in crowd:
            reader.fresh()
        print(json.dumps(report), flush=True)
    for life in lives:
        life.cancel()


asyncio.run(main())
