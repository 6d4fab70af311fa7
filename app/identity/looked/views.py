"""The page on which somebody sees who looked at what is theirs, and what for."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.identity.door import door
from app.identity.looked import queries
from app.kernel.access import Permission, Role
from app.kernel.errors import N_
from app.kernel.web import present_actor

#: By role: somebody of whom it is known which one of them it was, and somebody who is no longer here.
READERS = {
    Role.MODERATOR: (N_("Moderator %(number)s"), N_("A moderator who is no longer here")),
    Role.VETTER: (N_("Vetter %(number)s"), N_("A vetter who is no longer here")),
    Role.COORDINATOR: (N_("Coordinator %(number)s"), N_("A coordinator who is no longer here")),
    Role.CASEWORKER: (N_("Caseworker %(number)s"), N_("A caseworker who is no longer here")),
    Role.ADMINISTRATOR: (N_("Administrator %(number)s"), N_("An administrator who is no longer here")),
}


@door.page("/me/looked", access=Permission.HIDDEN_SEE)
def looked() -> ResponseReturnValue:
    """When, what, by which role and what for. Who it was by name stands in the record, which staff cannot change.

    On a journey there is no such page: purposes say what somebody is about.
    """
    page = max(1, min(request.args.get("page", 1, type=int), 10_000))
    found, more = queries.looks(present_actor(), page)
    lines = [
        {
            "at": one.at,
            "what": gettext(one.label) if one.label else gettext("Something of yours"),
            "reader": reader(one.role, one.number),
            "purpose": one.purpose,
            "ask": url_for("moderation.report", kind="look", ref=one.public_id) if one.number else None,
        }
        for one in found
    ]
    return render_template(
        "identity/looked.html",
        looks=lines,
        older=url_for("identity.looked", page=page + 1) if more else None,
        newer=url_for("identity.looked", page=page - 1) if page > 1 else None,
    )


def reader(role: Role, number: int) -> str:
    """Who looked, in words: a role, and a number that is the same for the same person."""
    somebody, gone = READERS[role]
    return str(gettext(somebody, number=number) if number else gettext(gone))
