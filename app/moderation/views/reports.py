"""Pages of members: reporting, and following their reports."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.kernel.access import Permission
from app.kernel.errors import Conflict, TooMany
from app.kernel.web import present_actor
from app.moderation import actions, queries, registry
from app.moderation.forms import ReportForm, WordsForm
from app.moderation.models import Category
from app.moderation.views.door import door, labels, page_number


@door.page("/report/<kind>/<ref>", access=Permission.REPORT, methods=("GET", "POST"))
def report(kind: str, ref: str) -> ResponseReturnValue:
    actor, form = present_actor(), ReportForm()
    thing = registry.reportable(kind).find(actor, ref)
    if form.validate_on_submit():
        try:
            made = actions.report(
                actor,
                kind,
                ref,
                category=Category(form.category.data),
                says=form.body.data or "",
                hopes=form.hopes.data or "",
            )
            flash(gettext("Your report is with the moderators. You hear from us here."))
            if not actor.holds(Permission.HIDDEN_SEE):  # it is made, and found again when they no longer travel
                return redirect(url_for("home.index"), 303)
            return redirect(url_for("moderation.my_report", id=made.public_id), 303)
        except (Conflict, TooMany) as refusal:
            form.refuse(refusal)
    words, label = thing.words, gettext(registry.reportable(kind).label)
    return form.answer(render_template("moderation/report.html", form=form, words=words, kind=label))


@door.page("/me/reports", access=Permission.SIGNED_IN)
def my_reports() -> ResponseReturnValue:
    page = page_number()
    found, more = queries.my_reports(present_actor(), page)
    return render_template(
        "moderation/my_reports.html",
        reports=found,
        labels=labels(),
        older=url_for("moderation.my_reports", page=page + 1) if more else None,
        newer=url_for("moderation.my_reports", page=page - 1) if page > 1 else None,
    )


@door.page("/me/reports/<id>", access=Permission.SIGNED_IN, methods=("GET", "POST"))
def my_report(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), WordsForm()
    if form.validate_on_submit():
        actions.answer_question(actor, queries.get_my_report(actor, id), body=form.body.data or "")
        flash(gettext("Your words are added."))
        return redirect(url_for("moderation.my_report", id=id), 303)
    shown = queries.my_report(actor, id)
    return form.answer(render_template("moderation/my_report.html", report=shown, form=form, labels=labels()))


@door.page("/me/reports/<id>/withdraw", access=Permission.SIGNED_IN, methods=("POST",))
def withdraw_report(id: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.withdraw_report(actor, queries.get_my_report(actor, id))
    flash(gettext("Your report is withdrawn."))
    return redirect(url_for("moderation.my_reports"), 303)
