"""The door that all pages of membership share."""

from app.kernel.web import Door

door = Door("membership", "app.membership.views")
