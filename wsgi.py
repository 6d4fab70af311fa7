"""Where the program starts. The async engine is patched first, before anything else is imported.

`python wsgi.py` serves; the `flask` command and other servers import `app` from here, unpatched. No other file names
the engine.
"""

import os
import sys

SERVING = __name__ == "__main__" and os.environ.get("ASYNC_ENGINE", "eventlet") == "eventlet"
if SERVING:
    # psycopg waits in C by default, which would stop every greenlet; this makes it wait through patched selectors.
    os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"

    import warnings

    warnings.filterwarnings("ignore", message="\nEventlet is deprecated")  # known: docs/decisions, engine
    import eventlet

    eventlet.monkey_patch()

import dataclasses  # noqa: E402  # everything below must be imported after patching
import errno  # noqa: E402
import gc  # noqa: E402
import logging  # noqa: E402
import socket  # noqa: E402

from app import create_app  # noqa: E402
from config import Settings, Unsafe, read_settings  # noqa: E402

#: Connections that may be open at once. The engine's default of 1,024 would refuse the next person silently.
MOST_CONNECTIONS = 20_000
BACKLOG = 1024
#: Objects that are made before the new ones are looked through for garbage, and how often the older ones are. An event leaves
#: none behind; by default everything that hangs on open sockets would be looked through every few thousand messages.
GARBAGE = (20_000, 20, 20)


def serve(settings: Settings) -> None:
    """Serve until told to stop, on a listener of our own.

    TCP_NODELAY: without it a small frame waits 40 ms for the one before to be acknowledged. No SO_REUSEPORT: a second
    server on the same port must fail, not take half of the connections.
    """
    if not SERVING:
        raise Unsafe("ASYNC_ENGINE=threading is for tests and commands: `python wsgi.py` serves with eventlet")
    import eventlet.tpool
    import eventlet.wsgi

    class Silent(eventlet.wsgi.HttpProtocol):  # type: ignore[misc]  # the engine carries no types
        """The engine's protocol, which would write down the address and the words of whoever sends nonsense."""

        #: What a request's lines are read through and an answer's head is written through (bytes). Kept for as long as the
        #: connection is: by default they are 24 KB of each idle socket. A body that is longer passes them by.
        rbufsize = 1024
        wbufsize = 2048

        def log_message(self, *_words: object) -> None:
            """Nothing, whatever the log is set to."""

    try:
        listener = eventlet.listen((settings.host, settings.port), backlog=BACKLOG, reuse_port=False)
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            raise Unsafe(
                f"port {settings.port} is taken: choose another with PORT=8080, or stop what uses it"
            ) from None
        raise
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    app = create_app(settings, offload=eventlet.tpool.execute)
    app.extensions["house"].databases.make_room()
    # What is there now stays for ever: looking through it for garbage again and again took a tenth of the server's
    # time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    eventlet.wsgi.server(
        listener,
        app,
        protocol=Silent,
        max_size=MOST_CONNECTIONS,
        log_output=False,
        debug=False,
        keepalive=75,
        socket_timeout=75,
        url_length_limit=4096,
    )


def fail(words: str) -> None:
    """End with one line and exit code 2."""
    print(f"sanad: {words}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        serve(read_settings())
    except Unsafe as problem:
        fail(str(problem))
    except KeyboardInterrupt:
        pass
else:
    try:
        app = create_app(dataclasses.replace(read_settings(), async_engine="threading"), needs_key=False)
    except Unsafe as problem:
        fail(str(problem))
