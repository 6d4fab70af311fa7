"""The door of identity, and what its pages do with cookies: they hold tokens, and nothing else."""

from flask import Response, make_response, redirect, request, session, url_for

from app.identity.models import Device
from app.kernel.sessions import session_cookie
from app.kernel.web import Door, local_path, present_house
from app.kernel.web.network import network_tag

door = Door("identity", __name__)

#: Of a browser that took the first step. The prefix binds it to this host, as that of the session.
TLS_HALF_COOKIE, PLAIN_HALF_COOKIE = "__Host-half", "half"


def signed_in(token: str, wished: str | None) -> Response:
    """To where the person wanted to go, with a session in a browser whose forms are all new."""
    session.clear()  # a fresh form secret, so that one planted before signing in is worth nothing
    response = make_response(redirect(local_path(wished), 303))
    keep_session(response, token)
    if half_token():
        _drop(response, _half_cookie())
    return response


def half_way(token: str, wished: str | None, *, seconds: int) -> Response:
    """To the second step, with a token that opens nothing but that."""
    response = make_response(redirect(url_for("identity.second_step", next=wished or None), 303))
    response.set_cookie(
        _half_cookie(),
        token,
        max_age=seconds,
        secure=present_house().settings.tls,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response


def keep_session(response: Response, token: str) -> None:
    """Have the browser keep the token of its session."""
    tls = present_house().settings.tls
    response.set_cookie(session_cookie(tls), token, secure=tls, httponly=True, samesite="Lax", path="/")


def forget(response: Response) -> Response:
    """Take the session out of this browser, with everything that it kept of us."""
    session.clear()
    _drop(response, session_cookie(present_house().settings.tls))
    if half_token():
        _drop(response, _half_cookie())
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def present_token() -> str:
    """The token of the session that this browser has, or nothing."""
    return request.cookies.get(session_cookie(present_house().settings.tls), "")


def half_token() -> str:
    """The token of the sign-in that waits in this browser, or nothing."""
    return request.cookies.get(_half_cookie(), "")


def network() -> str:
    return network_tag(present_house())


def device() -> Device:
    """Coarse on purpose, and the only thing that is ever read from the user agent."""
    hint = request.headers.get("Sec-CH-UA-Mobile", "")
    agent = request.headers.get("User-Agent", "")
    if hint == "?1" or "Mobi" in agent:
        return Device.PHONE
    return Device.COMPUTER if any(word in agent for word in ("Windows", "Macintosh", "X11", "Linux")) else Device.OTHER


def _drop(response: Response, cookie: str) -> None:
    secure = present_house().settings.tls
    response.delete_cookie(cookie, secure=secure, httponly=True, samesite="Lax", path="/")


def _half_cookie() -> str:
    return TLS_HALF_COOKIE if present_house().settings.tls else PLAIN_HALF_COOKIE
