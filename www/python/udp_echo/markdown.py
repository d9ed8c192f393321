"""An extension for Python-Markdown: the widget's tags stand in a page as their author wrote them.

In ``mkdocs.yml``, for MkDocs, Material and Zensical::

    markdown_extensions:
      - udp_echo.markdown

Python-Markdown knows the blocks of HTML by name. It takes every other tag for a part of a sentence, puts it into a paragraph of its own,
and so tears the transcript out of the element. This extension tells it the two names. A tag begins a line, as ``<div>`` does, and
everything up to its end stays as it is, blank lines too.
"""

from markdown.extensions import Extension

TAGS = ("udp-echo", "udp-run")


class UdpEchoExtension(Extension):
    """Makes blocks of our tags."""

    def extendMarkdown(self, md):
        md.block_level_elements.extend(tag for tag in TAGS if tag not in md.block_level_elements)


def makeExtension(**settings):
    """The name by which Python-Markdown finds the extension of a module."""
    return UdpEchoExtension(**settings)
