"""Pages of staff about people: found by their exact name, or because they are under a measure."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.identity.looked import queries as looks
from app.identity.looked.forms import PurposeForm
from app.identity.models import Person
from app.kernel.access import Permission, Role
from app.kernel.actor import Actor
from app.kernel.errors import N_, Conflict, Invalid, NotFound
from app.kernel.signals import Words
from app.kernel.web import present_actor, present_house
from app.moderation import actions, policy, queries
from app.moderation.forms import FindForm, MeasureForm, NoteForm, ReasonForm, RoleForm
from app.moderation.models import Category, MeasureKind
from app.moderation.views.door import (
    chosen_language,
    door,
    in_language,
    labels,
    page_number,
    template_texts,
    templates_to_choose,
)

#: What the person reads where it was the queue that led here. Not what it was: that could give away who reported them.
BY_ITEM = N_("Work on something in the queue of the moderators")
NOBODY = N_("Nobody here has this name. It must be the whole name.")


@door.page("/people", access=Permission.PEOPLE_SEE, methods=("GET", "POST"))
def people() -> ResponseReturnValue:
    """Whoever is under a measure, and one person by name. A name is sent as a form, so that no history keeps it."""
    actor, form, page = present_actor(), FindForm(), page_number()
    if form.validate_on_submit():
        found = queries.find_person(actor, form.name.data or "")
        if found is not None:
            return redirect(url_for("moderation.person", id=found.public_id), 303)
        form.refuse(NotFound(NOBODY), at=form.name)
    lines, more = queries.under_measures(actor, page)
    return form.answer(
        render_template(
            "moderation/people.html",
            form=form,
            people=lines,
            labels=labels(),
            may_break_glass=policy.can_break_glass(actor),
            older=url_for("moderation.people", page=page + 1) if more else None,
            newer=url_for("moderation.people", page=page - 1) if page > 1 else None,
        )
    )


@door.page("/people/<id>", access=Permission.PEOPLE_SEE, methods=("GET", "POST"))
def person(id: str) -> ResponseReturnValue:
    """Somebody's history, for whoever has said within the hour what they look for; otherwise that is asked first."""
    actor, form = present_actor(), PurposeForm()
    found = queries.get_person(actor, id)
    if form.validate_on_submit():
        try:
            actions.look(actor, found, purpose=form.purpose.data or "")
            return redirect(url_for("moderation.person", id=id), 303)
        except Invalid as refusal:
            form.refuse(refusal, at=form.purpose)
    elif not form.is_submitted() and (read := _opened(actor, found, request.args.get("item", "")[:16])):
        return _page(id, read)
    return form.answer(_ask_why(id, form))


@door.page("/people/<id>/measure", access=Permission.PEOPLE_SEE, methods=("POST",))
def take_measure(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), MeasureForm()
    found = queries.get_person(actor, id)
    if form.validate_on_submit():
        kind, category = MeasureKind(form.measure.data), Category(form.category.data)
        reason, words = form.reason.data or "", Words(form.words.data)
        try:
            if kind is MeasureKind.REMOVE:
                actions.propose_removal(actor, found, category=category, reason=reason, words=words)
                flash(gettext("Proposed. A second moderator decides."))
            else:
                actions.take(
                    actor, found.id, kind, category=category, reason=reason, days=form.days.data or 0, words=words
                )
                flash(gettext("It is in force, and the person was told why."))
            return redirect(url_for("moderation.person", id=id), 303)
        except (Invalid, Conflict) as refusal:
            form.refuse(refusal)
    return form.answer(_page(id, measure=form))


@door.page("/people/<id>/note", access=Permission.MEASURES_TAKE, methods=("POST",))
def write_note(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), NoteForm()
    if form.validate_on_submit():
        actions.write_note(actor, queries.get_person(actor, id), note=form.note.data or "")
        flash(gettext("The note is kept."))
        return redirect(url_for("moderation.person", id=id), 303)
    return form.answer(_page(id, note=form))


