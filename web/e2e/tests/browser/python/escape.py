# Ways in which a program might reach what lies beyond it. Each prints its name, and what it found: nothing, everywhere.
import builtins
import socket
import sys


def way(name, function):
    try:
        found = function()
    except Exception as error:
        found = type(error).__name__
    print("%s: %s" % (name, found))


def cells(function):
    names = sorted(name for name in function.__globals__ if name[:2] != "__")
    return names + [name for name in ("__closure__", "__self__", "__dict__") if hasattr(function, name)]


def frames():
    try:
        socket.socket(99)
    except OSError as error:
        return [name for name in ("__traceback__", "tb_frame", "__context__") if getattr(error, name, None)]


def poke():
    # Memory is the program's own; with every import sealed, there is nothing in it to call.
    memory = __import__("uctypes").bytearray_at(0, 65536)
    return len(memory)


def proxies():
    kinds = {type(value).__name__ for module in sys.modules.values() for value in module.__dict__.values()}
    return sorted(kind for kind in kinds if kind.startswith("Js"))


def shim():
    import __main__

    return [name for name in dir(__main__) if "shim" in name or "host" in name]


way("import js", lambda: __import__("js").fetch)
way("import jsffi", lambda: __import__("jsffi").create_proxy)
way("import the host", lambda: __import__("_host"))
way("modules that are loaded", lambda: sorted(name for name in sys.modules if name[:1] == "_" or name[:2] == "js"))
way("the interpreter's memory", poke)
way("the inside of a function", lambda: cells(socket.socket.sendto) + cells(print) + cells(input))
way("frames of an exception", frames)
way("objects of JavaScript", proxies)
way("the shim itself", shim)
way("a module by another name", lambda: [name for name in ("ujs", "pyscript", "asyncio.js", "ffi", "emscripten") if __import__(name)])
way("files of the machine", lambda: open("/etc/passwd").read())
way("another program", lambda: __import__("os").system("ls"))
way("compiled code", lambda: exec("import js", {}))
way("a built-in name put back", lambda: (delattr(builtins, "OSError"), __import__("js"))[1])
