"""Tasks of membership. Each is safe to run at any time, any number of times."""

from app.kernel.actor import Actor
from app.membership.actions import forgetting, probation


def forget(actor: Actor) -> None:
    """Shred what has had its time."""
    forgetting.forget_what_is_over(actor)


def ask_about_probations(actor: Actor) -> None:
    """Put probations whose day has come into the queue."""
    probation.ask_about_probations(actor)
