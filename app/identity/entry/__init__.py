"""The way in: signing in step by step, and proving again that it is oneself."""
