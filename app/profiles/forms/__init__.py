"""Forms of profiles: what is valid, in words."""
