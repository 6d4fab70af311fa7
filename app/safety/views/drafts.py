"""The page of what one has typed and not sent."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.kernel.access import Permission
from app.kernel.web import present_actor
from app.safety.actions import drafts as actions
from app.safety.queries import drafts as queries
from app.safety.views.door import door


@door.page("/me/drafts", access=Permission.SIGNED_IN)
def drafts() -> ResponseReturnValue:
    lines = [
        {
            "id": line.id,
            "label": gettext(line.kind.label) if line.kind else gettext("On another page"),
            "url": line.kind.url(line.ref) if line.kind else None,
            "words": line.words,
            "at": line.at,
        }
        for line in queries.drafts(present_actor())
    ]
    return render_template("safety/drafts.html", drafts=lines)


@door.page("/me/drafts/<id>/drop", access=Permission.SIGNED_IN, methods=("POST",))
def drop_draft(id: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.drop(actor, queries.get_draft(actor, id).place)
    flash(gettext("It is forgotten."))
    return redirect(url_for("safety.drafts"), 303)
