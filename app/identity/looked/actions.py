"""The one verb of looks: to note one. No log, no data: it runs in the transaction that reads."""

from sqlalchemy import select

from app.identity.looked import queries
from app.identity.looked.queries import Noted
from app.identity.models import Look, Person, PersonRole
from app.kernel import audit, work
from app.kernel.access import GRANTS, Role
from app.kernel.actor import Actor, ensure
from app.kernel.db import new_public_id, now
from app.kernel.errors import N_, Invalid
from app.kernel.text import clean_line
from app.kernel.work import action

#: So many letters make a purpose.
FEWEST_LETTERS = 4
LONGEST_PURPOSE = 300
NO_PURPOSE = N_("Say in a few words what you look for. The person reads it.")


@action
def note(actor: Actor, person_id: int, what: str, purpose: str, *, reason: str = "") -> Noted:
    """Note that the actor reads something of somebody's, and what for, before it is read and in the same transaction.

    `what` is the name of a LookKind that a feature registered. The person reads the purpose; `reason` goes to the record
    in its place where that needs to say more, such as the item of the queue. Of one's own nothing is noted. Raises
    Invalid without a purpose of a few letters, Forbidden for whoever has no role that opens this kind.
    """
    kind, words = queries.look_kinds()[what], clean_line(purpose)[:LONGEST_PURPOSE]
    ensure(actor.holds(kind.access))
    if person_id == actor.person_id:
        return Noted(person_id, what)
    if sum(letter.isalpha() for letter in words) < FEWEST_LETTERS:
        raise Invalid(NO_PURPOSE)
    session, public_id = work.session(), new_public_id()
    person = session.get_one(Person, person_id)
    # Whoever is erased reads nothing any more: the record alone has the purpose then.
    place, vault = queries.purpose_place(public_id), work.house().vault
    sealed = vault.seal(person.key_id, place, words.encode()) if person.key_id else b""
    session.add(
        Look(
            public_id=public_id,
            person_id=person_id,
            reader_id=actor.person_id,
            session_id=actor.session_id,
            role=_role_for(actor, kind.access),
            at=now(),
            what=what,
            purpose=sealed,
        )
    )
    session.flush()
    audit.record(actor, "person.look", target_kind="person", target=person.public_id, reason=reason or words)
    return Noted(person_id, what)


def _role_for(actor: Actor, access: str) -> Role:
    """The role by which the actor may read this."""
    held = work.session().scalars(select(PersonRole.role).where(PersonRole.person_id == actor.person_id))
    able = sorted(role for role in held if access in GRANTS[role])
    ensure(bool(able))
    return able[0]
