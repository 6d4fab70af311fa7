"""Names of permissions, what each role grants, and the check that every door declares one.

A permission opens a door; it never opens a record. Records are opened by `visible_*` and `can_*` in each feature's
policy.
"""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from functools import cache


class Permission(StrEnum):
    """What a route or a socket event asks of whoever enters. OPEN and SIGNED_IN are the two plain ones."""

    OPEN = "open"
    #: Whoever has a login, even while everything else is withheld from them: their own standing, and appealing.
    STANDING_SEE = "standing.see"
    SIGNED_IN = "signed-in"
    #: All that is left to a session whose screen is locked.
    UNLOCK = "screen.unlock"
    #: How one signs in, what one is told of, what one hides: withheld while travelling.
    SETTINGS_CHANGE = "settings.change"
    #: What one chose to hide while travelling.
    HIDDEN_SEE = "hidden.see"
    EXPORT = "own-data.export"
    ERASE = "own-data.erase"
    #: A profile, lists and connections of one's own, and the profiles that others show.
    PROFILE_KEEP = "profile.keep"
    ROOMS_USE = "rooms.use"
    #: Rooms that are not open to newcomers.
    ROOMS_ALL = "rooms.all"
    ROOMS_POST = "rooms.post"
    #: Opening rooms and broadcasts that every member finds.
    ROOMS_OPEN = "rooms.open"
    LINKS_SEND = "links.send"
    CONTACT_FIRST = "contact.first"
    DIRECTORY_USE = "directory.use"
    VOUCH = "vouch"
    REPORT = "report"
    QUEUE_WORK = "queue.work"
    VET = "applications.vet"
    #: What members show to caseworkers, each time with a purpose that the member reads.
    CASES_WORK = "cases.work"
    PEOPLE_SEE = "people.see"
    MEASURES_TAKE = "measures.take"
    ROLES_PROPOSE = "roles.propose"
    RECORD_READ = "record.read"
    INVITATIONS_MAKE = "invitations.make"


class Role(StrEnum):
    """What a person is here. A role grants permissions and nothing else."""

    MEMBER = "member"
    MODERATOR = "moderator"
    VETTER = "vetter"
    COORDINATOR = "coordinator"
    CASEWORKER = "caseworker"
    ADMINISTRATOR = "administrator"
    EMPLOYER = "employer"


_ROOMS = frozenset({Permission.ROOMS_USE, Permission.ROOMS_ALL, Permission.ROOMS_POST, Permission.LINKS_SEND})
GRANTS: Mapping[Role, frozenset[Permission]] = {
    Role.MEMBER: _ROOMS
    | {
        Permission.CONTACT_FIRST,
        Permission.DIRECTORY_USE,
        Permission.VOUCH,
        Permission.REPORT,
        Permission.PROFILE_KEEP,
    },
    Role.MODERATOR: _ROOMS
    | {
        Permission.ROOMS_OPEN,
        Permission.REPORT,
        Permission.PROFILE_KEEP,
        Permission.QUEUE_WORK,
        Permission.VET,
        Permission.PEOPLE_SEE,
        Permission.MEASURES_TAKE,
        Permission.RECORD_READ,
    },
    Role.VETTER: frozenset({Permission.QUEUE_WORK, Permission.VET}),
    Role.COORDINATOR: _ROOMS | {Permission.ROOMS_OPEN, Permission.REPORT},
    Role.CASEWORKER: frozenset({Permission.CASES_WORK, Permission.PROFILE_KEEP}),
    Role.ADMINISTRATOR: frozenset(
        {Permission.INVITATIONS_MAKE, Permission.PEOPLE_SEE, Permission.ROLES_PROPOSE, Permission.RECORD_READ}
    ),
    Role.EMPLOYER: frozenset(),
}

#: Roles whose sessions are short, 15 minutes idle and 12 hours in all, and whose rights work only in a session that
#: was begun with a second factor (SAFETY.md, Identity).
STAFF = frozenset({Role.MODERATOR, Role.VETTER, Role.COORDINATOR, Role.CASEWORKER, Role.ADMINISTRATOR})

#: What everybody has who is signed in, until it is withheld.
_SIGNED_IN = frozenset(
    {
        Permission.SIGNED_IN,
        Permission.UNLOCK,
        Permission.SETTINGS_CHANGE,
        Permission.HIDDEN_SEE,
        Permission.EXPORT,
        Permission.ERASE,
    }
)
#: What is left to somebody whose screen is locked: to open it.
LOCKED = frozenset({Permission.OPEN, Permission.UNLOCK})
#: What is left to somebody whose being here is suspended: to see why, for how long, and to appeal.
_SUSPENDED = frozenset({Permission.OPEN, Permission.STANDING_SEE})


def granted(
    roles: Iterable[Role], *, withheld: Collection[Permission] = (), second_factor: bool = True
) -> frozenset[Permission]:
    """The permissions of somebody signed in who has these roles, less what is withheld from them.

    Without a second factor the roles of staff grant nothing. To withhold SIGNED_IN is to suspend.
    """
    return _granted(frozenset(roles), frozenset(withheld), second_factor)


@cache
def _granted(roles: frozenset[Role], withheld: frozenset[Permission], second_factor: bool) -> frozenset[Permission]:
    # Every event asks this, and there are few different answers.
    if Permission.SIGNED_IN in withheld:
        return _SUSPENDED
    working = roles if second_factor else [role for role in roles if role not in STAFF]
    held = _SUSPENDED | _SIGNED_IN
    return held.union(*(GRANTS[role] for role in working)).difference(withheld)


class Undeclared(Exception):
    """A door without a declared access. The program does not start."""


def check_declared(kind: str, doors: Iterable[str], declared: Mapping[str, Permission]) -> None:
    """Raise Undeclared unless every door of this kind (such as `GET home.index` or `room.post`) declares its access."""
    missing = sorted(door for door in set(doors) if not isinstance(declared.get(door), Permission))
    if missing:
        raise Undeclared(f"{kind} without declared access: {', '.join(missing)}")
