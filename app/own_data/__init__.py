"""Own data: taking it away as a sealed archive, and having it erased. Both are pages, not requests to staff."""
