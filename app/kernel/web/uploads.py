"""Files on their way in and out: how much is taken and where, and with which headers a file is given."""

from io import BytesIO
from typing import IO, Any

from flask import Request, Response, current_app, request

from app.kernel.access import Permission
from app.kernel.files import FileKind
from app.kernel.web.context import present_actor

#: What a form has around the file that it sends: names, tokens, words.
AROUND_BYTES = 64 * 1024


class UploadingRequest(Request):
    """A request that may be larger where its route takes a file, from whoever may send it one; nowhere else.

    What is brought stays in memory. A temporary file would lie on the disk in the clear.
    """

    @property
    def max_content_length(self) -> int | None:
        usual = super().max_content_length
        most = takes_files(self)
        return most + AROUND_BYTES if most is not None and _may_send(self) else usual

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        self._max_content_length = value

    def _get_file_stream(self, *_about: Any, **_more: Any) -> IO[bytes]:
        return BytesIO()


def takes_files(asked: Request) -> int | None:
    """How many bytes the file may have that this route takes; None for routes that take none."""
    uploads: dict[str, int] = current_app.extensions.get("uploads", {})
    return uploads.get(_asked(asked))


def brought(name: str) -> bytes:
    """The file that was sent in this field of a form; empty where there is none. The name it came with is not looked at."""
    sent = request.files.get(name)
    return sent.read() if sent else b""


def file_answer(plain: bytes, kind: FileKind) -> Response:
    """A file for whoever may see it: as what it is, to be kept, shown or heard, and never run as a page.

    Players ask for a piece of a sound at a time, and some play nothing that is not given so (RFC 9110, 14).
    """
    response = Response(plain, mimetype=kind.mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="file.{kind.value}"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    response.make_conditional(request, accept_ranges=True, complete_length=len(plain))
    return response


def _may_send(asked: Request) -> bool:
    declared: dict[str, Permission] = current_app.extensions["declared_access"]
    return present_actor().holds(declared[_asked(asked)])


def _asked(asked: Request) -> str:
    return f"{asked.method} {asked.endpoint}"
