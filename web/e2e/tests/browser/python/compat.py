# What CPython's sockets do, case by case: run by CPython and by the interpreter of the page, which have to agree but for what the
# table of differences says. One line for each case: its name, and what came of it.
import errno
import select
import socket
import struct
import sys
import time

opened = []


def udp():
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.append(made)
    return made


def bound():
    made = udp()
    made.bind(("localhost", 0))
    made.settimeout(5)
    return made


def close_all():
    while opened:
        opened.pop().close()


def words(error):
    number = getattr(error, "errno", None)
    return "%s %s %s" % (type(error).__name__, number if isinstance(number, int) else "-", error)


def case(name, function):
    try:
        outcome = repr(function())
    except Exception as error:
        outcome = words(error)
    close_all()
    print("%s\t%s" % (name, outcome))


def echo(data=b"hello", size=4096):
    server, client = bound(), udp()
    client.settimeout(5)
    client.sendto(data, server.getsockname())
    got, address = server.recvfrom(size)
    server.sendto(got, address)
    back, where = client.recvfrom(size)
    return len(got), back == data[:size], where == server.getsockname(), address[0]


def connected():
    server, client = bound(), udp()
    client.settimeout(5)
    client.connect(server.getsockname())
    client.send(b"one")
    data, address = server.recvfrom(10)
    server.sendto(b"two", address)
    return data, client.recv(10), client.getpeername() == server.getsockname(), client.getsockname() == address


def only_its_peer():
    server, other, client = bound(), bound(), udp()
    client.connect(server.getsockname())
    client.settimeout(0.2)
    other.sendto(b"x", client.getsockname())
    return client.recv(10)


def into():
    server, client = bound(), udp()
    client.sendto(b"abcdef", server.getsockname())
    room = bytearray(4)
    count, _ = server.recvfrom_into(room)
    return count, bytes(room)


def three():
    server, client = bound(), udp()
    for message in (b"one", b"", b"three"):
        client.sendto(message, server.getsockname())
    return [server.recv(100) for _ in range(3)]


def refused():
    server = bound()
    address = server.getsockname()
    server.close()
    client = udp()
    client.connect(address)
    client.settimeout(5)
    client.send(b"x")
    return client.recv(10)


def nobody():
    server = bound()
    address = server.getsockname()
    server.close()
    client = udp()
    client.settimeout(0.2)
    client.sendto(b"x", address)
    return client.recvfrom(10)


def waits(timeout):
    made = bound()
    made.settimeout(timeout)
    began = time.monotonic()
    try:
        made.recvfrom(1)
    except TimeoutError:
        return timeout <= time.monotonic() - began + 0.01 < timeout + 2


def again():
    made = bound()
    made.setblocking(False)
    return made.recvfrom(1)


def taken():
    first = bound()
    return udp().bind(first.getsockname())


def free_again():
    first = bound()
    address = first.getsockname()
    first.close()
    udp().bind(address)


def with_statement():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("localhost", 0))
    return made.fileno()


def closed(call):
    made = bound()
    made.close()
    return call(made)


def ready():
    server, client = bound(), udp()
    nothing = select.select([server], [], [], 0)
    client.sendto(b"x", server.getsockname())
    readable, writable, _ = select.select([server], [], [], 5)
    return nothing, readable == [server], writable


def slept():
    began = time.time()
    time.sleep(0.1)
    return 0.09 < time.time() - began < 2


def packed():
    server, client = bound(), udp()
    client.sendto(struct.pack("!HI", 7, 1234567), server.getsockname())
    return struct.unpack("!HI", server.recv(100))


