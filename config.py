"""Settings of one instance, read once from the environment and frozen.

`read_settings` refuses to return anything unsafe: a program that starts is a program whose keys, cookies and
addresses are as docs/operations says.
"""

import json
import os
import stat
from dataclasses import dataclass
from email.utils import parseaddr
from enum import StrEnum
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent
#: Languages whose catalogue is whole: nothing is shown half translated. Kurdish and Turkish come when theirs are.
LANGUAGES = ("ar", "en")


class Mode(StrEnum):
    """What the instance is for. Production refuses demo data, plain HTTP cookies and development pages."""

    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class Unsafe(Exception):
    """A setting that the program will not start with. Its text is one line that says how to mend it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that an instance is told from outside. Times are seconds, sizes are bytes."""

    mode: Mode
    instance: Path
    database_url: str
    keys_url: str
    master_key_file: Path
    queue_file: Path
    redis_url: str | None
    host: str
    port: int
    address: str
    trusted_hosts: tuple[str, ...]
    proxies: int
    async_engine: Literal["eventlet", "threading"]
    smtp_url: str | None
    mail_from: str | None
    mail_link: bool
    web_push: bool
    site_title: str
    exit_url: str
    limits: bool
    fast_fanout: bool
    processes: int
    languages: tuple[str, ...] = LANGUAGES
    backup_recipient: str | None = None
    idle_seconds: int = 3600
    absolute_seconds: int = 86_400
    staff_idle_seconds: int = 900
    staff_absolute_seconds: int = 43_200
    form_bytes: int = 256 * 1024
    event_bytes: int = 8 * 1024

    @property
    def tls(self) -> bool:
        """Whether people reach this instance over TLS, which decides Secure cookies and HSTS."""
        return self.address.startswith("https://")

    @property
    def production(self) -> bool:
        return self.mode is Mode.PRODUCTION

    @property
    def sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


def read_settings(environ: dict[str, str] | None = None) -> Settings:
    """Read and check the environment.

    Returns frozen settings. Raises Unsafe, with one line for the operator, when a value is missing, malformed or
    dangerous. The key file itself is checked by `check_key_file`, since `flask init` runs before it exists.
    """
    env = dict(os.environ if environ is None else environ)
    mode = _one_of(Mode, "APP_ENV", env.get("APP_ENV", "development"))
    instance = Path(env.get("SANAD_INSTANCE", str(ROOT / "instance"))).resolve()
    host = env.get("HOST", "127.0.0.1")
    port = _port(env.get("PORT", "5000"))
    address = env.get("ADDRESS", f"http://{_host_in_url(host)}:{port}").rstrip("/")
    hosts = tuple(filter(None, (part.strip() for part in env.get("TRUSTED_HOSTS", "").split(","))))
    key_file = Path(env.get("MASTER_KEY_FILE", str(instance / "secrets" / "master.key"))).resolve()
    data = instance / "data"
    settings = Settings(
        mode=mode,
        instance=instance,
        database_url=env.get("DATABASE_URL", f"sqlite:///{data / 'sanad.sqlite3'}"),
        keys_url=env.get("KEYS_URL", f"sqlite:///{instance / 'keys' / 'keys.sqlite3'}"),
        master_key_file=key_file,
        queue_file=data / "queue.sqlite3",
        redis_url=env.get("REDIS_URL") or None,
        host=host,
        port=port,
        address=address,
        trusted_hosts=hosts or _default_hosts(mode, address),
        proxies=_count("TRUSTED_PROXIES", env.get("TRUSTED_PROXIES", "0"), least=0),
        async_engine=_engine(env.get("ASYNC_ENGINE", "eventlet")),
        smtp_url=env.get("SMTP_URL") or None,
        mail_from=env.get("MAIL_FROM") or None,
        mail_link=_switch("MAIL_LINK", env.get("MAIL_LINK", "off")),
        web_push=_switch("WEB_PUSH", env.get("WEB_PUSH", "off")),
        site_title=env.get("SITE_TITLE", ""),
        exit_url=env.get("EXIT_URL", "https://www.wikipedia.org/"),
        limits=env.get("LIMITS", "on") != "off",
        fast_fanout=env.get("FANOUT", "fast") != "library",
        processes=_count("PROCESSES", env.get("PROCESSES", "1"), least=1),
        backup_recipient=env.get("BACKUP_RECIPIENT") or None,
        languages=tuple(part.strip() for part in env.get("LANGUAGES", ",".join(LANGUAGES)).split(",")),
    )
    _refuse_unsafe(settings)
    return settings


