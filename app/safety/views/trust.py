"""Pages about trusted people, and about an account that one of them froze."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.kernel.access import Permission
from app.kernel.errors import Conflict, Invalid, NotFound, TooMany
from app.kernel.web import present_actor
from app.profiles.queries.people import people_known
from app.safety.actions import trust as actions
from app.safety.forms import FreezeForm, GiveBackForm, SayForm, TrustForm
from app.safety.queries import trust as queries
from app.safety.views.door import door

CHANGE = Permission.SETTINGS_CHANGE


@door.page("/me/trusted", access=CHANGE)
def trusted() -> ResponseReturnValue:
    return _page(TrustForm(formdata=None))


@door.page("/me/trusted/new", access=CHANGE, methods=("GET", "POST"), step_up=True)
def name_trusted() -> ResponseReturnValue:
    form = TrustForm()
    form.offer(_others())
    if form.validate_on_submit():
        try:
            actions.name_trusted(present_actor(), form.person.data)
            flash(gettext("They can freeze your account from now on, and were told."))
            return redirect(url_for("safety.trusted"), 303)
        except Invalid as refusal:
            form.refuse(refusal, at=form.person)
    return form.answer(render_template("safety/name_trusted.html", form=form, people=_others()))


@door.page("/me/trusted/<id>/take-off", access=CHANGE, methods=("POST",), step_up=True)
def take_off(id: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.take_off(actor, queries.get_trusted(actor, id))
    flash(gettext("They can no longer freeze your account."))
    return redirect(url_for("safety.trusted"), 303)


@door.page("/me/trusted/<id>/freeze", access=CHANGE, methods=("GET", "POST"), step_up=True)
def freeze(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), FreezeForm()
    number, name = queries.get_who_trusts_me(actor, id)
    if form.validate_on_submit():
        try:
            actions.freeze(actor, number, reason=form.reason.data or "")
            flash(gettext("The account is frozen. Moderators look at it now."))
            return redirect(url_for("safety.trusted"), 303)
        except (Conflict, TooMany) as refusal:
            form.refuse(refusal)
    return form.answer(render_template("safety/freeze.html", form=form, name=name))


@door.page("/me/frozen", access=Permission.STANDING_SEE, methods=("GET", "POST"))
def frozen() -> ResponseReturnValue:
    """For whoever signs in to a frozen account. It may be the wrong person: no name stands here."""
    actor, form = present_actor(), SayForm()
    own = queries.find_own_freeze(actor)
    if own is None:
        raise NotFound
    if form.validate_on_submit():
        try:
            actions.say(actor, form.body.data or "")
            flash(gettext("Your words are added."))
            return redirect(url_for("safety.frozen"), 303)
        except TooMany as refusal:
            form.refuse(refusal)
    return form.answer(render_template("safety/frozen.html", form=form, at=own.at, said=queries.said_by(own)))


@door.page("/freezes/<id>", access=Permission.MEASURES_TAKE, methods=("GET", "POST"))
def review_freeze(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), GiveBackForm()
    found = queries.get_freeze(actor, id)
    if form.validate_on_submit():
        try:
            actions.propose_giving_back(
                actor, found, reason=form.reason.data or "", without_cause=form.without_cause.data
            )
            flash(gettext("It is proposed. A second person decides; the account stays frozen until then."))
            return redirect(url_for("safety.review_freeze", id=id), 303)
        except Conflict as refusal:
            form.refuse(refusal)
    return form.answer(render_template("safety/review.html", form=form, freeze=actions.read(actor, found)))


def _page(form: TrustForm) -> ResponseReturnValue:
    actor = present_actor()
    page = render_template(
        "safety/trusted.html",
        chosen=queries.trusted_by_me(actor),
        trusting=queries.who_trust_me(actor),
        most=actions.MOST,
    )
    return form.answer(page)


def _others() -> list[tuple[str, str]]:
    """Whom the actor could choose and has not."""
    actor = present_actor()
    chosen = {one.public_id for one in queries.trusted_by_me(actor)}
    return [(one.public_id, one.name) for one in people_known(actor) if one.public_id not in chosen]
