"""Personal safety: travel mode, screen lock, a trusted freeze, drafts that are kept through all of them."""
