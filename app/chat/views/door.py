"""The door of rooms."""

from app.kernel.web import Door

door = Door("chat", __name__)
