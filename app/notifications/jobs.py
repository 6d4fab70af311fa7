"""Tasks of notices: deciding what is due, handing it over outside, forgetting what is old."""

import orjson

from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.errors import N_
from app.kernel.house import House
from app.kernel.i18n import direction, spoken
from app.kernel.jobs import Outward
from app.kernel.mail import Letter, Refused, Undelivered
from app.kernel.push import Gone, Unreached
from app.notifications import actions
from app.notifications.actions import Outcome
from app.notifications.models import Channel
from app.notifications.queries import Parcel

# All that anybody outside ever reads: nothing of what it is about, nor of what this place is for.
SUBJECT = N_("There is something new")
BODY = N_("There is something new for you. Sign in when it suits you.")
CODE_SUBJECT = N_("Your code")
CODE_BODY = N_("Your code is %(code)s. If you did not ask for one, there is nothing to do.")


def tell(actor: Actor, person_id: int) -> None:
    """Make the messages that are due for a person now. Harmless when there are none."""
    actions.tell(actor, person_id, now())


def forget(actor: Actor) -> None:
    """Remove what is old. Safe to run at any time, any number of times."""
    actions.forget_old(actor)


def carry_out(house: House, parcel: Parcel) -> Outcome:
    """Hand one message over. Returns what became of it; writes nothing."""
    try:
        if parcel.channel is Channel.PUSH:
            _push(house, parcel)
        else:
            house.mail.send(letter(house, parcel))
    except (Refused, Gone):
        return Outcome.REFUSED
    except (Undelivered, Unreached):
        return Outcome.LATER
    return Outcome.SENT


def settle(actor: Actor, outcome: Outcome, delivery_id: int) -> None:
    """Note what became of it."""
    actions.settle(actor, outcome, delivery_id=delivery_id)


deliver = Outward(prepare=actions.take_up, carry_out=carry_out, settle=settle)


def letter(house: House, parcel: Parcel) -> Letter:
    """The mail of a message, in its reader's language. The same message makes the same letter each time."""
    if parcel.channel is Channel.CODE:
        subject, text = CODE_SUBJECT, spoken(CODE_BODY, parcel.language) % {"code": parcel.code}
    else:
        subject, text = SUBJECT, spoken(BODY, parcel.language)
    if house.settings.mail_link:
        text = f"{text}\n\n{house.settings.address}"
    return Letter(parcel.delivery, parcel.address, spoken(subject, parcel.language), f"{text}\n", parcel.at)


def _push(house: House, parcel: Parcel) -> None:
    assert parcel.subscription is not None, "only a message to a device goes this way"
    words = {"text": spoken(SUBJECT, parcel.language), "lang": parcel.language, "dir": direction(parcel.language)}
    # The same topic for everything that this person has not seen yet: their browser shows one line, not ten.
    house.push.send(parcel.subscription, orjson.dumps(words), topic="new")
