"""Events of the usual form, read and answered without the library's packets in between.

An event that asks for an acknowledgement, from a socket that writes directly, is handled here exactly as the library would:
same handlers, same order, same refusal of names that only the library uses. The library looks through every answer for bytes
before it encodes it, which for a room's missed messages takes longer than to read them; here the answer is encoded at once.
Everything of another form goes the library's way.
"""

import re
from typing import Any

import orjson

from app.kernel.live.packets import Malformed, acknowledgement, is_event

#: Packet type EVENT in the main namespace, the number that the acknowledgement is to bear, and a list.
_ASKING = re.compile(r"2([0-9]{1,15})\[")


def answer_directly(server: Any, connection: Any, message: str) -> bool:
    """Handle an event from a DirectSocket of the Socket.IO `server` and send the answer.

    Returns False, having done nothing, where that is for the library to do. Raises Malformed.
    """
    asking = _ASKING.match(message)
    if asking is None:
        return False
    try:
        event = orjson.loads(message[asking.end() - 1 :])
    except orjson.JSONDecodeError as error:
        raise Malformed from error
    if not is_event(event):
        raise Malformed
    handlers = server.handlers["/"]
    handler = handlers.get(event[0]) or handlers.get("*")
    if handler is None:
        return False
    sid = server.manager.sid_from_eio_sid(connection.sid, "/")
    if not server.manager.is_connected(sid, "/"):
        return True
    answer = handler(sid, *event[1:]) if event[0] in handlers else handler(event[0], sid, *event[1:])
    content = [] if answer is None else list(answer) if isinstance(answer, tuple) else [answer]
    try:
        words = b"3" + asking[1].encode() + orjson.dumps(content)
    except TypeError:  # bytes, above all, which only the library can encode
        server._send_packet(connection.sid, acknowledgement(int(asking[1]), content))
    else:
        connection.say(words)
    return True
