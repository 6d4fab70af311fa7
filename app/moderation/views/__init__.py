"""Pages of moderation: load, form, action, redirect."""

from app.moderation.views import figures, people, proposals, queue, reports, standing
from app.moderation.views.door import door

__all__ = ["door", "figures", "people", "proposals", "queue", "reports", "standing"]
