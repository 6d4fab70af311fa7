"""Verbs of notices: the only writers of notices, of how people want to be told, and of messages on their way."""

from app.notifications.actions.choosing import (
    add_address,
    add_subscription,
    choose,
    confirm_address,
    remove_address,
    remove_subscription,
)
from app.notifications.actions.noting import forget_old, mark_all_read, mark_read, mark_seen, notify
from app.notifications.actions.telling import Outcome, settle, take_up, tell

__all__ = [
    "Outcome",
    "add_address",
    "add_subscription",
    "choose",
    "confirm_address",
    "forget_old",
    "mark_all_read",
    "mark_read",
    "mark_seen",
    "notify",
    "remove_address",
    "remove_subscription",
    "settle",
    "take_up",
    "tell",
]
