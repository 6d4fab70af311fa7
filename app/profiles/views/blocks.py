"""Pages of those whom one keeps away."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.identity.models import Space
from app.kernel.access import Permission
from app.kernel.errors import Invalid, TooMany
from app.kernel.web import present_actor
from app.profiles.actions import blocks as actions
from app.profiles.forms.people import ButtonForm
from app.profiles.queries import blocks as queries
from app.profiles.queries import connections
from app.profiles.queries.known import known
from app.profiles.views.door import door
from app.profiles.views.people import somebody

KEEP = Permission.PROFILE_KEEP


@door.page("/me/blocks", access=KEEP)
def blocks() -> ResponseReturnValue:
    return render_template("profiles/people_blocks.html", blocks=queries.blocks_of(present_actor()))


@door.page("/me/blocks/<id>/lift", access=KEEP, methods=("POST",))
def unblock(id: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.unblock(actor, queries.get_block(actor, id))
    flash(gettext("No longer blocked. What the block ended stays ended, and nobody is told."))
    return redirect(url_for("profiles.blocks"), 303)


@door.page("/members/<person>/block", access=KEEP, methods=("GET", "POST"))
def block_member(person: str) -> ResponseReturnValue:
    actor = present_actor()
    other = somebody(actor, person)
    return block_page(other.person_id, other.name, back=url_for("profiles.member", person=person))


@door.page("/me/people/<id>/block", access=KEEP, methods=("GET", "POST"))
def block_asker(id: str) -> ResponseReturnValue:
    """Whoever asked the actor, also where they show nothing of themselves."""
    actor = present_actor()
    connection = connections.get_connection(actor, id)
    other = connection.asked_id if connection.asker_id == actor.id else connection.asker_id
    name = known(actor, [other], also_without_page=True)[other].name
    return block_page(other, name, back=url_for("profiles.people"))


def block_page(person_id: int, name: str, *, back: str, met_in: Space | None = None) -> ResponseReturnValue:
    """Ask whether, and do it: for every page on which one meets others. The caller has made sure that they are met.

    `name` is the one by which they are known where they are met.
    """
    form = ButtonForm()
    if form.validate_on_submit():
        try:
            actions.block(present_actor(), person_id, met_in=met_in)
            flash(gettext("Blocked. Nobody is told."))
            return redirect(url_for("profiles.blocks"), 303)
        except (Invalid, TooMany) as refusal:
            form.refuse(refusal)
    page = render_template("profiles/people_block.html", form=form, name=name, back=back, in_space=met_in is not None)
    return form.answer(page)
