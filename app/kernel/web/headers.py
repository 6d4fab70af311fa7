"""Security headers of every response (SAFETY.md, Browser)."""

from flask import Flask, Response, request

from config import Settings


def policy(address: str) -> str:
    """The content security policy. WebSockets are named because Safari does not count them among 'self'."""
    socket_address = address.replace("http", "ws", 1)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            f"connect-src 'self' {socket_address}",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def attach(app: Flask, settings: Settings) -> None:
    """Set the headers on everything, errors included."""
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
    def protect(response: Response) -> Response:
        for name, value in fixed.items():
            response.headers.setdefault(name, value)
        if request.endpoint != "web.asset":
            response.headers["Cache-Control"] = "no-store"
        return response
