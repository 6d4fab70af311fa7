"""Verbs of rooms: the only writers of rooms, memberships, epochs and messages."""

from app.chat.actions.changing import change_message, take_out_message, withdraw_message
from app.chat.actions.epochs import forget_old_epochs
from app.chat.actions.importing import import_members, import_messages
from app.chat.actions.indexing import ask_for_index, index_room
from app.chat.actions.own_time import expire_due, keep_own_words
from app.chat.actions.pinning import pin_message, unpin_message
from app.chat.actions.posting import post_message
from app.chat.actions.private_names import keep_private_names
from app.chat.actions.reacting import react, take_back
from app.chat.actions.reading import mark_all_read, mark_read, mark_unread
from app.chat.actions.rooms import join_room, leave_room, open_room
from app.chat.actions.taking_away import handle_words, remove_message

__all__ = [
    "ask_for_index",
    "change_message",
    "expire_due",
    "forget_old_epochs",
    "handle_words",
    "import_members",
    "import_messages",
    "index_room",
    "join_room",
    "keep_own_words",
    "keep_private_names",
    "leave_room",
    "mark_all_read",
    "mark_read",
    "mark_unread",
    "open_room",
    "pin_message",
    "post_message",
    "react",
    "remove_message",
    "take_back",
    "take_out_message",
    "unpin_message",
    "withdraw_message",
]
