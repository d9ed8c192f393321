"""Two directives: the live widget, ``.. udp-echo::``, and programs that readers run, ``.. udp-run::``.

In ``conf.py``::

    extensions = ["udp_echo.sphinx"]
    udp_echo_loader = "http://127.0.0.1:8000/udp-echo.js"

The options of ``udp-echo`` are the attributes of ``<udp-echo>``. What stands inside is a transcript, for readers without
JavaScript, for print, and for the other builders; without one of your own there is that of the default message.

``udp-run`` takes a Python program from a file, by its path from the document, or from its content. Its options are the attributes of
``<udp-run>``, and ``id``. ``beside`` names another program of the page, by its file or its ``id``::

    .. udp-run:: server.py

    .. udp-run:: client.py
       :beside: server.py

Other builders get the program as code.
"""

from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from . import __version__
from .element import ATTRIBUTES, FLAGS, TRANSCRIPT

RUN_ATTRIBUTES = "args beside height lab mode name relay seed".split()


class udp_echo(nodes.General, nodes.Element):
    """One widget; its child is the transcript."""


class UdpEcho(SphinxDirective):
    """Makes the node. An option that is no attribute is an error that docutils words, with file and line."""

    has_content = True
    option_spec = {name: directives.unchanged_required for name in ATTRIBUTES}
    option_spec.update({name: directives.flag for name in FLAGS})
    option_spec["class"] = directives.class_option

    def run(self):
        text = "\n".join(self.content) or TRANSCRIPT
        transcript = nodes.literal_block(text, text, language="text")
        widget = udp_echo("", transcript, classes=self.options.pop("class", []))
        # A flag has no value in docutils; in HTML an empty one.
        widget["attributes"] = {name: value or "" for name, value in self.options.items()}
        self.set_source_info(widget)
        return [widget]


class udp_run(nodes.General, nodes.Element):
    """One program; its child is the code."""


class UdpRun(SphinxDirective):
    """Makes the node. The program is read when the page is built, so that it stands in the page."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = {name: directives.unchanged_required for name in RUN_ATTRIBUTES}
    option_spec.update({name: directives.flag for name in ("autorun", "readonly")})
    option_spec["id"] = directives.unchanged_required
    option_spec["class"] = directives.class_option

    def run(self):
        if bool(self.arguments) == bool(self.content):
            raise self.error("udp-run takes a program: the path of a file, or the text as its content, and not both.")
        options = self.options
        if self.arguments:
            program = self.read(self.arguments[0])
            options.setdefault("name", Path(self.arguments[0]).name)
        else:
            program = "\n".join(self.content)
        code = nodes.literal_block(program, program, language="python")
        element = udp_run("", code, classes=options.pop("class", []))
        if name := options.pop("id", options.get("name")):
            element["ids"] = [self.fresh(nodes.make_id(name))]
        if "beside" in options:
            options["beside"] = nodes.make_id(options["beside"])
        element["attributes"] = {name: value or "" for name, value in options.items()}
        self.set_source_info(element)
        return [element]

    def read(self, argument):
        """The text of a file, on which the page depends from here on."""
        relative, path = self.env.relfn2path(argument)
        self.env.note_dependency(relative)
        try:
            return Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise self.error(f"udp-run cannot read the program {argument}: {error}") from error

    def fresh(self, id):
        """The id, unless another program of the page has it."""
        taken = self.env.temp_data.setdefault("udp_run_ids", set())
        if id in taken:
            raise self.error(f'Two programs of this page have the id "{id}": give one of them another by the option "id".')
        taken.add(id)
        return id


def visit(tag):
    def visit_element(translator, node):
        attributes = dict(node["attributes"])
        if relay := translator.config.udp_echo_relay:
            attributes.setdefault("relay", relay)
        translator.body.append(translator.starttag(node, tag, "", **attributes))

    return visit_element


def depart(tag):
    return lambda translator, node: translator.body.append(f"</{tag}>\n")


def skip(translator, node):
    """Other builders show what stands inside."""


def add_loaders(app, page, template, context, doctree):
    """Pages without a widget and without programs load nothing."""
    loader = app.config.udp_echo_loader
    runner = app.config.udp_run_loader or loader.replace("udp-echo.js", "udp-run.js")
    for element, script in ((udp_echo, loader), (udp_run, runner)):
        if doctree and next(doctree.findall(element), None):
            app.add_js_file(script, type="module")


def setup(app):
    app.add_config_value("udp_echo_loader", "http://127.0.0.1:8000/udp-echo.js", "html")
    # Only where it does not lie beside the widget's loader.
    app.add_config_value("udp_run_loader", "", "html")
    # Only for a site with its own copy of the loader, which then does not come from the host.
    app.add_config_value("udp_echo_relay", "", "html")
    others = {builder: (skip, skip) for builder in ("latex", "text", "man", "texinfo")}
    for element, tag in ((udp_echo, "udp-echo"), (udp_run, "udp-run")):
        app.add_node(element, html=(visit(tag), depart(tag)), **others)
    app.add_directive("udp-echo", UdpEcho)
    app.add_directive("udp-run", UdpRun)
    app.connect("html-page-context", add_loaders)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
