"""Verbs of membership: the only writers of its tables."""
