"""Counting how many different people somebody reads about in a day: slowing down, telling moderators, forgetting of whom.

What counts: a profile that was not opened before on that day counts one, and so does the page on which it is reported. A
page of the directory with people that were not on one before counts one, and one more for every eight of them: three for a
full page. A photograph counts as its profile does, unless it stands on a page that was read. To open, reload or go back to
what was there already counts nothing. Sixty profiles and ten pages in a day are NORMAL, and never notice anything.

Beyond that one more is shown every WAIT, and what is asked for too soon counts as well, so that a program that does not
wait is found as quickly as one that does. From ALARM on moderators know, invented profiles are among the others, and one
more is shown every LONG_WAIT. The numbers are in the database: a restart forgets none, and all processes share them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from app.kernel import audit, work
from app.kernel.access import Permission, Role
from app.kernel.actor import Actor, ensure, system
from app.kernel.db import insert_once, new_public_id, now
from app.kernel.errors import N_, TooMany
from app.kernel.limits import Budget
from app.kernel.work import action
from app.moderation import actions as moderation
from app.moderation.actions.proposals import staff_at_work
from app.moderation.actions.queue import put_in
from app.notifications.actions import notify
from app.profiles.models import Sweep
from app.profiles.queries import sweeps

KIND = "sweep"
NORMAL = 90
ALARM = 150
WAIT = timedelta(minutes=1)
LONG_WAIT = timedelta(minutes=5)
#: So many people on a page of the directory count as much as one profile that is opened.
PER_PAGE_READ = 8
#: Against floods of what is free, such as the same page again and again.
READS = Budget("profile-read", "300 per minute; 3000 per hour")
MARK_BYTES = 8
#: So many are remembered that were asked for too soon. Whoever is here has been found long ago.
MOST_REFUSED = 500


class Wait(TooMany):
    """More profiles than people read in a day: the next one has its time, `retry_after` seconds from now."""

    default = N_("You have opened many profiles today. To protect everybody here, the next ones open one at a time.")


def read_profile(actor: Actor, person_id: int, public_id: str) -> None:
    """Count that the actor opens somebody's profile, right before it is shown. Nobody's own counts.

    To be called once it is known that the actor sees it. Raises TooMany, and Wait when it is not its turn yet.
    """
    if actor.id is not None and person_id != actor.id:
        _read(actor, public_id, weight=1, honey=sweeps.is_honey(person_id))


def read_page(actor: Actor, person_ids: Sequence[int]) -> None:
    """Count that the actor reads a page of the directory with these people on it. Raises TooMany and Wait."""
    people = ",".join(map(str, sorted(person_ids)))
    cards = [_card(one) for one in person_ids]
    _read(actor, f"page {people}", weight=1 + len(person_ids) // PER_PAGE_READ, honey=False, with_it=cards)


def read_photo(actor: Actor, person_id: int, public_id: str) -> None:
    """Count that the actor fetches somebody's photograph, which may be the only thing that they fetch of them.

    It costs nothing beside a page that they read today, of this person or of the directory. Raises TooMany and Wait.
    """
    today = _today(actor)
    if today is None or _mark(actor, _card(person_id)) not in _marks(today.shown):
        read_profile(actor, person_id, public_id)


@action
def settle(actor: Actor, sweep: Sweep, *, reason: str) -> None:
    """Close an alarm in which a moderator saw nothing, or after which they took a measure. Raises Forbidden.

    Whoever read so much meets no invented profiles any more, unless it happens again.
    """
    ensure(actor.holds(Permission.MEASURES_TAKE) and sweep.person_id != actor.person_id)
    work.session().execute(update(Sweep).where(Sweep.person_id == sweep.person_id, Sweep.alarmed).values(settled=True))
    moderation.close_item(KIND, sweep.public_id, by=actor)
    audit.record(actor, "sweep.settle", target_kind=KIND, target=sweep.public_id, reason=reason)


@action
def forget(actor: Actor) -> int:  # noqa: ARG001  # every verb is told who acts
    """Forget of whom days that are over were, and days that are long over. Returns how many were forgotten."""
    session, today = work.session(), now().date()
    session.execute(delete(Sweep).where(Sweep.day < today - timedelta(days=sweeps.DAYS_KEPT)))
    over = update(Sweep).where(Sweep.day < today, (Sweep.shown != b"") | (Sweep.refused != b""))
    emptied = session.execute(over.values(shown=b"", refused=b"", next_at=None).returning(Sweep.id))
    return len(emptied.all())


def _read(actor: Actor, what: str, *, weight: int, honey: bool, with_it: Sequence[str] = ()) -> None:
    mark, today, moment = _mark(actor, what), _today(actor), now()
    if today is None or not _is_answered(today, mark, moment):
        until = _count(actor, mark, weight=weight, honey=honey, with_it=with_it)
    else:
        until = today.next_at if mark not in _marks(today.shown) else None
    if until is not None:
        raise Wait(retry_after=max(1, round((until - moment).total_seconds())))
    work.house().budgets.spend(READS, actor.public_id)


def _is_answered(today: Sweep, mark: bytes, moment: datetime) -> bool:
    """Whether there is nothing to write: it was shown already, or was refused already and still is."""
    if mark in _marks(today.shown):
        return True
    refused = _marks(today.refused)
    return _is_early(today, moment) and (mark in refused or len(refused) >= MOST_REFUSED)


def _is_early(today: Sweep, moment: datetime) -> bool:
    return today.asked > NORMAL and today.next_at is not None and moment < today.next_at


@action
def _count(actor: Actor, mark: bytes, *, weight: int, honey: bool, with_it: Sequence[str]) -> datetime | None:
    """None when it may be shown now, otherwise when it may. What is shown `with_it` costs nothing more."""
    today, moment = _lock_today(actor), now()
    shown, refused = _marks(today.shown), _marks(today.refused)
    if mark in shown:
        return None
    if mark not in refused:
        today.asked, today.honey = today.asked + weight, today.honey + honey
        if today.asked > ALARM or honey:
            _tell(today, first_honey=honey and today.honey == 1)
    if _is_early(today, moment):
        if len(refused) < MOST_REFUSED:
            today.refused = b"".join(refused | {mark})
        return today.next_at
    if today.asked > NORMAL:
        today.next_at = moment + (LONG_WAIT if today.alarmed else WAIT)
    more = {_mark(actor, one) for one in with_it} - shown
    today.shown, today.refused = b"".join([today.shown, mark, *more]), b"".join(refused - {mark})
    return None


def _tell(today: Sweep, *, first_honey: bool) -> None:
    """Put it into the moderators' queue, once for each day; the first invented profile makes it urgent, and tells them."""
    if today.alarmed and not first_honey:
        return
    today.alarmed = True
    item = put_in(KIND, today.public_id, person_id=today.person_id, safety=first_honey)
    audit.record(system("sweeps"), "sweep.alarm", target_kind=KIND, target=today.public_id)
    if first_honey:
        others = set(staff_at_work(Role.MODERATOR)) - {today.person_id}
        notify(sorted(others), "item.safety", item.public_id)


