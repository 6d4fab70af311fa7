"""What happens to people becomes a notice; they read it; after a while it is forgotten."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update

from app.kernel import work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import insert_once, now
from app.kernel.jobs import enqueue
from app.kernel.work import action
from app.notifications import policy
from app.notifications.models import Delivery, DeliveryState, MailState, Notice, NoticeSettings

READ_KEPT_DAYS, KEPT_DAYS = 30, 180
#: For how long messages that are over stay, and addresses whose code never came back (days).
OVER_KEPT_DAYS = 7
#: Rows of one statement: databases bound how many values it may carry.
BATCH = 500
#: What an address that is forgotten leaves behind.
NO_ADDRESS: dict[str, Any] = {"address": None, "code": None, "code_until": None, "by_mail": False}


def notify(person_ids: Iterable[int], kind: str, ref: str = "") -> None:
    """Let people know that something happened to them. For use inside an action: after its commit they are told.

    `kind` is the name of a `NoticeKind`; an unknown one is a defect and raises RuntimeError. The same is not told twice
    to somebody who has not read it yet.
    """
    if kind not in policy.kinds():
        raise RuntimeError(f"no kind of notice is called {kind}")
    wanted, moment = sorted(set(person_ids)), now()
    for start in range(0, len(wanted), BATCH):
        some = wanted[start : start + BATCH]
        rows = [{"person_id": one, "kind": kind, "ref": ref, "made_at": moment} for one in some]
        made = insert_missing(Notice, rows)
        outside = select(NoticeSettings.person_id).where(
            NoticeSettings.person_id.in_(made), NoticeSettings.by_mail | NoticeSettings.by_push
        )
        for person_id in sorted(work.session().scalars(outside)):
            enqueue("notifications.tell", person_id=person_id)


@action
def mark_read(actor: Actor, notice: Notice) -> None:
    """Note that the actor has read one of their notices. Raises Forbidden for anyone else's."""
    ensure(notice.person_id == actor.person_id)
    work.session().execute(update(Notice).where(Notice.id == notice.id, Notice.read_at.is_(None)).values(read_at=now()))


@action
def mark_seen(actor: Actor, kinds: Sequence[str], ref: str) -> None:
    """Note that the actor has seen what these notices are about, without having opened them."""
    mine = (Notice.person_id == actor.person_id) & Notice.kind.in_(kinds) & (Notice.ref == ref)
    work.session().execute(update(Notice).where(mine, Notice.read_at.is_(None)).values(read_at=now()))


@action
def mark_all_read(actor: Actor) -> int:
    """Note that the actor has read all of their notices. Returns how many were new."""
    mine = update(Notice).where(Notice.person_id == actor.person_id, Notice.read_at.is_(None))
    return len(work.session().execute(mine.values(read_at=now()).returning(Notice.id)).all())


@action
def forget_old(actor: Actor) -> None:
    """Remove what was read a month ago, what nobody read in half a year, old messages, and addresses never confirmed."""
    ensure(actor.kind is Kind.SYSTEM)
    session, moment = work.session(), now()
    session.execute(delete(Notice).where(Notice.read_at < moment - timedelta(days=READ_KEPT_DAYS)))
    session.execute(delete(Notice).where(Notice.made_at < moment - timedelta(days=KEPT_DAYS)))
    done = delete(Delivery).where(Delivery.state != DeliveryState.WAITING)
    session.execute(done.where(Delivery.made_at < moment - timedelta(days=OVER_KEPT_DAYS)))
    unproven = update(NoticeSettings).where(NoticeSettings.mail_state == MailState.UNCONFIRMED)
    over = moment - timedelta(days=OVER_KEPT_DAYS)
    session.execute(unproven.where(NoticeSettings.code_until < over).values(mail_state=MailState.NONE, **NO_ADDRESS))


def insert_missing(model: type[Notice | NoticeSettings], rows: list[dict[str, Any]]) -> Sequence[int]:
    """Store the rows that are not there yet. Returns whose they are."""
    session = work.session()
    stored = insert_once(session, model).values(rows).returning(model.person_id)
    return session.execute(stored).scalars().all()
