"""Home and the pages that anyone may read."""
