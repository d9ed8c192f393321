"""Opens sockets as systemd does and becomes a program that is handed them: activate.py KIND[,KIND...] PROGRAM ARGUMENT..."""

import os
import socket
import sys

FIRST = 3


def opened(kind):
    if kind == "tcp":
        listener = socket.create_server(("127.0.0.1", 0))
        return listener
    if kind == "udp":
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        bound.bind(("127.0.0.1", 0))
        return bound
    if kind == "unbound-tcp":
        return socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if kind == "connected-udp":
        connected = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        connected.connect(("127.0.0.1", 9))
        return connected
    if kind == "unix":
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind("\0udp-echo-test-%d" % os.getpid())
        listener.listen()
        return listener
    raise SystemExit("no kind of socket: " + kind)


kinds = sys.argv[1].split(",")
# Out of the way of the descriptors that the program expects, first.
sockets = [os.dup2(opened(kind).detach(), 100 + place, inheritable=False) for place, kind in enumerate(kinds)]
for place, descriptor in enumerate(sockets):
    os.dup2(descriptor, FIRST + place, inheritable=True)
os.environ["LISTEN_FDS"] = str(len(kinds))
os.environ["LISTEN_PID"] = str(os.getpid())
os.environ["LISTEN_FDNAMES"] = ":".join(kinds)
os.execv(sys.argv[2], sys.argv[2:])
