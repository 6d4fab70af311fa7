"""Reads of profiles, by what they are of. Fetching is authorising: what is not open to somebody is NotFound."""
