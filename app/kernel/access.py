"""Names of permissions, what each role grants, and the check that every door declares one.

A permission opens a door; it never opens a record. Records are opened by `visible_*` and `can_*` in each feature's
policy.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Permission(StrEnum):
    """What a route or a socket event asks of whoever enters. OPEN and SIGNED_IN are the two plain ones."""

    OPEN = "open"
    SIGNED_IN = "signed-in"
    ROOMS_USE = "rooms.use"
    INVITATIONS_MAKE = "invitations.make"


class Role(StrEnum):
    """What a person is here. A role grants permissions and nothing else."""

    MEMBER = "member"
    MODERATOR = "moderator"
    CASEWORKER = "caseworker"
    ADMINISTRATOR = "administrator"
    EMPLOYER = "employer"


GRANTS: Mapping[Role, frozenset[Permission]] = {
    Role.MEMBER: frozenset({Permission.ROOMS_USE}),
    Role.MODERATOR: frozenset({Permission.ROOMS_USE}),
    Role.CASEWORKER: frozenset(),
    Role.ADMINISTRATOR: frozenset({Permission.INVITATIONS_MAKE}),
    Role.EMPLOYER: frozenset(),
}

#: Roles whose sessions are short: 15 minutes idle, 12 hours in all (SAFETY.md, Identity).
STAFF = frozenset({Role.MODERATOR, Role.CASEWORKER, Role.ADMINISTRATOR})


def granted(roles: Iterable[Role]) -> frozenset[Permission]:
    """The permissions of somebody signed in who has these roles."""
    return frozenset({Permission.OPEN, Permission.SIGNED_IN}).union(*(GRANTS[role] for role in roles))


class Undeclared(Exception):
    """A door without a declared access. The program does not start."""


def check_declared(kind: str, doors: Iterable[str], declared: Mapping[str, Permission]) -> None:
    """Raise Undeclared unless every door of this kind (such as `GET home.index` or `room.post`) declares its access."""
    missing = sorted(door for door in set(doors) if not isinstance(declared.get(door), Permission))
    if missing:
        raise Undeclared(f"{kind} without declared access: {', '.join(missing)}")