def _card(person_id: int) -> str:
    """What stands for somebody on a page of the directory."""
    return f"card {person_id}"


def _today(actor: Actor) -> Sweep | None:
    """The actor's day so far."""
    mine = select(Sweep).where(Sweep.person_id == actor.person_id, Sweep.day == now().date())
    return work.session().scalars(mine).one_or_none()


def _lock_today(actor: Actor) -> Sweep:
    """The actor's row of today, locked."""
    session, day = work.session(), now().date()
    session.execute(
        insert_once(session, Sweep).values(
            public_id=new_public_id(),
            person_id=actor.person_id,
            day=day,
            asked=0,
            shown=b"",
            refused=b"",
            alarmed=False,
            honey=0,
            settled=False,
        )
    )
    wanted = select(Sweep).where(Sweep.person_id == actor.person_id, Sweep.day == day)
    return session.scalars(wanted.with_for_update().execution_options(populate_existing=True)).one()


def _mark(actor: Actor, what: str) -> bytes:
    """A fingerprint that says neither who read what nor, on another day, the same."""
    message = f"{actor.public_id}|{now().date()}|{what}"
    return work.house().vault.blind_index("sweep", message)[:MARK_BYTES]


def _marks(stored: bytes) -> set[bytes]:
    return {stored[at : at + MARK_BYTES] for at in range(0, len(stored), MARK_BYTES)}
