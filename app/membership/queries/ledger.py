"""The chain of vouches. Each call opens what it is asked about and no more, and nothing here is ever drawn on a page."""

from collections.abc import Collection, Iterable

from sqlalchemy import Select, select

from app.identity.models import Person
from app.kernel import work
from app.kernel.built import built_once
from app.membership import records
from app.membership.lineage import Lineage
from app.membership.models import Ledger

#: How far down a branch is followed. Deeper than any that people make, so that a defect does not run for ever.
DEEPEST = 60


def lineage_of(person: str) -> Lineage:
    """Where one person stands, by public id."""
    return lineages_of([person])[person]


def lineages_of(persons: Iterable[str]) -> dict[str, Lineage]:
    """The same for several, with one query."""
    tags = {records.ledger_tag(person): person for person in persons}
    if not tags:
        return {}
    found = {row.tag: row for row in work.session().scalars(*_rows(tags))}
    return {person: records.open_ledger(person, found.get(tag)) for tag, person in tags.items()}


@built_once
def _rows(tags: Collection[bytes]) -> Select[Ledger]:
    return select(Ledger).where(Ledger.tag.in_(tags))


def branch_of(person: str) -> list[str]:
    """The person, who vouched for them, and all who came in through them, by public id. One query for each step down."""
    start = lineage_of(person)
    branch = dict.fromkeys((person, *start.vouchers))
    step: Collection[str] = start.below
    for _ in range(DEEPEST):
        step = [one for one in step if one not in branch]
        if not step:
            break
        branch |= dict.fromkeys(step)
        step = [below for lineage in lineages_of(step).values() for below in lineage.below]
    return list(branch)


def numbers_of(persons: Collection[str]) -> dict[str, int]:
    """Row numbers of those who are still here, by public id."""
    return dict(work.session().execute(*_numbers(persons)).all())


@built_once
def _numbers(persons: Collection[str]) -> Select[str, int]:
    return select(Person.public_id, Person.id).where(Person.public_id.in_(persons))


def public_id_of(number: int) -> str | None:
    """The public id of somebody who is here, by row number."""
    found: str | None = work.session().scalar(*_public_id(number))
    return found


@built_once
def _public_id(number: int) -> Select[str]:
    return select(Person.public_id).where(Person.id == number)
