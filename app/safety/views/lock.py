"""Pages of the screen's lock."""

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.identity.door import forget
from app.kernel.access import Permission
from app.kernel.errors import Invalid, SignedOut, TooMany, Unavailable
from app.kernel.i18n import explain
from app.kernel.web import local_path, present_actor
from app.safety.actions import lock as actions
from app.safety.forms import LockForm, MinutesForm, UnlockForm
from app.safety.queries import lock as queries
from app.safety.views.door import door

CHANGE = Permission.SETTINGS_CHANGE


@door.page("/lock", access=Permission.UNLOCK, methods=("GET", "POST"))
def unlock() -> ResponseReturnValue:
    """All that a locked session leads to. Nothing of its person stands here."""
    actor, form = present_actor(), UnlockForm(next=request.args.get("next", ""))
    if not actor.is_locked:
        return redirect(local_path(form.next.data))
    if form.validate_on_submit():
        try:
            actions.unlock(actor, form.code.data or "")
            return redirect(local_path(form.next.data), 303)
        except (Invalid, TooMany, Unavailable) as refusal:
            form.refuse(refusal, at=form.code)
        except SignedOut as refusal:
            response = forget(make_response(redirect(url_for("identity.sign_in"), 303)))
            flash(explain(refusal))
            return response
    return form.answer(render_template("safety/locked.html", form=form))


@door.page("/lock/now", access=Permission.SIGNED_IN, methods=("POST",))
def lock_now() -> ResponseReturnValue:
    actions.lock(present_actor())
    response = redirect(url_for("safety.unlock", next=local_path(request.form.get("next"))), 303)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@door.page("/me/lock", access=CHANGE)
def lock() -> ResponseReturnValue:
    return _page(LockForm(formdata=None))


@door.page("/me/lock/code", access=CHANGE, methods=("GET", "POST"), step_up=True)
def lock_code() -> ResponseReturnValue:
    form = LockForm()
    if form.validate_on_submit():
        try:
            actions.set_code(present_actor(), form.code.data or "", minutes=int(form.minutes.data))
            flash(gettext("Your code is kept. From now on a button on every page locks the screen."))
            return redirect(url_for("safety.lock"), 303)
        except (Invalid, TooMany, Unavailable) as refusal:
            form.refuse(refusal, at=form.code)
    return form.answer(render_template("safety/lock_code.html", form=form))


@door.page("/me/lock/minutes", access=CHANGE, methods=("POST",))
def lock_minutes() -> ResponseReturnValue:
    form = MinutesForm()
    if form.validate_on_submit():
        actions.choose_minutes(present_actor(), int(form.minutes.data))
        flash(gettext("Kept. You can change it at any time."))
        return redirect(url_for("safety.lock"), 303)
    return _page(form)


@door.page("/me/lock/remove", access=CHANGE, methods=("POST",), step_up=True)
def remove_lock() -> ResponseReturnValue:
    actions.remove_code(present_actor())
    flash(gettext("There is no code any more. Your other sessions have ended."))
    return redirect(url_for("safety.lock"), 303)


def _page(sent: LockForm | MinutesForm) -> ResponseReturnValue:
    minutes = queries.minutes_of(present_actor())
    form = sent if isinstance(sent, MinutesForm) else MinutesForm(formdata=None, minutes=str(minutes or 0))
    return form.answer(render_template("safety/lock.html", form=form, has_code=minutes is not None))
