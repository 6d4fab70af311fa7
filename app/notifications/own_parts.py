"""What notifications hold of a person: how they want to be told, and what they were told of."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete

from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.errors import N_
from app.kernel.feature import OwnData
from app.notifications import policy, queries
from app.notifications.models import Delivery, Notice, NoticeSettings, PushSubscription


def export(actor: Actor) -> Iterable[tuple[str, Any]]:
    """Settings, and the notices that are still there."""
    choices, kinds = queries.choices(actor), policy.kinds()
    yield (
        "notification_settings",
        {
            "by_mail": choices.by_mail,
            "by_push": choices.by_push,
            "once_a_day": choices.once_a_day,
            "hours": asdict(choices.hours) if choices.hours else None,
            "address": choices.address,
            "address_state": choices.mail_state.value,
            "devices_added_on": [one.added_on for one in queries.devices(actor)],
        },
    )
    found = work.session().scalars(policy.visible_notices(actor).order_by(Notice.id))
    yield (
        "notices",
        [
            {"at": one.made_at, "what": kinds[one.kind].text if one.kind in kinds else one.kind, "read": one.read_at}
            for one in found
        ],
    )


def erase(_actor: Actor, person_id: int) -> Iterable[str]:
    """All of it goes. It was sealed with the key of the person."""
    for table in (Delivery, Notice, NoticeSettings, PushSubscription):
        work.session().execute(delete(table).where(table.person_id == person_id))
    return []


part = OwnData("notifications", N_("Notifications"), export, erase)
