"""Verbs of rooms: the only writers of rooms, memberships, epochs and messages."""

from app.chat.actions.epochs import forget_old_epochs
from app.chat.actions.importing import import_members, import_messages
from app.chat.actions.posting import post_message
from app.chat.actions.reading import mark_read
from app.chat.actions.rooms import join_room, leave_room, open_room
from app.chat.actions.taking_away import handle_words, remove_message

__all__ = [
    "forget_old_epochs",
    "handle_words",
    "import_members",
    "import_messages",
    "join_room",
    "leave_room",
    "mark_read",
    "open_room",
    "post_message",
    "remove_message",
]
