"""UDP that readers can watch, in pages made with Python.

- ``udp_echo.sphinx`` is an extension for Sphinx: the directive ``.. udp-echo::``.
- ``udp_echo.markdown`` is an extension for Python-Markdown, and so for MkDocs, Material and Zensical.
- ``udp_echo.notebook`` is the widget for notebooks: JupyterLab, marimo and whatever else shows an anywidget.

Each needs the generator that it is for, and nothing else of ours.
"""

__version__ = "0.1.0"
