"""A person's own standing, and appeals from both sides. Open to those who are suspended too."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.kernel.access import Permission
from app.kernel.errors import Conflict
from app.kernel.web import present_actor, present_house
from app.moderation import actions, queries
from app.moderation.forms import AppealAnswerForm, WordsForm
from app.moderation.models import MeasureKind
from app.moderation.views.door import door, labels


@door.page("/me/standing", access=Permission.STANDING_SEE)
def standing() -> ResponseReturnValue:
    actor = present_actor()
    measures = queries.standing(actor)
    return render_template(
        "moderation/standing.html",
        measures=measures,
        others=[line for feature in present_house().features if feature.standing for line in feature.standing(actor)],
        effects=_effects(),
        remains=_remains(),
        labels=labels(),
        whole=actor.holds(Permission.SIGNED_IN),
        may_report=actor.holds(Permission.REPORT),
    )


@door.page("/me/standing/<id>/appeal", access=Permission.STANDING_SEE, methods=("GET", "POST"))
def make_appeal(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), WordsForm()
    measure = queries.get_own_measure(actor, id)
    if form.validate_on_submit():
        try:
            made = actions.appeal(actor, measure, body=form.body.data or "")
            flash(gettext("Your appeal is with us. Somebody other than the person who took the measure will read it."))
            return redirect(url_for("moderation.my_appeal", id=made.public_id), 303)
        except Conflict as refusal:
            form.refuse(refusal)
    line = next(one for one in queries.standing(actor) if one.public_id == id)
    return form.answer(render_template("moderation/make_appeal.html", form=form, measure=line, labels=labels()))


@door.page("/me/appeals/<id>", access=Permission.STANDING_SEE, methods=("GET", "POST"))
def my_appeal(id: str) -> ResponseReturnValue:
    return _dialogue(id, "moderation.my_appeal")


@door.page("/appeals/<id>", access=Permission.PEOPLE_SEE, methods=("GET", "POST"))
def appeal(id: str) -> ResponseReturnValue:
    return _dialogue(id, "moderation.appeal")


@door.page("/appeals/<id>/decide", access=Permission.PEOPLE_SEE, methods=("POST",))
def decide_appeal(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), AppealAnswerForm()
    found = queries.get_appeal(actor, id)
    if form.validate_on_submit():
        grant = form.decision.data == "grant"
        actions.decide_appeal(actor, found, grant=grant, answer=form.text.data or "")
        flash(gettext("Decided. The person was told."))
        return redirect(url_for("moderation.appeal", id=id), 303)
    return form.answer(_page(id, WordsForm(formdata=None), form, "moderation.appeal"))


def _dialogue(id: str, here: str) -> ResponseReturnValue:
    actor, form = present_actor(), WordsForm()
    if form.validate_on_submit():
        actions.add_words(actor, queries.get_appeal(actor, id), body=form.body.data or "")
        flash(gettext("Your words are added."))
        return redirect(url_for(here, id=id), 303)
    return form.answer(_page(id, form, AppealAnswerForm(formdata=None), here))


def _page(id: str, words: WordsForm, decision: AppealAnswerForm, here: str) -> str:
    actor = present_actor()
    read = queries.read_appeal(actor, queries.get_appeal(actor, id))
    return render_template(
        "moderation/appeal.html", appeal=read, form=words, decision=decision, here=url_for(here, id=id), labels=labels()
    )


def _effects() -> dict[str, str]:
    return {
        MeasureKind.NOTICE.value: gettext("A moderator has written to you. Nothing is taken from you."),
        MeasureKind.PAUSE_POSTING.value: gettext("We have paused your posting."),
        MeasureKind.LIMIT.value: gettext("We have closed some doors to you for a while."),
        MeasureKind.SUSPEND.value: gettext("We have suspended your membership."),
        MeasureKind.REMOVE.value: gettext("We have ended your membership. It becomes final after 30 days."),
    }


def _remains() -> dict[str, str]:
    return {
        MeasureKind.NOTICE.value: gettext("Everything stays open to you."),
        MeasureKind.PAUSE_POSTING.value: gettext(
            "You can read in all your rooms and keep everything that is yours. You cannot write in rooms, or be the "
            "first to write to somebody."
        ),
        MeasureKind.LIMIT.value: gettext(
            "You can read and write in your rooms. You cannot use the directory, be the first to write to somebody, "
            "send links or vouch."
        ),
        MeasureKind.SUSPEND.value: gettext("You can sign in, see this page and appeal. Everything of yours is kept."),
        MeasureKind.REMOVE.value: gettext("You can sign in, see this page and appeal until then."),
    }