@door.page("/people/<id>/role", access=Permission.ROLES_PROPOSE, methods=("POST",))
def propose_role(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), RoleForm()
    if form.validate_on_submit():
        try:
            actions.propose_role(
                actor,
                queries.get_person(actor, id),
                Role(form.role.data),
                give=form.change.data == "give",
                reason=form.text.data or "",
            )
            flash(gettext("Proposed. A second person decides."))
            return redirect(url_for("moderation.person", id=id), 303)
        except (Invalid, Conflict) as refusal:
            form.refuse(refusal)
    return form.answer(_page(id, role=form))


@door.page("/people/<id>/reset", access=Permission.MEASURES_TAKE, methods=("POST",))
def propose_reset(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), ReasonForm()
    if form.validate_on_submit():
        proposed = actions.propose_reset(actor, queries.get_person(actor, id), reason=form.reason.data or "")
        half = queries.my_half(actor, proposed)
        flash(gettext("Proposed. A second moderator who knows the person decides."))
        flash(gettext("You pass on the first half of the code, not shown again: %(half)s", half=half))
        return redirect(url_for("moderation.person", id=id), 303)
    return form.answer(_page(id, reset=form))


@door.page("/measures/<id>/lift", access=Permission.PEOPLE_SEE, methods=("GET", "POST"))
def lift(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), ReasonForm()
    measure = queries.get_measure(actor, id)
    about = queries.about(measure)
    if form.validate_on_submit():
        if measure.kind is MeasureKind.REMOVE:
            actions.propose_lifting(actor, measure, reason=form.reason.data or "")
            flash(gettext("Proposed. A second moderator decides."))
        else:
            actions.lift(actor, measure, reason=form.reason.data or "")
            flash(gettext("It is lifted, and the person was told."))
        return redirect(url_for("moderation.person", id=about[0]), 303)
    return form.answer(
        render_template("moderation/lift.html", form=form, about=about, kind=labels()[measure.kind.value])
    )


def _opened(actor: Actor, found: Person, item: str = "") -> queries.PersonRead | None:
    """The history, where the actor has said what they look for, or comes from what they work on; otherwise None."""
    noted = looks.recent(actor, found.id, queries.HISTORY)
    if noted is not None:
        return queries.read_person(actor, found, noted)
    if item and queries.is_asked_by_item(actor, found, item):
        return actions.look(actor, found, purpose=in_language(BY_ITEM, found.language), item=item)
    return None


def _ask_why(id: str, form: PurposeForm) -> str:
    """Nothing of the person, not even their name."""
    return render_template("moderation/why.html", form=form, url=url_for("moderation.person", id=id))


def _page(
    id: str,
    read: queries.PersonRead | None = None,
    *,
    measure: MeasureForm | None = None,
    note: NoteForm | None = None,
    role: RoleForm | None = None,
    reset: ReasonForm | None = None,
) -> str:
    actor = present_actor()
    found = queries.get_person(actor, id)
    read = read or _opened(actor, found)
    if read is None:
        said = looks.last_purpose(actor, found.id, queries.HISTORY)
        if not said:
            return _ask_why(id, PurposeForm(formdata=None))
        # The hour ended while they wrote: what they typed is shown again, and that is another look for the same.
        read = actions.look(actor, found, purpose=said)
    texts = template_texts(chosen_language(found.language))
    return render_template(
        "moderation/person.html",
        person=read,
        measure=measure or MeasureForm(formdata=None, reason=texts.get("reason")),
        note=note or NoteForm(formdata=None),
        change=role or RoleForm(formdata=None),
        reset=reset or ReasonForm(formdata=None),
        templates=templates_to_choose(),
        may_measure=policy.can_take_measure(actor, found.id),
        may_note=actor.holds(Permission.MEASURES_TAKE),
        may_propose=actor.holds(Permission.ROLES_PROPOSE),
        ways=[way for f in present_house().features if f.about_person for way in f.about_person(actor, id)],
        held=[_roles()[one.value] for one in read.held],
        labels=labels(),
    )


def _roles() -> dict[str, str]:
    return {
        Role.MEMBER.value: gettext("Member"),
        Role.MODERATOR.value: gettext("Moderator"),
        Role.VETTER.value: gettext("Vetter"),
        Role.COORDINATOR.value: gettext("Coordinator"),
        Role.CASEWORKER.value: gettext("Caseworker"),
        Role.ADMINISTRATOR.value: gettext("Administrator"),
        Role.EMPLOYER.value: gettext("Employer"),
    }
