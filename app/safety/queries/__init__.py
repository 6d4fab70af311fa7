"""Reads of personal safety. Fetching is authorising: what is not visible is NotFound."""
