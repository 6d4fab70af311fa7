"""What is done with people besides measures: looking at them, notes, roles, a way back in, and emergencies."""

from datetime import timedelta

from sqlalchemy import delete, select

from app.identity import actions as identity
from app.identity.factors.codes import first_half
from app.identity.looked import actions as looked
from app.identity.models import Person, PersonRole
from app.kernel import audit, work
from app.kernel.access import STAFF, Permission, Role
from app.kernel.actor import Actor, ensure
from app.kernel.db import insert_once, new_public_id, now
from app.kernel.errors import N_, Conflict, Invalid, NotFound
from app.kernel.signals import Words
from app.kernel.work import action
from app.moderation import policy, queries, sealing
from app.moderation.actions.proposals import propose, staff_with
from app.moderation.models import Category, Emergency, Measure, Note, Proposal
from app.moderation.queries.proposals import HALF
from app.notifications.actions import notify

EMERGENCY = timedelta(hours=1)
#: Roles that an administrator proposes. Employers are let in elsewhere; everybody else is a member.
PROPOSED_ROLES = (Role.MODERATOR, Role.VETTER, Role.COORDINATOR, Role.CASEWORKER, Role.ADMINISTRATOR)
HAS_IT = N_("This person has that role already.")
HAS_IT_NOT = N_("This person does not have that role.")
LASTS_ALREADY = N_("Your emergency is already under way.")


@action
def look(actor: Actor, person: Person, *, purpose: str, item: str = "") -> queries.PersonRead:
    """Open somebody's history, and note the look with its purpose, which the person reads, in the same transaction.

    `item` is what of the queue it is for; the record has it in place of the purpose. Raises Invalid without a purpose,
    Forbidden.
    """
    ensure(policy.can_see_people(actor) and person.id != actor.id)
    noted = looked.note(actor, person.id, queries.HISTORY, purpose, reason=item)
    return queries.read_person(actor, person, noted)


@action
def write_note(actor: Actor, person: Person, *, note: str) -> Note:
    """Leave a note about somebody for the other moderators. Raises Forbidden for oneself."""
    ensure(actor.holds(Permission.MEASURES_TAKE) and person.id != actor.id)
    public_id, key_id = new_public_id(), sealing.new_key()
    made = Note(
        public_id=public_id,
        person_id=person.id,
        author_id=actor.person_id,
        key_id=key_id,
        sealed=sealing.seal(key_id, "moderation_note", public_id, "sealed", note),
        written_at=now(),
    )
    work.session().add(made)
    work.session().flush()
    audit.record(actor, "note.write", target_kind="person", target=person.public_id)
    return made


@action
def propose_removal(
    actor: Actor, person: Person, *, category: Category, reason: str, words: Words, item: str = ""
) -> Proposal:
    """Propose that somebody is removed. A second moderator decides. Raises Forbidden, Conflict."""
    details = {"category": category.value, "reason": reason, "words": words.value, "item": item}
    return propose(actor, "member.remove", person.public_id, reason=reason, details=details)


@action
def propose_lifting(actor: Actor, measure: Measure, *, reason: str) -> Proposal:
    """Propose that a removed member comes back. A second moderator decides. Raises Forbidden, Conflict."""
    return propose(actor, "measure.lift-removal", measure.public_id, reason=reason, details={"reason": reason})


@action
def propose_role(actor: Actor, person: Person, role: Role, *, give: bool, reason: str) -> Proposal:
    """Propose to give somebody a role or to take it. A second administrator decides, or while there is none a moderator.

    Raises Forbidden for whoever is no administrator and for oneself, Invalid when nothing would change.
    """
    ensure(actor.holds(Permission.ROLES_PROPOSE) and role in PROPOSED_ROLES)
    if (role in {one.role for one in person.roles}) is give:
        raise Invalid(HAS_IT if give else HAS_IT_NOT)
    details = {"role": role.value, "change": "give" if give else "take"}
    return propose(actor, "role.change", person.public_id, reason=reason, details=details)


@action
def carry_out_role(actor: Actor, ref: str, details: dict[str, str]) -> None:
    """Give or take a role, once a second person consented. The person's sessions end, and they are told."""
    session, role = work.session(), Role(details["role"])
    person = person_by(ref)
    if details["change"] == "give":
        work.session().execute(insert_once(work.session(), PersonRole).values(person_id=person.id, role=role))
    else:
        session.execute(delete(PersonRole).where(PersonRole.person_id == person.id, PersonRole.role == role))
    session.expire(person, ["roles"])
    identity.end_sessions_of(actor, person.id)
    act = f"role.{details['change']}"
    audit.record(actor, act, target_kind="person", target=person.public_id, reason=role.value)
    notify([person.id], "role.changed", "")


@action
def propose_reset(actor: Actor, person: Person, *, reason: str) -> Proposal:
    """Propose a code with which somebody sets a new passphrase. A second moderator who knows them decides.

    Each of the two passes on one half of it: neither could use it in the person's place. The proposer's is in the
    proposal (`queries.my_half`).
    """
    details = {HALF: first_half()}
    return propose(actor, "passphrase.reset", person.public_id, reason=reason, details=details)


@action
def carry_out_reset(actor: Actor, ref: str, details: dict[str, str]) -> str:
    """Make the code, once a second person consented. Returns their half: it is shown to them once and never again."""
    return identity.make_reset_code(actor, person_by(ref).id, first=details.get(HALF, ""))


@action
def break_glass(actor: Actor, *, reason: str) -> Emergency:
    """Let an administrator act alone for one hour. Everybody on the staff is told at once.

    Raises Forbidden, Conflict when theirs lasts already.
    """
    ensure(policy.can_break_glass(actor))
    session = work.session()
    session.get_one(
        Person, actor.person_id, with_for_update=True
    )  # two at once by the same person: one after the other
    if policy.has_emergency(actor):
        raise Conflict(LASTS_ALREADY)
    public_id, key_id, moment = new_public_id(), sealing.new_key(), now()
    made = Emergency(
        public_id=public_id,
        person_id=actor.person_id,
        key_id=key_id,
        reason=sealing.seal(key_id, "emergency", public_id, "reason", reason),
        began_at=moment,
        until=moment + EMERGENCY,
    )
    session.add(made)
    session.flush()
    audit.record(actor, "emergency.begin", target_kind="emergency", target=public_id, reason=reason)
    everybody = set(staff_with(*STAFF)) - {actor.person_id}
    notify(sorted(everybody), "emergency.begun", public_id)
    return made


@action
def open_reason(actor: Actor, number: int) -> str:
    """The reason in an entry of the record, none about oneself. To open it is an entry of its own.

    Raises Forbidden, NotFound.
    """
    ensure(policy.can_read_record(actor))
    wanted = policy.visible_reasons(actor).where(audit.AuditEntry.number == number)
    entry = work.session().scalars(wanted).one_or_none()
    if entry is None:
        raise NotFound
    audit.record(actor, "record.open-reason", target_kind="audit", target=str(number))
    return audit.reason_of(entry)


def person_by(public_id: str) -> Person:
    """The person with this public id. Raises NotFound."""
    found = work.session().scalars(select(Person).where(Person.public_id == public_id)).one_or_none()
    if found is None:
        raise NotFound
    return found
