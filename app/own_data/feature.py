"""Own data, as it is listed in app/features.py."""

from flask import url_for
from flask_babel import gettext

from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import N_
from app.kernel.feature import Feature, MeEntry, Need, NoticeKind
from app.kernel.i18n import day
from app.kernel.signals import person_closed
from app.own_data import actions, jobs, policy, queries
from app.own_data.cli import erase_again
from app.own_data.own_parts import part as own_part
from app.own_data.views import door


def needs(actor: Actor) -> list[Need]:
    """An erasure that waits, with the day on which it happens."""
    waiting = queries.waiting_erasure(actor) if policy.can_erase(actor) else None
    if waiting is None:
        return []
    label = gettext("What is yours here is erased on %(day)s. Call it off", day=day(waiting.due))
    return [Need(label, url_for("own_data.erasure"))]


person_closed.connect(actions.close_for_good)

feature = Feature(
    name="own_data",
    door=door,
    own_data=(own_part,),
    before_serving=erase_again,
    tasks={
        "own_data.archive": jobs.archive,
        "own_data.begin-due": jobs.begin_due,
        "own_data.erase": jobs.erase,
        "own_data.erase-again": jobs.erase_again,
        "own_data.finish": jobs.finish,
        "own_data.remove-files": jobs.remove_files,
        "own_data.remove-old": jobs.remove_old,
    },
    hourly=("own_data.begin-due", "own_data.erase-again", "own_data.remove-old"),
    needs=needs,
    me=(
        MeEntry(
            "own_data.data",
            N_("Your data"),
            N_("Take it with you, as an archive that only you can open."),
            Permission.EXPORT,
            order=80,
        ),
        MeEntry(
            "own_data.erase",
            N_("Have everything erased"),
            N_("After a week in which you can call it off."),
            Permission.ERASE,
            order=85,
        ),
    ),
    notices=(
        NoticeKind(
            "archive.ready",
            N_("Your archive can be fetched for three days."),
            lambda _ref: url_for("own_data.data"),
            access=Permission.EXPORT,
        ),
        NoticeKind(
            "erasure.asked",
            N_("Somebody signed in as you asked to have everything of yours erased, in a week. It can be called off."),
            lambda _ref: url_for("own_data.erasure"),
            urgent=True,
            access=Permission.ERASE,
        ),
    ),
)
