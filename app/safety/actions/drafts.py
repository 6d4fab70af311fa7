"""What people type is kept until they send it: sealed with their key, for thirty days, for nobody but them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select

from app.identity.queries import get_me
from app.kernel import work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import insert_once, now
from app.kernel.errors import N_, Invalid
from app.kernel.limits import Budget
from app.kernel.work import action
from app.safety import policy
from app.safety.models import Draft
from app.safety.queries import drafts as queries

KEPT_DAYS = 30
#: Drafts of one person, and letters of one draft.
MOST, LONGEST, LONGEST_PLACE = 30, 20_000, 48
KEEPING = Budget("draft", "40 per minute; 600 per hour")
ENOUGH = N_("So many drafts are kept already that there is no room for another. Send or remove one first.")


@action
def keep(actor: Actor, place: str, words: str) -> None:
    """Keep what the actor has typed at a place, in the stead of what was kept there. Nothing typed is nothing kept.

    Raises Invalid when they have too many drafts, TooMany.
    """
    work.house().budgets.spend(KEEPING, actor.public_id)
    if words.strip():
        _store(actor, place, words)
    else:
        drop(actor, place)


@action
def drop(actor: Actor, place: str) -> None:
    """Forget what was kept at a place: it was sent, or is not wanted any more."""
    work.session().execute(delete(Draft).where(Draft.person_id == actor.person_id, Draft.place == place))


def keep_typed(actor: Actor, *, endpoint: str | None, parts: Mapping[str, Any], typed: Sequence[str]) -> bool:
    """Keep what met a locked screen or an ended session. Returns whether it is kept.

    Whoever sent it may not be who owns the session, so that what was kept before is added to and never replaced.
    """
    kind = next((one for one in policy.draft_kinds().values() if endpoint in one.endpoints), None)
    if kind is not None:
        place = f"{kind.kind}:{parts.get(kind.part, '')}"
    else:
        address = " ".join([endpoint or "", *(f"{name}={value}" for name, value in sorted(parts.items()))])
        place = f"{queries.ELSEWHERE}:{work.house().vault.blind_index('draft', address).hex()[:32]}"
    if len(place) > LONGEST_PLACE:
        return False
    work.house().budgets.spend(KEEPING, actor.public_id)
    _add(actor, place, "\n\n".join(typed))
    return True


@action
def forget_old(actor: Actor) -> None:
    """Remove drafts that nobody has touched for thirty days."""
    ensure(actor.kind is Kind.SYSTEM)
    work.session().execute(delete(Draft).where(Draft.at < now() - timedelta(days=KEPT_DAYS)))


@action
def _add(actor: Actor, place: str, words: str) -> None:
    present = work.session().scalars(
        select(Draft).where(Draft.person_id == actor.person_id, Draft.place == place).with_for_update()
    )
    draft = present.one_or_none()
    before = queries.opened(draft, get_me(actor)) if draft else ""
    if words in before:
        return
    _store(actor, place, words if words.startswith(before) else f"{before}\n\n{words}")


def _store(actor: Actor, place: str, words: str) -> None:
    session, me = work.session(), get_me(actor)
    others = select(func.count()).select_from(Draft).where(Draft.person_id == me.id, Draft.place != place)
    if (session.scalar(others) or 0) >= MOST:
        raise Invalid(ENOUGH)
    sealed = work.house().vault.seal(me.key_id, queries.sealed_place(me, place), queries.packed(words[:LONGEST]))
    session.execute(insert_once(session, Draft).values(person_id=me.id, place=place, at=now(), sealed=sealed))
    kept = session.scalars(select(Draft).where(Draft.person_id == me.id, Draft.place == place)).one()
    kept.at, kept.sealed = now(), sealed
