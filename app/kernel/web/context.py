"""What every page is given: who looks (only what a page may know), language, navigation, assets."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import orjson
from flask import Flask, current_app, g, request, url_for
from flask_babel import gettext
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError

from app.kernel import i18n
from app.kernel.actor import Actor
from app.kernel.house import House
from app.kernel.web.local import local_path

DATA_MODE_COOKIE = "data_mode"
DATA_MODES = ("standard", "light")
DIST = Path(__file__).resolve().parents[2] / "static" / "dist"


def present_actor() -> Actor:
    """Whoever makes this request."""
    return cast("Actor", current_user._get_current_object())


def present_house() -> House:
    """The house of the app that serves this request or runs this command."""
    return cast("House", current_app.extensions["house"])


@dataclass(frozen=True)
class Page:
    """The `page` of every template. It holds answers, never roles."""

    lang: str
    dir: str
    languages: list[dict[str, Any]]
    data_mode: str
    navigation: list[dict[str, Any]]
    signed_in: bool
    locked: bool
    #: Whether there is a code with which the screen can be locked.
    may_lock: bool
    name: str | None
    demo: bool
    site_title: str
    path: str
    exit_url: str
    #: Where to prove that it is oneself, when this page was drawn again for want of it.
    prove_url: str | None

    @staticmethod
    def asset(name: str) -> str:
        """The address of a built asset, which changes with its content so that it can be kept for ever."""
        return url_for("web.asset", name=manifest().get(name, name))


def manifest() -> dict[str, str]:
    """Logical asset names to built file names, as written by tools/build_assets."""
    path = DIST / "manifest.json"
    return _manifest(path.stat().st_mtime_ns) if path.exists() else {}


@cache
def _manifest(_changed: int) -> dict[str, str]:
    return cast("dict[str, str]", orjson.loads((DIST / "manifest.json").read_bytes()))


def data_mode() -> str:
    """ "light" or "standard": the person's setting, then their cookie, then what the browser asks for (Save-Data)."""
    for wished in (present_actor().data_mode, request.cookies.get(DATA_MODE_COOKIE)):
        if wished in DATA_MODES:
            return wished
    return "light" if request.headers.get("Save-Data") == "on" else "standard"


class DemoSeen:
    """Whether the demo is loaded: looked for until it is found, but not on every page."""

    LOOK_AGAIN_SECONDS = 30.0

    def __init__(self) -> None:
        self._found, self._next_look = False, 0.0

    def look(self, house: House) -> bool:
        if not self._found and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + self.LOOK_AGAIN_SECONDS
            with suppress(SQLAlchemyError):  # a page that says that the database is away must not need it
                self._found = any(feature.about_demo() for feature in house.features if feature.about_demo)
        return self._found


def attach(app: Flask, house: House) -> None:
    """Give every template its `page`, and `unchanging` parts of pages."""
    demo_seen = DemoSeen()
    app.jinja_env.globals["unchanging"] = _unchanging(app)

    @app.context_processor
    def page() -> dict[str, Any]:
        actor, language = present_actor(), i18n.language()
        settings = house.settings
        return {
            "page": Page(
                lang=language,
                dir=i18n.direction(language),
                languages=i18n.languages_for_switch(settings.languages, language),
                data_mode=data_mode(),
                navigation=_navigation(house, actor),
                signed_in=actor.is_authenticated and not actor.is_locked,
                locked=actor.is_locked,
                may_lock=actor.has_lock and not actor.is_locked,
                name=None if actor.is_locked else actor.name or None,
                demo=not settings.production and demo_seen.look(house),
                site_title=settings.site_title or gettext("Sanad"),
                path=local_path(request.full_path.rstrip("?")) if request.method == "GET" else "/",
                exit_url=settings.exit_url,
                prove_url=url_for("identity.prove") if "unproved" in g else None,
            )
        }


def _unchanging(app: Flask) -> Callable[[str], Markup]:
    """Parts of pages that are the same for everybody who reads in a language, such as the sentences of a script.

    Each is drawn once. It is given nothing, so that nothing of whoever looked first can be in it.
    """

    @cache
    def drawn(_language: str, template: str) -> Markup:
        return Markup(app.jinja_env.get_template(template).render())  # noqa: S704 - a template of ours, escaped

    return lambda template: drawn(i18n.language(), template)


def _navigation(house: House, actor: Actor) -> list[dict[str, Any]]:
    entries = sorted((entry for feature in house.features for entry in feature.navigation), key=lambda e: e.order)
    known = actor.is_authenticated and not actor.is_locked
    shown = [e for e in entries if actor.holds(e.access) and not (e.strangers_only and known)]
    lines = ((gettext(entry.label), url_for(entry.endpoint)) for entry in shown)
    return [{"label": label, "url": url, "current": _leads_here(url)} for label, url in lines]


def _leads_here(url: str) -> bool:
    """Whether the page is the one at this path or lies below it, as a room below /rooms. Nothing lies below Home."""
    return request.path == url or request.path.startswith(f"{url}/")
