"""Rooms in which members write to each other."""
