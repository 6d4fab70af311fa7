"""Reads of membership, by whom they are for. Fetching is authorising: what is not open to somebody is NotFound."""
