"""Small groups: opening one, asking people in, who is in it."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.chat import queries
from app.chat.actions import groups as actions
from app.chat.forms.conversations import GroupForm, OneForm, PeopleForm, TitleForm
from app.chat.models import RoomKind
from app.chat.policy import conversations as rules
from app.chat.queries import conversations as talking
from app.chat.views.door import door
from app.chat.views.shown import room_shown
from app.identity.models import Space
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import Invalid, NotFound, TooMany, Unavailable
from app.kernel.web import present_actor

USE = Permission.ROOMS_USE
REFUSALS = (Invalid, TooMany, Unavailable)


@door.page("/rooms/conversations/new", access=USE, methods=("GET", "POST"))
def open_group() -> ResponseReturnValue:
    """A new group of people whom the actor knows by their usual names, or (`names=rooms`) by those of rooms."""
    actor, form = present_actor(), GroupForm()
    if not rules.can_open_group(actor):
        raise NotFound
    space = Space.ROOMS if request.args.get("names") == Space.ROOMS else None
    people = talking.candidates(actor, space)
    form.offer([(one.id, one.name) for one in people])
    if form.validate_on_submit():
        try:
            made = actions.open_group(actor, space=space, title=form.title.data or "", people=form.people.data or [])
            flash(gettext("The group is open. Each of them decides whether to come in."))
            return redirect(url_for("chat.room", room=made.public_id), 303)
        except REFUSALS as refusal:
            form.refuse(refusal, at=form.people if isinstance(refusal, Invalid) else None)
    there = None if space else Space.ROOMS
    other_names = url_for("chat.open_group", names=there) if talking.candidates(actor, there) else None
    me = actor.known_in(space)[1] if space else actor.name
    page = render_template(
        "chat/group_new.html", form=form, people=people, by_room_names=space is not None, other_names=other_names, me=me
    )
    return form.answer(page)


@door.page("/rooms/conversations/<room>/people", access=USE, methods=("GET", "POST"))
def group_people(room: str) -> ResponseReturnValue:
    """Who is in a group; for its host also who is asked, and asking others."""
    actor, form = present_actor(), PeopleForm()
    line, here = _group(actor, room)
    keeps = rules.keeps_group(here)
    people = talking.people_in(here)
    there = {one.id for one in people}
    may_ask = keeps and rules.can_open_group(actor)
    offered = [one for one in talking.candidates(actor, here.space) if one.id not in there] if may_ask else []
    form.offer([(one.id, one.name) for one in offered])
    if form.is_submitted() and not keeps:
        raise NotFound
    if form.validate_on_submit():
        try:
            actions.ask_into(actor, line.room, people=form.people.data or [])
            flash(gettext("Asked. Each of them decides whether to come in."))
            return redirect(url_for("chat.group_people", room=room), 303)
        except REFUSALS as refusal:
            form.refuse(refusal, at=form.people if isinstance(refusal, Invalid) else None)
    page = render_template(
        "chat/group_people.html",
        form=form,
        room=room_shown(line),
        people=people,
        me=queries.me_here(actor, line.room).id,
        keeps=keeps,
        offered=offered,
    )
    return form.answer(page)


@door.page("/rooms/conversations/<room>/name", access=USE, methods=("GET", "POST"))
def name_group(room: str) -> ResponseReturnValue:
    actor = present_actor()
    line, here = _group(actor, room)
    if not rules.keeps_group(here):
        raise NotFound
    form = TitleForm(title=line.title)
    if form.validate_on_submit():
        actions.rename_group(actor, line.room, title=form.title.data or "")
        flash(gettext("The group has its new name."))
        return redirect(url_for("chat.room", room=room), 303)
    return form.answer(render_template("chat/group_name.html", form=form, room=room_shown(line)))


@door.page("/rooms/conversations/<room>/remove", access=USE, methods=("POST",))
def remove_from_group(room: str) -> ResponseReturnValue:
    actor = present_actor()
    line, form = _kept(actor, room), OneForm()
    if form.validate_on_submit():
        try:
            actions.remove_from(actor, line.room, form.person.data or "")
            flash(gettext("Removed. They hear nothing more of the group."))
        except Invalid as refusal:
            flash(gettext(refusal.text))
    return redirect(url_for("chat.group_people", room=room), 303)


@door.page("/rooms/conversations/<room>/hand-over", access=USE, methods=("POST",))
def hand_over_group(room: str) -> ResponseReturnValue:
    actor = present_actor()
    line, form = _kept(actor, room), OneForm()
    if form.validate_on_submit():
        actions.hand_over(actor, line.room, form.person.data or "")
        flash(gettext("Handed over. You stay in the group."))
    return redirect(url_for("chat.group_people", room=room), 303)


def _group(actor: Actor, room: str) -> tuple[queries.RoomLine, queries.Here]:
    """A group that the actor is in. Raises NotFound."""
    line, here = queries.get_line(actor, room), queries.get_inside(actor, room)
    if here.kind is not RoomKind.GROUP:
        raise NotFound
    return line, here


def _kept(actor: Actor, room: str) -> queries.RoomLine:
    line, here = _group(actor, room)
    if not rules.keeps_group(here):
        raise NotFound
    return line
