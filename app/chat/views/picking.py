"""A report from a conversation: it encloses the messages that whoever reports picks, and nothing else."""

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.chat import queries
from app.chat.forms.conversations import PickForm
from app.chat.models import PRIVATE
from app.chat.queries import reported
from app.chat.views.door import door
from app.chat.views.shown import number_asked, room_shown
from app.kernel.access import Permission
from app.kernel.errors import Invalid, NotFound
from app.kernel.web import present_actor


@door.page("/rooms/conversations/<room>/report", access=Permission.REPORT, methods=("GET", "POST"))
def pick_for_report(room: str) -> ResponseReturnValue:
    """Choose up to twenty messages of one person, a page at a time, newest first; `around` brings one along."""
    actor, form = present_actor(), PickForm()
    line, here = queries.get_line(actor, room), queries.get_inside(actor, room)
    if here.kind not in PRIVATE:
        raise NotFound
    before, around = number_asked("before"), number_asked("around")
    if around is not None:
        stretch = queries.around(actor, line.room, seq=around)
    else:
        stretch = queries.older(actor, line.room, before=before if before is not None else line.room.last_seq + 1)
    me = queries.me_here(actor, line.room)
    others = [one for one in stretch.words if one.author.id not in ("", me.id) and not one.gone]
    form.seqs.choices = [(one.seq, "") for one in others]
    if form.validate_on_submit():
        wanted = set(form.seqs.data or ())
        picked = [one for one in others if one.seq in wanted]
        if picked and len({one.author.id for one in picked}) == 1:
            ref = reported.picked_reference(line.room.public_id, [one.seq for one in picked])
            return redirect(url_for("moderation.report", kind="picked", ref=ref), 303)
        form.refuse(
            Invalid(gettext("Choose messages of one person. Those of another person can be reported after that.")),
            at=form.seqs,
        )
    earlier = stretch.words[0].seq if stretch.before and stretch.words else None
    page = render_template(
        "chat/conversation_report.html",
        form=form,
        room=room_shown(line),
        messages=others,
        ticked=set(form.seqs.data or ()) | ({around} if around is not None and not form.is_submitted() else set()),
        older_url=url_for("chat.pick_for_report", room=room, before=earlier) if earlier else None,
    )
    return form.answer(page)
