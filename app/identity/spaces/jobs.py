"""Tasks of names in spaces."""

from app.identity.spaces import actions
from app.kernel.actor import Actor


def forget(actor: Actor) -> None:
    """Let names go that were given up long ago. Safe to run at any time, any number of times."""
    actions.forget_spent_names(actor)
