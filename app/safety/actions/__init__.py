"""Verbs of personal safety: the only writers of journeys, of what is hidden, lock codes, trust, freezes and drafts."""
