"""A socket without a network: events go through the gateway's own handshake, recheck and doors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask

from app.kernel.house import House
from app.kernel.sessions import PLAIN_COOKIE


@contextmanager
def socket(app: Flask, token: str | None, *, origin: str | None = None) -> Iterator[Any]:
    """A Socket.IO client of Flask-SocketIO's, with somebody's session. Ask `is_connected()`: a handshake may be refused.

    Without an `origin` the page that opens the socket is one of ours; an empty one leaves the header out.
    """
    house: House = app.extensions["house"]
    asked_by = {"Origin": house.settings.address if origin is None else origin}
    headers = {**(asked_by if origin != "" else {}), **({"Cookie": f"{PLAIN_COOKIE}={token}"} if token else {})}
    client = house.live.socketio.test_client(app, headers=headers)
    try:
        yield client
    finally:
        if client.is_connected():
            client.disconnect()
        client.clients.pop(client.eio_sid)
