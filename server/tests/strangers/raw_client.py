"""Sends datagrams of given sizes through /relay/raw and checks that each comes back whole, alone and unchanged.

Usage: raw_client.py URL SIZE... An empty datagram is not answered, so after it a mark is sent: the next answer must
be the mark's. Exits with 1 and a sentence at the first difference.
"""

import sys

from websocket import WebSocket

url, sizes = sys.argv[1], [int(size) for size in sys.argv[2:]]
relay = WebSocket(url)
for number, size in enumerate(sizes):
    # Every byte value in every order of neighbours that fits.
    payload = bytes((i * (number + 1) + i // 256) % 256 for i in range(size))
    relay.send(payload)
    if size == 0:
        payload = b"after the empty one"
        relay.send(payload)
    answer = relay.receive()
    if answer != payload:
        kind = type(answer).__name__
        sys.exit(f"{size} bytes were sent, {len(answer)} came back as {kind}; equal: {answer == payload}")
    print(f"{size} bytes: the same")
code = relay.close()
print(f"closed with {code}")
