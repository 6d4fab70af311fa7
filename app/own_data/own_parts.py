"""What this feature itself holds of a person: when they asked for archives, and the archives."""

from collections.abc import Iterable
from typing import Any

from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.errors import N_
from app.kernel.feature import OwnData
from app.own_data import policy
from app.own_data.actions import forget_archives
from app.own_data.models import Archive


def export(actor: Actor) -> Iterable[tuple[str, Any]]:
    """When archives were asked for."""
    found = work.session().scalars(policy.visible_archives(actor).order_by(Archive.id))
    yield "archives", [{"at": one.asked_at, "state": one.state.value} for one in found]


def erase(actor: Actor, person_id: int) -> Iterable[str]:
    """Their archives go. Only they could have opened them."""
    forget_archives(actor, person_id)
    return []


part = OwnData("own_data", N_("Archives"), export, erase)
