"""Refusals and crashes become pages in the person's words, in one place. Nothing that was typed is lost."""

import logging
from contextlib import suppress
from dataclasses import dataclass

from flask import Flask, Response, current_app, g, make_response, render_template, request, url_for
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, SecurityError

from app.kernel.errors import N_, Forbidden, Invalid, Locked, NotFound, Refusal, SignedOut, TooMany, Unavailable, trail
from app.kernel.i18n import explain
from app.kernel.sessions import SessionKeeper, session_cookie
from app.kernel.signals import typed_in_vain
from app.kernel.web.context import present_actor, present_house
from app.kernel.web.uploads import takes_files

log = logging.getLogger(__name__)

#: Typed text that is given back on an error page. Secrets (passphrases, codes) are never sent back.
GIVEN_BACK = ("body", "about", "reason", "text", "note")
KEPT = N_("The screen is locked. What you wrote is kept: open the screen with your code, and find it there.")
NOT_KEPT = N_(
    "The screen is locked, and what you wrote was not sent. Go back one page in your browser to copy it, then open the screen."
)
#: What strangers send: a form of theirs that is too old has no session that could have ended.
FORMS_OF_STRANGERS = ("identity.sign_in", "identity.join", "identity.lost")


@dataclass(frozen=True, slots=True)
class Suggestion:
    label: str
    url: str


def attach(app: Flask) -> None:
    """Handle everything that a view may raise."""
    app.register_error_handler(Refusal, refusal_page)
    app.register_error_handler(CSRFError, _form_too_old)
    app.register_error_handler(RequestEntityTooLarge, _too_large)
    app.register_error_handler(HTTPException, _plain_http)
    app.register_error_handler(Exception, _crash)


def refusal_page(refusal: Refusal, status: int = 0) -> Response:
    """The page of a refusal, with its status or the given one. Staff-only things look exactly like missing ones."""
    if isinstance(refusal, Forbidden) and request.method == "GET":
        refusal = NotFound()
    with suppress(Unavailable):
        present_actor()  # where nobody can be recognised, the page is that of a stranger
    status, typed = status or refusal.status, _typed()
    if typed and isinstance(refusal, Locked | SignedOut):
        kept = _keep(typed)
        if isinstance(refusal, Locked):
            # Nothing of the person stands on the page of a locked screen.
            refusal, typed = (Locked(KEPT) if kept else Locked(NOT_KEPT)), []
    titles = {
        "not_found": gettext("Nothing here"),
        "signed_out": gettext("You are signed out"),
        "locked": gettext("The screen is locked"),
        "too_many": gettext("A short pause"),
        "unavailable": gettext("Not saved yet"),
        "conflict": gettext("Changed meanwhile"),
        "unproved": gettext("Is it you?"),
    }
    page = render_template(
        "errors/error.html",
        title=titles.get(refusal.code, gettext("This did not work")),
        text=explain(refusal),
        status=status,
        suggestions=_suggestions(refusal),
        typed=typed,
    )
    response = make_response(page, status)
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _typed() -> list[str]:
    return [request.form[name] for name in GIVEN_BACK if request.form.get(name)]


def _keep(typed: list[str]) -> bool:
    """Keep what somebody typed for when they are back: whose screen is locked, or whose session has ended.

    Their cookie says who it was, and no other site can have it sent along (SameSite). Returns whether it is kept.
    """
    house = present_house()
    sessions: SessionKeeper = current_app.extensions["sessions"]
    try:
        whose = present_actor()
        if not whose.is_locked:
            whose = sessions.formerly(request.cookies.get(session_cookie(house.settings.tls), ""))
        if whose.id is None or "work" not in g:
            return False
        answers = typed_in_vain.send(whose, endpoint=request.endpoint, parts=request.view_args or {}, typed=typed)
        return any(kept for _receiver, kept in answers)
    except Exception as error:  # whatever is broken here, the page that says why nothing was sent is drawn
        log.error("what was typed could not be kept\n%s", trail(error))
        return False


def _suggestions(refusal: Refusal) -> list[Suggestion]:
    home = Suggestion(gettext("Go to Home"), url_for("home.index"))
    if isinstance(refusal, Locked):
        return [Suggestion(gettext("Open it with your code"), url_for("safety.unlock"))]
    if isinstance(refusal, SignedOut) or not present_actor().is_authenticated:
        return [Suggestion(gettext("Sign in"), url_for("identity.sign_in")), home]
    return [home, Suggestion(gettext("Help"), url_for("home.help"))]


def _form_too_old(_error: CSRFError) -> Response:
    if present_actor().is_locked and request.endpoint != "safety.unlock":
        return refusal_page(Locked())
    if not present_actor().is_authenticated and request.endpoint not in FORMS_OF_STRANGERS:
        return refusal_page(SignedOut())
    return refusal_page(
        Invalid(N_("This page was open for too long, so it was not sent. Open it again and send it once more."))
    )


def _too_large(_error: RequestEntityTooLarge) -> Response:
    most = takes_files(request)
    if most is None:
        refusal = Invalid(N_("That is larger than we can take. Make it shorter and try again."))
    else:
        refusal = Invalid(N_("This file is larger than we can take. Make it smaller, or choose another one."))
    page = render_template(
        "errors/error.html",
        title=gettext("Too large"),
        text=explain(refusal),
        status=413,
        suggestions=_suggestions(refusal),
        typed=[],  # it was not read, and to read it now would be refused again
    )
    return make_response(page, 413)


def _plain_http(error: HTTPException) -> Response:
    if isinstance(error, SecurityError):
        # The host is not ours (TRUSTED_HOSTS): no address of ours can be built for it, and it learns nothing.
        return Response(gettext("This did not work. Go back and try another way."), 400, mimetype="text/plain")
    if error.code == 404:
        return refusal_page(NotFound())
    if error.code == 429:
        return refusal_page(TooMany())
    if error.code is None or error.code < 400:
        return Response(error.get_response().get_data(), error.code or 500, error.get_response().headers)
    response = refusal_page(Invalid(N_("This did not work. Go back and try another way.")), error.code)
    if "Allow" in error.get_response().headers:
        response.headers["Allow"] = error.get_response().headers["Allow"]
    return response


def _crash(error: Exception) -> Response:
    log.error("a page failed: %s\n%s", request.endpoint, trail(error))
    return refusal_page(Unavailable())
