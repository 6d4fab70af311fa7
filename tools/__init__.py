"""Commands of the project itself: set up, start, build what it serves. Never imported by app/."""
