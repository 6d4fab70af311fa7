"""Pages of travel mode. For whoever travels none of them is there, and no other page says why."""

from flask import flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.identity.door import forget
from app.kernel.access import Permission
from app.kernel.errors import Conflict, Invalid
from app.kernel.web import present_actor
from app.profiles.queries.people import people_known
from app.safety.actions import travel as actions
from app.safety.forms import HideForm, JourneyForm
from app.safety.queries import travel as queries
from app.safety.views.door import door

CHANGE = Permission.SETTINGS_CHANGE


@door.page("/me/travel", access=CHANGE)
def travel() -> ResponseReturnValue:
    return _page(HideForm(formdata=None))


@door.page("/me/travel/things", access=CHANGE, methods=("POST",))
def hide() -> ResponseReturnValue:
    form = HideForm()
    if form.validate_on_submit():
        actions.choose_hidden(present_actor(), form.things.data or [])
        flash(gettext("Kept. It is hidden once you travel, and not before."))
        return redirect(url_for("safety.travel"), 303)
    return _page(form)


@door.page("/me/travel/begin", access=CHANGE, methods=("GET", "POST"), step_up=True)
def begin_journey() -> ResponseReturnValue:
    """Whoever goes is signed out everywhere; the page to which that leads says nothing of it."""
    form = JourneyForm()
    form.offer(_people())
    if form.validate_on_submit():
        try:
            actions.set_out(present_actor(), until=form.until, peers=form.peers)
            return forget(make_response(redirect(url_for("identity.sign_in"), 303)))
        except (Invalid, Conflict) as refusal:
            form.refuse(refusal)
    return form.answer(render_template("safety/begin.html", form=form, peers_possible=len(_people()) > 1))


@door.page("/journeys/<id>", access=CHANGE)
def journey(id: str) -> ResponseReturnValue:
    actor = present_actor()
    read = queries.read_journey(actor, queries.get_journey(actor, id))
    return render_template("safety/journey.html", journey=read)


@door.page("/journeys/<id>/over", access=CHANGE, methods=("POST",))
def agree(id: str) -> ResponseReturnValue:
    actor = present_actor()
    if actions.agree(actor, queries.get_journey(actor, id)):
        flash(gettext("The journey is over. Everything is there again."))
    else:
        flash(gettext("You agreed. It ends when the other person agrees too."))
    return redirect(url_for("safety.journey", id=id), 303)


def _page(form: HideForm) -> ResponseReturnValue:
    return form.answer(render_template("safety/travel.html", form=form, things=queries.hideable(present_actor())))


def _people() -> list[tuple[str, str]]:
    return [(one.public_id, one.name) for one in people_known(present_actor())]
