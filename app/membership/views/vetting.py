"""Pages of vetters. To open a file is an act: it is noted before anything is shown."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.kernel.access import Permission
from app.kernel.errors import N_, Conflict, Invalid
from app.kernel.web import Form, present_actor
from app.membership import policy
from app.membership.actions import vetting as actions
from app.membership.forms import AsideForm, DecisionForm, MemberNameForm, OpeningForm, QuestionForm
from app.membership.models import UNDECIDED, Application, ApplicationState, Trait
from app.membership.policy import Aside
from app.membership.queries import vetting as queries
from app.membership.views.entrance import door
from app.membership.wording import KNOWS, Why
from app.moderation import actions as moderation

ASIDE = {
    Aside.SELF: N_("This is your own application."),
    Aside.DECLARED: N_("You stood aside from this one."),
    Aside.VOUCHER: N_("You were asked to vouch for this person, so others decide."),
    Aside.NAMED: N_("The applicant named you, so others decide."),
    Aside.BRANCH: N_("Somebody who vouches here belongs to your own branch, so others decide."),
}
TRAITS = {Trait.NAME: N_("a name that looks the same"), Trait.KNOWN_BY: N_("the same person who knows them")}


@door.page("/applications/<id>", access=Permission.VET)
def application(id: str) -> ResponseReturnValue:
    return _page(queries.get_application(present_actor(), id))


@door.page("/applications/<id>/answer", access=Permission.VET, methods=("POST",))
def answer_application(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), DecisionForm()
    found = queries.get_application(actor, id)
    if form.validate_on_submit():
        try:
            actions.answer(
                actor,
                found,
                approves=form.decision.data == "approve",
                reason=form.reason.data or "",
                why=Why(form.why.data),
                words=form.words.data or "",
            )
            flash(gettext("Your answer is noted."))
            return redirect(url_for("membership.application", id=id), 303)
        except Invalid as refusal:
            form.refuse(refusal)
    return form.answer(_page(found, decision=form))


@door.page("/applications/<id>/question", access=Permission.VET, methods=("POST",))
def ask_applicant(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), QuestionForm()
    found = queries.get_application(actor, id)
    if form.validate_on_submit():
        actions.ask_applicant(actor, found, words=form.question.data or "")
        flash(gettext("Your question is sent. The applicant sees it with their code."))
        return redirect(url_for("membership.application", id=id), 303)
    return form.answer(_page(found, question=form))


@door.page("/applications/<id>/ask", access=Permission.VET, methods=("POST",))
def ask_member(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), MemberNameForm()
    found = queries.get_application(actor, id)
    if form.validate_on_submit():
        try:
            actions.ask_member(actor, found, name=form.name.data or "")
            flash(gettext("The member is asked."))
            return redirect(url_for("membership.application", id=id), 303)
        except (Invalid, Conflict) as refusal:
            form.refuse(refusal, at=form.name)
    return form.answer(_page(found, member=form))


@door.page("/applications/<id>/asked", access=Permission.VET, methods=("POST",))
def finish_asking(id: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.finish_asking(actor, queries.get_application(actor, id))
    flash(gettext("It waits for vouches now, outside of the queue."))
    return redirect(url_for("membership.application", id=id), 303)


@door.page("/applications/<id>/stand-aside", access=Permission.VET, methods=("POST",))
def stand_aside(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), AsideForm()
    found = queries.get_application(actor, id)
    if form.validate_on_submit():
        actions.stand_aside(actor, found, reason=form.because.data or "")
        flash(gettext("You stand aside. Others decide."))
        return redirect(url_for("membership.application", id=id), 303)
    return form.answer(_page(found, aside=form))


@door.page("/applications/<id>/open", access=Permission.VET, methods=("POST",))
def propose_opening(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), OpeningForm()
    found = queries.get_application(actor, id)
    if form.validate_on_submit():
        moderation.propose(actor, "application.open-file", found.public_id, reason=form.purpose.data or "")
        flash(gettext("It is proposed. A second person decides."))
        return redirect(url_for("membership.application", id=id), 303)
    return form.answer(_page(found, opening=form))


def _page(found: Application, **forms: Form) -> str:
    """The page as this vetter may see it: the file, why not, or only what came of it."""
    actor = present_actor()
    position = queries.position_of(actor, found)
    readable = policy.can_judge(actor, found, position) or (
        found.state not in UNDECIDED and queries.may_read_again(actor, found)
    )
    file = actions.read_file(actor, found) if readable else None
    return render_template(
        "membership/application.html",
        application=found,
        state=found.state.value,
        file=file,
        aside_because=gettext(ASIDE[position.aside]) if position.aside else None,
        answered=position.answered,
        may_answer=policy.can_answer(actor, found, position),
        may_ask=readable and found.state is ApplicationState.IN_REVIEW,
        may_ask_members=readable and found.state is ApplicationState.SENT,
        may_stand_aside=readable and found.state in UNDECIDED and not position.answered,
        may_propose_opening=file is None and policy.can_open_file(actor, found, position),
        knows={knows.value: gettext(words) for knows, words in KNOWS.items()},
        traits={trait: gettext(words) for trait, words in TRAITS.items()},
        decision=forms.get("decision") or DecisionForm(formdata=None),
        question=forms.get("question") or QuestionForm(formdata=None),
        member=forms.get("member") or MemberNameForm(formdata=None),
        aside=forms.get("aside") or AsideForm(formdata=None),
        opening=forms.get("opening") or OpeningForm(formdata=None),
    )
