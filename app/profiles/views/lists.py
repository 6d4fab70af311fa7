"""Pages of one's lists."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.kernel.access import Permission
from app.kernel.errors import Invalid, NotFound
from app.kernel.web import present_actor
from app.profiles.actions import lists as actions
from app.profiles.forms.people import ButtonForm, ListForm, PutOnForm
from app.profiles.models import PeopleList
from app.profiles.queries import lists as queries
from app.profiles.queries.lists import ListLine
from app.profiles.queries.people import people_known
from app.profiles.views import wording
from app.profiles.views.door import door

KEEP = Permission.PROFILE_KEEP


@door.page("/me/lists", access=KEEP, methods=("GET", "POST"))
def lists() -> ResponseReturnValue:
    actor, form = present_actor(), ListForm()
    if form.validate_on_submit():
        try:
            made = actions.make(actor, name=form.name.data or "")
            return redirect(url_for("profiles.people_list", id=made.public_id), 303)
        except Invalid as refusal:
            form.refuse(refusal, at=form.name)
    found = [(line, seen(line)) for line in queries.lists_of(actor)]
    return form.answer(render_template("profiles/people_lists.html", form=form, lists=found))


@door.page("/me/lists/<id>", access=KEEP, methods=("GET", "POST"))
def people_list(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), ListForm()
    one = queries.get_list(actor, id)
    if form.validate_on_submit():
        try:
            actions.rename(actor, one, name=form.name.data or "")
            return _back(id, gettext("The list has a new name."))
        except Invalid as refusal:
            form.refuse(refusal, at=form.name)
    return form.answer(_page(one, form, PutOnForm()))


@door.page("/me/lists/<id>/people", access=KEEP, methods=("POST",))
def put_on_list(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), PutOnForm()
    one = queries.get_list(actor, id)
    if form.validate_on_submit():
        numbers = {person.public_id: person.person_id for person in people_known(actor)}
        try:
            for chosen in form.people.data or []:
                if chosen not in numbers:
                    raise NotFound
                actions.put_on(actor, one, numbers[chosen])
            return _back(id, gettext("They are on the list. Nobody is told."))
        except Invalid as refusal:
            form.refuse(refusal, at=form.people)
    return form.answer(_page(one, ListForm(formdata=None), form))


@door.page("/me/lists/<id>/people/<person>/remove", access=KEEP, methods=("POST",))
def take_off_list(id: str, person: str) -> ResponseReturnValue:
    actor = present_actor()
    one = queries.get_list(actor, id)
    on_it = {known.public_id: known.person_id for known in queries.line_of(actor, one).people}
    if person not in on_it:
        raise NotFound
    actions.take_off(actor, one, on_it[person])
    return _back(id, gettext("Taken off the list. What it sees is hidden from them now."))


@door.page("/me/lists/<id>/delete", access=KEEP, methods=("GET", "POST"))
def delete_list(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), ButtonForm()
    one = queries.get_list(actor, id)
    line = queries.line_of(actor, one)
    if form.validate_on_submit():
        actions.remove(actor, one)
        flash(gettext("The list is deleted."))
        return redirect(url_for("profiles.lists"), 303)
    return form.answer(render_template("profiles/people_list_delete.html", form=form, list=line, fields=seen(line)))


def seen(line: ListLine) -> list[str]:
    """What this list sees, in words."""
    return [wording.label(field) for field in line.fields]


def _page(one: PeopleList, form: ListForm, adding: PutOnForm) -> str:
    actor = present_actor()
    line = queries.line_of(actor, one)
    on_it = {person.person_id for person in line.people}
    others = [person for person in people_known(actor) if person.person_id not in on_it]
    adding.show(others)
    if not form.is_submitted() or form.name.data is None:
        form.name.data = line.name
    page: str = render_template(
        "profiles/people_list.html", form=form, adding=adding, list=line, fields=seen(line), others=others
    )
    return page


def _back(id: str, words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("profiles.people_list", id=id), 303)
