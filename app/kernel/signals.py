"""Signals that the kernel sends and features answer, where the kernel must not know them.

Each is sent inside the unit of work of the request, so that whoever answers may call an action.
"""

from enum import StrEnum

from blinker import Namespace

_signals = Namespace()

#: Sent with the actor as sender and `language` and `data_mode` (each a string or None) when a signed-in person chose.
preferences_chosen = _signals.signal("preferences-chosen")


class Words(StrEnum):
    """What becomes of a person's words when a measure begins or ends."""

    KEEP = "keep"
    HIDE = "hide"
    SHOW = "show"
    DELETE = "delete"


#: Sent with the actor as sender, `person_id` (their row number) and `how` (Words): features do so with what they hold.
words_handled = _signals.signal("words-handled")

#: Sent with the actor as sender and `person_id` when a person is closed for good: features erase what they hold of them.
person_closed = _signals.signal("person-closed")


#: Sent with whose it is as sender (somebody to whom nothing is open now), `endpoint` and `parts` of the address, and `typed`,
#: the words: a form met a locked screen or a session that had ended. Answers whether they are kept.
typed_in_vain = _signals.signal("typed-in-vain")

#: Sent with the actor as sender, `person_id` (whom they keep away from now on) and `met_in` (the space in which they met,
#: None for the usual names), inside the action: features end what the two have by these names.
kept_away = _signals.signal("kept-away")

#: Sent with `people`, the row numbers of two, inside the action by which they are among each other's people no more: features
#: end what they agreed on because they were.
parted = _signals.signal("parted")


class Security(StrEnum):
    """What was changed about how a person signs in."""

    PASSPHRASE = "passphrase"  # noqa: S105  # the name of what changed
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_REMOVED = "passkey-removed"
    PASSKEY_COPIED = "passkey-copied"
    ONE_TIME_CODES_ADDED = "one-time-codes-added"
    ONE_TIME_CODES_REMOVED = "one-time-codes-removed"
    RECOVERY_CODES_MADE = "recovery-codes-made"
    RECOVERY_CODE_USED = "recovery-code-used"
    RESET_CODE_MADE = "reset-code-made"
    RESET = "reset"


#: Sent with the actor as sender, `person_id` (their row number) and `what` (Security) inside the action that changes it:
#: the person is to be told, whoever did it.
security_changed = _signals.signal("security-changed")
