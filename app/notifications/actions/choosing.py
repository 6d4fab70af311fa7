"""How people want to be told: hours and ways, a mail address that is proven first, browsers."""

import secrets
from dataclasses import asdict
from datetime import timedelta

import orjson
from sqlalchemy import delete, update

from app.identity.models import Person
from app.identity.queries import get_me
from app.kernel import work
from app.kernel.actor import Actor, ensure
from app.kernel.db import new_public_id, now
from app.kernel.errors import N_, Conflict, Invalid
from app.kernel.jobs import enqueue
from app.kernel.limits import Budget
from app.kernel.push import NotAService, Subscription
from app.kernel.states import move
from app.kernel.work import action
from app.notifications import policy, queries
from app.notifications.actions.noting import NO_ADDRESS, insert_missing
from app.notifications.actions.telling import send_off
from app.notifications.models import Channel, MailState, Notice, NoticeSettings, PushSubscription
from app.notifications.policy import Hours

#: By person, and by address too: nobody's mailbox is filled from here.
ADDRESSES = Budget("mail-address", "4 per hour; 8 per day")
CODES_TO_ADDRESS = Budget("mail-code", "3 per hour; 6 per day")
CONFIRMING = Budget("mail-confirm", "10 per hour")
DEVICES = Budget("push-devices", "20 per hour")
CODE_HOURS = 24
CODE_TRIES = 5
WRONG_CODE = N_("This code does not fit. Look at the newest message from us, or ask for another code.")


@action
def choose(actor: Actor, *, by_mail: bool, by_push: bool, once_a_day: bool, hours: Hours | None) -> None:
    """Keep how the actor wants to be told outside, and tell them by it of what they have not been told yet."""
    ensure(policy.can_choose(actor))
    person, settings = get_me(actor), _held_settings(actor)
    _begin_from_now(settings, by_mail=by_mail, by_push=by_push)
    settings.by_mail = by_mail and settings.mail_state is MailState.CONFIRMED
    settings.by_push, settings.once_a_day = by_push, once_a_day
    settings.hours = _sealed(person, "hours", queries.packed(hours)) if hours and not hours.any_time else None
    enqueue("notifications.tell", person_id=person.id)


@action
def add_address(actor: Actor, *, address: str) -> None:
    """Keep a mail address, unconfirmed, and send a code there. Nothing else goes to it before the code came back.

    An address that was there before is forgotten. Raises TooMany when this was asked for too often.
    """
    ensure(policy.can_choose(actor))
    house = work.house()
    house.budgets.spend(ADDRESSES, actor.public_id)
    house.budgets.spend(CODES_TO_ADDRESS, house.vault.blind_index("mail", address.casefold()).hex())
    person, settings = get_me(actor), _held_settings(actor)
    code = f"{secrets.randbelow(10**8):08}"
    number = settings.code_number + 1
    move(
        work.session(),
        settings,
        MailState.UNCONFIRMED,
        column="mail_state",
        address=_sealed(person, "address", address.encode()),
        code=_sealed(person, "code", code.encode()),
        code_number=number,
        code_tries=0,
        code_until=now() + timedelta(hours=CODE_HOURS),
        by_mail=False,
    )
    send_off(person.id, Channel.CODE, bundle=number, urgent=True)


def confirm_address(actor: Actor, *, code: str) -> None:
    """Begin to send mail to the actor's address, since they know the code that was sent there.

    Raises Invalid when the code is wrong, too old or was tried too often, TooMany when they tried too much.
    """
    work.house().budgets.spend(CONFIRMING, actor.public_id)
    if not _confirm(actor, "".join(letter for letter in code if letter.isdecimal())):
        raise Invalid(WRONG_CODE)


@action
def _confirm(actor: Actor, code: str) -> bool:
    """Not by raising: that a code was tried must stay stored."""
    ensure(policy.can_choose(actor))
    person, settings = get_me(actor), _held_settings(actor)
    if settings.mail_state is not MailState.UNCONFIRMED or settings.code_until is None:
        return False
    settings.code_tries = tries = settings.code_tries + 1
    if not code or queries.opened(settings.code, person, "code") != f"{int(code):08}":
        return False
    if tries > CODE_TRIES or settings.code_until < now():
        return False
    _begin_from_now(settings, by_mail=True, by_push=settings.by_push)
    move(work.session(), settings, MailState.CONFIRMED, column="mail_state", by_mail=True, code=None, code_until=None)
    return True


@action
def remove_address(actor: Actor) -> None:
    """Forget the actor's mail address. What was on its way there does not leave any more."""
    ensure(policy.can_choose(actor))
    settings = _held_settings(actor)
    if settings.mail_state is not MailState.NONE:
        move(work.session(), settings, MailState.NONE, column="mail_state", **NO_ADDRESS)


@action
def add_subscription(actor: Actor, subscription: Subscription) -> None:
    """Let one browser of the actor be told. If it was told of somebody else's notices before, that ends.

    Raises Invalid when it is reached through no push service that we know, or when there are five already.
    """
    ensure(policy.can_choose(actor) and work.house().push.usable)
    work.house().budgets.spend(DEVICES, actor.public_id)
    try:
        work.house().push.check(subscription)
    except NotAService:
        raise Invalid(N_("This browser uses a service that we do not know. It cannot be told from here.")) from None
    session, vault = work.session(), work.house().vault
    person, settings = get_me(actor), _held_settings(actor)
    index = vault.blind_index("push", subscription.endpoint)
    session.execute(delete(PushSubscription).where(PushSubscription.endpoint_index == index))
    if len(queries.subscriptions_of(person.id)) >= policy.DEVICES:
        raise Invalid(N_("Five of your devices are told already. Remove one of them first."))
    _begin_from_now(settings, by_mail=settings.by_mail, by_push=True)
    settings.by_push = True
    public_id = new_public_id()
    plain = orjson.dumps(asdict(subscription))
    session.add(
        PushSubscription(
            public_id=public_id,
            person_id=person.id,
            endpoint_index=index,
            sealed=vault.seal(person.key_id, queries.subscription_place(public_id), plain),
            added_on=now().date(),
        )
    )


@action
def remove_subscription(actor: Actor, device: PushSubscription) -> None:
    """Tell this browser nothing more. Raises Forbidden for anyone else's."""
    ensure(device.person_id == actor.person_id)
    work.session().delete(device)


def _held_settings(actor: Actor) -> NoticeSettings:
    """The actor's settings, made when they choose something for the first time, and held until the commit."""
    found = queries.settings_of(actor.person_id, hold=True)
    if found is None:
        insert_missing(NoticeSettings, [{"person_id": actor.person_id}])
        found = queries.settings_of(actor.person_id, hold=True)
    if found is None:
        raise Conflict
    return found


def _begin_from_now(settings: NoticeSettings, *, by_mail: bool, by_push: bool) -> None:
    """Whoever switches a way on is looking here now: nobody need tell them of what stands here already."""
    before = update(Notice).where(Notice.person_id == settings.person_id)
    if by_mail and not settings.by_mail:
        work.session().execute(before.values(mailed=True))
    if by_push and not settings.by_push:
        work.session().execute(before.values(pushed=True))


def _sealed(person: Person, field: str, plain: bytes) -> bytes:
    return work.house().vault.seal(person.key_id, queries.sealed_place(person, field), plain)
