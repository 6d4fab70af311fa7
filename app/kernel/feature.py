"""What a feature gives to the house: its doors and the entries that it registers with what stands before it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from click import Command

from app.kernel.access import Permission
from app.kernel.actor import Actor

if TYPE_CHECKING:
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
    that the person chose.
    """

    name: str
    text: str
    url: Callable[[str], str]
    urgent: bool = False


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
    """One of the lines around what was reported; `reported` marks the one it is about."""

    name: str
    words: str
    at: datetime
    reported: bool


@dataclass(frozen=True, slots=True)
class Reportable:
    """A kind of thing that members may report (app/moderation), such as a message.

    `find(actor, ref)` raises NotFound where the reporter does not see it. `context(ref)` is for a moderator who works
    on a report: at most five lines either side. `remove(actor, ref, reason)` takes it away, where that is possible.
    """

    name: str
    label: str
    find: "Callable[[Actor, str], Reported]"
    context: "Callable[[str], Sequence[ContextLine]]"
    remove: "Callable[[Actor, str, str], None] | None" = None


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
    #: What else is closed to this person at present and why, for the page about their standing.
    standing: Callable[[Actor], Sequence[Need]] | None = None
    notices: Sequence[NoticeKind] = ()
    queue: Sequence[QueueKind] = ()
    two_person_acts: Sequence[TwoPersonAct] = ()
    reportable: Sequence[Reportable] = ()
    #: Recognises session tokens; exactly one feature (identity) gives this.
    sessions: "SessionKeeper | None" = None
    #: Fictional content for `flask demo`, in the order of the features.
    demo: Callable[[], None] | None = None
    #: How to sign in as the people of the demo, line by line; nothing while it is not loaded.
    about_demo: Callable[[], Sequence[str]] | None = None
    #: What else they need to sign in at this moment: one-time codes.
    demo_codes: Callable[[], Sequence[str]] | None = None
