"""The directory: who is in it for whom, and who is found by what.

One statement asks both what fits and whether the field in which it stands is open to whoever looks, so that what is
hidden neither matches, nor counts, nor sorts. Nor does it take time: what is shown to members is read by its index, and
what is shown to a few is asked of the people who show this viewer something as one of a few.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, exists, func, select, union_all
from sqlalchemy.orm import aliased

from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import Placed, built_once
from app.profiles import policy
from app.profiles.models import Companionship, Field, FieldList, ListEntry, Profile, ProfileField, Term
from app.profiles.policy import Viewer
from app.profiles.queries import terms

PAGE = 20
#: How far a word is read to guess how common it is: the further this many take us in the order by lot, the rarer it is.
SAMPLE = 200
#: Words that one search takes at most, whatever was typed into its five fields.
MOST_TERMS = 8
#: Invented profiles that fit a search and are looked at, of which a page gets one.
MOST_HONEY = 50
#: Made once: to make an alias costs more than to ask the question.
_FIRST = aliased(Term)
_OTHERS = [aliased(Term) for _ in range(MOST_TERMS)]
_CLOSE_PEOPLE = union_all(
    select(Companionship.mentor_id.label("person_id")).where(Companionship.mentee_id == bindparam("viewer")),
    select(Companionship.mentee_id).where(Companionship.mentor_id == bindparam("viewer")),
    select(ProfileField.person_id)
    .join(FieldList, FieldList.field_id == ProfileField.id)
    .join(ListEntry, ListEntry.list_id == FieldList.list_id)
    .where(ListEntry.person_id == bindparam("viewer")),
).subquery()
_CLOSE = (
    select(Profile.position).join(_CLOSE_PEOPLE, _CLOSE_PEOPLE.c.person_id == Profile.person_id).where(Profile.listed)
)


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody looks for, of which all must fit. Languages and countries by their code."""

    words: str = ""
    language: str = ""
    skill: str = ""
    offer: str = ""
    country: str = ""

    def terms(self) -> list[bytes]:
        """The fingerprints that a profile must have, each in a field that the viewer sees."""
        typed = (
            (Field.LANGUAGES, self.language),
            (Field.PLACE, self.country),
            (Field.SKILLS, self.skill),
            (Field.OFFERS, self.offer),
            (None, self.words),
        )
        found = dict.fromkeys(one for field, text in typed if text for one in terms.wanted(field, text))
        return list(found)[:MOST_TERMS]

    def is_empty(self) -> bool:
        """Whether nothing was typed at all."""
        return not any((self.words, self.language, self.skill, self.offer, self.country))


@dataclass(frozen=True, slots=True)
class _Terms(Placed):
    """Terms that are asked for together: how many is a choice, which ones is not."""

    ordered: tuple[bytes, ...]

    def outline(self) -> Hashable:
        return len(self.ordered)

    def places(self) -> Mapping[str, Any]:
        return {str(number): one for number, one in enumerate(self.ordered)}

    def stand_in(self, places: Mapping[str, Any]) -> Self:
        return replace(self, ordered=tuple(places.values()))


@dataclass(frozen=True, slots=True)
class Found:
    """A page of people in the order of the directory, and where the next one begins. How many there are is not counted."""

    person_ids: tuple[int, ...]
    after: int | None


def search(viewer: Viewer, asked: Search, after: int = -1) -> Found:
    """A page of the directory for this viewer: whoever fits, from behind the position `after` on. Never they themselves."""
    wanted = asked.terms()
    if not wanted and not asked.is_empty():
        return Found((), None)  # only signs were typed
    rows = _rows(viewer, wanted, after)
    people = tuple(row.person_id for row in rows[:PAGE])
    following = rows[PAGE - 1].position if len(rows) > PAGE else None
    if viewer.sweeping:
        people = _mixed(people, _invented(viewer, wanted), after)
    return Found(people, following)


def is_listed(actor: Actor) -> bool:
    """Whether the actor is in the directory. While they travel it looks as if they were not."""
    if not policy.shows_people(actor):
        return False
    return bool(work.session().scalar(*_listed(actor)))


@built_once
def _listed(actor: Actor) -> Select[bool]:
    return select(exists().where(Profile.person_id == actor.person_id, Profile.listed))


def _rows(viewer: Viewer, wanted: list[bytes], after: int) -> Sequence[Row[int, int]]:
    """People and their positions, one more than a page holds."""
    if not wanted:
        return work.connection().execute(*_everybody(viewer, after)).all()
    ordered, close = _rarest_first(wanted, after), [one for one in _close_to(viewer) if one > after]
    return work.connection().execute(*_fitting(viewer, _Terms(tuple(ordered)), after, close or None)).all()


@built_once
def _everybody(viewer: Viewer, after: int) -> Select[int, int]:
    """A page of all."""
    found = _others(viewer, honey=False).where(Profile.position > after)
    found = found.order_by(Profile.position).limit(PAGE + 1)
    return found.with_only_columns(Profile.person_id, Profile.position)


