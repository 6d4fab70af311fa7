"""Pages of membership: load, form, action, redirect."""

from app.membership.views import applying, branches, doors, vetting, vouching
from app.membership.views.entrance import door

__all__ = ["applying", "branches", "door", "doors", "vetting", "vouching"]
