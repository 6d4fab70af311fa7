"""Membership, as it is listed in app/features.py."""

from app.kernel.feature import Feature

feature = Feature(name="membership")
