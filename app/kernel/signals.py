"""Signals that the kernel sends and features answer, where the kernel must not know them.

Each is sent inside the unit of work of the request, so that whoever answers may call an action.
"""

from blinker import Namespace

_signals = Namespace()

#: Sent with the actor as sender and `language` and `data_mode` (each a string or None) when a signed-in person chose.
preferences_chosen = _signals.signal("preferences-chosen")
