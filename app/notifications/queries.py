"""Reads of notices and of how people want to be told. Addresses come out of the vault here and nowhere else."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

import orjson
from sqlalchemy import Select, func, select

from app.identity.models import Person, Standing
from app.identity.queries import restrictions_of
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.errors import NotFound
from app.kernel.feature import NoticeKind
from app.kernel.push import Subscription
from app.kernel.vault import Place
from app.notifications import policy
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

PAGE = 30


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One notice, as its person sees it. `text` is a message id."""

    public_id: str
    text: str
    made_at: datetime
    unread: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """How somebody wants to be told, opened for themselves."""

    by_mail: bool = False
    by_push: bool = False
    once_a_day: bool = False
    hours: Hours | None = None
    mail_state: MailState = MailState.NONE
    address: str = ""


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """A browser that is told of what is new."""

    public_id: str
    added_on: date


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message that is ready to leave: to whom, in which language, and nothing of what it is about."""

    delivery: str
    channel: Channel
    language: str
    at: datetime
    address: str = ""
    code: str = ""
    subscription: Subscription | None = None


# --- what is in the list ------------------------------------------------------------------------------------------------


def notices(actor: Actor, *, before: str = "") -> tuple[list[NoticeLine], bool]:
    """A page of the actor's notices, newest first, older than `before`; and whether there are older ones still."""
    found = list(work.session().scalars(*_page(actor, before or None)))
    known = policy.kinds()
    lines = [NoticeLine(n.public_id, known[n.kind].text, n.made_at, n.read_at is None) for n in found[:PAGE]]
    return lines, len(found) > PAGE


@built_once
def _page(actor: Actor, before: str | None) -> Select[Notice]:
    query = policy.visible_notices(actor)
    if before is not None:
        its_row = policy.visible_notices(actor).with_only_columns(Notice.id).where(Notice.public_id == before)
        query = query.where(Notice.id < its_row.scalar_subquery())
    return query.order_by(Notice.id.desc()).limit(PAGE + 1)


def unread(actor: Actor) -> int:
    """How many notices the actor has not read."""
    return work.session().scalar(*_unread(actor)) or 0


@built_once
def _unread(actor: Actor) -> Select[int]:
    return policy.visible_notices(actor).where(Notice.read_at.is_(None)).with_only_columns(func.count())


