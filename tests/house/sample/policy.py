"""Who sees letters."""

from sqlalchemy import Select, select

from app.kernel.actor import Actor
from tests.house.sample.models import Letter


def visible_letters(actor: Actor) -> Select[Letter]:
    """One's own, and nobody else's."""
    return select(Letter).where(Letter.writer_id == actor.id)
