"""Everything that one running instance owns, gathered so that actions, events, jobs and tests find it without Flask."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.kernel.db import Databases, Offload, run_here
from app.kernel.limits import Budgets
from app.kernel.lines import Lines
from app.kernel.mail import Mail
from app.kernel.push import Push
from app.kernel.vault import Keyring, Vault
from config import Settings

if TYPE_CHECKING:
    from app.kernel.feature import Feature
    from app.kernel.jobs import Queue
    from app.kernel.live import Gateway


@dataclass
class House:
    """The parts of one instance. `offload` runs in the engine's thread pool what would keep everybody else waiting."""

    settings: Settings
    databases: Databases
    keyring: Keyring
    vault: Vault
    budgets: Budgets
    mail: Mail
    push: Push
    offload: Offload = run_here
    lines: Lines = field(default_factory=Lines)
    features: "tuple[Feature, ...]" = ()
    _queue: "Queue | None" = None
    _live: "Gateway | None" = None
    closing: list[Callable[[], None]] = field(default_factory=list)

    @classmethod
    def build(cls, settings: Settings, offload: Offload = run_here) -> "House":
        """Put the parts together. Opens no connection and reads no key: that happens on first use."""
        databases = Databases(settings.database_url, settings.keys_url, offload)
        keyring = Keyring(settings.master_key_file)
        return cls(
            settings=settings,
            databases=databases,
            keyring=keyring,
            vault=Vault(databases, keyring),
            budgets=Budgets(settings.redis_url, enabled=settings.limits),
            mail=Mail(settings),
            push=Push(settings, keyring),
            offload=offload,
        )

    @property
    def queue(self) -> "Queue":
        assert self._queue is not None, "the queue is attached by create_app"
        return self._queue

    @property
    def live(self) -> "Gateway":
        assert self._live is not None, "the gateway is attached by create_app"
        return self._live

    def attach(self, *, queue: "Queue", live: "Gateway", features: "tuple[Feature, ...]") -> None:
        """Give the house the parts that need its features to be known first."""
        self._queue, self._live, self.features = queue, live, features

    def close(self) -> None:
        """Let go of connections and background work."""
        for close in self.closing:
            close()
        self.databases.close()
