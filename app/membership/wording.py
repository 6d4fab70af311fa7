"""Choices that are stored by name and shown in words: how one knows somebody, why an application was refused."""

from enum import StrEnum

from app.kernel.access import Permission
from app.kernel.errors import N_


class Knows(StrEnum):
    FAMILY = "family"
    FRIEND = "friend"
    NEIGHBOUR = "neighbour"
    WORK = "work"
    PLACE = "place"
    OTHER = "other"


KNOWS = {
    Knows.FAMILY: N_("From the family"),
    Knows.FRIEND: N_("A friend"),
    Knows.NEIGHBOUR: N_("From the same neighbourhood"),
    Knows.WORK: N_("From work or study"),
    Knows.PLACE: N_("We went through something together"),
    Knows.OTHER: N_("In another way"),
}


class Why(StrEnum):
    """Reasons that an applicant is given. Each says what could be different next time."""

    NOT_KNOWN_ENOUGH = "not-known-enough"
    NOT_FOR_THIS_PLACE = "not-for-this-place"
    UNANSWERED = "unanswered"
    TOO_EARLY = "too-early"
    OTHER = "other"


WHY = {
    Why.NOT_KNOWN_ENOUGH: N_(
        "Those who spoke for you do not know you well enough yet. With more time this may change."
    ),
    Why.NOT_FOR_THIS_PLACE: N_("What you are looking for is not what this place is for."),
    Why.UNANSWERED: N_("A question stayed open that we could not decide without."),
    Why.TOO_EARLY: N_("The day from which it is possible to apply again has not come yet."),
    Why.OTHER: N_("We could not decide for it this time."),
}

#: Which doors a new member finds closed, and from which day on they are open. None: when a moderator has said so.
DOORS: tuple[tuple[frozenset[Permission], int | None], ...] = (
    (frozenset({Permission.ROOMS_ALL}), 14),
    (frozenset({Permission.LINKS_SEND}), 14),
    (frozenset({Permission.DIRECTORY_USE, Permission.CONTACT_FIRST}), 30),
    (frozenset({Permission.VOUCH, Permission.EXPORT}), None),
)

DOOR_WORDS = {
    Permission.ROOMS_ALL: N_("All rooms"),
    Permission.LINKS_SEND: N_("Sending links and files"),
    Permission.DIRECTORY_USE: N_("The directory, and writing to somebody first"),
    Permission.VOUCH: N_("Vouching for others, and taking a copy of everything with you"),
}
