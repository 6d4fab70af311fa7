"""Pages of the names that somebody has in spaces: load, form, action, redirect."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.identity.door import door
from app.identity.models import Space
from app.identity.spaces import actions, policy, queries
from app.identity.spaces.forms import GiveUpForm, SpaceNameForm
from app.kernel.access import Permission
from app.kernel.db import now
from app.kernel.errors import N_, Conflict, Invalid, NotFound, TooMany, Unavailable
from app.kernel.web import present_actor

#: What each space is called, and what is written there.
SPACES = {
    Space.ROOMS: (N_("In rooms"), N_("Beside your messages.")),
    Space.OPPORTUNITIES: (
        N_("With opportunities"),
        N_("Where members ask and answer about jobs, courses and scholarships."),
    ),
    Space.TESTIMONIES: (N_("With testimonies"), N_("Beside what you tell, where you choose to be named at all.")),
}
ACCESS = Permission.SETTINGS_CHANGE


@door.page("/me/names", access=ACCESS)
def names() -> ResponseReturnValue:
    lines = [{**_line(line), "url": _url(line)} for line in queries.my_names(present_actor())]
    return render_template("identity/names.html", names=lines, days=policy.CHANGE_DAYS)


@door.page("/me/names/<space>", access=ACCESS, methods=("GET", "POST"))
def space_name(space: str) -> ResponseReturnValue:
    actor, chosen = present_actor(), _space(space)
    line, form = queries.my_name(actor, chosen), SpaceNameForm()
    if form.validate_on_submit():
        try:
            actions.choose_name(actor, chosen, name=form.name.data or "")
            flash(gettext("From now on others there see this name."))
            return redirect(url_for("identity.names"), 303)
        except (Invalid, Conflict, TooMany, Unavailable) as refusal:
            form.refuse(refusal, at=form.name)
    waits = line.next_change is not None and line.next_change > now().date()
    return form.answer(
        render_template(
            "identity/space_name.html",
            form=form,
            line=_line(line),
            waits_until=line.next_change if waits else None,
            days=policy.CHANGE_DAYS,
            give_up_url=url_for("identity.give_up_name", space=chosen.value) if line.name else None,
        )
    )


@door.page("/me/names/<space>/give-up", access=ACCESS, methods=("GET", "POST"))
def give_up_name(space: str) -> ResponseReturnValue:
    actor, chosen = present_actor(), _space(space)
    line, form = queries.my_name(actor, chosen), GiveUpForm()
    if not line.name:
        raise NotFound
    if form.validate_on_submit():
        actions.give_up_name(actor, chosen)
        flash(gettext("Others there see your usual name again."))
        return redirect(url_for("identity.names"), 303)
    return form.answer(render_template("identity/give_up_name.html", form=form, line=_line(line)))


def _line(line: queries.NameLine) -> dict[str, str]:
    title, where = SPACES[line.space]
    return {"title": gettext(title), "where": gettext(where), "name": line.name}


def _url(line: queries.NameLine) -> str:
    return url_for("identity.space_name", space=line.space.value)


def _space(name: str) -> Space:
    try:
        return Space(name)
    except ValueError:
        raise NotFound from None
