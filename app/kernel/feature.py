"""What a feature gives to the house: its doors and the entries that it registers with what stands before it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
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
class Need:
    """One thing on Home that waits for this person: words, where to go, how many."""

    label: str
    url: str
    count: int = 0


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
    #: What waits for this person, for Home. Each reads through its own feature's scopes.
    needs: Callable[[Actor], Sequence[Need]] | None = None
    #: Recognises session tokens; exactly one feature (identity) gives this.
    sessions: "SessionKeeper | None" = None
    #: Fictional content for `flask demo`, in the order of the features.
    demo: Callable[[], None] | None = None
    #: How to sign in as the people of the demo, line by line; nothing while it is not loaded.
    about_demo: Callable[[], Sequence[str]] | None = None
