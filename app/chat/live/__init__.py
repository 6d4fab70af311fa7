"""Socket events of rooms, as thin as the views and over the same queries, forms and actions."""

from app.chat.live import messages, rechecking, rooms
from app.chat.live.events import events

__all__ = ["events", "messages", "rechecking", "rooms"]
