"""The directive ``.. udp-echo::``: the live widget in HTML, its transcript wherever there is no HTML.

In ``conf.py``::

    extensions = ["udp_echo.sphinx"]
    udp_echo_loader = "http://127.0.0.1:8000/udp-echo.js"

The options of the directive are the attributes of ``<udp-echo>``. What stands inside is a transcript, for readers without
JavaScript, for print, and for the other builders; without one of your own there is that of the default message.
"""

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from . import __version__

ATTRIBUTES = (
    "buffer corrupt count delay duplicate experiment interval jitter label loading loss max-rows message mode motion port preset rate "
    "relay reorder role seed src target theme timeout to view"
).split()

TRANSCRIPT = """\
sending "This is the message.  It will be repeated."
waiting to receive
received "This is the message.  It will be repeated."
"""


class udp_echo(nodes.General, nodes.Element):
    """One widget; its child is the transcript."""


class UdpEcho(SphinxDirective):
    """Makes the node. An option that is no attribute is an error that docutils words, with file and line."""

    has_content = True
    option_spec = {name: directives.unchanged_required for name in ATTRIBUTES}
    option_spec["autosend"] = directives.flag
    option_spec["class"] = directives.class_option

    def run(self):
        text = "\n".join(self.content) or TRANSCRIPT
        transcript = nodes.literal_block(text, text, language="text")
        widget = udp_echo("", transcript, classes=self.options.pop("class", []))
        # A flag has no value in docutils; in HTML an empty one.
        widget["attributes"] = {name: value or "" for name, value in self.options.items()}
        self.set_source_info(widget)
        return [widget]


def visit(translator, node):
    attributes = dict(node["attributes"])
    if relay := translator.config.udp_echo_relay:
        attributes.setdefault("relay", relay)
    translator.body.append(translator.starttag(node, "udp-echo", "", **attributes))


def depart(translator, node):
    translator.body.append("</udp-echo>\n")


def skip(translator, node):
    """Other builders show the transcript alone."""


def add_loader(app, page, template, context, doctree):
    """Pages without a widget load nothing."""
    if doctree and next(doctree.findall(udp_echo), None):
        app.add_js_file(app.config.udp_echo_loader, type="module")


def setup(app):
    app.add_config_value("udp_echo_loader", "http://127.0.0.1:8000/udp-echo.js", "html")
    # Only for a site with its own copy of the loader, which then does not come from the host.
    app.add_config_value("udp_echo_relay", "", "html")
    others = {builder: (skip, skip) for builder in ("latex", "text", "man", "texinfo")}
    app.add_node(udp_echo, html=(visit, depart), **others)
    app.add_directive("udp-echo", UdpEcho)
    app.connect("html-page-context", add_loader)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
