"""Pages of the identity feature: load, form, action, redirect."""

import logging

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.identity import actions, policy, queries
from app.identity.door import device, door, forget, network, present_token, signed_in
from app.identity.forms import InvitationForm, JoinForm
from app.identity.keeper import Sessions
from app.identity.models import Device
from app.kernel.access import Permission, Role
from app.kernel.errors import N_, Conflict, Invalid, TooMany, Unavailable
from app.kernel.web import present_actor, present_house

log = logging.getLogger(__name__)

DEVICE_LABELS = {Device.PHONE: N_("A phone"), Device.COMPUTER: N_("A computer"), Device.OTHER: N_("Another device")}


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
                network=network(),
                device=device(),
                replacing=present_token(),
            )
            return signed_in(token, _first_page(token))
        except (Invalid, Conflict, TooMany, Unavailable) as refusal:
            form.refuse(refusal)
    return form.answer(render_template("identity/join.html", form=form))


@door.page("/sign-out", access=Permission.OPEN, methods=("POST",))
def sign_out() -> ResponseReturnValue:
    actions.sign_out(present_actor())
    return forget(make_response(redirect(url_for("home.index"), 303)))


@door.page("/exit", access=Permission.OPEN, methods=("POST",))
def exit() -> ResponseReturnValue:
    """The quick exit: the session ends first, then the browser is told to forget and sent to a neutral site."""
    try:
        actions.sign_out(present_actor())
    except Exception as error:  # whatever is broken here, the person must get away
        log.error("a session could not be ended on the way out (%s)", type(error).__name__)
    response = forget(make_response(render_template("identity/exited.html")))
    response.headers["Refresh"] = f"0; url={present_house().settings.exit_url}"
    return response


@door.page("/me", access=Permission.SIGNED_IN)
def me() -> ResponseReturnValue:
    actor = present_actor()
    entries = [entry for feature in present_house().features for entry in feature.me if actor.holds(entry.access)]
    lines = [
        {"label": gettext(entry.label), "url": url_for(entry.endpoint), "hint": gettext(entry.hint)}
        for entry in sorted(entries, key=lambda entry: entry.order)
    ]
    return render_template("identity/me.html", entries=lines)


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
    may_change = present_actor().holds(Permission.SETTINGS_CHANGE)
    return render_template("identity/sessions.html", sessions=lines, may_change=may_change)


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


@door.page("/people/invitations", access=Permission.INVITATIONS_MAKE, methods=("GET", "POST"))
def invitations() -> ResponseReturnValue:
    form, actor, code, url = InvitationForm(), present_actor(), None, None
    form.offer(policy.may_come_by_invitation(Role.MEMBER, here=queries.count_people()))
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


def _first_page(token: str) -> str:
    """Whoever is to work here sets up a second step first; everybody else is at Home."""
    return url_for("identity.second_steps" if Sessions().recognise(token).lacks_factor else "home.index")
