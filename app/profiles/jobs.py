"""Tasks of profiles. Each is safe to run at any time, any number of times."""

from app.kernel.actor import Actor
from app.profiles.actions import people, sweeps


def forget_sweeps(actor: Actor) -> None:
    """Forget of whom yesterday's reads were."""
    sweeps.forget(actor)


def forget_requests(actor: Actor) -> None:
    """End requests whose time is over, and forget what is over."""
    people.forget_requests(actor)
