"""The lock over the screen of one session: nothing of it opens until the short code is given (app/safety knows that)."""
