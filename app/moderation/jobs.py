"""Tasks of moderation. Each is harmless when there is nothing to do, and may run twice."""

from app.kernel.actor import Actor
from app.moderation import actions


def end_measures(actor: Actor) -> None:
    """Note which measures are over."""
    actions.end_over(actor)


def close_removed(actor: Actor) -> None:
    """Close for good whoever was removed thirty days ago."""
    actions.close_removed(actor)


def expire_proposals(actor: Actor) -> None:
    """Close proposals that nobody answered."""
    actions.expire_proposals(actor)


def forget(actor: Actor) -> None:
    """Forget what has been over for 180 days."""
    actions.forget(actor)
