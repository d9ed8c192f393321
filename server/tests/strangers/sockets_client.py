"""The tutorial's echo server and its client, both over /sockets: bind, sendto, recvfrom, and what fails as on a local socket.

Usage: sockets_client.py URL. It knows nothing but PROTOCOL.md, keeps books of its own and compares them with the host's. Prints a
line for each thing that it has seen to be true; exits with 1 and a sentence at the first that is not.
"""

import errno
import socket as local
import sys

from contract import Link
from sockets_api import Host, pair
from websocket import Closed, Refused

MESSAGE = b"This is the message.  It will be repeated."
FATES = ["delivered", "left", "dropped", "refused", "rejected", "in_flight"]


def check(what, got, expected):
    if got != expected:
        sys.exit(f"{what}: got {got!r}, expected {expected!r}")


def fails(what, name, call, *arguments):
    """Checks that a call raises the error with this name."""
    try:
        call(*arguments)
    except OSError as error:
        check(what, errno.errorcode[error.errno], name)
    else:
        sys.exit(f"{what}: it succeeded, expected {name}")


def fates_of(host, numbers):
    """Reads until each of these datagrams has its final event, and returns the events' names."""
    finals = {}
    read = 0
    while not finals.keys() >= set(numbers):
        while read == len(host.events):
            host.step()
        for _, number, _, what in host.events[read:]:
            name = what if isinstance(what, str) else next(iter(what))
            if name in ("delivered", "left", "refused", "rejected", "gone"):
                finals.setdefault(number, name)
        read = len(host.events)
    return [finals[number] for number in numbers]


def books(host, where):
    counters = host.counters()
    check(f"sent {where}", counters["sent"], host.sent)
    check(f"received {where}", counters["received"], host.received)
    check(f"the sum {where}", sum(counters[fate] for fate in FATES), counters["sent"])
    return counters


url = sys.argv[1]
host = Host(url)
own = host.hello["loopback"]["address"]
check("protocol", host.hello["protocol"], 1)
check("the first octet of the own address", own.split(".")[0], "127")
print("hello: a loopback of one's own")

# The tutorial: the server binds and waits, the client does not bind, and the system picks its port.
server, client = host.socket(), host.socket()
server.bind(("localhost", 10000))
check("the server's address", server.getsockname(), (own, 10000))
number = client.sendto(MESSAGE, ("localhost", 10000))
data, address = server.recvfrom()
check("what the server received", (data, address[0]), (MESSAGE, own))
check("the client's port is told unasked", client.getsockname(), address)
server.sendto(data, address)
data, address = client.recvfrom()
check("what the client received", (data, address), (MESSAGE, (own, 10000)))
check("fates of both", fates_of(host, [number, number + 1]), ["delivered", "delivered"])
print(f"received {len(data)} bytes from the server on localhost, port 10000")

# Edges: every byte value, no byte at all, and the largest datagram.
for size in (0, 1, 1472, 1473, 4096, 9216, 65507):
    payload = bytes(i * 7 % 256 for i in range(size))
    client.sendto(payload, ("127.0.0.1", 10000))
    check(f"{size} bytes", server.recvfrom(), (payload, client.getsockname()))
number = client.sendto(bytes(65508), ("localhost", 10000))
check("one byte too many", fates_of(host, [number]), ["rejected"])
host.counters()
check("its errno", host.rejected[number]["errno"], "EMSGSIZE")
print("0 to 65507 bytes arrive unchanged; 65508 are EMSGSIZE")

# The same over IPv6, where ports are mapped, in a family of its own: port 10000 is free there.
try:
    server6, client6 = host.socket("ipv6"), host.socket("ipv6")
    server6.bind(("localhost", 10000))
except OSError as error:
    check("why there is no IPv6", errno.errorcode[error.errno] in ("EAFNOSUPPORT", "EADDRNOTAVAIL"), True)
else:
    check("the server's address over IPv6", server6.getsockname(), ("::1", 10000))
    for size in (0, 42, 65527):
        client6.sendto(bytes(size), ("::1", 10000))
        data, address = server6.recvfrom()
        server6.sendto(data, address)
        check(f"{size} bytes over IPv6", client6.recvfrom(), (bytes(size), ("::1", 10000)))
    client6.close()
    server6.close()
    print("the same over IPv6")

# What fails, fails as on a local socket.
other = host.socket()
fails("a port that is taken", "EADDRINUSE", other.bind, ("", 10000))
fails("a second bind", "EINVAL", server.bind, ("", 10002))
fails("a port of the system", "EACCES", other.bind, ("", 53))
fails("a foreign address", "EADDRNOTAVAIL", other.bind, ("192.0.2.1", 10000))
fails("disconnect before connect", "ENOTCONN", other.disconnect)
fails("a name that nobody has", "ENOENT", other.connect, ("example.org", 10000))
fails("another family", "EAFNOSUPPORT", other.connect, ("::1", 10000))
fails("somebody else's address", "EACCES", other.connect, ("127.0.0.3", 10000))
for place, name in [(("192.0.2.1", 9000), "EACCES"), (("127.0.0.1", 53), "EACCES"), (("127.0.0.1", 0), "EINVAL")]:
    number = other.sendto(b"x", place)
    check(f"a datagram to {place}", fates_of(host, [number]), ["rejected"])
    host.counters()
    check(f"errno of a datagram to {place}", host.rejected[number]["errno"], name)
