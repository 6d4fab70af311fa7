"""Pages of rooms: load, form, action, redirect."""

from app.chat.views import (
    attachments,
    changing,
    circles,
    conversations,
    doorway,
    groups,
    messages,
    order,
    own,
    picking,
    putting_out,
    reading,
    room,
    rooms,
    search,
    settings,
    topics,
)
from app.chat.views.door import door

__all__ = [
    "attachments",
    "changing",
    "circles",
    "conversations",
    "door",
    "doorway",
    "groups",
    "messages",
    "order",
    "own",
    "picking",
    "putting_out",
    "reading",
    "room",
    "rooms",
    "search",
    "settings",
    "topics",
]
