"""Verbs of profiles: the only writers of its tables."""
