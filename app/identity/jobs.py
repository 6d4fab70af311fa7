"""Tasks of the identity feature."""

from app.identity import actions
from app.kernel.actor import Actor


def forget(actor: Actor) -> None:
    """Remove sessions and invitations that are long over. Safe to run at any time, any number of times."""
    actions.forget_what_is_over(actor)
