"""Pages of photographs: one's own, and the picture itself for those who may see it."""

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.kernel import files
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import Invalid, NotFound, TooMany, Unavailable
from app.kernel.limits import Budget
from app.kernel.web import present_actor, present_house
from app.kernel.web.uploads import brought, file_answer
from app.profiles import policy
from app.profiles.actions import photo as actions
from app.profiles.actions import sweeps
from app.profiles.forms.photo import PhotoForm
from app.profiles.models import Audience, Field
from app.profiles.queries import mine as queries
from app.profiles.queries import photo as photos
from app.profiles.queries import viewing
from app.profiles.views import audiences
from app.profiles.views.door import door

#: A page of the directory has at most a few pictures; a program that fetches them all is slowed down.
LOOKING = Budget("photo-read", "120 per minute; 1000 per hour")


@door.page("/me/profile/photo", access=Permission.PROFILE_KEEP, methods=("GET", "POST"), uploads=files.MOST_BYTES)
def photo() -> ResponseReturnValue:
    """One's own photograph and who sees it, side by side."""
    actor = _changing()
    kept = queries.my_profile(actor)
    before = kept.fields.get(Field.PHOTO)
    offered = audiences.choices(actor, kept)
    del offered[Audience.CASEWORKERS]
    form = PhotoForm()
    form.offer(before, [(group.public_id, group.name) for group in offered[Audience.CHOSEN].groups], list(offered))
    if form.validate_on_submit():
        picture = brought("picture")
        try:
            if picture or before is None:
                actions.bring_photo(actor, picture, audience=form.chosen_audience, lists=form.lists.data or ())
                flash(gettext("Your photograph is here, made anew from its dots alone."))
            else:
                actions.show_photo(actor, audience=form.chosen_audience, lists=form.lists.data or ())
                flash(gettext("Saved."))
            return redirect(url_for("profiles.photo"), 303)
        except (Invalid, TooMany, Unavailable) as refusal:
            form.refuse(refusal, at=form.picture)
    page = render_template(
        "profiles/photo.html",
        form=form,
        me=actor,
        choices=offered,
        before=before,
        now=audiences.seen_by(before, offered) if before else None,
    )
    return form.answer(page)


@door.page("/me/profile/photo/remove", access=Permission.PROFILE_KEEP, methods=("POST",))
def remove_photo() -> ResponseReturnValue:
    actions.remove_photo(_changing())
    flash(gettext("Your photograph is gone. Who saw it before may have kept a copy."))
    return redirect(url_for("profiles.photo"), 303)


@door.page("/members/<person>/photo", access=Permission.PROFILE_KEEP)
def photo_of(person: str) -> Response:
    """The picture, for whoever sees that field of this person now. It is asked each time anew, and kept nowhere."""
    actor = present_actor()
    present_house().budgets.spend(LOOKING, actor.public_id)
    person_id, plain, kind = photos.photo_of(viewing.viewer_of(actor), person)
    sweeps.read_photo(actor, person_id, person)
    return file_answer(plain, kind)


def _changing() -> Actor:
    actor = present_actor()
    if not policy.can_change(actor):
        raise NotFound
    return actor
