"""Whom somebody keeps away. Nobody ever reads who keeps them away."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select

from app.identity import queries as identity
from app.identity.models import Space
from app.identity.spaces.queries import names_in
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.errors import NotFound
from app.profiles import policy
from app.profiles.models import Block


@dataclass(frozen=True, slots=True)
class BlockLine:
    """One block, by the name that the actor met. It is empty where that name is used no more."""

    public_id: str
    name: str
    space: Space | None
    since: date


def blocks_of(actor: Actor) -> list[BlockLine]:
    """Whom the actor keeps away, the newest first. Nobody while they travel."""
    if not policy.shows_people(actor):
        return []
    rows = list(work.session().scalars(*_all(actor)))
    usual = identity.names_of({row.blocked_id for row in rows})
    in_space = {
        space: names_in(space, {row.blocked_id for row in rows if row.space is space})
        for space in {row.space for row in rows}
        if space is not None
    }
    return [_line(row, usual, in_space) for row in rows]


def get_block(actor: Actor, public_id: str) -> Block:
    """One of the actor's blocks. Raises NotFound."""
    found: Block | None = work.session().scalars(*_one(actor, public_id)).one_or_none()
    if found is None or not policy.shows_people(actor):
        raise NotFound
    return found


@built_once
def _all(actor: Actor) -> Select[Block]:
    return policy.visible_blocks(actor).order_by(Block.id.desc())


@built_once
def _one(actor: Actor, public_id: str) -> Select[Block]:
    return policy.visible_blocks(actor).where(Block.public_id == public_id)


def _line(
    row: Block, usual: dict[int, tuple[str, str]], in_space: dict[Space, dict[int, tuple[str, str]]]
) -> BlockLine:
    number = row.blocked_id
    if row.space is None:
        return BlockLine(row.public_id, usual[number][1], None, row.since)
    public_id, name = in_space[row.space][number]
    # Whoever gave up the name of a space is there by the usual one. To write that here would say who it was.
    return BlockLine(row.public_id, "" if public_id == usual[number][0] else name, row.space, row.since)
