"""Reads of the record of acts, for those who may. Reasons are opened one by one, each time noted (actions.open_reason)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.identity.models import Person, PersonRole
from app.identity.queries import names_of
from app.kernel import work
from app.kernel.access import STAFF
from app.kernel.actor import Actor
from app.kernel.audit import AuditEntry
from app.kernel.errors import NotFound
from app.moderation import policy

PAGE = 40


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One entry. `who` is a name for staff and empty for members, whose acts are their own affair."""

    number: int
    at: datetime
    act: str
    who: str
    by: str
    target_kind: str
    target: str


def record(actor: Actor, *, act: str = "", before: int = 0) -> tuple[list[RecordLine], bool]:
    """The newest entries, or those before one, of one act or of all, none about the actor; and whether there are older."""
    if not policy.can_read_record(actor):
        raise NotFound
    wanted = policy.visible_entries(actor).order_by(AuditEntry.number.desc()).limit(PAGE + 1)
    if act:
        wanted = wanted.where(AuditEntry.act == act)
    if before:
        wanted = wanted.where(AuditEntry.number < before)
    found = list(work.session().scalars(wanted))
    staff = _staff({entry.actor for entry in found})
    lines = [
        RecordLine(one.number, one.at, one.act, staff.get(one.actor, ""), one.actor, one.target_kind, one.target)
        for one in found[:PAGE]
    ]
    return lines, len(found) > PAGE


def acts_in_record(actor: Actor) -> list[str]:
    """The names of acts that there are, for choosing one."""
    if not policy.can_read_record(actor):
        raise NotFound
    return list(work.session().scalars(select(AuditEntry.act).distinct().order_by(AuditEntry.act)))


def _staff(public_ids: set[str]) -> dict[str, str]:
    wanted = (
        select(Person.id)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(Person.public_id.in_(public_ids), PersonRole.role.in_(STAFF))
    )
    names = names_of(set(work.session().scalars(wanted)))
    return dict(names.values())
