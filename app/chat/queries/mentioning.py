"""Whom a message names: `@` and the name that somebody has in the room. And whom one could name there."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select

from app.chat.models import Membership, Mention, RoomMember
from app.chat.queries.away import kept_away
from app.chat.queries.here import RoomRef
from app.chat.queries.naming import Author, names_here
from app.identity import queries as identity
from app.identity.models import Person, Space, SpaceName
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.limits import Budget
from app.kernel.text import LONGEST_NAME, fold
from app.profiles.policy import blocked, here

#: People whom one message may name. More would be a way to call a whole room together.
MOST_NAMED = 5
#: Names have so many words at most for this to find them.
LONGEST_WORDS = 4
#: Names that are offered at once, and people of a room who are looked through for them: each name has to be opened.
OFFERED, LOOKED_THROUGH = 8, 500
#: What somebody types quickly, and no more: nobody goes through a room's names letter by letter, nor page by page.
NAMING = Budget("names", "60 per minute; 600 per hour")
_AT = re.compile(r"(?<![\w@])@(?=\w)")
_ENDS = " .,:;!?،؛؟…)»\"'"


class Named(NamedTuple):
    """Somebody whom a text names: row number, public id in the room, and the name as it was typed.

    `told` says whether they learn of it: not where one of the two keeps the other away. Nothing that others see depends
    on it, or they could try out who keeps them away.
    """

    person: int
    public_id: str
    typed: str
    told: bool


def candidates(body: str) -> list[list[str]]:
    """For each `@`, in the order of the text, what may be a name behind it, the longest first."""
    found = []
    for at in _AT.finditer(body):
        line = body[at.end() : at.end() + LONGEST_NAME].split("\n", 1)[0]
        words = line.split(" ")[:LONGEST_WORDS]
        tried = (" ".join(words[:length]).rstrip(_ENDS) for length in range(len(words), 0, -1))
        found.append([one for one in dict.fromkeys(tried) if one])
    return found[: MOST_NAMED * 2]


def named_in(actor: Actor, room: RoomRef, body: str) -> Sequence[Named]:
    """Whom a text names, of those who are in the room. One query, however many people that is."""
    tried = [[(one, identity.name_index(one)) for one in behind] for behind in candidates(body)]
    wanted = {index for behind in tried for _one, index in behind}
    if not wanted:
        return ()
    found = {row[2]: row for row in work.session().execute(*_called(actor, room.id, room.space, wanted))}
    return list(_first(tried, found))[:MOST_NAMED]


def names_like(actor: Actor, room: RoomRef, beginning: str, *, limit: int = OFFERED) -> list[Author]:
    """People in the room whom the actor could name, where one of the words of their name begins like this.

    Whom the actor keeps away is left out, and whoever is not here at present. In a room of very many people only the
    first of them are looked through; a whole name finds everybody. Raises TooMany.
    """
    work.house().budgets.spend(NAMING, actor.public_id)
    wanted = fold(beginning)
    away = kept_away(actor, room)
    people = work.session().execute(*_first_here(actor, room.id, room.space))
    numbers = [person for person, public_id in people if public_id not in away]
    names = names_here(room, numbers).values()
    fitting = [Author(*one) for one in names if one[1] and _begins(fold(one[1]), wanted)]
    return sorted(fitting, key=lambda one: fold(one.name))[:limit]


def mentions_of(actor: Actor, room: RoomRef, seqs: Sequence[int]) -> set[int]:
    """Which of these messages name the actor."""
    return set(work.session().scalars(*_naming(actor, room.id, seqs))) if seqs else set()


@built_once
def _naming(actor: Actor, room: int, seqs: Collection[int]) -> Select[int]:
    return select(Mention.seq).where(Mention.person_id == actor.id, Mention.room_id == room, Mention.seq.in_(seqs))


@built_once
def _called(actor: Actor, room: int, space: Space | None, names: Collection[bytes]) -> Select[Any]:
    # By the usual name only who has no other one here: it would say whose that is.
    by_name = SpaceName.name_index.in_(names) | (SpaceName.id.is_(None) & Person.name_index.in_(names))
    index = func.coalesce(SpaceName.name_index, Person.name_index)
    return _people(actor, room, space).add_columns(index, blocked(Person.id, actor.person_id)).where(by_name)


@built_once
def _first_here(actor: Actor, room: int, space: Space | None) -> Select[int, str]:
    return _people(actor, room, space).where(here(Person.id)).order_by(RoomMember.id).limit(LOOKED_THROUGH)


def _people(actor: Actor, room: int, space: Space | None) -> Select[int, str]:
    own = (SpaceName.person_id == Person.id) & (SpaceName.space == space) & SpaceName.name.is_not(None)
    return (
        select(Person.id, func.coalesce(SpaceName.public_id, Person.public_id))
        .join(RoomMember, RoomMember.person_id == Person.id)
        .outerjoin(SpaceName, own)
        .where(RoomMember.room_id == room, RoomMember.state == Membership.IN, Person.id != actor.id)
    )


def _first(tried: Sequence[Sequence[tuple[str, bytes]]], found: dict[bytes, Any]) -> Iterator[Named]:
    """Behind each `@` the longest that is a name; nobody twice."""
    seen = set()
    for behind in tried:
        match = next(((typed, found[index]) for typed, index in behind if index in found), None)
        if match and match[1][0] not in seen:
            typed, (person, public_id, _index, away) = match
            seen.add(person)
            yield Named(person, public_id, typed, told=not away)


def _begins(name: str, wanted: str) -> bool:
    return f" {name}".find(f" {wanted}") >= 0