print("errors: the names that the system has for them")

# Nobody has bound the port: a connected socket hears of it, an unconnected one does not.
number = other.sendto(b"is anybody there?", ("localhost", 10009))
check("an unconnected socket", fates_of(host, [number]), ["gone"])
other.connect(("localhost", 10009))
number = other.send(b"is anybody there?")
check("a connected socket", fates_of(host, [number]), ["refused"])
fails("the next call", "ECONNREFUSED", other.recvfrom)
other.close()
fails("a closed socket", "EBADF", other.connect, ("localhost", 10000))
books(host, "after what fails")
print("nobody there: silence for an unconnected socket, ECONNREFUSED for a connected one")

# The host's own echo server is a target with an address of its own, never localhost.
(echo,) = [pair(target["address"]) for target in host.hello["targets"] if target["name"] == "echo"]
check("echo is not localhost", echo[0] in ("127.0.0.1", "::1", own), False)
asker = host.socket()
number = asker.sendto(MESSAGE, echo)
check("the echo server's answer", asker.recvfrom(), (MESSAGE, echo))
check("fate of what left", fates_of(host, [number]), ["left"])
print("the target echo answers")

# Another session with the token shares the loopback; one without it has another.
friend, stranger = Host(url, host.hello["loopback"]["token"]), Host(url)
check("the friend's address", friend.hello["loopback"]["address"], own)
is_mapped = host.hello["loopback"]["mapped"]
check("a stranger has the same address only where ports are mapped", stranger.hello["loopback"]["address"] == own, is_mapped)
visitor = friend.socket()
number = visitor.sendto(b"from the next tab", ("localhost", 10000))
data, address = server.recvfrom()
server.sendto(data.upper(), address)
check("over two sessions", visitor.recvfrom(), (b"FROM THE NEXT TAB", (own, 10000)))
check("its fate comes from the other session", fates_of(friend, [number]), ["delivered"])
outsider = stranger.socket()
number = outsider.sendto(b"let me in", (own, 10000))
# With mapped ports that is the stranger's own address, where nobody has bound the port.
check("a stranger's datagram", fates_of(stranger, [number]), ["gone" if is_mapped else "rejected"])
stranger.counters()
if not is_mapped:
    check("its errno", stranger.rejected[number]["errno"], "EACCES")
same = stranger.socket()
same.bind(("", 10000))
try:
    Host(url, "0123456789abcdef0123456789abcdef")
    sys.exit("a guessed token was taken")
except Refused as refused:
    check("a guessed token", refused.status.split(" ")[1], "403")
check("goodbye of the others", [friend.close(), stranger.close()], [1000, 1000])
print("the token shares the loopback; without it, port 10000 is free once more")

# An unbound program on this machine arrives from 127.0.0.1, and its answer reaches it.
if host.hello["loopback"]["reachable"]:
    outside = pair(host.bound[server.number]["outside"])
    program = local.socket(local.AF_INET, local.SOCK_DGRAM)
    program.settimeout(10)
    program.sendto(b"hello from a terminal", outside)
    data, address = server.recvfrom()
    check("the visitor's address", address[0], "127.0.0.1")
    number = server.sendto(data, address)
    check("the visitor's answer", program.recvfrom(4096)[0], b"hello from a terminal")
    check("fate of the answer", fates_of(host, [number]), ["left"])
    program.close()
    print("a program on this machine writes to the socket and gets its answer")

# The link: its losses are known before the first datagram is sent.
lossy = {"loss_ppm": 300_000}
check("seed in force", host.ask({"lab": {"up": lossy, "seed": 7}}, "lab")["seed"], 7)
link = Link(lossy, 7, "up")
foretold = ["gone" if link.offer(0, n, 0) == "loss" else "delivered" for n in range(40)]
numbers = [client.sendto(f"datagram {n}".encode(), ("127.0.0.1", 10000)) for n in range(40)]
check("the link's losses", fates_of(host, numbers), foretold)
for n in range(40):
    if foretold[n] == "delivered":
        check("what the link let pass", server.recvfrom()[0], f"datagram {n}".encode())
print(f"lab: {foretold.count('gone')} of 40 lost, each one foretold from the seed")

counters = books(host, "at the end")
check("nothing is in flight", counters["in_flight"], 0)
print(f"books: {counters['sent']} sent, all accounted for")

# A text that is no message of this route ends the session, with a code and a sentence.
host.websocket.send("this is no control message")
try:
    while True:
        host.step()
except Closed as end:
    check("close code", end.code, 4400)
    print(f"closed with {end.code}: {end.reason}")
