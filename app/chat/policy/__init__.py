"""Who sees which rooms and messages, who may write there, and who keeps them in order."""

from app.chat.policy.messages import (
    EDIT_MINUTES,
    can_change,
    can_remove,
    can_withdraw,
    visible_messages,
)
from app.chat.policy.rooms import (
    FAR,
    FOUND,
    ROOM,
    can_host,
    can_join,
    can_post,
    draft_place,
    is_attended,
    is_present,
    keeps_order,
    room_opens_to,
    visible_rooms,
    why_not_writing,
)

__all__ = [
    "EDIT_MINUTES",
    "FAR",
    "FOUND",
    "ROOM",
    "can_change",
    "can_host",
    "can_join",
    "can_post",
    "can_remove",
    "can_withdraw",
    "draft_place",
    "is_attended",
    "is_present",
    "keeps_order",
    "room_opens_to",
    "visible_messages",
    "visible_rooms",
    "why_not_writing",
]
