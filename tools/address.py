"""The address that the server is to listen on: refused in one line while somebody else has it."""

import errno
import socket

from config import Settings
from tools.progress import CannotStart


def refuse_taken_port(settings: Settings) -> None:
    """Raise CannotStart, saying how to choose another, unless this host and port can be listened on now."""
    problem = _problem(settings.host, settings.port)
    if problem is None:
        return
    where = f"port {settings.port} on {settings.host}"
    if problem == errno.EADDRINUSE:
        free = next((port for port in _others(settings.port) if _problem(settings.host, port) is None), 8080)
        raise CannotStart(f"{where} is taken by another program; choose another: PORT={free} make run")
    if problem == errno.EACCES:
        raise CannotStart(f"{where} may only be opened by root; choose one above 1023: PORT=8080 make run")
    raise CannotStart(f"{settings.host} is no address of this machine; for this machine only: HOST=127.0.0.1 make run")


def _others(taken: int) -> range:
    return range(taken + 1, min(taken + 100, 65_536))


def _problem(host: str, port: int) -> int | None:
    """Return the errno of trying to listen there, or None when that works."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        # As the server itself does: a connection that has ended a moment ago does not hold the port.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
            trial.listen(1)
        except OSError as error:
            return error.errno or errno.EADDRNOTAVAIL
    return None
