"""What ``<udp-echo>`` takes and tells. ``www/element/custom-elements.json`` has the sentences; a test compares the two."""

# Attributes with a value.
ATTRIBUTES = (
    "buffer corrupt count delay duplicate experiment interval jitter label lane loading loss max-rows message mode motion port preset rate "
    "relay reorder role seed src target theme timeout to view"
).split()

# Attributes that are there or not.
FLAGS = ["autosend"]

# Events, each with ``udp-`` before its name.
EVENTS = "ready state sent echoed lost error told stats served".split()

# What stands inside an element whose author wrote nothing there: the transcript of the default message.
TRANSCRIPT = """\
sending "This is the message.  It will be repeated."
waiting to receive
received "This is the message.  It will be repeated."
"""
