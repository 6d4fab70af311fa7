"""The door of personal safety."""

from app.kernel.web import Door

door = Door("safety", __name__)
