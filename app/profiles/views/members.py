"""The page of somebody else, as far as it exists for whoever opens it."""

from typing import Any

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.identity.looked.forms import PurposeForm
from app.kernel.access import Permission
from app.kernel.errors import Invalid, NotFound
from app.kernel.web import present_actor, present_house
from app.profiles.actions import looking, sweeps
from app.profiles.models import Field
from app.profiles.queries import people, viewing
from app.profiles.queries.people import Way
from app.profiles.queries.viewing import MemberView
from app.profiles.views import wording
from app.profiles.views.door import door


@door.page("/members/<person>", access=Permission.PROFILE_KEEP)
def member(person: str) -> ResponseReturnValue:
    """Whoever works on cases is asked first what they look for, whether or not there is anybody at this address."""
    actor = present_actor()
    if person == actor.public_id:
        return redirect(url_for("profiles.mine"))
    try:
        shown = viewing.get_member(viewing.viewer_of(actor), person)
    except NotFound:
        if not actor.holds(Permission.CASES_WORK):
            raise
        return _page_with_ways(None, person, PurposeForm())
    sweeps.read_profile(actor, shown.person_id, shown.public_id)
    return _page_with_ways(shown, person, PurposeForm())


@door.page("/members/<person>/look", access=Permission.CASES_WORK, methods=("POST",))
def look(person: str) -> ResponseReturnValue:
    """What the member shows to caseworkers. The answer itself, not an address to come back to: it is shown once."""
    actor, form = present_actor(), PurposeForm()
    if form.validate_on_submit():
        try:
            shown = looking.read_for_a_case(actor, person, purpose=form.purpose.data or "")
            sweeps.read_profile(actor, shown.person_id, shown.public_id)
            return page_of(shown, noted=form.purpose.data)
        except Invalid as problem:
            form.refuse(problem, at=form.purpose)
    return form.answer(_page_with_ways(None, person, form))


def page_of(member: MemberView | None, *, template: str = "profiles/member.html", **more: Any) -> str:
    """The page of somebody as a viewer sees them, for the viewer themselves and for whoever views as them."""
    fields = member.fields if member else {}
    return render_template(
        template, member=member, lines=wording.lines(fields), photo=fields.get(Field.PHOTO) is not None, **more
    )


def _page_with_ways(shown: MemberView | None, person: str, form: PurposeForm) -> str:
    """The page with what else one may do there; for caseworkers with the question what they look for."""
    actor = present_actor()
    between = people.standing_between(actor, shown.person_id) if shown else None
    connected = between is not None and between.way is Way.JOINED
    asking = [f.with_member for f in present_house().features if f.with_member] if shown else []
    return page_of(
        shown,
        between=between,
        more=[way for ask in asking for way in ask(actor, person, connected)],
        may_report=shown is not None and actor.holds(Permission.REPORT),
        why=form if actor.holds(Permission.CASES_WORK) else None,
        person=person,
    )