@built_once
def _fitting(viewer: Viewer, wanted: _Terms, after: int, close: Collection[int] | None) -> Select[int, int]:
    """A page of whoever has these terms."""
    shown = _by(viewer, wanted, and_(_FIRST.shown.is_(True), _FIRST.position > after))
    if close is None:
        return shown
    to_few = _by(viewer, wanted, and_(_FIRST.shown.is_(False), _FIRST.position.in_(close)))
    both = union_all(select(shown.subquery()), select(to_few.subquery())).subquery()
    found: Select[int, int] = select(both.c.person_id, both.c.position).distinct()
    return found.order_by(both.c.position).limit(PAGE + 1)


def _by(viewer: Viewer, wanted: _Terms, way: ColumnElement[bool]) -> Select[int, int]:
    """Whoever has the first term in this way, and all others in any that the viewer sees."""
    found = _others(viewer, honey=False).join(_FIRST, _FIRST.person_id == Profile.person_id)
    first, *others = wanted.ordered
    found = found.where(_FIRST.term == first, way)
    # What people have in common is asked before who sees it: the one takes a step in an index, the other several.
    has_others = [_has(viewer, other, one) for other, one in zip(_OTHERS, others, strict=False)]
    found = found.where(*has_others, _is_seen(viewer, _FIRST))
    # A word that stands in two fields of somebody finds them once.
    found = found.group_by(_FIRST.position).order_by(_FIRST.position).limit(PAGE + 1)
    person = func.min(_FIRST.person_id).label("person_id")
    return found.with_only_columns(person, _FIRST.position.label("position"), maintain_column_froms=True)


def _others(viewer: Viewer, *, honey: bool) -> Select[Profile]:
    """Whoever is in the directory for this viewer but they themselves."""
    found = policy.directory(viewer).where(Profile.honey == honey)
    return found if viewer.person_id is None else found.where(Profile.person_id != viewer.person_id)


def _has(viewer: Viewer, other: type[Term], one: bytes) -> ColumnElement[bool]:
    """Whether whoever has the first term has this one too, in a field that the viewer sees."""
    at_all = other.shown.in_((True, False))  # both halves of the index, each by one step
    same = and_(other.position == _FIRST.position, other.person_id == _FIRST.person_id)
    return policy.is_there(other.term == one, at_all, same, _is_seen(viewer, other))


def _is_seen(viewer: Viewer, one: type[Term]) -> ColumnElement[bool]:
    """Whether the viewer sees the field in which this term stands."""
    return policy.is_there(
        ProfileField.person_id == one.person_id,
        ProfileField.field == one.field,
        policy.sees_field(viewer, of_profiles=True),
    )


def _close_to(viewer: Viewer) -> list[int]:
    """Where those stand who may show this viewer something as one of a few: mentors, mentees, owners of lists."""
    if viewer.person_id is None:
        return []
    return sorted(set(work.connection().scalars(_CLOSE, {"viewer": viewer.person_id})))


def _rarest_first(wanted: list[bytes], after: int) -> list[bytes]:
    """The rarest drives the search: one who has it is asked for the others, and not the other way round.

    Positions are drawn by lot, so the SAMPLE-th one of a word says how common it is among what is shown to members. That
    decides about the way, never about what is found.
    """
    if len(wanted) < 2:
        return wanted
    reached = work.connection().execute(*_reached(_Terms(tuple(wanted)), after, SAMPLE)).one()
    far = dict(zip(wanted, reached, strict=True))
    return sorted(wanted, key=lambda one: (far[one] is not None, -(far[one] or 0)))


@built_once
def _reached(wanted: _Terms, after: int, sample: int) -> Select[*tuple[int | None, ...]]:
    """How far the sample of each term takes us; nothing where there are not so many."""
    return select(
        *(
            select(Term.position)
            .where(Term.term == one, Term.shown.is_(True), Term.position > after)
            .order_by(Term.position)
            .limit(1)
            .offset(sample)
            .scalar_subquery()
            for one in wanted.ordered
        )
    )


def _invented(viewer: Viewer, wanted: Sequence[bytes]) -> list[int]:
    """Invented profiles that fit."""
    return list(work.session().scalars(*_fitting_invented(viewer, _Terms(tuple(wanted)))))


@built_once
def _fitting_invented(viewer: Viewer, wanted: _Terms) -> Select[int]:
    found = _others(viewer, honey=True)
    for term, one in zip(_OTHERS, wanted.ordered, strict=False):
        found = found.where(exists().where(term.term == one, term.shown, term.person_id == Profile.person_id))
    return found.order_by(Profile.position).limit(MOST_HONEY).with_only_columns(Profile.person_id)


def _mixed(people: tuple[int, ...], invented: list[int], after: int) -> tuple[int, ...]:
    """One of them among the others: where, and which, is the same whenever this page is read again."""
    if not invented:
        return people
    lot = max(after, 0)
    rank = lot // len(invented) % (len(people) + 1)
    return (*people[:rank], invented[lot % len(invented)], *people[rank:])
