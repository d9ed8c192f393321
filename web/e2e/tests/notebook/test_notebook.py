"""The Python end of the widget for notebooks, without a notebook: what goes to the page, and what comes from it."""

import gzip
import json
import unittest
from pathlib import Path
from unittest import mock

from udp_echo import element, notebook
from udp_echo.notebook import UdpEcho

CATALOGUE = Path(__file__).parents[4] / "www/element/custom-elements.json"


def shown(**settings):
    """A widget in a cell, and the list of what it sends to the page from now on."""
    widget = UdpEcho(**settings)
    sent = []
    widget._send = lambda message, buffers=None: sent.append((message["content"], buffers))
    hear(widget, type="shown")
    return widget, sent


def hear(widget, **message):
    widget._handle_custom_msg(message, [])


class Notebook(unittest.TestCase):
    def test_the_widget_has_each_attribute_and_each_event_of_the_element(self):
        catalogue = json.loads(CATALOGUE.read_text())["modules"][0]["declarations"][0]
        attributes = [attribute["name"] for attribute in catalogue["attributes"]]
        self.assertEqual(sorted(element.ATTRIBUTES + element.FLAGS), attributes)
        self.assertEqual([f"udp-{event}" for event in element.EVENTS], [event["name"] for event in catalogue["events"]])
        widget = UdpEcho()
        for name in attributes:
            self.assertTrue(widget.has_trait(name.replace("-", "_")), name)
        for event in element.EVENTS:
            self.assertTrue(callable(getattr(widget, f"on_{event}")), event)
        for method in catalogue["members"]:
            if method["kind"] == "method" and method["name"] != "whenReady":
                self.assertTrue(callable(getattr(widget, method["name"])), method)

    def test_attributes_are_texts_numbers_and_pairs_and_nothing_else(self):
        widget = UdpEcho(loss=(20, 0), delay=1.5, view="mini", max_rows=5, autosend=True)
        self.assertEqual([widget.loss, widget.delay, widget.view, widget.max_rows], ["20 0", "1.5", "mini", "5"])
        widget.loss = 30
        self.assertEqual(widget.get_state("loss"), {"loss": "30"})
        for wrong in (True, [1, 2, 3], object()):
            with self.assertRaisesRegex(notebook.traitlets.TraitError, "a text, a number, or a pair"):
                widget.loss = wrong
        with self.assertRaisesRegex(TypeError, "UdpEcho has no attribute colour; it has autosend, buffer"):
            UdpEcho(colour="red")

    def test_an_event_calls_its_functions_and_no_others_and_one_that_fails_stops_no_other(self):
        told = []
        widget = UdpEcho(on_lost=lambda detail: told.append(("lost", detail["fate"])))

        @widget.on_echoed
        def fails(detail):
            raise ValueError("a fault of the author's")

        @widget.on_echoed
        def echoed(detail):
            told.append(("echoed", detail["number"]))

        with self.assertLogs(level="WARNING") as logs:
            hear(widget, type="udp-echoed", detail={"number": 1})
        self.assertIn("a fault of the author's", logs.output[0])
        hear(widget, type="udp-lost", detail={"fate": "dropped"})
        widget.on_echoed(echoed, remove=True)
        widget.on_echoed(fails, remove=True)
        hear(widget, type="udp-echoed", detail={"number": 2})
        self.assertEqual(told, [("echoed", 1), ("lost", "dropped")])
        hear(widget, type="udp-state", detail={"state": "live"})
        self.assertEqual(widget.state, "live")

    def test_what_is_sent_before_the_widget_is_shown_goes_out_when_it_is(self):
        widget = UdpEcho()
        sent = []
        widget._send = lambda message, buffers=None: sent.append((message["content"], buffers))
        widget.send("early")
        widget.send(b"\x00\xff")
        self.assertEqual(sent, [])
        hear(widget, type="shown")
        first = {"call": "burst", "with": [1, 0, "early"]}
        self.assertEqual(sent, [(first, None), ({"call": "burst", "with": [1, 0]}, [b"\x00\xff"])])
        hear(widget, type="hidden")
        widget.reset()
        self.assertEqual(len(sent), 2)
        hear(widget, type="shown")
        self.assertEqual(sent[2], ({"call": "reset", "with": []}, None))

    def test_methods_of_the_element_are_called_with_its_words(self):
        widget, sent = shown()
        widget.send()
        widget.burst(3, 10)
        widget.ask({"server": {"listening": False}})
        calls = [("burst", [1, 0]), ("burst", [3, 10]), ("ask", [{"server": {"listening": False}}])]
        self.assertEqual(sent, [({"call": call, "with": values}, None) for call, values in calls])
        with self.assertRaisesRegex(TypeError, "text or bytes, and not float"):
            widget.send(1.5)

    def test_export_is_the_newest_run_as_python_data(self):
        widget, _ = shown()
        with self.assertRaisesRegex(LookupError, "in a cell after that"):
            widget.export()
        for count in (1, 2):
            hear(widget, type="run", run=json.dumps({"datagrams": [{"number": number + 1} for number in range(count)]}))
        self.assertEqual([row["number"] for row in widget.export()["datagrams"]], [1, 2])
        widget.reset()
        with self.assertRaises(LookupError):
            widget.export()

    def test_a_page_that_reaches_no_host_gets_the_files_of_the_package(self):
        widget, sent = shown(host=None)
        with mock.patch.object(notebook, "FILES", Path(__file__).parent):
            hear(widget, type="files")
        message, buffers = sent[0]
        self.assertIn("test_notebook.py", message["files"])
        place = message["files"].index("test_notebook.py")
        self.assertEqual(gzip.decompress(buffers[place]), Path(__file__).read_bytes())
        with mock.patch.object(notebook, "FILES", Path(__file__).with_name("nowhere")):
            hear(widget, type="files")
        self.assertEqual(sent[1], ({"files": []}, []))

    def test_where_no_widgets_are_shown_the_line_stands_that_makes_one(self):
        self.assertEqual(repr(UdpEcho(view="mini", loss=20)), "UdpEcho(loss='20', view='mini')")


if __name__ == "__main__":
    unittest.main()
