"""Tasks of rooms."""

from app.chat import actions
from app.kernel.actor import Actor


def forget(actor: Actor) -> None:
    """Remove messages whose time is over. Safe to run at any time, any number of times."""
    actions.forget_old_epochs(actor)
