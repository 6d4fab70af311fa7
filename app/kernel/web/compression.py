"""Pages travel compressed, since every byte is paid for; assets are sent as they were compressed when built.

The gzip header carries a file name of random length, so that the size of a page does not tell what is in it (BREACH;
the remedy is from "Heal the Breach", Palacios et al. 2022, which Django uses as well).
"""

import gzip
import io
import secrets

from flask import Flask, Response, request

WORTH_IT = 500
LEVEL = 5
MOST_PADDING = 100


def attach(app: Flask) -> None:
    """Compress text responses for browsers that accept it."""

    @app.after_request
    def compress(response: Response) -> Response:
        if (
            response.direct_passthrough
            or response.mimetype not in ("text/html", "application/json")
            or "gzip" not in request.headers.get("Accept-Encoding", "")
            or "Content-Encoding" in response.headers
        ):
            return response
        plain = response.get_data()
        if len(plain) >= WORTH_IT:
            response.set_data(_gzipped(plain))
            response.headers["Content-Encoding"] = "gzip"
        response.vary.add("Accept-Encoding")
        return response


def _gzipped(plain: bytes) -> bytes:
    packed = io.BytesIO()
    padding = "x" * secrets.randbelow(MOST_PADDING)
    with gzip.GzipFile(filename=padding, mode="wb", compresslevel=LEVEL, fileobj=packed, mtime=0) as stream:
        stream.write(plain)
    return packed.getvalue()
