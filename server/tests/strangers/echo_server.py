"""A UDP echo server in the manner of the classic tutorial: bind, then receive and send back for ever.

Usage: echo_server.py [HOST [PORT]]; port 0 lets the system choose. Every line goes to standard error.
"""

import socket
import sys

host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
family = socket.AF_INET6 if ":" in host else socket.AF_INET


def say(line=""):
    print(line, file=sys.stderr, flush=True)


with socket.socket(family, socket.SOCK_DGRAM) as server:
    server.bind((host, port))
    say("starting up on %s port %s" % server.getsockname()[:2])
    while True:
        say("\nwaiting to receive message")
        data, address = server.recvfrom(4096)
        say(f"received {len(data)} bytes from {address}")
        say(data.decode(errors="backslashreplace"))
        if data:
            sent = server.sendto(data, address)
            say(f"sent {sent} bytes back to {address}")
