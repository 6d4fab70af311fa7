"""The queue and what one does with an item of it."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import Conflict, Invalid
from app.kernel.signals import Words
from app.kernel.web import present_actor
from app.kernel.web.uploads import file_answer
from app.moderation import actions, policy, queries, registry
from app.moderation.actions import reports
from app.moderation.actions.queue import DAILY_LIMIT
from app.moderation.forms import NO_MEASURE, DecisionForm, LimitForm, TogetherForm, WordsForm
from app.moderation.models import Category, MeasureKind, Outcome, QueueItem
from app.moderation.queries import Filters
from app.moderation.views.door import chosen_language, door, labels, page_number, template_texts, templates_to_choose


@door.page("/queue", access=Permission.QUEUE_WORK)
def queue() -> ResponseReturnValue:
    actor, asked = present_actor(), request.args
    filters = Filters(
        **{name: asked.get(name, "")[:32] for name in ("kind", "age", "priority", "whose")}, page=page_number()
    )
    found, more = queries.items(actor, filters)
    chosen: dict[str, Any] = {
        name: value for name, value in asked.items() if name in Filters.__slots__ and name != "page"
    }
    return render_template(
        "moderation/queue.html",
        items=found,
        filters=filters,
        kinds=[
            (kind.name, gettext(kind.label)) for kind in registry.queue_kinds().values() if actor.holds(kind.access)
        ],
        labels=labels(),
        day=queries.day_of(actor, DAILY_LIMIT),
        older=url_for("moderation.queue", **chosen, page=filters.page + 1) if more else None,
        newer=url_for("moderation.queue", **chosen, page=filters.page - 1) if filters.page > 1 else None,
    )


@door.page("/queue/<id>", access=Permission.QUEUE_WORK)
def item(id: str) -> ResponseReturnValue:
    actor = present_actor()
    return _page(actor, queries.get_item(actor, id))


@door.page("/queue/<id>/claim", access=Permission.QUEUE_WORK, methods=("POST",))
def claim(id: str) -> ResponseReturnValue:
    actor = present_actor()
    taken = actions.claim(actor, queries.get_item(actor, id))
    return redirect(_leads_to(taken), 303)


@door.page("/queue/<id>/put-back", access=Permission.QUEUE_WORK, methods=("POST",))
def put_back(id: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.put_back(actor, queries.get_item(actor, id))
    flash(gettext("It is free for others again."))
    return redirect(url_for("moderation.queue"), 303)


@door.page("/queue/leave", access=Permission.QUEUE_WORK, methods=("POST",))
def leave_all() -> ResponseReturnValue:
    actions.leave_all(present_actor())
    flash(gettext("Nothing is claimed by you now. Rest well."))
    return redirect(url_for("moderation.queue"), 303)


@door.page("/queue/<id>/decide", access=Permission.MEASURES_TAKE, methods=("POST",))
def decide(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), DecisionForm()
    found = queries.get_item(actor, id)
    if form.validate_on_submit():
        try:
            return _decided(actions.decide_reports(actor, [found], _decision(form)))
        except (Invalid, Conflict) as refusal:
            form.refuse(refusal)
    return form.answer(_page(actor, queries.get_item(actor, id), form))


@door.page("/queue/<id>/files/<file>", access=Permission.QUEUE_WORK)
def reported_file(id: str, file: str) -> ResponseReturnValue:
    """A file that belongs to what was reported, for whoever works on the report, and for as long as they do."""
    actor = present_actor()
    return file_answer(*reports.open_file(actor, queries.get_item(actor, id), file))


@door.page("/queue/<id>/ask/<report>", access=Permission.MEASURES_TAKE, methods=("POST",))
def ask(id: str, report: str) -> ResponseReturnValue:
    actor, form = present_actor(), WordsForm()
    found = queries.get_item(actor, id)
    if form.validate_on_submit():
        actions.ask(actor, found, queries.get_report_in(actor, found, report), body=form.body.data or "")
        flash(gettext("Your question is on its way."))
        return redirect(url_for("moderation.item", id=id), 303)
    return form.answer(_page(actor, found))


@door.page("/queue/together", access=Permission.MEASURES_TAKE, methods=("POST",))
def together() -> ResponseReturnValue:
    """Close several items with one answer: those whose boxes were ticked."""
    actor, form = present_actor(), TogetherForm()
    chosen = queries.get_items(actor, request.form.getlist("item"))
    if form.validate_on_submit():
        try:
            return _decided(actions.close_reports(actor, chosen, outcome=Outcome.NOTHING, answer=form.text.data or ""))
        except (Invalid, Conflict) as refusal:
            form.refuse(refusal)
    elif not request.form.get("sure"):  # the boxes alone were sent: now the words are asked for
        form.errors.clear()
        for field in form:
            field.errors = []
    return form.answer(
        render_template("moderation/together.html", form=form, items=queries.item_lines(actor, chosen), labels=labels())
    )


@door.page("/queue/limit", access=Permission.QUEUE_WORK, methods=("GET", "POST"))
def limit() -> ResponseReturnValue:
    actor = present_actor()
    form = LimitForm(limit=queries.day_of(actor, DAILY_LIMIT).limit)
    if form.validate_on_submit():
        actions.choose_daily_limit(actor, form.limit.data or DAILY_LIMIT)
        flash(gettext("Kept. Nothing is ever refused because of it."))
        return redirect(url_for("moderation.queue"), 303)
    return form.answer(render_template("moderation/limit.html", form=form))


def _leads_to(taken: QueueItem) -> str:
    """Where an item is worked on: reports here, everything else where its feature says."""
    if taken.kind == policy.REPORTS:
        return url_for("moderation.item", id=taken.public_id)
    return registry.queue_kind(taken.kind).url(taken.ref)


def _page(actor: Actor, found: QueueItem, form: DecisionForm | None = None) -> str:
    mine = policy.holds_claim(actor, found)
    reading = mine and found.kind == policy.REPORTS
    language = chosen_language(queries.language_about(found) if reading else None)
    if form is None:
        words = template_texts(language)
        form = DecisionForm(formdata=None, reason=words.get("reason"), text=words.get("answer"))
    reports = queries.reports_in(actor, found) if reading else []
    if reading and form.category.data is None and reports:
        form.category.data = reports[0].category.value
    return render_template(
        "moderation/item.html",
        item=queries.item_lines(actor, [found])[0],
        closed=found.closed_at,
        url=None if found.kind == policy.REPORTS else registry.queue_kind(found.kind).url(found.ref),
        mine=mine,
        reports=reports,
        context=queries.context_of(actor, found) if reading else (),
        files=queries.files_of(actor, found) if reading else (),
        person=queries.person_of(actor, found) if reading else None,
        alike=queries.alike(actor, found) if reading else [],
        may_remove=reading and queries.can_remove(found),
        form=form,
        question=WordsForm(formdata=None),
        templates=templates_to_choose(),
        labels=labels(),
    )


def _decision(form: DecisionForm) -> actions.Decision:
    measure = form.measure.data
    return actions.Decision(
        answer=form.text.data or "",
        category=Category(form.category.data),
        measure=None if measure == NO_MEASURE else MeasureKind(measure),
        reason=form.reason.data or "",
        days=form.days.data or 0,
        words=Words(form.words.data),
        remove_words=bool(form.remove_words.data),
    )


def _decided(told: int) -> ResponseReturnValue:
    flash(ngettext("Closed. One person was told.", "Closed. %(num)s people were told.", told))
    return redirect(url_for("moderation.queue"), 303)