def _refuse_unsafe(settings: Settings) -> None:
    hostname = _host_of(settings.address)
    if not hostname or any(sign in settings.address.partition("://")[2] for sign in "/?#@"):
        raise Unsafe(f"ADDRESS must look like https://example.org, not {settings.address!r}")
    if settings.production and not settings.tls and not hostname.endswith(".onion"):
        raise Unsafe("ADDRESS must begin with https:// (or be an .onion) when APP_ENV=production")
    if settings.production and not settings.limits:
        raise Unsafe("LIMITS=off is for measuring only and is refused when APP_ENV=production")
    if settings.database_url == settings.keys_url:
        raise Unsafe("KEYS_URL must be another database than DATABASE_URL: keys and data are kept apart")
    if settings.sqlite and settings.processes > 1:
        raise Unsafe("PROCESSES above 1 needs DATABASE_URL=postgresql+psycopg://... and REDIS_URL")
    if settings.processes > 1 and not settings.redis_url:
        raise Unsafe("PROCESSES above 1 needs REDIS_URL, so that limits and live messages are shared")
    for url in (settings.database_url, settings.keys_url):
        if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise Unsafe("database addresses begin with sqlite:/// or postgresql+psycopg://")
    if any(settings.master_key_file.is_relative_to(settings.instance / folder) for folder in ("data", "keys")):
        raise Unsafe("MASTER_KEY_FILE must lie outside the folders data and keys, which are copied by backups")
    _refuse_unusable(settings)


def _refuse_unusable(settings: Settings) -> None:
    if not _host_of(settings.exit_url):
        raise Unsafe(f"EXIT_URL must be a whole address such as https://example.org/, not {settings.exit_url!r}")
    _refuse_unusable_mail(settings)
    if settings.backup_recipient and not settings.backup_recipient.startswith("age1"):
        raise Unsafe("BACKUP_RECIPIENT must be the public half of a key of age: age1..., never the secret one")
    if not set(settings.languages) <= set(LANGUAGES):
        raise Unsafe(f"LANGUAGES must be some of {','.join(LANGUAGES)}, not {','.join(settings.languages)!r}")


def _refuse_unusable_mail(settings: Settings) -> None:
    name, sender = parseaddr(settings.mail_from or "")
    box, _, domain = sender.rpartition("@")
    if settings.mail_from and not (box and domain and sender.isascii() and name.isprintable() and " " not in sender):
        raise Unsafe(f"MAIL_FROM must be an address such as post@example.org, not {settings.mail_from!r}")
    if settings.web_push and not sender:
        raise Unsafe("WEB_PUSH=on needs MAIL_FROM: push services want an address to which they can write")
    if settings.smtp_url is None:
        return
    # Never quoted: it has a password in it.
    malformed = Unsafe("SMTP_URL must look like smtp://user:password@mail.example.org:587 or smtps://...")
    try:
        parts = urlsplit(settings.smtp_url)
        _ = parts.port
    except ValueError:
        raise malformed from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise malformed
    if not sender:
        raise Unsafe("SMTP_URL needs MAIL_FROM, a sender whose name and domain say nothing")


def check_key_file(path: Path) -> None:
    """Raise Unsafe unless the master key file exists, is readable by us and by nobody else (mode 0600 or less)."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise Unsafe(f"no master key at {path}: run `flask init`, or set MASTER_KEY_FILE") from None
    except PermissionError:
        raise Unsafe(f"the master key at {path} cannot be reached: check the owner of its folder") from None
    if stat.S_IMODE(mode) & 0o077:
        raise Unsafe(f"the master key can be read by others: chmod 600 '{path}'")
    try:
        stored = json.loads(path.read_text())
        if not (stored["secret"] and stored["masters"]):
            raise ValueError
    except PermissionError:
        raise Unsafe(f"the master key at {path} cannot be read: chown it to the account that runs this") from None
    except (ValueError, TypeError, KeyError):
        raise Unsafe(f"the master key at {path} is damaged: restore it from its own backup") from None


def _default_hosts(mode: Mode, address: str) -> tuple[str, ...]:
    hostname = _host_of(address)
    return (hostname,) if mode is Mode.PRODUCTION else tuple({hostname, "127.0.0.1", "localhost"})


def _host_in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else "127.0.0.1" if not host.strip("0.") else host


def _one_of(kind: type[Mode], name: str, value: str) -> Mode:
    try:
        return kind(value)
    except ValueError:
        raise Unsafe(f"{name} must be one of {', '.join(kind)}, not {value!r}") from None


def _host_of(address: str) -> str:
    """The host of an address that people can open in a browser, or nothing when it is none."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return ""
    plain = address.isascii() and address.isprintable() and " " not in address
    return parts.hostname or "" if plain and parts.scheme in ("http", "https") else ""


def _count(name: str, value: str, *, least: int) -> int:
    if not value.isdecimal() or int(value) < least:
        raise Unsafe(f"{name} must be a whole number from {least}, not {value!r}")
    return int(value)


def _switch(name: str, value: str) -> bool:
    if value not in ("on", "off"):
        raise Unsafe(f"{name} must be on or off, not {value!r}")
    return value == "on"


def _engine(value: str) -> Literal["eventlet", "threading"]:
    if value == "eventlet":
        return "eventlet"
    if value == "threading":
        return "threading"
    raise Unsafe(f"ASYNC_ENGINE must be eventlet (or threading, for tests), not {value!r}")


def _port(value: str) -> int:
    if not value.isdecimal() or not 0 < int(value) < 65_536:
        raise Unsafe(f"PORT must be a number from 1 to 65535, not {value!r}")
    return int(value)
