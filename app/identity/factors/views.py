"""Pages of second factors: load, form, action, redirect. All of them ask the person to have proved that it is them."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.identity.door import door
from app.identity.entry.views import REFUSALS, asked, passkeys_possible
from app.identity.factors import actions, queries
from app.identity.factors.forms import AddPasskeyForm, ConfirmForm, NewCodesForm
from app.kernel.access import Permission
from app.kernel.errors import Conflict, Invalid
from app.kernel.web import present_actor


@door.page("/me/second-step", access=Permission.SETTINGS_CHANGE, step_up=True)
def second_steps() -> ResponseReturnValue:
    return _page(AddPasskeyForm())


@door.page("/me/second-step/passkeys", access=Permission.SETTINGS_CHANGE, methods=("POST",), step_up=True)
def add_passkey() -> ResponseReturnValue:
    form = AddPasskeyForm()
    if form.validate_on_submit():
        try:
            label = form.label.data or gettext("Passkey")
            actions.add_passkey(present_actor(), form.proof.data or "", label=label)
            return _added()
        except (*REFUSALS, Conflict) as refusal:
            form.refuse(refusal)
    return _page(form)


@door.page("/me/second-step/passkeys/ask", access=Permission.SETTINGS_CHANGE, methods=("POST",), step_up=True)
def ask_to_add() -> ResponseReturnValue:
    return asked(lambda: actions.ask_to_add(present_actor()))


@door.page("/me/second-step/passkeys/<id>/remove", access=Permission.SETTINGS_CHANGE, methods=("POST",), step_up=True)
def remove_passkey(id: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.remove_passkey(actor, queries.get_my_passkey(actor, id))
    return _removed()


@door.page("/me/second-step/codes/begin", access=Permission.SETTINGS_CHANGE, methods=("POST",), step_up=True)
def begin_codes() -> ResponseReturnValue:
    actions.begin_one_time_code(present_actor())
    return redirect(url_for("identity.confirm_codes"), 303)


@door.page("/me/second-step/codes", access=Permission.SETTINGS_CHANGE, methods=("GET", "POST"), step_up=True)
def confirm_codes() -> ResponseReturnValue:
    actor, form = present_actor(), ConfirmForm()
    if form.validate_on_submit():
        try:
            actions.confirm_one_time_code(actor, form.code.data or "")
            return _added()
        except Invalid as refusal:
            form.refuse(refusal, at=form.code)
    return form.answer(render_template("identity/codes.html", form=form, setup=queries.setup_of(actor)))


@door.page("/me/second-step/codes/remove", access=Permission.SETTINGS_CHANGE, methods=("POST",), step_up=True)
def remove_codes() -> ResponseReturnValue:
    actions.remove_one_time_code(present_actor())
    return _removed()


@door.page("/me/recovery-codes", access=Permission.SETTINGS_CHANGE, methods=("GET", "POST"), step_up=True)
def recovery_codes() -> ResponseReturnValue:
    actor, form, made = present_actor(), NewCodesForm(), None
    if form.validate_on_submit():
        made = actions.make_recovery_codes(actor)
    # No redirect after the form: the codes are shown in this answer and never again.
    page = render_template("identity/recovery_codes.html", form=form, made=made, left=queries.codes_left(actor))
    return form.answer(page)


def _page(form: AddPasskeyForm) -> ResponseReturnValue:
    actor = present_actor()
    page = render_template(
        "identity/second_steps.html",
        form=form,
        passkeys=queries.my_passkeys(actor),
        codes=queries.ways_of(actor.person_id).one_time_code,
        codes_left=queries.codes_left(actor),
        closed=actor.lacks_factor,
        passkeys_possible=passkeys_possible(),
    )
    return form.answer(page)


def _added() -> ResponseReturnValue:
    """Whoever has no recovery codes yet is led to them: a telephone is easily lost."""
    flash(gettext("From now on you are asked for it when you sign in. Your other sessions have ended."))
    left = queries.codes_left(present_actor())
    return redirect(url_for("identity.second_steps" if left else "identity.recovery_codes"), 303)


def _removed() -> ResponseReturnValue:
    flash(gettext("It is removed. Your other sessions have ended."))
    return redirect(url_for("identity.second_steps"), 303)
