"""Security headers of every response (SAFETY.md, Browser)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from config import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def policy(address: str) -> str:
    """The content security policy. WebSockets are named because Safari does not count them among 'self'."""
    socket_address = address.replace("http", "ws", 1)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "media-src 'self'",
            "font-src 'self'",
            f"connect-src 'self' {socket_address}",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def attach(app: Flask, settings: Settings) -> None:
    """Set the headers on everything, errors included. Called last, so that the socket server's answers get them too."""
    fixed = {
        "Content-Security-Policy": policy(settings.address),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow",
    }
    if settings.tls:
        fixed["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"

    @app.after_request
    def forget(response: Response) -> Response:
        if request.endpoint != "web.asset":
            response.headers["Cache-Control"] = "no-store"
        return response

    covered = _covered(app.wsgi_app, {**fixed, "Cache-Control": "no-store"})
    app.wsgi_app = covered  # type: ignore[assignment,method-assign]  # as Flask means it


def _covered(answer: "WSGIApplication", fixed: dict[str, str]) -> "WSGIApplication":
    """The application with headers added to whatever it answers, unless it has set them itself."""

    def covered(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *failed: Any) -> Any:
            present = {name.lower() for name, _value in headers}
            more = [(name, value) for name, value in fixed.items() if name.lower() not in present]
            return start_response(status, headers + more, *failed)

        return answer(environ, start)

    return covered
