"""Tasks of rooms."""

from app.chat import actions
from app.chat.actions import attaching, circles, conversations, ending, hosting, inviting
from app.kernel.actor import Actor


def forget(actor: Actor) -> None:
    """Remove messages whose time is over. Safe to run at any time, any number of times."""
    actions.forget_old_epochs(actor)


def forget_files(actor: Actor) -> None:
    """Take away files that nobody sent within a day."""
    attaching.forget_unsent(actor)


def end_circles(actor: Actor) -> None:
    """End circles whose time is over, and empty them. Safe to run at any time, any number of times."""
    circles.end_circles(actor)


def forget_pauses(actor: Actor) -> None:
    """Forget pauses that are over, with their reasons, and old answers to being asked in."""
    hosting.forget_pauses(actor)
    inviting.forget_answers(actor)


def replace_lost_hosts(actor: Actor) -> None:
    """Give rooms a host whose hosts were erased or put out. Safe to run at any time, any number of times."""
    hosting.replace_lost_hosts(actor)


def index(actor: Actor, room: int) -> None:
    """Make the next messages of a room found by the search's index. Goes on by itself; harmless when run again."""
    actions.index_room(actor, room)


def index_all(actor: Actor) -> None:
    """Ask for the index of every room in which something was written since. Safe to run at any time."""
    actions.ask_for_index(actor)


def tell_asked(actor: Actor, room: int, people: list[int]) -> None:
    """Tell people that they are asked into a conversation. The same is not told twice to whoever has not read it."""
    conversations.tell_asked(actor, room=room, people=people)


def end_waiting(actor: Actor) -> None:
    """End requests to talk whose time is over. Safe to run at any time, any number of times."""
    ending.end_waiting(actor)


def expire(actor: Actor) -> None:
    """Take away words whose authors' own time for them is over. Safe to run at any time, any number of times."""
    actions.expire_due(actor)
