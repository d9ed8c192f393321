# What stands between a reader's program and the interpreter: `socket`, `select`, `time` and `errno` as CPython has them for UDP, its
# names of errors, and its tracebacks. MicroPython runs this file, and at its end the program.
#
# All of it is local to one function. The host's function is in closures, which a program cannot look into; its module is
# taken out of the list before the program begins.
def _shim():
    del globals()["_shim"]
    import _host as host
    import builtins, gc, io, json, sys
    import time as native_time
    import uctypes

    # All that the calls under way hold is copied into this before garbage is collected.
    gc.threshold(1 << 20)
    roots = bytearray(96 << 10)
    host("roots", "%d %d" % (uctypes.addressof(roots), len(roots)))

    def module(name):
        made = __import__("_" + name)
        del sys.modules["_" + name]
        made.__name__ = name
        sys.modules[name] = made
        return made

    # Errors ----------------------------------------------------------------------------------------------------------------------

    ERRORS = {
        "EPERM": (1, "Operation not permitted"),
        "ENOENT": (2, "No such file or directory"),
        "EINTR": (4, "Interrupted system call"),
        "EIO": (5, "Input/output error"),
        "EBADF": (9, "Bad file descriptor"),
        "EAGAIN": (11, "Resource temporarily unavailable"),
        "ENOMEM": (12, "Cannot allocate memory"),
        "EACCES": (13, "Permission denied"),
        "EEXIST": (17, "File exists"),
        "EINVAL": (22, "Invalid argument"),
        "EMFILE": (24, "Too many open files"),
        "EPIPE": (32, "Broken pipe"),
        "EDESTADDRREQ": (89, "Destination address required"),
        "EMSGSIZE": (90, "Message too long"),
        "ENOPROTOOPT": (92, "Protocol not available"),
        "EPROTONOSUPPORT": (93, "Protocol not supported"),
        "ESOCKTNOSUPPORT": (94, "Socket type not supported"),
        "EOPNOTSUPP": (95, "Operation not supported"),
        "EAFNOSUPPORT": (97, "Address family not supported by protocol"),
        "EADDRINUSE": (98, "Address already in use"),
        "EADDRNOTAVAIL": (99, "Cannot assign requested address"),
        "ENETDOWN": (100, "Network is down"),
        "ENETUNREACH": (101, "Network is unreachable"),
        "ECONNRESET": (104, "Connection reset by peer"),
        "ENOBUFS": (105, "No buffer space available"),
        "ENOTCONN": (107, "Transport endpoint is not connected"),
        "ETIMEDOUT": (110, "Connection timed out"),
        "ECONNREFUSED": (111, "Connection refused"),
        "EHOSTUNREACH": (113, "No route to host"),
    }

    class OSError(builtins.OSError):
        def __init__(self, *args):
            super().__init__(*args)
            self.args = args
            self.errno, self.strerror = args if len(args) == 2 else (None, None)

        def __str__(self):
            if len(self.args) == 2:
                return "[Errno %s] %s" % self.args
            return str(self.args[0]) if len(self.args) == 1 else ""

        def __repr__(self):
            inside = ", ".join(repr(arg) for arg in self.args)
            return "%s(%s)" % (type(self).__name__, inside)

    class BlockingIOError(OSError):
        pass

    class ConnectionError(OSError):
        pass

    class ConnectionRefusedError(ConnectionError):
        pass

    class ConnectionResetError(ConnectionError):
        pass

    class FileNotFoundError(OSError):
        pass

    class InterruptedError(OSError):
        pass

    class PermissionError(OSError):
        pass

    class TimeoutError(OSError):
        pass

    class gaierror(OSError):
        pass

    class herror(OSError):
        pass

    CLASSES = {
        1: PermissionError,
        2: FileNotFoundError,
        4: InterruptedError,
        11: BlockingIOError,
        13: PermissionError,
        104: ConnectionResetError,
        110: TimeoutError,
        111: ConnectionRefusedError,
    }

    def system_error(name, more=""):
        number, words = ERRORS.get(name, ERRORS["EIO"])
        return CLASSES.get(number, OSError)(number, words + more)

    def not_here(name, what):
        number, _ = ERRORS[name]
        return OSError(number, what + " are not part of this page")

    # The host --------------------------------------------------------------------------------------------------------------------

    def ask(name, *words):
        """Calls the host, and raises what it tells: `!NAME` is an error of the system, `^` the button Stop."""
        answer = host(name, " ".join(str(word) for word in words))
        if answer == "^":
            raise KeyboardInterrupt
        if answer[:1] == "!":
            name, _, text = answer[1:].partition(" ")
            if name == "ENETDOWN":
                raise system_error(name, ": " + text)
            if name == "EIO":
                raise OSError(5, text)
            raise system_error(name)
        return answer

    # select ----------------------------------------------------------------------------------------------------------------------

    def milliseconds(timeout):
        return -1 if timeout is None else int(timeout * 1000 + 0.999)

    def descriptor(thing):
        if isinstance(thing, int):
            return thing
        if not hasattr(thing, "fileno"):
            raise TypeError("argument must be an int, or have a fileno() method.")
        number = thing.fileno()
        if number < 0:
            raise ValueError("file descriptor cannot be a negative integer (%d)" % number)
        return number

    def select(rlist, wlist, xlist, timeout=None):
        if timeout is not None and timeout < 0:
            raise ValueError("timeout must be non-negative")
        readers = [descriptor(thing) for thing in rlist]
        writers = list(wlist)
        for thing in writers:
            descriptor(thing)
        # A socket for datagrams can always be written to.
        wait = 0 if writers else milliseconds(timeout)
        ready = [int(word) for word in ask("select", wait, *readers).split()]
        found = [thing for thing, number in zip(rlist, readers) if number in ready]
        return found, writers, []

    made = module("select")
    made.select = select
    made.error = OSError

    # socket ----------------------------------------------------------------------------------------------------------------------

    CONSTANTS = {
        "AF_UNSPEC": 0,
        "AF_INET": 2,
        "AF_INET6": 10,
        "SOCK_STREAM": 1,
        "SOCK_DGRAM": 2,
        "SOCK_RAW": 3,
        "IPPROTO_IP": 0,
        "IPPROTO_UDP": 17,
        "IPPROTO_TCP": 6,
        "SOL_SOCKET": 1,
        "SO_REUSEADDR": 2,
        "SO_ERROR": 4,
        "SO_BROADCAST": 6,
        "SO_SNDBUF": 7,
        "SO_RCVBUF": 8,
        "SO_REUSEPORT": 15,
        "INADDR_ANY": 0,
        "has_ipv6": True,
    }
    FAMILIES = {2: 4, 10: 6}
    FAMILY_NAMES = {2: "AF_INET", 10: "AF_INET6"}
    defaults = {"timeout": None}

    def whole(number):
        if not isinstance(number, int):
            raise TypeError("'%s' object cannot be interpreted as an integer" % type(number).__name__)
        return number

    def buffer(data):
        if isinstance(data, (bytes, bytearray)):
            return data
        try:
            if not isinstance(data, str):
                return bytes(memoryview(data))
        except TypeError:
            pass
        raise TypeError("a bytes-like object is required, not '%s'" % type(data).__name__)

    def size(length, call):
        if whole(length) < 0:
            raise ValueError("negative buffersize in " + call)
        return length

    def pair(address, family, call):
        """Host and port of an address, as `socket` checks them."""
        if not isinstance(address, tuple):
            kind = type(address).__name__
            raise TypeError("%s(): %s address must be tuple, not %s" % (call, FAMILY_NAMES[family], kind))
        most = 4 if family == 10 else 2
        if not 2 <= len(address) <= most:
            shape = "a tuple (host, port[, flowinfo[, scopeid]])" if family == 10 else "a pair (host, port)"
            raise TypeError("%s address must be %s" % (FAMILY_NAMES[family], shape))
        host, port = address[0], whole(address[1])
        if isinstance(host, (bytes, bytearray)):
            host = bytes(host).decode()
        if not isinstance(host, str):
            raise TypeError("str, bytes or bytearray expected, not %s" % type(host).__name__)
        if not 0 <= port <= 65535:
            raise OverflowError(call + "(): port must be 0-65535.")
        if " " in host:
            raise gaierror(-2, "Name or service not known")
        if family == 2 and ":" in host:
            raise gaierror(-9, "Address family for hostname not supported")
        return host, port

    def named(call, *words):
        """A call with a name in it, which may be none that resolves."""
        try:
            return ask(call, *words)
        except FileNotFoundError:
            raise gaierror(-2, "Name or service not known")

    def address_of(words, family):
        host, port = words.split(" ")
        return (host, int(port), 0, 0) if family == 10 else (host, int(port))

    class socket:
        def __init__(self, family=-1, type=-1, proto=-1, fileno=None):
            self._number = -1
            self.family = 2 if family == -1 else whole(family)
            self.type = 1 if type == -1 else whole(type)
            self.proto = 0 if proto == -1 else whole(proto)
            if fileno is not None:
                raise not_here("EBADF", "sockets of other programs")
            if self.family not in FAMILIES:
                raise system_error("EAFNOSUPPORT")
            if self.type == 1:
                raise not_here("EPROTONOSUPPORT", "TCP sockets")
            if self.type != 2:
                raise not_here("ESOCKTNOSUPPORT", "raw sockets")
            if self.proto not in (0, 17):
                raise system_error("EPROTONOSUPPORT")
            self._timeout = defaults["timeout"]
            self._options = {}
            self._number = int(ask("open", FAMILIES[self.family]))

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.close()

        def __repr__(self):
            where = ""
            if self._number >= 0:
                where = ", laddr=%s" % (self.getsockname(),)
            closed = "" if self._number >= 0 else " [closed]"
            numbers = (closed, self.fileno(), self.family, self.type, self.proto, where)
            return "<socket.socket%s fd=%d, family=%d, type=%d, proto=%d%s>" % numbers

        def fileno(self):
            # 0, 1 and 2 are taken.
            return self._number + 2 if self._number >= 0 else -1

        def bind(self, address):
            host, port = pair(address, self.family, "bind")
            named("bind", self._number, port, host)

        def connect(self, address):
            host, port = pair(address, self.family, "connect")
            named("connect", self._number, port, host)

        def connect_ex(self, address):
            try:
                self.connect(address)
            except OSError as error:
                return error.errno
            return 0

        def sendto(self, *args):
            if len(args) not in (2, 3):
                raise TypeError("sendto() takes 2 or 3 arguments (%d given)" % len(args))
            data = buffer(args[0])
            if len(args) == 3 and whole(args[1]):
                raise system_error("EOPNOTSUPP")
            host, port = pair(args[-1], self.family, "sendto")
            named("sendto", self._number, port, encoded(data), host)
            return len(data)

        def send(self, data, flags=0):
            data = buffer(data)
            if whole(flags):
                raise system_error("EOPNOTSUPP")
            ask("send", self._number, encoded(data))
            return len(data)

        def sendall(self, data, flags=0):
            self.send(data, flags)

        def _receive(self, flags=0):
            if whole(flags):
                raise system_error("EOPNOTSUPP")
            answer = ask("recv", self._number, milliseconds(self._timeout))
            if answer == "":
                if self._timeout == 0:
                    raise system_error("EAGAIN")
                raise TimeoutError("timed out")
            data, _, address = answer.partition(" ")
            return bytes.fromhex(data), address_of(address, self.family)

        def recvfrom(self, bufsize, flags=0):
            size(bufsize, "recvfrom")
            data, address = self._receive(flags)
            return data[:bufsize], address

        def recv(self, bufsize, flags=0):
            size(bufsize, "recv")
            return self._receive(flags)[0][:bufsize]

        def recvfrom_into(self, buffer, nbytes=0, flags=0):
            room = len(buffer)
            if size(nbytes, "recvfrom_into") > room:
                raise ValueError("nbytes is greater than the length of the buffer")
            data, address = self._receive(flags)
            data = data[: nbytes or room]
            memoryview(buffer)[: len(data)] = data
            return len(data), address

        def recv_into(self, buffer, nbytes=0, flags=0):
            if size(nbytes, "recv_into") > len(buffer):
                raise ValueError("buffer too small for requested bytes")
            return self.recvfrom_into(buffer, nbytes, flags)[0]

        def getsockname(self):
            return address_of(ask("name", self._number), self.family)

        def getpeername(self):
            return address_of(ask("peer", self._number), self.family)

        def settimeout(self, value):
            if value is not None:
                if not isinstance(value, (int, float)):
                    raise TypeError("'%s' object cannot be interpreted as an integer" % type(value).__name__)
                if value < 0:
                    raise ValueError("Timeout value out of range")
                value = float(value)
            self._timeout = value

        def gettimeout(self):
            return self._timeout

        def setblocking(self, flag):
            self._timeout = None if flag else 0.0

        def getblocking(self):
            return self._timeout != 0

        def setsockopt(self, level, option, value, length=None):
            # Each reader's ports are free; there is no broadcast; the host's buffers are as they are.
            if whole(level) != 1 or whole(option) not in (2, 6, 7, 8, 15):
                raise OSError(*ERRORS["ENOPROTOOPT"])
            self._options[option] = value

        def getsockopt(self, level, option, length=0):
            if whole(level) != 1 or whole(option) not in (2, 4, 6, 7, 8, 15):
                raise OSError(*ERRORS["ENOPROTOOPT"])
            return int(self._options.get(option, 212992 if option in (7, 8) else 0))

        def listen(self, backlog=0):
            raise system_error("EOPNOTSUPP")

        def accept(self):
            raise system_error("EOPNOTSUPP")

        def shutdown(self, how):
            ask("peer", self._number)

        def close(self):
            number, self._number = self._number, -1
            if number >= 0:
                ask("close", number)

        def detach(self):
            raise not_here("EBADF", "sockets of other programs")

    def encoded(data):
        # `b2a_base64` of MicroPython 1.27 fails for some long datagrams.
        return data.hex() or "-"

    def gethostbyname(name):
        if not isinstance(name, str):
            raise TypeError("gethostbyname() argument 1 must be str, not %s" % type(name).__name__)
        if name == "":
            return "0.0.0.0"
        if " " in name:
            raise gaierror(-2, "Name or service not known")
        return named("resolve", 4, name)

    def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
        if type == 1:
            raise not_here("EPROTONOSUPPORT", "TCP sockets")
        if port is not None and not isinstance(port, int):
            if not str(port).isdigit():
                raise gaierror(-8, "Servname not supported for ai_socktype")
        found = named("resolve", 6 if family == 10 else 4, host or "localhost")
        address = (found, int(port or 0), 0, 0) if family == 10 else (found, int(port or 0))
        return [(10 if family == 10 else 2, 2, 17, "", address)]

    def inet_aton(text):
        parts = text.split(".")
        if len(parts) != 4 or not all(part.isdigit() and int(part) < 256 for part in parts):
            raise OSError("illegal IP address string passed to inet_aton")
        return bytes(int(part) for part in parts)

    def inet_ntoa(packed):
        if len(packed) != 4:
            raise OSError("packed IP wrong length")
        return ".".join(str(byte) for byte in packed)

    def setdefaulttimeout(value):
        if value is not None and value < 0:
            raise ValueError("Timeout value out of range")
        defaults["timeout"] = None if value is None else float(value)

    def no_tcp(*_, **__):
        raise not_here("EPROTONOSUPPORT", "TCP sockets")

    made = module("socket")
    for name, value in CONSTANTS.items():
        setattr(made, name, value)
    made.socket = made.SocketType = socket
    made.error = OSError
    made.timeout = TimeoutError
    made.gaierror = gaierror
    made.herror = herror
    made.gethostbyname = gethostbyname
    made.getaddrinfo = getaddrinfo
    made.gethostname = lambda: "localhost"
    made.inet_aton = inet_aton
    made.inet_ntoa = inet_ntoa
    made.htons = made.ntohs = lambda number: (number & 255) << 8 | number >> 8
    made.htonl = made.ntohl = lambda number: int.from_bytes(number.to_bytes(4, "big"), "little")
    made.setdefaulttimeout = setdefaulttimeout
    made.getdefaulttimeout = lambda: defaults["timeout"]
    made.create_connection = made.create_server = no_tcp

    # time ------------------------------------------------------------------------------------------------------------------------

    def sleep(seconds):
        if not isinstance(seconds, (int, float)):
            raise TypeError("'%s' object cannot be interpreted as an integer" % type(seconds).__name__)
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        ask("sleep", milliseconds(seconds))

    made = module("time")
    for name in dir(native_time):
        if name[0] != "_" and not name.startswith("sleep"):
            setattr(made, name, getattr(native_time, name))
    made.sleep = sleep
    made.time = lambda: float(ask("time"))
    made.time_ns = lambda: int(float(ask("time")) * 1000000) * 1000
    made.monotonic = made.perf_counter = lambda: float(ask("monotonic"))
    made.monotonic_ns = made.perf_counter_ns = lambda: int(float(ask("monotonic")) * 1000000) * 1000

    # errno -----------------------------------------------------------------------------------------------------------------------

    made = module("errno")
    made.errorcode = {}
    for name, (number, _) in ERRORS.items():
        setattr(made, name, number)
        made.errorcode[number] = name
    made.EWOULDBLOCK = 11

    # Built-in names --------------------------------------------------------------------------------------------------------------

    native_print = print
    native_decode = bytes.decode

    def print_(*args, sep=" ", end="\n", file=None, flush=False):
        sep = " " if sep is None else sep
        end = "\n" if end is None else end
        if file is None or file is sys.stdout or file is sys.stderr:
            native_print(*args, sep=sep, end=end, file=file or sys.stdout)
        else:
            text = io.StringIO()
            native_print(*args, sep=sep, end=end, file=text)
            file.write(text.getvalue())

    def input_(prompt=""):
        answer = ask("input", str(prompt))
        if answer == "":
            raise EOFError("EOF when reading a line")
        return answer[1:]

    def open_(name, *_, **__):
        raise FileNotFoundError(2, "files are not part of this page: '%s'" % name)

    def decode(self, encoding="utf-8", errors="strict"):
        """bytes.decode with its errors, which MicroPython takes and then does not look at."""
        known = str(encoding).lower().replace("_", "-")
        if known in ("ascii", "us-ascii"):
            limit = 128
        elif known in ("latin-1", "latin1", "iso-8859-1"):
            return "".join(chr(byte) for byte in self)
        elif known in ("utf-8", "utf8"):
            limit = 256
        else:
            raise LookupError("unknown encoding: %s" % encoding)
        if limit == 256:
            try:
                return native_decode(self)
            except UnicodeError:
                pass
        elif all(byte < 128 for byte in self):
            return native_decode(self)
        text, at = "", 0
        while at < len(self):
            length = sequence(self, at) if limit == 256 else int(self[at] < 128)
            if length:
                text += native_decode(bytes(self[at : at + length]))
            elif errors == "strict":
                name = "utf-8" if limit == 256 else "ascii"
                reason = "invalid start byte" if limit == 256 else "ordinal not in range(128)"
                raise UnicodeError("'%s' codec can't decode byte 0x%02x in position %d: %s" % (name, self[at], at, reason))
            elif errors == "replace":
                text += "\ufffd"
            elif errors == "backslashreplace":
                text += "\\x%02x" % self[at]
            elif errors != "ignore":
                raise LookupError("unknown error handler name '%s'" % errors)
            at += length or 1
        return text

    def sequence(data, at):
        """Bytes of the character of UTF-8 that begins here; 0 when none does."""
        first = data[at]
        if first < 0x80:
            return 1
        length = 2 if 0xC2 <= first < 0xE0 else 3 if 0xE0 <= first < 0xF0 else 4 if 0xF0 <= first < 0xF5 else 0
        rest = data[at + 1 : at + length]
        if not length or len(rest) < length - 1 or any(byte & 0xC0 != 0x80 for byte in rest):
            return 0
        low, high = {0xE0: (0xA0, 0xBF), 0xED: (0x80, 0x9F), 0xF0: (0x90, 0xBF), 0xF4: (0x80, 0x8F)}.get(first, (0x80, 0xBF))
        return length if low <= rest[0] <= high else 0

    # Bytes and arrays of bytes share this method. The table of methods is no place where the collector looks for the new one.
    sys.modules["time"].__kept__ = (decode, roots)
    host("method", "%d %d" % (id(native_decode), id(decode)))

    for name, value in (
        ("print", print_),
        ("input", input_),
        ("open", open_),
        ("OSError", OSError),
        ("IOError", OSError),
        ("EnvironmentError", OSError),
        ("BlockingIOError", BlockingIOError),
        ("ConnectionError", ConnectionError),
        ("ConnectionRefusedError", ConnectionRefusedError),
        ("ConnectionResetError", ConnectionResetError),
        ("FileNotFoundError", FileNotFoundError),
        ("InterruptedError", InterruptedError),
        ("PermissionError", PermissionError),
        ("TimeoutError", TimeoutError),
        ("ModuleNotFoundError", ImportError),
        ("RecursionError", RuntimeError),
        ("UnicodeDecodeError", UnicodeError),
        ("UnicodeEncodeError", UnicodeError),
    ):
        setattr(builtins, name, value)

    # Modules that lead to JavaScript, or into the interpreter's memory.
    for name in ("js", "jsffi", "uctypes"):
        host("unlist", str(id(__import__(name))))
        sys.modules.pop(name, None)
    del sys.modules["_host"]

    # The program -----------------------------------------------------------------------------------------------------------------

    program = json.loads(host("program", ""))
    lines = program["source"].split("\n")

    def title(error):
        """The last line of a traceback: the class by its name in CPython, and the words."""
        name, text = type(error).__name__, str(error)
        if isinstance(error, ImportError) and text.startswith("no module named "):
            name, text = "ModuleNotFoundError", "N" + text[1:]
        elif isinstance(error, RuntimeError) and "recursion" in text:
            name = "RecursionError"
        elif isinstance(error, gaierror):
            name = "socket.gaierror"
        elif isinstance(error, UnicodeError) and "decode" in text:
            name = "UnicodeDecodeError"
        return "%s: %s" % (name, text) if text else name

    def traceback(error):
        """The usual traceback, with the program's own frames alone. Returns it and the number of its last line."""
        raw = io.StringIO()
        sys.print_exception(error, raw)
        head, number, frames = '  File "%s", line ' % program["name"], 0, []
        for frame in raw.getvalue().split("\n"):
            if not frame.startswith(head):
                continue
            number = int(frame[len(head) :].split(",")[0])
            frames.append(frame)
            if 0 < number <= len(lines) and lines[number - 1].strip():
                frames.append("    " + lines[number - 1].strip())
        if len(frames) > 40:
            frames = frames[:10] + ["  [Previous lines repeated %d more times]" % ((len(frames) - 20) // 2)] + frames[-10:]
        if not isinstance(error, SyntaxError):
            frames.insert(0, "Traceback (most recent call last):")
        return "\n".join(frames + [title(error)]), number

    del sys.argv[:]
    sys.argv.extend([program["name"]] + program["args"])
    code, line = 0, 0
    try:
        exec(compile(program["source"], program["name"], "exec"), {"__name__": "__main__"})
    except SystemExit as exit:
        code = exit.args[0] if exit.args else 0
        if not isinstance(code, int) and code is not None:
            native_print(code, file=sys.stderr)
            code = 1
    except BaseException as error:
        text, line = traceback(error)
        native_print(text, file=sys.stderr)
        code = 130 if isinstance(error, KeyboardInterrupt) else 1
    host("exit", "%d %d" % (code or 0, line))


_shim()
