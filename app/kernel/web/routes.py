"""The kernel's own routes: built assets, preferences that visitors have too, the leaving page, health and readiness."""

import shutil
from mimetypes import guess_type

from flask import Response, make_response, redirect, render_template, request, send_from_directory
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from app.kernel import work
from app.kernel.access import Permission
from app.kernel.errors import NotFound
from app.kernel.i18n import LANGUAGE_COOKIE
from app.kernel.jobs import JobState
from app.kernel.signals import preferences_chosen
from app.kernel.text import read_address
from app.kernel.web.context import DATA_MODE_COOKIE, DATA_MODES, DIST, present_actor, present_house
from app.kernel.web.door import Door
from app.kernel.web.local import local_path

door = Door("web", __name__)
YEAR = 31_536_000
LITTLE_DISK = 200 * 1024 * 1024


@door.page("/static/dist/<name>", access=Permission.OPEN)
def asset(name: str) -> Response:
    """A built file. Its name changes with its content, so it may be kept for ever."""
    packed = "gzip" in request.headers.get("Accept-Encoding", "") and (DIST / f"{name}.gz").is_file()
    response = send_from_directory(DIST, f"{name}.gz" if packed else name, mimetype=guess_type(name)[0])
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


@door.page("/favicon.ico", access=Permission.OPEN)
def icon() -> ResponseReturnValue:
    """No icon at all: an empty answer says nothing to whoever looks at the tab."""
    return "", 204


@door.page("/preferences", access=Permission.OPEN, methods=("POST",))
def preferences() -> ResponseReturnValue:
    """Remember language or data mode, in a cookie of this browser and for the person, and go back."""
    response = make_response(redirect(local_path(request.form.get("next")), 303))
    settings, actor = present_house().settings, present_actor()
    language, mode = request.form.get("language"), request.form.get("data_mode")
    chosen = {
        LANGUAGE_COOKIE: language if language in settings.languages else None,
        DATA_MODE_COOKIE: mode if mode in DATA_MODES else None,
    }
    for name, value in chosen.items():
        if value:
            response.set_cookie(name, value, max_age=YEAR, secure=settings.tls, httponly=True, samesite="Lax")
    if actor.is_authenticated and not actor.is_locked:
        preferences_chosen.send(actor, language=chosen[LANGUAGE_COOKIE], data_mode=chosen[DATA_MODE_COOKIE])
    return response


@door.page("/leaving", access=Permission.SIGNED_IN)
def leaving() -> ResponseReturnValue:
    """Say where a link goes before going there."""
    address = read_address(request.args.get("to", ""))
    if address is None:
        raise NotFound
    return render_template("web/leaving.html", target=address.href, host=address.host)


@door.page("/healthz", access=Permission.OPEN)
def health() -> ResponseReturnValue:
    """The process answers."""
    return {"status": "ok"}


@door.page("/readyz", access=Permission.OPEN)
def ready() -> ResponseReturnValue:
    """The databases answer and jobs are not piling up. Aggregates only: no version, no counts of people."""
    house = present_house()
    try:
        work.session().execute(text("select 1"))
        with house.databases.reading_keys() as keys:
            keys.execute(text("select 1"))
        set_aside = house.queue.counts().get(JobState.SET_ASIDE, 0)
        free = shutil.disk_usage(house.settings.instance).free
    except Exception:
        return {"status": "unavailable"}, 503
    # A full disk is no reason to send nobody here any more: reading goes on. It is one to look.
    return {
        "status": "ok",
        "jobs": "attention" if set_aside else "ok",
        "disk": "attention" if free < LITTLE_DISK else "ok",
    }
