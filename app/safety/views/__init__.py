"""Pages of personal safety: load, form, action, redirect."""

from app.safety.views import drafts, lock, travel, trust
from app.safety.views.door import door

__all__ = ["door", "drafts", "lock", "travel", "trust"]
