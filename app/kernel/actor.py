"""Who acts: a signed-in person with their standing, a stranger who may do nothing, or a named part of the system."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from app.kernel.access import Permission
from app.kernel.db import now
from app.kernel.errors import Forbidden

#: For how long whoever proved that it is them may do what could harm them (minutes).
PROVED_MINUTES = 10


class Kind(StrEnum):
    PERSON = "person"
    STRANGER = "stranger"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever enters at a door, as what is stored of them said at that moment. Nobody keeps one beyond what they do with it.

    `id` and `session_id` are internal row numbers, `public_id` is what others may see. The four `is_*` and `get_id`
    members are what Flask-Login asks of a user.
    """

    kind: Kind
    public_id: str
    id: int | None = None
    name: str = ""
    session_id: int | None = None
    permissions: frozenset[Permission] = field(default=frozenset({Permission.OPEN}))
    language: str | None = None
    data_mode: str | None = None
    seen_at: datetime | None = None
    proved_at: datetime | None = None
    #: Has a role whose rights wait for a second factor.
    lacks_factor: bool = False
    #: Has a short code, with which the screen can be locked.
    has_lock: bool = False
    #: Who they are in a space where they go by a name of its own: public id and name, by the space.
    aliases: Mapping[str, tuple[str, str]] = field(default_factory=dict, compare=False)

    def holds(self, permission: Permission) -> bool:
        """Whether this actor's roles and standing grant the permission. Says nothing about a single record."""
        return permission in self.permissions

    def proved_within(self, minutes: int = PROVED_MINUTES) -> bool:
        """Whether a passphrase or a second factor was given in this session so recently."""
        return self.proved_at is not None and now() - self.proved_at < timedelta(minutes=minutes)

    def known_in(self, space: str) -> tuple[str, str]:
        """Public id and name by which others know them in this space."""
        return self.aliases.get(space, (self.public_id, self.name))

    @property
    def is_locked(self) -> bool:
        """Whether the screen of this session is locked: nothing opens but the way to open it."""
        return self.holds(Permission.UNLOCK) and not self.holds(Permission.SIGNED_IN)

    @property
    def person_id(self) -> int:
        """The row number of the person. Raises Forbidden for strangers and the system, which own nothing."""
        if self.id is None:
            raise Forbidden
        return self.id

    @property
    def is_authenticated(self) -> bool:
        return self.kind is Kind.PERSON

    @property
    def is_active(self) -> bool:
        return self.kind is Kind.PERSON

    @property
    def is_anonymous(self) -> bool:
        return self.kind is not Kind.PERSON

    def get_id(self) -> str:
        return self.public_id


#: Somebody who is not signed in.
STRANGER = Actor(Kind.STRANGER, "stranger")


def system(name: str) -> Actor:
    """The part of the program called `name`, acting by itself: a job, a command, a migration of state."""
    return Actor(Kind.SYSTEM, f"system:{name}", name=name)


def ensure(allowed: bool) -> None:
    """Insist on a `can_*` answer from policy.py. Raises Forbidden."""
    if not allowed:
        raise Forbidden
