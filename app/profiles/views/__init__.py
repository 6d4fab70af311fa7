"""Pages of profiles: load, form, action, redirect."""

from app.profiles.views import blocks, directory, lists, members, mine, people, photo
from app.profiles.views.door import door

__all__ = ["blocks", "directory", "door", "lists", "members", "mine", "people", "photo"]
