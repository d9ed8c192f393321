"""A UDP echo client in the manner of the classic tutorial: no bind, send one message, wait for it.

Usage: echo_client.py HOST PORT [MESSAGE]. Every line goes to standard error; exits with 1 when no answer comes.
"""

import socket
import sys

host, port = sys.argv[1], int(sys.argv[2])
message = sys.argv[3] if len(sys.argv) > 3 else "This is the message.  It will be repeated."
family = socket.AF_INET6 if ":" in host else socket.AF_INET


def say(line):
    print(line, file=sys.stderr, flush=True)


client = socket.socket(family, socket.SOCK_DGRAM)
client.settimeout(10)
try:
    say(f'sending "{message}"')
    client.sendto(message.encode(), (host, port))
    say("waiting to receive")
    data, server = client.recvfrom(4096)
    say(f'received "{data.decode()}"')
except TimeoutError:
    sys.exit("no answer")
finally:
    say("closing socket")
    client.close()
