"""Pages of the identity feature: load, form, action, redirect."""

import logging

from flask import Response, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.identity import actions, queries
from app.identity.forms import InvitationForm, JoinForm, PassphraseForm, SignInForm
from app.identity.models import Device
from app.kernel.access import Permission, Role
from app.kernel.errors import N_, Conflict, Invalid, TooMany, Unavailable
from app.kernel.sessions import session_cookie
from app.kernel.web import Door, local_path, present_actor, present_house
from app.kernel.web.network import network_tag

log = logging.getLogger(__name__)
door = Door("identity", __name__)

DEVICE_LABELS = {Device.PHONE: N_("A phone"), Device.COMPUTER: N_("A computer"), Device.OTHER: N_("Another device")}


@door.page("/sign-in", access=Permission.OPEN, methods=("GET", "POST"))
def sign_in() -> ResponseReturnValue:
    form = SignInForm(next=request.args.get("next", ""))
    if form.validate_on_submit():
        try:
            token = actions.sign_in(
                form.name.data or "",
                form.passphrase.data or "",
                network=network_tag(present_house()),
                device=_device(),
                replacing=_present_token(),
            )
            return _signed_in(token, form.next.data)
        except (Invalid, TooMany, Unavailable) as refusal:
            form.refuse(refusal)
    return form.answer(render_template("identity/sign_in.html", form=form))


@door.page("/join", access=Permission.OPEN, methods=("GET", "POST"))
def join() -> ResponseReturnValue:
    if present_actor().is_authenticated:
        raise Conflict(N_("You are signed in already. Sign out first to use an invitation."))
    form = JoinForm(code=request.args.get("code", ""))
    if form.validate_on_submit():
        try:
            token = actions.join(
                form.code.data or "",
                form.name.data or "",
                form.passphrase.data or "",
                network=network_tag(present_house()),
                device=_device(),
                replacing=_present_token(),
            )
            return _signed_in(token, None)
        except (Invalid, Conflict, TooMany, Unavailable) as refusal:
            form.refuse(refusal)
    return form.answer(render_template("identity/join.html", form=form))


@door.page("/sign-out", access=Permission.OPEN, methods=("POST",))
def sign_out() -> ResponseReturnValue:
    actions.sign_out(present_actor())
    return _forget(make_response(redirect(url_for("home.index"), 303)))


@door.page("/exit", access=Permission.OPEN, methods=("POST",))
def exit() -> ResponseReturnValue:
    """The quick exit: the session ends first, then the browser is told to forget and sent to a neutral site."""
    try:
        actions.sign_out(present_actor())
    except Exception as error:  # whatever is broken here, the person must get away
        log.error("a session could not be ended on the way out (%s)", type(error).__name__)
    response = _forget(make_response(render_template("identity/exited.html")))
    response.headers["Refresh"] = f"0; url={present_house().settings.exit_url}"
    return response


@door.page("/me", access=Permission.SIGNED_IN)
def me() -> ResponseReturnValue:
    return render_template("identity/me.html")


@door.page("/me/sessions", access=Permission.SIGNED_IN)
def sessions() -> ResponseReturnValue:
    lines = [
        {
            "public_id": line.public_id,
            "label": gettext(DEVICE_LABELS[line.device]),
            "started": line.started,
            "last_seen": line.last_seen,
            "current": line.current,
        }
        for line in queries.my_sessions(present_actor())
    ]
    return render_template("identity/sessions.html", sessions=lines)


@door.page("/me/sessions/<id>/end", access=Permission.SIGNED_IN, methods=("POST",))
def end_session(id: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.end_session(actor, queries.get_my_session(actor, id))
    flash(gettext("That session has ended."))
    return redirect(url_for("identity.sessions"), 303)


@door.page("/me/sessions/end-others", access=Permission.SIGNED_IN, methods=("POST",))
def end_other_sessions() -> ResponseReturnValue:
    actions.end_other_sessions(present_actor())
    flash(gettext("All other sessions have ended."))
    return redirect(url_for("identity.sessions"), 303)


@door.page("/me/passphrase", access=Permission.SIGNED_IN, methods=("GET", "POST"))
def passphrase() -> ResponseReturnValue:
    form = PassphraseForm()
    if form.validate_on_submit():
        try:
            actions.change_passphrase(present_actor(), form.present.data or "", form.wished.data or "")
            flash(gettext("Your passphrase is changed. Your other sessions have ended."))
            return redirect(url_for("identity.me"), 303)
        except (Invalid, TooMany, Unavailable) as refusal:
            form.refuse(refusal)
    return form.answer(render_template("identity/passphrase.html", form=form))


@door.page("/people/invitations", access=Permission.INVITATIONS_MAKE, methods=("GET", "POST"))
def invitations() -> ResponseReturnValue:
    form, actor, code, url = InvitationForm(), present_actor(), None, None
    if form.validate_on_submit():
        code = actions.invite(actor, role=Role(form.role.data))
        url = present_house().settings.address + url_for("identity.join", code=code)
    made = queries.invitations(actor)
    # No redirect after the form: the code is shown in this answer and never again.
    return form.answer(
        render_template("identity/invitations.html", form=form, invitations=made, fresh_code=code, fresh_url=url)
    )


@door.page("/people/invitations/<id>/withdraw", access=Permission.INVITATIONS_MAKE, methods=("POST",))
def withdraw_invitation(id: str) -> ResponseReturnValue:
    actions.withdraw_invitation(present_actor(), id)
    flash(gettext("That invitation can no longer be used."))
    return redirect(url_for("identity.invitations"), 303)


def _signed_in(token: str, wished: str | None) -> Response:
    settings = present_house().settings
    session.clear()  # a fresh form secret, so that one planted before signing in is worth nothing
    response = make_response(redirect(local_path(wished), 303))
    response.set_cookie(
        session_cookie(settings.tls), token, secure=settings.tls, httponly=True, samesite="Lax", path="/"
    )
    return response


def _forget(response: Response) -> Response:
    """Take the session out of this browser, with everything that it kept of us."""
    session.clear()
    settings = present_house().settings
    response.delete_cookie(session_cookie(settings.tls), secure=settings.tls, httponly=True, samesite="Lax", path="/")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _present_token() -> str:
    return request.cookies.get(session_cookie(present_house().settings.tls), "")


def _device() -> Device:
    """Coarse on purpose, and the only thing that is ever read from the user agent."""
    hint = request.headers.get("Sec-CH-UA-Mobile", "")
    agent = request.headers.get("User-Agent", "")
    if hint == "?1" or "Mobi" in agent:
        return Device.PHONE
    return Device.COMPUTER if any(word in agent for word in ("Windows", "Macintosh", "X11", "Linux")) else Device.OTHER
