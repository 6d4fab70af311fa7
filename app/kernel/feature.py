"""What a feature gives to the house: its doors and the entries that it registers with what stands before it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from click import Command

from app.kernel.access import Permission
from app.kernel.actor import Actor

if TYPE_CHECKING:
    from app.kernel.files import FileKind
    from app.kernel.house import House
    from app.kernel.jobs import Task
    from app.kernel.live import Events
    from app.kernel.sessions import SessionKeeper
    from app.kernel.web import Door


@dataclass(frozen=True, slots=True)
class NavEntry:
    """A line in the navigation of everyone who holds the permission. `label` is a message id."""

    endpoint: str
    label: str
    access: Permission
    order: int
    strangers_only: bool = False


@dataclass(frozen=True, slots=True)
class MeEntry:
    """A line on the page Me of everyone who holds the permission. `label` and `hint` are message ids."""

    endpoint: str
    label: str
    hint: str
    access: Permission
    order: int


@dataclass(frozen=True, slots=True)
class Need:
    """One thing on Home that waits for this person: words, where to go, how many."""

    label: str
    url: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """Something that may happen to a person and that they are told of (app/notifications).

    `text` is a message id without any name in it, shown in the program only: mail and push say nothing of what it is.
    `url` makes the address from the reference that was given to `notify`. What is `urgent` does not wait for the hours
    that the person chose. Whoever does not hold `access` is not told. `about` is the `Hideable` kind whose reference this
    one is, or begins with before a dot: a notice of something hidden is hidden too.
    """

    name: str
    text: str
    url: Callable[[str], str]
    urgent: bool = False
    access: Permission = Permission.STANDING_SEE
    about: str = ""


@dataclass(frozen=True, slots=True)
class QueueKind:
    """A kind of thing that waits for a decision in the moderators' queue (app/moderation).

    `promise` is the time within which people were told that it is decided; `url` makes the address from the item's
    reference. Who holds `access` sees items of this kind; `may_take(actor, ref)` says whether this one is open to them,
    so that nobody is handed their own affair.
    """

    name: str
    label: str
    access: Permission
    promise: timedelta
    url: Callable[[str], str]
    may_take: "Callable[[Actor, str], bool]"


@dataclass(frozen=True, slots=True)
class TwoPersonAct:
    """An act that one person proposes and another one carries out (app/moderation).

    `carry_out(actor, ref, details)` runs in the transaction of the second person's consent. `may_decide(actor, ref)` is
    asked of both, so that nobody decides on themselves. What `carry_out` returns is shown once, to whoever consented, such
    as a code. `details` then also hold the public id of the proposal, under "proposal".
    """

    name: str
    label: str
    access: Permission
    carry_out: "Callable[[Actor, str, dict[str, str]], str | None]"
    may_decide: "Callable[[Actor, str], bool]"


@dataclass(frozen=True, slots=True)
class Reported:
    """What a report is about: whose it is, and the words that the reporter sees and encloses."""

    person_id: int
    words: str


@dataclass(frozen=True, slots=True)
class ContextLine:
    """One of the lines around what was reported; `reported` marks the one it is about.

    `earlier` is what that one said before it was changed, the first words first.
    """

    name: str
    words: str
    at: datetime
    reported: bool
    earlier: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ReportedFile:
    """A file that belongs to what was reported. `kind` is picture, document or sound; `length` pages or seconds."""

    id: str
    kind: str
    size: int
    length: int
    described: str


@dataclass(frozen=True, slots=True)
class Reportable:
    """A kind of thing that members may report (app/moderation), such as a message.

    `find(actor, ref)` raises NotFound where the reporter does not see it. `context(ref)` is for a moderator who works
    on a report: at most five lines either side. `remove(actor, ref, reason)` takes it away, where that is possible.
    `files(ref)` are those that belong to it, and `open_file(ref, id)` one of them, for that moderator too.
    """

    name: str
    label: str
    find: "Callable[[Actor, str], Reported]"
    context: "Callable[[str], Sequence[ContextLine]]"
    remove: "Callable[[Actor, str, str], None] | None" = None
    files: "Callable[[str], Sequence[ReportedFile]] | None" = None
    open_file: "Callable[[str, str], tuple[bytes, FileKind]] | None" = None


@dataclass(frozen=True, slots=True)
class Hideable:
    """A kind of thing that people may hide while they travel (app/safety), such as a room.

    `mine(actor)` gives the reference and the words of each that this person could hide. Whoever registers a kind leaves
    out what is hidden wherever it is read: `app.safety.policy.hidden` is the condition for its scopes.
    """

    kind: str
    label: str
    mine: "Callable[[Actor], Sequence[tuple[str, str]]]"


@dataclass(frozen=True, slots=True)
class LookKind:
    """Something of a person's that staff read only with a purpose, which the person then reads (app/identity/looked).

    `name` goes to `looked.actions.note`; `label` is a message id and says to the person what was read; `access` is the
    permission by which staff may.
    """

    name: str
    label: str
    access: Permission


@dataclass(frozen=True, slots=True)
class DraftKind:
    """A kind of place in which people write what is kept while it is not sent (app/safety), such as a room.

    What was sent to one of the `endpoints` while the screen was locked is kept for the place that the `part` of the address
    names. `url` makes the address at which one goes on. A `Hideable` of the same kind hides the drafts too.
    """

    kind: str
    label: str
    endpoints: Sequence[str]
    part: str
    url: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class OwnData:
    """What a feature holds of a person, for the archive that they may take away, and for when they want it erased.

    `export(actor)` gives the parts as a name and what can be written as JSON; the words of others are left out.
    `erase(actor, person_id)` runs as the system in one transaction with all other features: it removes or empties rows and
    gives the ids of the keys to be shredded afterwards.
    """

    name: str
    label: str
    export: "Callable[[Actor], Iterable[tuple[str, Any]]]"
    erase: "Callable[[Actor, int], Iterable[str]]"


@dataclass(frozen=True)
class Feature:
    """One feature, as listed in app/features.py. Everything is optional but the name."""

    name: str
    door: "Door | None" = None
    events: "Events | None" = None
    tasks: "dict[str, Task]" = field(default_factory=dict)
    #: Tasks that the worker enqueues once an hour. Each must be harmless when there is nothing to do.
    hourly: Sequence[str] = ()
    commands: Sequence[Command] = ()
    navigation: Sequence[NavEntry] = ()
    me: Sequence[MeEntry] = ()
    #: What waits for this person, for Home. Each reads through its own feature's scopes.
    needs: Callable[[Actor], Sequence[Need]] | None = None
    #: Where else one can go from the page that staff have of a person, by the person's public id.
    about_person: Callable[[Actor, str], Sequence[Need]] | None = None
    #: What one member may do with another, from that one's page: by the public id, and whether the two are connected.
    with_member: "Callable[[Actor, str, bool], Sequence[Need]] | None" = None
    #: What else is closed to this person at present and why, for the page about their standing.
    standing: Callable[[Actor], Sequence[Need]] | None = None
    notices: Sequence[NoticeKind] = ()
    queue: Sequence[QueueKind] = ()
    two_person_acts: Sequence[TwoPersonAct] = ()
    reportable: Sequence[Reportable] = ()
    hideable: Sequence[Hideable] = ()
    drafts: Sequence[DraftKind] = ()
    looks: Sequence[LookKind] = ()
    #: In the archive in the order of the features; erased in the opposite one.
    own_data: Sequence[OwnData] = ()
    #: Brings the instance into a state in which it may be served; `flask instance` and `flask restore` run it, each time.
    #: Returns what was done, in words; raises Unsafe where nobody may be served.
    before_serving: "Callable[[House], Sequence[str]] | None" = None
    #: Recognises session tokens; exactly one feature (identity) gives this.
    sessions: "SessionKeeper | None" = None
    #: Fictional content for `flask demo`, in the order of the features.
    demo: Callable[[], None] | None = None
    #: How to sign in as the people of the demo, line by line; nothing while it is not loaded.
    about_demo: Callable[[], Sequence[str]] | None = None
    #: What else they need to sign in at this moment: one-time codes.
    demo_codes: Callable[[], Sequence[str]] | None = None
