"""Profiles: each person decides what each other person sees of them."""
