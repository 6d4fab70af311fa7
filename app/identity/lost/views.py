"""The page of the way back in."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.identity.door import door, network
from app.identity.entry.views import REFUSALS
from app.identity.lost import actions
from app.identity.lost.forms import LostForm
from app.kernel.access import Permission


@door.page("/sign-in/lost", access=Permission.OPEN, methods=("GET", "POST"))
def lost() -> ResponseReturnValue:
    form = LostForm()
    if form.validate_on_submit():
        try:
            actions.reset(
                form.name.data or "",
                form.code.data or "",
                form.wished.data or "",
                forget=form.forget.data,
                network=network(),
            )
            flash(gettext("Your passphrase is changed, and every session has ended. Sign in with the new one."))
            return redirect(url_for("identity.sign_in"), 303)
        except REFUSALS as refusal:
            form.refuse(refusal)
    return form.answer(render_template("identity/lost.html", form=form))
