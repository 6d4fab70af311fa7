"""The few named ways in which something can be refused. Each becomes a page, a socket ack and a line in one place.

The texts are message ids: `explain` in i18n turns an error into words in the person's language.
"""

import traceback
from typing import ClassVar


def N_(text: str) -> str:  # noqa: N802  # gettext's usual name
    """Mark a message id for the catalogues where it must not be translated yet."""
    return text


def trail(error: BaseException) -> str:
    """The kinds of an error and of what led to it, with the lines of code that they passed, for logs.

    Their own words are left out: those of libraries and of Python quote what somebody typed.
    """
    steps: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(steps) < 10:
        frames = "".join(traceback.format_tb(cause.__traceback__))
        steps.insert(0, f"{frames}{type(cause).__module__}.{type(cause).__qualname__}")
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "\n".join(steps)


class Refusal(Exception):
    """Why something was not done. `code` is for programs, `text` a message id for people, `status` for HTTP."""

    code: ClassVar[str] = "invalid"
    status: ClassVar[int] = 422
    default: ClassVar[str] = ""

    def __init__(self, text: str = "", *, retry_after: int | None = None) -> None:
        super().__init__(text or self.default)
        self.text = text or self.default
        self.retry_after = retry_after


class NotFound(Refusal):
    """Missing, hidden or forbidden to see: one answer for all, so that existence is not revealed."""

    code, status = "not_found", 404
    default = N_("There is nothing here, or it is not open to you.")


class Forbidden(Refusal):
    """The actor sees the thing but may not do this to it."""

    code, status = "forbidden", 403
    default = N_("This is not open to you.")


class SignedOut(Refusal):
    """The session has ended or never was."""

    code, status = "signed_out", 401
    default = N_("You are signed out. Sign in to go on; what you wrote is still here.")


class Locked(Refusal):
    """The screen of this session is locked."""

    code, status = "locked", 401
    default = N_("The screen is locked. Open it with your code to go on.")


class Unproved(Refusal):
    """A dangerous act, and too long since the person proved that it is them."""

    code, status = "unproved", 403
    default = N_("Confirm first that it is you, then send this once more. What you wrote is still here.")


class Conflict(Refusal):
    """Somebody else was faster, or the thing is no longer in the state that this needs."""

    code, status = "conflict", 409
    default = N_("This was changed meanwhile. Look again and decide.")


class Invalid(Refusal):
    """What was given does not fit. The text says what would."""

    code, status = "invalid", 422
    default = N_("Something in what you gave does not fit.")


class TooMany(Refusal):
    """A budget is used up; `retry_after` says in how many seconds there is room again."""

    code, status = "too_many", 429
    default = N_("That was a lot in a short time. Please wait a little; nothing is lost.")


class Unavailable(Refusal):
    """A part that we need (disk, database) does not answer. Nothing was written."""

    code, status = "unavailable", 503
    default = N_("This could not be saved just now. Nothing is lost; please try again in a moment.")
