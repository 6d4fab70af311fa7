"""Pages of numbers: figures for the staff, the nameless log for members, and the record of acts."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.kernel.access import Permission
from app.kernel.i18n import month
from app.kernel.web import present_actor
from app.moderation import actions, queries
from app.moderation.views.door import door, labels


@door.page("/moderation/figures", access=Permission.PEOPLE_SEE)
def figures() -> ResponseReturnValue:
    ages = [
        gettext("up to 4 hours"),
        gettext("up to a day"),
        gettext("up to two days"),
        gettext("up to a week"),
        gettext("longer than a week"),
    ]
    return render_template("moderation/figures.html", figures=queries.figures(present_actor()), ages=ages)


@door.page("/moderation/log", access=Permission.SIGNED_IN)
def log() -> ResponseReturnValue:
    read, names = queries.log(present_actor()), labels()
    months: dict[str, list[list[str]]] = {}
    for entry in read.entries:
        row = [names[entry.kind.value], names[entry.category.value], _few(entry.count), _few(entry.lifted)]
        months.setdefault(month(entry.month), []).append(row)
    return render_template("moderation/log.html", months=list(months.items()), emergencies=read.emergencies)


def _few(count: int | None) -> str:
    return gettext("a few") if count is None else str(count)


@door.page("/record", access=Permission.RECORD_READ)
def record() -> ResponseReturnValue:
    return _record_page()


@door.page("/record/<int:number>/reason", access=Permission.RECORD_READ, methods=("POST",))
def open_reason(number: int) -> ResponseReturnValue:
    """The reason is shown in this answer; to open it was an act, and stands in the record itself."""
    return _record_page(opened={number: actions.open_reason(present_actor(), number)})


def _record_page(opened: dict[int, str] | None = None) -> str:
    actor, act = present_actor(), request.args.get("act", "")[:64]
    asked = request.args.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 16 else 0
    found, more = queries.record(actor, act=act, before=before)
    return render_template(
        "moderation/record.html",
        entries=found,
        act=act,
        acts=queries.acts_in_record(actor),
        before=before,
        opened=opened or {},
        older=url_for("moderation.record", act=act or None, before=found[-1].number) if more else None,
    )
