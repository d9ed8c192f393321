"""The widget in a notebook: JupyterLab, marimo and whatever else shows an anywidget.

In a cell::

    from udp_echo.notebook import UdpEcho

    udp = UdpEcho(view="transcript", loss=20)
    udp

Its attributes are those of ``<udp-echo>``, with ``_`` for ``-``; set them later, and the widget follows. Its events call functions::

    @udp.on_echoed
    def show(echo):
        print(echo["number"], echo["roundTrip"])

``udp.send("hello")`` sends a datagram, and ``udp.export()`` in a later cell is the run so far, as Python data.

The widget is live where the reader's browser reaches the host, ``http://127.0.0.1:8000`` unless ``host`` says otherwise; else it is
simulated and says so. ``UdpEcho(host=None)`` asks for nothing from any server: its files come with this package.
"""

import gzip
import json
from pathlib import Path

import anywidget
import traitlets
from ipywidgets import CallbackDispatcher

from . import element

# The files of the element, for a page that reaches no host. `cargo xtask dist` puts them into the package.
FILES = Path(__file__).with_name("static")


class Attribute(traitlets.TraitType):
    """A text or a number; a pair stands for both directions, such as ``loss=(20, 0)``. ``None`` is no attribute."""

    default_value = None
    allow_none = True
    info_text = "a text, a number, or a pair of these"

    def validate(self, obj, value):
        values = value if isinstance(value, (tuple, list)) else [value]
        if not 1 <= len(values) <= 2 or any(isinstance(one, bool) or not isinstance(one, (str, int, float)) for one in values):
            self.error(obj, value)
        return " ".join(map(str, values))


def _trait(attribute):
    return attribute.replace("-", "_")


# One trait for each attribute, so that this class and the element cannot have different ones.
_Attributes = type(traitlets.HasTraits)(
    "_Attributes",
    (traitlets.HasTraits,),
    {
        **{_trait(name): Attribute().tag(sync=True) for name in element.ATTRIBUTES},
        **{_trait(name): traitlets.Bool(False).tag(sync=True) for name in element.FLAGS},
    },
)


