"""Pages of members who vouch."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.kernel.access import Permission
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from app.kernel.web import present_actor
from app.membership.actions import vouching as actions
from app.membership.forms import AskCodeForm, CodeForm, ReasonForm, VouchForm
from app.membership.models import VouchState
from app.membership.queries import vouching as queries
from app.membership.views.entrance import door
from app.membership.wording import Knows


@door.page("/me/vouching", access=Permission.SIGNED_IN)
def vouching() -> ResponseReturnValue:
    return _page(CodeForm(), AskCodeForm())


@door.page("/me/vouching/codes", access=Permission.VOUCH, methods=("POST",))
def make_code() -> ResponseReturnValue:
    form, code = CodeForm(), None
    if form.validate_on_submit():
        try:
            code = actions.make_code(present_actor(), whom=form.whom.data or "")
        except Invalid as refusal:
            form.refuse(refusal)
    # No redirect after the form: the code is shown in this answer and never again.
    return form.answer(_page(form, AskCodeForm(), code))


@door.page("/me/vouching/codes/<id>/withdraw", access=Permission.SIGNED_IN, methods=("POST",))
def withdraw_code(id: str) -> ResponseReturnValue:
    actions.withdraw_code(present_actor(), id)
    flash(gettext("That code can no longer be used."))
    return redirect(url_for("membership.vouching"), 303)


@door.page("/me/vouching/asked", access=Permission.VOUCH, methods=("POST",))
def accept_ask() -> ResponseReturnValue:
    form = AskCodeForm()
    if form.validate_on_submit():
        try:
            asked = actions.accept_ask(present_actor(), form.code.data or "")
            return redirect(url_for("membership.vouch", id=asked.public_id), 303)
        except (Invalid, Conflict, TooMany) as refusal:
            form.refuse(refusal, at=form.code)
    return form.answer(_page(CodeForm(), form))


@door.page("/me/vouching/<id>", access=Permission.SIGNED_IN, methods=("GET", "POST"))
def vouch(id: str) -> ResponseReturnValue:
    actor = present_actor()
    found, application = queries.get_my_vouch(actor, id)
    line, form = queries.vouch_line(found, application), VouchForm()
    if line is None:
        raise NotFound
    if form.validate_on_submit():
        try:
            actions.give(actor, found, application, how=Knows(form.how.data), words=form.words.data or "")
            flash(gettext("Thank you. Your vouch is given."))
            return redirect(url_for("membership.vouching"), 303)
        except (Conflict, Forbidden) as refusal:
            form.refuse(refusal)
    asked = line.state is VouchState.ASKED
    page = render_template("membership/vouch.html", form=form, back=ReasonForm(), line=line, asked=asked)
    return form.answer(page)


@door.page("/me/vouching/<id>/decline", access=Permission.SIGNED_IN, methods=("POST",))
def decline_vouch(id: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.decline(actor, *queries.get_my_vouch(actor, id))
    flash(gettext("You do not vouch. Nobody is told that it was you."))
    return redirect(url_for("membership.vouching"), 303)


@door.page("/me/vouching/<id>/take-back", access=Permission.SIGNED_IN, methods=("POST",))
def take_back_vouch(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), ReasonForm()
    found, application = queries.get_my_vouch(actor, id)
    if form.validate_on_submit():
        actions.take_back(actor, found, application, reason=form.reason.data or "")
        flash(gettext("Your vouch is taken back."))
        return redirect(url_for("membership.vouching"), 303)
    line = queries.vouch_line(found, application)
    page = render_template("membership/vouch.html", form=VouchForm(), back=form, line=line, asked=False)
    return form.answer(page)


def _page(form: CodeForm, asked: AskCodeForm, code: str | None = None) -> str:
    found = queries.my_vouching(present_actor())
    return render_template("membership/vouching.html", vouching=found, form=form, asked=asked, fresh_code=code)
