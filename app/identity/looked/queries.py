"""Reads of looks: for whom it is about, and whether a reader has just said what they look for."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select

from app.identity.looked import policy
from app.identity.models import Look, Person
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.db import this_moment
from app.kernel.errors import NotFound
from app.kernel.feature import LookKind, Reported
from app.kernel.vault import Place, Shredded

PAGE = 25
#: For so long one purpose holds, within one session.
HOLDS = timedelta(hours=1)
LONGEST_SESSION = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Noted:
    """That a look was noted. Whatever shows staff what is a person's asks for it, so that nobody reads without."""

    person_id: int
    what: str

    def insist(self, person_id: int, what: str) -> None:
        """Raise NotFound unless it is this person and this kind of thing that was noted."""
        if (self.person_id, self.what) != (person_id, what):
            raise NotFound


@dataclass(frozen=True, slots=True)
class LookLine:
    """One look, as the person reads it whom it was about.

    Who it was: their role, and a number that stays the same for the same reader. Never a name: why is in
    docs/decisions. `number` is 0 for somebody who is no longer here.
    """

    public_id: str
    at: datetime
    label: str
    role: Role
    number: int
    purpose: str


def look_kinds() -> dict[str, LookKind]:
    """What features registered as things that staff read with a purpose, by name."""
    return {kind.name: kind for feature in work.house().features for kind in feature.looks}


def looks(actor: Actor, page: int = 1) -> tuple[list[LookLine], bool]:
    """A page of the looks at the actor, newest first, and whether there are older ones."""
    found = list(work.session().scalars(*_page(actor, (page - 1) * PAGE)))
    return look_lines(actor, found[:PAGE]), len(found) > PAGE


@built_once
def _page(actor: Actor, after: int) -> Select[Look]:
    return policy.visible_looks(actor).order_by(Look.id.desc()).offset(after).limit(PAGE + 1)


def all_looks(actor: Actor) -> list[LookLine]:
    """Every look at the actor, for the archive of what is theirs."""
    return look_lines(actor, list(work.session().scalars(policy.visible_looks(actor).order_by(Look.id))))


def look_lines(actor: Actor, found: Collection[Look]) -> list[LookLine]:
    """Looks for a page, with a constant number of queries."""
    kinds, numbers, key_id = look_kinds(), _numbers(actor), _key_of(actor.person_id)
    return [
        LookLine(
            public_id=one.public_id,
            at=one.at,
            label=kinds[one.what].label if one.what in kinds else "",
            role=one.role,
            number=numbers.get(one.reader_id, 0) if one.reader_id is not None else 0,
            purpose=_purpose(key_id, one),
        )
        for one in found
    ]


def recent(actor: Actor, person_id: int, what: str) -> Noted | None:
    """What the actor noted of this person in this session within the hour, if they did."""
    found = work.session().scalar(*_recent(actor, actor.session_id, person_id, what))
    return Noted(person_id, what) if found is not None else None


@built_once
def _recent(actor: Actor, session_id: int | None, person_id: int, what: str) -> Select[int]:
    wanted = _of(actor, session_id, person_id, what).where(Look.at > this_moment(ago=HOLDS))
    return wanted.with_only_columns(Look.id).limit(1)


def last_purpose(actor: Actor, person_id: int, what: str) -> str:
    """The words that the actor gave in this session for this person; nothing where they gave none."""
    wanted = (
        _of(actor, actor.session_id, person_id, what)
        .where(Look.at > this_moment(ago=LONGEST_SESSION))
        .order_by(Look.id.desc())
        .limit(1)
    )
    found = work.session().scalar(wanted)
    return _purpose(_key_of(person_id), found) if found is not None else ""


def find_reported(actor: Actor, ref: str) -> Reported:
    """The look that somebody asks about: it goes to moderators other than the reader. Raises NotFound.

    Among the words is who it was only as the person sees it.
    """
    wanted = policy.visible_looks(actor).where(Look.public_id == ref, Look.reader_id.is_not(None))
    found = work.session().scalars(wanted).one_or_none()
    if found is None or found.reader_id is None:
        raise NotFound
    return Reported(found.reader_id, _purpose(_key_of(found.person_id), found))


def purpose_place(public_id: str) -> Place:
    return Place("look", public_id, "purpose")


def _of(actor: Actor, session_id: int | None, person_id: int, what: str) -> Select[Look]:
    mine = policy.own_looks(actor).where(Look.session_id == session_id)
    return mine.where(Look.person_id == person_id, Look.what == what)


def _key_of(person_id: int) -> str:
    return work.session().scalars(select(Person.key_id).where(Person.id == person_id)).one()


def _purpose(key_id: str, look: Look) -> str:
    try:
        return work.house().vault.open(key_id, purpose_place(look.public_id), look.purpose).decode()
    except Shredded:
        return ""


def _numbers(actor: Actor) -> dict[int, int]:
    """By reader, the order in which they first looked at the actor."""
    found = work.session().scalars(*_readers(actor))
    return {reader: number for number, reader in enumerate(found, start=1) if reader is not None}


@built_once
def _readers(actor: Actor) -> Select[int | None]:
    seen = policy.visible_looks(actor).where(Look.reader_id.is_not(None)).group_by(Look.reader_id)
    return seen.with_only_columns(Look.reader_id).order_by(func.min(Look.id))
