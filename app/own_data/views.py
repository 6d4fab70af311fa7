"""Pages of own data: asking for an archive, fetching it, being erased, and staying."""

from flask import flash, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.kernel.access import Permission
from app.kernel.errors import Conflict, Invalid, NotFound, TooMany
from app.kernel.web import Door, present_actor, present_house
from app.own_data import actions, policy, queries, store
from app.own_data.forms import AskForm, EraseForm
from app.own_data.models import ArchiveState

door = Door("own_data", __name__)
NAME = f"archive{store.SUFFIX}"
#: What opens an archive, for those who know such things.
COMMAND = f"age -d -i key.txt -o archive.zip {NAME}"


@door.page("/me/data", access=Permission.EXPORT, methods=("GET", "POST"), step_up=True)
def data() -> ResponseReturnValue:
    """No redirect after asking: the line that opens the archive is in this answer, and never again."""
    actor, form, secret = present_actor(), AskForm(), None
    if form.validate_on_submit():
        try:
            secret = actions.ask_archive(actor)
        except TooMany as refusal:
            form.refuse(refusal)
    archive = queries.my_archive(actor)
    page = render_template(
        "own_data/data.html",
        form=form,
        secret=secret,
        archive=archive,
        command=COMMAND,
        kilobytes=max(1, archive.size // 1024) if archive else 0,
        waits=archive is not None and archive.state is ArchiveState.ASKED,
        ready=archive is not None and archive.state is ArchiveState.READY,
        may_erase=policy.can_erase(actor),
    )
    return form.answer(page)


@door.page("/me/data/archive/<id>", access=Permission.EXPORT)
def fetch(id: str) -> ResponseReturnValue:
    found = queries.get_archive(present_actor(), id)
    path = store.path_of(present_house(), found.public_id)
    if found.state is not ArchiveState.READY or not path.is_file():
        raise NotFound
    return send_file(path, mimetype="application/octet-stream", as_attachment=True, download_name=NAME)


@door.page("/me/data/archive/<id>/remove", access=Permission.EXPORT, methods=("POST",))
def remove(id: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.remove_archive(actor, queries.get_archive(actor, id))
    flash(gettext("The archive is taken away."))
    return redirect(url_for("own_data.data"), 303)


@door.page("/me/data/erase", access=Permission.ERASE, methods=("GET", "POST"), step_up=True)
def erase() -> ResponseReturnValue:
    actor, form = present_actor(), EraseForm()
    if form.validate_on_submit():
        try:
            actions.ask_erasure(actor, name=form.name.data or "")
            return redirect(url_for("own_data.erasure"), 303)
        except Invalid as refusal:
            form.refuse(refusal, at=form.name)
        except Conflict:
            return redirect(url_for("own_data.erasure"), 303)
    if queries.waiting_erasure(actor) is not None:
        return redirect(url_for("own_data.erasure"), 303)
    return form.answer(render_template("own_data/erase.html", form=form))


@door.page("/me/data/erasure", access=Permission.ERASE)
def erasure() -> ResponseReturnValue:
    """What waits, and the one button that calls it off."""
    waiting = queries.waiting_erasure(present_actor())
    if waiting is None:
        return redirect(url_for("own_data.erase"), 303)
    return render_template("own_data/erasure.html", waiting=waiting)


@door.page("/me/data/erasure/call-off", access=Permission.ERASE, methods=("POST",))
def call_off() -> ResponseReturnValue:
    """Staying asks for no proof: it takes nothing from anybody. On a journey there is nothing to call off: it waits."""
    actions.call_off_erasure(present_actor())
    flash(gettext("Nothing is erased. You stay as you are."))
    return redirect(url_for("home.index"), 303)
