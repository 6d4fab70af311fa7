"""Tasks of personal safety."""

from app.kernel.actor import Actor
from app.safety.actions import drafts, travel


def end_journeys(actor: Actor) -> None:
    """Note that journeys are over whose moment has come. Safe to run at any time, any number of times."""
    travel.end_journeys(actor)


def forget(actor: Actor) -> None:
    """Remove old drafts. Safe to run at any time, any number of times."""
    drafts.forget_old(actor)
