"""What features registered with moderation: kinds of the queue, acts of two persons, things that can be reported."""

from blinker import Signal

from app.kernel import work
from app.kernel.errors import NotFound
from app.kernel.feature import QueueKind, Reportable, TwoPersonAct

#: Sent with a public id as sender and `person_id`: a feature that knows who brought in whom answers whether that one
#: brought in this one. Nobody decides on whom they brought in (SAFETY.md), and who that is stands in a later feature.
brought_in = Signal()


def did_bring_in(public_id: str, person_id: int) -> bool:
    """Whether somebody is among those through whom this person came in."""
    return any(answer for _receiver, answer in brought_in.send(public_id, person_id=person_id))


def queue_kinds() -> dict[str, QueueKind]:
    """Every kind of item by its name."""
    return {kind.name: kind for feature in work.house().features for kind in feature.queue}


def queue_kind(name: str) -> QueueKind:
    """The kind of this name. Raises NotFound for what nobody registered."""
    try:
        return queue_kinds()[name]
    except KeyError:
        raise NotFound from None


def acts() -> dict[str, TwoPersonAct]:
    """Every act of two persons by its name."""
    return {act.name: act for feature in work.house().features for act in feature.two_person_acts}


def act(name: str) -> TwoPersonAct:
    """The act of this name. Raises NotFound."""
    try:
        return acts()[name]
    except KeyError:
        raise NotFound from None


def reportable(name: str) -> Reportable:
    """The kind of thing of this name that members may report. Raises NotFound."""
    for feature in work.house().features:
        for kind in feature.reportable:
            if kind.name == name:
                return kind
    raise NotFound
