"""Pages of rooms: load, form, action, redirect."""

from app.chat.views import messages, room, rooms
from app.chat.views.door import door

__all__ = ["door", "messages", "room", "rooms"]
