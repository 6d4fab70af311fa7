"""Word of what is new on its way outside: made when it is due, sent once, given up when nobody is there."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete

from app.identity.models import Person, Standing
from app.kernel import work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import now
from app.kernel.jobs import enqueue
from app.kernel.states import move
from app.kernel.work import action
from app.notifications import policy, queries
from app.notifications.actions.noting import notify
from app.notifications.models import (
    Channel,
    Delivery,
    DeliveryState,
    MailState,
    Notice,
    NoticeSettings,
    PushSubscription,
)
from app.notifications.policy import Hours

#: Waits between attempts to send: a minute, then twice the one before, at most an hour. After so many days, no more.
FIRST_WAIT, LONGEST_WAIT, TRIED_FOR = timedelta(minutes=1), timedelta(hours=1), timedelta(days=3)


class Outcome(StrEnum):
    """What became of an attempt to send something."""

    SENT = "sent"
    #: There is nobody at that address, and there will not be.
    REFUSED = "refused"
    LATER = "later"


@action
def tell(actor: Actor, person_id: int, moment: datetime) -> None:
    """Make the messages that are due for a person at this moment, and be called again for those that are due later."""
    ensure(actor.kind is Kind.SYSTEM)
    settings = queries.settings_of(person_id, hold=True)
    person = work.session().get(Person, person_id)
    if settings is None or person is None or person.standing is not Standing.ACTIVE:
        return
    known, last, hours = policy.kinds(), queries.latest(person_id), queries.hours_of(settings, person) or Hours()
    found = queries.untold(person_id, urgent_only=queries.is_suspended(person_id))
    later: list[datetime] = []
    for channel, noted, targets in _ways(settings):
        notices = [notice for notice in found if not getattr(notice, noted)]
        at = policy.when(
            [(known[notice.kind].urgent, notice.made_at) for notice in notices],
            hours,
            once_a_day=settings.once_a_day,
            last=last.get(channel),
            moment=moment,
        )
        if at is not None and at > moment:
            later.append(at)
        elif at is not None:
            _tell_by(channel, targets, notices, urgent=any(known[notice.kind].urgent for notice in notices))
            for notice in notices:
                setattr(notice, noted, True)
    if settings.tell_at is not None and settings.tell_at <= moment:
        settings.tell_at = None
    if later and (settings.tell_at is None or min(later) < settings.tell_at):
        settings.tell_at = min(later)
        enqueue("notifications.tell", after=min(later) - moment, person_id=person_id)


@action
def take_up(actor: Actor, delivery_id: int) -> queries.Parcel | None:
    """What is to be sent now. None when it was sent already, or is not wanted any more and given up with this."""
    ensure(actor.kind is Kind.SYSTEM)
    delivery = work.session().get(Delivery, delivery_id)
    if delivery is None or delivery.state is not DeliveryState.WAITING:
        return None
    parcel = queries.parcel(delivery)
    if parcel is None:
        move(work.session(), delivery, DeliveryState.SET_ASIDE)
    return parcel


@action
def settle(actor: Actor, outcome: Outcome, *, delivery_id: int) -> None:
    """Note what became of a message: sent, given up, or to be tried again after a growing wait."""
    ensure(actor.kind is Kind.SYSTEM)
    delivery = work.session().get(Delivery, delivery_id)
    if delivery is None or delivery.state is not DeliveryState.WAITING:
        return
    attempts = delivery.attempts + 1
    if outcome is Outcome.LATER and now() - delivery.made_at < TRIED_FOR:
        delivery.attempts = attempts
        wait = min(FIRST_WAIT * 2 ** min(attempts - 1, 10), LONGEST_WAIT)
        enqueue("notifications.deliver", after=wait, delivery_id=delivery_id)
        return
    became = DeliveryState.SENT if outcome is Outcome.SENT else DeliveryState.SET_ASIDE
    move(work.session(), delivery, became, attempts=attempts)
    if outcome is Outcome.REFUSED:
        _give_up_on(delivery)


def send_off(person_id: int, channel: Channel, *, bundle: int, urgent: bool, target: int = 0) -> None:
    """Make one message and have it sent after the commit. For use inside an action."""
    delivery = Delivery(
        person_id=person_id, channel=channel, target=target, bundle=bundle, urgent=urgent, made_at=now()
    )
    work.session().add(delivery)
    work.session().flush()
    enqueue("notifications.deliver", delivery_id=delivery.id)


def _ways(settings: NoticeSettings) -> list[tuple[Channel, str, Sequence[int]]]:
    """The ways that are open to a person: channel, the column in which a notice remembers it, and targets."""
    house = work.house()
    ways: list[tuple[Channel, str, Sequence[int]]] = []
    if house.mail.usable and settings.by_mail and settings.mail_state is MailState.CONFIRMED:
        ways.append((Channel.MAIL, "mailed", [0]))
    if house.push.usable and settings.by_push and (devices := queries.subscriptions_of(settings.person_id)):
        ways.append((Channel.PUSH, "pushed", devices))
    return ways


def _tell_by(channel: Channel, targets: Sequence[int], notices: Sequence[Notice], *, urgent: bool) -> None:
    """Make one message for all of these notices, or let them join the one that is still on its way."""
    person_id = notices[0].person_id
    on_the_way = queries.waiting(person_id, channel)
    for target in targets:
        if target in on_the_way:
            on_the_way[target].urgent = on_the_way[target].urgent or urgent
        else:
            send_off(person_id, channel, target=target, bundle=notices[0].id, urgent=urgent)


def _give_up_on(delivery: Delivery) -> None:
    """Nobody is there any more: take the device out, or mark the address and say so to its person."""
    session = work.session()
    if delivery.channel is Channel.PUSH:
        session.execute(delete(PushSubscription).where(PushSubscription.id == delivery.target))
        return
    settings = queries.settings_of(delivery.person_id, hold=True)
    sent_to = MailState.UNCONFIRMED if delivery.channel is Channel.CODE else MailState.CONFIRMED
    newer_code = delivery.channel is Channel.CODE and settings is not None and settings.code_number != delivery.bundle
    if settings is None or settings.mail_state is not sent_to or newer_code:
        return
    move(session, settings, MailState.BROKEN, column="mail_state", by_mail=False, code=None, code_until=None)
    notify([delivery.person_id], "notifications.mail-broken")