class UdpEcho(anywidget.AnyWidget, _Attributes):
    """``<udp-echo>`` in a cell. Shown in two cells, it is two elements, each with a session of its own."""

    _esm = Path(__file__).with_name("notebook.js")
    _attributes = traitlets.Dict().tag(sync=True)
    _events = traitlets.List().tag(sync=True)

    # The address below which the host has its page, as the reader's browser reaches it; `None` for no host.
    host = traitlets.Unicode("http://127.0.0.1:8000", allow_none=True).tag(sync=True)
    # What stands in the cell until the widget is there.
    transcript = traitlets.Unicode(element.TRANSCRIPT).tag(sync=True)
    # `idle`, `connecting`, `live`, `simulated`, `replay`, `gone` or `refused`.
    state = traitlets.Unicode("idle", read_only=True)

    def __init__(self, **settings):
        self._callbacks = {event: CallbackDispatcher() for event in element.EVENTS}
        self._shown = 0
        self._waiting = []
        self._run = None
        self.on_msg(type(self)._hear)
        callbacks = {name: settings.pop(name) for name in list(settings) if name.startswith("on_")}
        attributes = {_trait(name): name for name in element.ATTRIBUTES + element.FLAGS}
        unknown = set(settings) - set(self.trait_names())
        if unknown:
            raise TypeError(f"UdpEcho has no attribute {', '.join(sorted(unknown))}; it has {', '.join(sorted([*attributes, 'host', 'transcript']))}")
        super().__init__(_attributes=attributes, _events=element.EVENTS, **settings)
        for name, callback in callbacks.items():
            getattr(self, name)(callback)

    def __repr__(self):
        # What a notebook shows where no widgets are, such as on a forge.
        names = [_trait(name) for name in element.ATTRIBUTES + element.FLAGS]
        values = ((name, getattr(self, name)) for name in names)
        return f"UdpEcho({', '.join(f'{name}={value!r}' for name, value in values if value)})"

    # Events. Each calls its functions with a dict; the function is returned, so that these are decorators.

    def on_ready(self, callback, remove=False):
        """Something can be sent, or a recording is shown: ``mode``, ``client``, ``server``."""
        return self._on("ready", callback, remove)

    def on_state(self, callback, remove=False):
        """The state has changed: ``state``."""
        return self._on("state", callback, remove)

    def on_sent(self, callback, remove=False):
        """A datagram was handed over: ``number``, ``bytes``."""
        return self._on("sent", callback, remove)

    def on_echoed(self, callback, remove=False):
        """A datagram came back: ``number``, ``bytes``, ``roundTrip`` in milliseconds, ``beyondRelay``, ``answer``."""
        return self._on("echoed", callback, remove)

    def on_lost(self, callback, remove=False):
        """A datagram got no answer: ``number``, ``fate``, ``reason``."""
        return self._on("lost", callback, remove)

    def on_error(self, callback, remove=False):
        """Something is wrong: ``code``, ``message``, ``hint``."""
        return self._on("error", callback, remove)

    def on_told(self, callback, remove=False):
        """A message of the host, as the protocol has it."""
        return self._on("told", callback, remove)

    def on_stats(self, callback, remove=False):
        """The counters have changed."""
        return self._on("stats", callback, remove)

    def on_served(self, callback, remove=False):
        """An element with ``role="server"`` got a datagram: ``number``, ``peer``, ``bytes``, ``text``, ``sent``."""
        return self._on("served", callback, remove)

    def _on(self, event, callback, remove):
        self._callbacks[event].register_callback(callback, remove)
        return callback

    # Methods of the element. What is called before the widget is shown happens when it is.

    def send(self, content=None, buffers=None):
        """Sends a datagram: a text, bytes, or the widget's own message."""
        if isinstance(content, dict):
            # For ipywidgets, this is the way to the page; its contents are dicts.
            return super().send(content, buffers)
        return self.burst(1, 0, content)

    def burst(self, count, interval=0, message=None):
        """Sends so many datagrams, so many milliseconds apart."""
        if message is None:
            self._call("burst", [count, interval])
        elif isinstance(message, str):
            self._call("burst", [count, interval, message])
        elif isinstance(message, (bytes, bytearray, memoryview)):
            self._call("burst", [count, interval], [bytes(message)])
        else:
            raise TypeError(f"a datagram is text or bytes, and not {type(message).__name__}")

    def ask(self, message):
        """Asks something of the host, in the words of the protocol: ``{"server": {"listening": False}}``."""
        self._call("ask", [message])

    def step(self, back=False):
        """Goes one event on in the picture, or back."""
        self._call("step", [back])

    def pause(self):
        """Stops the picture."""
        self._call("pause", [])

    def resume(self):
        """Lets the picture go on."""
        self._call("resume", [])

    def reset(self):
        """Begins again from zero."""
        self._run = None
        self._call("reset", [])

    def connect(self):
        """Begins, also where nobody sees the widget."""
        self._call("connect", [])

    def disconnect(self):
        """Ends the session."""
        self._call("disconnect", [])

    def export(self):
        """The run so far, as the element's ``export()`` has it: ``run["datagrams"]`` has a dict for each.

        The page hands it over a moment after each change, and a notebook listens between two cells: call it in a later cell than the
        one that sends.
        """
        if self._run is None:
            raise LookupError("There is no run yet. Show the widget in a cell, send a datagram, and export in a cell after that.")
        return json.loads(self._run)

    def _call(self, method, arguments, buffers=None):
        call = ({"call": method, "with": arguments}, buffers)
        if self._shown:
            super().send(*call)
        else:
            self._waiting.append(call)

    def _hear(self, message, buffers):
        """Takes what the page tells."""
        kind = message.get("type")
        if kind == "run":
            self._run = message["run"]
        elif kind == "shown":
            self._shown += 1
            while self._waiting:
                super().send(*self._waiting.pop(0))
        elif kind == "hidden":
            self._shown = max(0, self._shown - 1)
        elif kind == "files":
            paths = sorted(path for path in FILES.glob("*") if path.is_file())
            super().send({"files": [path.name for path in paths]}, [gzip.compress(path.read_bytes()) for path in paths])
        elif isinstance(kind, str) and kind.startswith("udp-") and kind[4:] in self._callbacks:
            detail = message.get("detail") or {}
            if kind == "udp-state":
                self.set_trait("state", str(detail.get("state")))
            self._callbacks[kind[4:]](detail)