def get_notice(actor: Actor, public_id: str) -> Notice:
    """One of the actor's own notices. Raises NotFound for anyone else's."""
    found = work.session().scalars(policy.visible_notices(actor).where(Notice.public_id == public_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def kind_of(notice: Notice) -> NoticeKind:
    """What this notice is about, as the feature that owns it registered it."""
    return policy.kinds()[notice.kind]


# --- how somebody wants to be told --------------------------------------------------------------------------------------


def sealed_place(person: Person, field: str) -> Place:
    return Place("notice_settings", person.public_id, field)


def subscription_place(public_id: str) -> Place:
    return Place("push_subscription", public_id, "sealed")


def settings_of(person_id: int, *, hold: bool = False) -> NoticeSettings | None:
    """What a person chose, if they ever chose anything. `hold` keeps others from deciding for them until the commit."""
    return work.session().scalars(*_settings(person_id, hold)).one_or_none()


@built_once
def _settings(person_id: int, hold: bool) -> Select[NoticeSettings]:
    query = select(NoticeSettings).where(NoticeSettings.person_id == person_id)
    return query.with_for_update() if hold else query


def choices(actor: Actor) -> Choices:
    """What the actor chose, opened."""
    found = work.session().execute(*_chosen(actor)).one_or_none()
    if found is None:
        return Choices()
    settings, person = found
    return Choices(
        by_mail=settings.by_mail,
        by_push=settings.by_push,
        once_a_day=settings.once_a_day,
        hours=hours_of(settings, person),
        mail_state=settings.mail_state,
        address=opened(settings.address, person, "address"),
    )


@built_once
def _chosen(actor: Actor) -> Select[NoticeSettings, Person]:
    return select(NoticeSettings, Person).join(Person).where(NoticeSettings.person_id == actor.person_id)


def devices(actor: Actor) -> list[DeviceLine]:
    """The actor's browsers that are told."""
    found = work.session().scalars(*_devices(actor))
    return [DeviceLine(one.public_id, one.added_on) for one in found]


@built_once
def _devices(actor: Actor) -> Select[PushSubscription]:
    return policy.visible_subscriptions(actor).order_by(PushSubscription.id)


def get_device(actor: Actor, public_id: str) -> PushSubscription:
    """One of the actor's own devices. Raises NotFound for anyone else's."""
    wanted = policy.visible_subscriptions(actor).where(PushSubscription.public_id == public_id)
    found = work.session().scalars(wanted).one_or_none()
    if found is None:
        raise NotFound
    return found


def hours_of(settings: NoticeSettings, person: Person) -> Hours | None:
    """The hours that a person chose, or None when any time will do."""
    stored = opened(settings.hours, person, "hours")
    return Hours(**orjson.loads(stored)) if stored else None


def packed(hours: Hours) -> bytes:
    """What is sealed of chosen hours."""
    return orjson.dumps(asdict(hours))


def opened(sealed: bytes | None, person: Person, field: str) -> str:
    """A sealed field of somebody's settings, or nothing when it is not set."""
    if sealed is None:
        return ""
    return work.house().vault.open(person.key_id, sealed_place(person, field), sealed).decode()


# --- what is on its way -------------------------------------------------------------------------------------------------


def is_suspended(person_id: int) -> bool:
    """Whether being here is withheld from a person, who then hears only what is urgent."""
    return any(one.withheld is Permission.SIGNED_IN for one in restrictions_of(person_id))


def untold(person_id: int, *, urgent_only: bool) -> Sequence[Notice]:
    """Unread notices of a person, oldest first, of which something outside may still have to be said."""
    return work.session().scalars(*_untold(person_id, urgent_only)).all()


@built_once
def _untold(person_id: int, urgent_only: bool) -> Select[Notice]:
    wanted = [name for name, kind in policy.kinds().items() if kind.urgent or not urgent_only]
    return (
        select(Notice)
        .where(Notice.person_id == person_id, Notice.read_at.is_(None), Notice.kind.in_(wanted))
        .where(Notice.mailed.is_(False) | Notice.pushed.is_(False), *policy.present(person_id))
        .order_by(Notice.id)
    )


def subscriptions_of(person_id: int) -> Sequence[int]:
    """Row numbers of a person's devices."""
    return work.session().scalars(*_subscriptions(person_id)).all()


@built_once
def _subscriptions(person_id: int) -> Select[int]:
    return select(PushSubscription.id).where(PushSubscription.person_id == person_id)


def parcel(delivery: Delivery) -> Parcel | None:
    """What is to be sent now, or None when it is not wanted any more.

    It is not when the person left, was suspended (unless it is urgent), chose otherwise, or has read everything.
    """
    person = work.session().get_one(Person, delivery.person_id)
    settings = settings_of(person.id)
    if settings is None or person.standing is not Standing.ACTIVE:
        return None
    language = person.language or work.house().settings.languages[0]
    ready = Parcel(delivery.public_id, delivery.channel, language, delivery.made_at)
    if delivery.channel is Channel.CODE:
        asked = settings.mail_state is MailState.UNCONFIRMED and settings.code_number == delivery.bundle
        address, code = opened(settings.address, person, "address"), opened(settings.code, person, "code")
        return replace(ready, address=address, code=code) if asked else None
    if not _something_unread(person.id) or (is_suspended(person.id) and not delivery.urgent):
        return None
    if delivery.channel is Channel.MAIL:
        wanted = settings.by_mail and settings.mail_state is MailState.CONFIRMED
        return replace(ready, address=opened(settings.address, person, "address")) if wanted else None
    where = _subscription(person, delivery.target) if settings.by_push else None
    return replace(ready, subscription=where) if where else None


def _subscription(person: Person, target: int) -> Subscription | None:
    """Where a device of this person is reached, unless it was removed."""
    device = work.session().get(PushSubscription, target)
    if device is None or device.person_id != person.id:
        return None
    plain = work.house().vault.open(person.key_id, subscription_place(device.public_id), device.sealed)
    return Subscription(**orjson.loads(plain))


def _something_unread(person_id: int) -> bool:
    return work.session().scalar(*_one_unread(person_id)) is not None


@built_once
def _one_unread(person_id: int) -> Select[int]:
    wanted = select(Notice.id).where(Notice.person_id == person_id, Notice.read_at.is_(None))
    return wanted.where(*policy.present(person_id)).limit(1)


def latest(person_id: int) -> dict[Channel, datetime]:
    """When the latest message was made for a person, by each way. One that was given up does not count."""
    return {row[0]: row[1] for row in work.session().execute(*_latest(person_id))}


@built_once
def _latest(person_id: int) -> Select[Channel, datetime]:
    return (
        select(Delivery.channel, func.max(Delivery.made_at))
        .where(Delivery.person_id == person_id, Delivery.state != DeliveryState.SET_ASIDE)
        .group_by(Delivery.channel)
    )


def waiting(person_id: int, channel: Channel) -> dict[int, Delivery]:
    """Messages that are still on their way to a person by one way, by their target."""
    return {one.target: one for one in work.session().scalars(*_waiting(person_id, channel))}


@built_once
def _waiting(person_id: int, channel: Channel) -> Select[Delivery]:
    return select(Delivery).where(
        Delivery.person_id == person_id, Delivery.channel == channel, Delivery.state == DeliveryState.WAITING
    )
