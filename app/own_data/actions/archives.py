"""Verbs of archives: asking for one, making it, fetching it for three days, and taking it away."""

from datetime import timedelta

from sqlalchemy import delete, select, update

from app.identity.models import Person
from app.kernel import audit, work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import now
from app.kernel.errors import N_, TooMany
from app.kernel.jobs import enqueue
from app.kernel.states import move
from app.kernel.vault import age
from app.kernel.work import action
from app.notifications.actions import notify
from app.own_data import policy, queries, store
from app.own_data.models import Archive, ArchiveState
from app.own_data.queries import Asked

#: For how long an archive can be fetched, how often one is made, and after how long one that was not made is given up.
KEPT = timedelta(days=3)
EVERY = timedelta(days=1)
GIVEN_UP = timedelta(days=1)
TOO_SOON = N_("An archive is made once in 24 hours. The one that you asked for last is on this page.")


@action
def ask_archive(actor: Actor) -> str:
    """Have an archive made, and return the secret line that opens it: here only the public half is kept.

    The one before is taken away. Raises Forbidden, TooMany within a day of the last one.
    """
    ensure(policy.can_export(actor))
    moment = now()
    # Two at once by the same person: one after the other.
    work.session().get_one(Person, actor.person_id, with_for_update=True)
    newest = select(Archive.asked_at).where(Archive.person_id == actor.person_id, Archive.state != ArchiveState.FAILED)
    last = work.session().scalar(newest.order_by(Archive.id.desc()).limit(1))
    if last is not None and last + EVERY > moment:
        raise TooMany(TOO_SOON, retry_after=int((last + EVERY - moment).total_seconds()) + 1)
    for archive in work.session().scalars(policy.visible_archives(actor)).all():
        _over(archive)
    pair = age.new_pair()
    made = Archive(
        person_id=actor.person_id,
        recipient=pair.recipient,
        parts=len(queries.parts()),
        asked_at=moment,
        until=moment + KEPT,
    )
    work.session().add(made)
    work.session().flush()
    enqueue("own_data.archive", archive=made.public_id)
    audit.record(actor, "archive.ask", target_kind="archive", target=made.public_id)
    return pair.secret


@action
def begin_archive(actor: Actor, archive: str) -> Asked | None:
    """Say what is to be made. None when it is made or over; given up when its person may take nothing away meanwhile."""
    ensure(actor.kind is Kind.SYSTEM)
    asked = queries.asked_for(archive)
    if asked is None or policy.can_export(queries.actor_of(asked.person_id)):
        return asked
    found = _locked(archive)
    assert found is not None
    move(work.session(), found, ArchiveState.FAILED)
    return None


@action
def note_progress(actor: Actor, archive: str, *, done: int) -> None:
    """Say how many parts are read, for the bar on its person's page."""
    ensure(actor.kind is Kind.SYSTEM)
    mine = update(Archive).where(Archive.public_id == archive, Archive.state == ArchiveState.ASKED)
    work.session().execute(mine.values(done=done))


@action
def offer_archive(actor: Actor, archive: str, *, size: int) -> None:
    """Let its person fetch what was made, for three days from now. Where they do not want it any more it goes."""
    ensure(actor.kind is Kind.SYSTEM)
    found = _locked(archive)
    if found is None or found.state is not ArchiveState.ASKED:
        store.remove(work.house(), [archive])
        return
    move(work.session(), found, ArchiveState.READY, size=size, done=found.parts, until=now() + KEPT)
    notify([found.person_id], "archive.ready", "")


@action
def remove_archive(actor: Actor, archive: Archive) -> None:
    """Take an archive away before its days are over."""
    ensure(archive.person_id == actor.person_id)
    _over(archive)


@action
def remove_old(actor: Actor) -> int:
    """Take away archives whose days are over, and give up those that could not be made. Returns how many."""
    ensure(actor.kind is Kind.SYSTEM)
    session, moment = work.session(), now()
    count = 0
    failing = select(Archive).where(Archive.state == ArchiveState.ASKED, Archive.asked_at < moment - GIVEN_UP)
    for archive in session.scalars(failing.with_for_update()).all():
        move(session, archive, ArchiveState.FAILED)
        count += 1
    over = select(Archive).where(Archive.state == ArchiveState.READY, Archive.until < moment)
    for archive in session.scalars(over.with_for_update()).all():
        _over(archive)
        count += 1
    # Rows that only say when the last one was asked for have said it long enough.
    session.execute(
        delete(Archive).where(Archive.asked_at < moment - KEPT - EVERY, Archive.state != ArchiveState.READY)
    )
    known = session.scalars(select(Archive.public_id).where(Archive.state == ArchiveState.READY)).all()
    for path in store.strays(work.house(), known):
        path.unlink(missing_ok=True)
    return count


@action
def forget_archives(actor: Actor, person_id: int) -> None:
    """Take away every archive of somebody who is erased, and what is known of it."""
    ensure(actor.kind is Kind.SYSTEM)
    gone = delete(Archive).where(Archive.person_id == person_id).returning(Archive.public_id)
    archives = list(work.session().scalars(gone))
    if archives:
        enqueue("own_data.remove-files", archives=archives)


def _over(archive: Archive) -> None:
    move(work.session(), archive, ArchiveState.OVER)
    enqueue("own_data.remove-files", archives=[archive.public_id])


def _locked(archive: str) -> Archive | None:
    return work.session().scalars(select(Archive).where(Archive.public_id == archive).with_for_update()).one_or_none()
