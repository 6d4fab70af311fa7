"""The door of profiles."""

from app.kernel.web import Door

door = Door("profiles", __name__)