case("socket()", lambda: udp().fileno() >= 3)
case("repr(socket)", lambda: repr(udp())[-50:])
case("bind to localhost", lambda: bound().getsockname()[0])
case("bind to any address", lambda: (lambda made: (made.bind(("", 0)), made.getsockname()[0]))(udp()))
case("getsockname before bind", lambda: udp().getsockname())
case("sendto, recvfrom", echo)
case("an empty datagram", lambda: echo(b""))
case("65,507 bytes", lambda: echo(b"x" * 65507, 65535))
case("a buffer that is too small", lambda: echo(b"abcdef", 3))
case("three sends are three receives", three)
case("recvfrom_into", into)
case("connect, send, recv, getpeername", connected)
case("a connected socket hears its peer alone", only_its_peer)
case("the context manager closes", with_statement)
case("a closed port is free", free_again)
case("settimeout, gettimeout", lambda: (lambda made: (made.settimeout(2), made.gettimeout()))(udp()))
case("a timeout takes its time", lambda: waits(0.3))
case("select", ready)
case("select for writing", lambda: len(select.select([], [udp()], [], 1)[1]))
case("struct", packed)
case("time.sleep, time.time", slept)
case("gethostbyname", lambda: socket.gethostbyname("localhost"))
case("setsockopt(SO_REUSEADDR)", lambda: udp().setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1))
case("inet_aton", lambda: socket.inet_aton("127.0.0.1"))
case("htons", lambda: (socket.htons(1), socket.ntohs(256)))
case("AF_INET6", lambda: (lambda made: (made.bind(("::1", 0)), made.getsockname()[0], made.close()))(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)))
case("errno", lambda: (errno.EADDRINUSE, errno.errorcode[111]))
case("socket.error is OSError", lambda: socket.error is OSError and socket.timeout is TimeoutError)
case("sys.argv", lambda: len(sys.argv))
case("decode with errors", lambda: b"a\xffb".decode(errors="backslashreplace"))

case("port taken", taken)
case("bound twice", lambda: bound().bind(("localhost", 0)))
case("address of another machine", lambda: udp().bind(("192.0.2.1", 0)))
case("a port below 1024", lambda: udp().bind(("localhost", 80)))
case("address of the other family", lambda: udp().bind(("::1", 0)))
case("a name that does not resolve", lambda: udp().sendto(b"x", ("nosuch.invalid", 9999)))
case("gethostbyname of such a name", lambda: socket.gethostbyname("nosuch.invalid"))
case("one byte too many", lambda: udp().sendto(b"x" * 65508, ("localhost", 9999)))
case("port 0", lambda: udp().sendto(b"x", ("localhost", 0)))
case("broadcast", lambda: udp().sendto(b"x", ("255.255.255.255", 9999)))
case("nobody has bound it, connected", refused)
case("nobody has bound it, unconnected", nobody)
case("nothing there yet, non-blocking", again)
case("send without a peer", lambda: udp().send(b"x"))
case("getpeername without a peer", lambda: udp().getpeername())
case("recv on a closed socket", lambda: closed(lambda made: made.recv(1)))
case("sendto on a closed socket", lambda: closed(lambda made: made.sendto(b"x", ("localhost", 9999))))
case("close twice", lambda: closed(lambda made: made.close()))
case("text instead of bytes", lambda: udp().sendto("text", ("localhost", 9999)))
case("an address that is no tuple", lambda: udp().sendto(b"x", "localhost"))
case("an address without a port", lambda: udp().bind(("localhost",)))
case("a port that is text", lambda: udp().bind(("localhost", "10000")))
case("a port that is too high", lambda: udp().bind(("localhost", 70000)))
case("sendto without an address", lambda: udp().sendto(b"x"))
case("a negative size", lambda: udp().recvfrom(-1))
case("a negative timeout", lambda: udp().settimeout(-1))
case("nbytes over the buffer", lambda: bound().recvfrom_into(bytearray(2), 5))
case("select of no socket", lambda: select.select([1.5], [], [], 0))
case("listen", lambda: udp().listen())
case("TCP", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close())
case("raw sockets", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).close())
case("threads", lambda: __import__("threading").__name__)
case("files", lambda: open("/nosuch/file"))
case("repr of an exception", lambda: repr(ValueError("x")))
case("a slice backwards", lambda: b"abc"[::-1])
