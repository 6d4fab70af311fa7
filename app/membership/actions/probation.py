"""Verbs of probation: doors that open one by one, and a moderator's word at the end."""

from datetime import timedelta

from app.identity.actions import lift_restrictions, restrict
from app.identity.models import Cause, Person
from app.kernel import audit, work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import new_public_id, now
from app.kernel.errors import N_, Conflict, Invalid
from app.kernel.states import move
from app.kernel.vault import Purpose
from app.kernel.work import action
from app.membership import policy, records
from app.membership.models import Probation, ProbationState
from app.membership.queries import doors
from app.membership.wording import DOORS
from app.moderation import actions as moderation
from app.notifications.actions import notify

#: After how many days a moderator is asked, and by how many it is put off each time.
REVIEW_DAYS = 30
TOO_EARLY = N_("The first thirty days are not over yet.")
UNDER_MEASURE = N_("A measure or a pause is still in force for this person. Probation ends after it.")


@action
def begin_probation(actor: Actor, person: Person, *, days_ago: int = 0) -> Probation:
    """Close the doors that open later to somebody who was just admitted. The caller has asked whether the actor may."""
    began = now() - timedelta(days=days_ago)
    probation = Probation(
        public_id=new_public_id(),
        person_id=person.id,
        began_on=began.date(),
        review_on=began.date() + timedelta(days=REVIEW_DAYS),
        key_id=work.house().vault.create_key(Purpose.RECORD),
    )
    work.session().add(probation)
    work.session().flush()
    for permissions, day in DOORS:
        until = None if day is None else began + timedelta(days=day)
        restrict(actor, person.id, permissions, cause=Cause.PROBATION, ref=probation.public_id, until=until)
    return probation


@action
def ask_about_probations(actor: Actor) -> int:
    """Put every probation whose day has come into the queue. Returns how many are due. For the hourly task."""
    ensure(actor.kind is Kind.SYSTEM)
    due = doors.due_probations()
    for probation in due:
        moderation.open_item("probation", probation.public_id, person_id=probation.person_id)
    return len(due)


@action
def end_probation(actor: Actor, probation: Probation, *, reason: str) -> None:
    """Open what is still closed: probation is over. The member is told.

    Raises Forbidden for whoever vouched for them, Invalid before its time or under a measure, Conflict when it is over.
    """
    _deciding(actor, probation)
    if probation.review_on > now().date():
        raise Invalid(TOO_EARLY)
    if doors.under_measure(probation.person_id):
        raise Invalid(UNDER_MEASURE)
    move(work.session(), probation, ProbationState.ENDED)
    lift_restrictions(actor, probation.public_id)
    moderation.close_item("probation", probation.public_id)
    audit.record(actor, "probation.end", target_kind="probation", target=probation.public_id, reason=reason)
    notify([probation.person_id], "probation.ended")


@action
def extend_probation(actor: Actor, probation: Probation, *, reason: str) -> None:
    """Leave what is still closed so for thirty days more. The member reads why. Raises Forbidden, Conflict."""
    _deciding(actor, probation)
    sealed = work.house().vault.seal(probation.key_id, records.probation_place(probation), reason.encode())
    probation.words, probation.review_on = sealed, now().date() + timedelta(days=REVIEW_DAYS)
    moderation.close_item("probation", probation.public_id)
    audit.record(actor, "probation.extend", target_kind="probation", target=probation.public_id, reason=reason)
    notify([probation.person_id], "probation.extended")


def _deciding(actor: Actor, probation: Probation) -> None:
    work.session().refresh(probation, with_for_update=True)
    if probation.state is not ProbationState.OPEN:
        raise Conflict
    lineage = doors.lineage_of_number(probation.person_id)
    ensure(policy.can_end_probation(actor, probation, lineage=lineage))
