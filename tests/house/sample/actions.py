"""Verbs of letters."""

from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.states import move
from app.kernel.work import action
from tests.house.sample.models import Letter, LetterState


@action
def write_letter(actor: Actor, words: str) -> Letter:
    """Begin a letter."""
    letter = Letter(writer_id=actor.person_id, words=words)
    work.session().add(letter)
    work.session().flush()
    return letter


@action
def decide(actor: Actor, letter: Letter, to: LetterState) -> Letter:
    """Take a letter one step. Raises Conflict when somebody else was faster."""
    return move(work.session(), letter, to, decided_by=actor.public_id)
