"""Telling people that something is new, without saying what to anybody who looks over their shoulder."""
