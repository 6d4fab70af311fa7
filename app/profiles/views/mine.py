"""One's own profile: each field with who sees it, editing it, countries that see nothing, and viewing it as others do."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import N_, Invalid, NotFound
from app.kernel.web import present_actor
from app.profiles import policy, values
from app.profiles.actions import editing
from app.profiles.forms.fields import TYPED, AudienceForm, CountriesForm, PlaceForm, form_of
from app.profiles.models import Audience, Field
from app.profiles.queries import mine as queries
from app.profiles.queries import people, view_as, viewing
from app.profiles.queries.mine import MyField
from app.profiles.queries.view_as import As
from app.profiles.views import audiences, members, wording
from app.profiles.views.door import door

_ORDER = list(Audience)
NOW_INSIDE = N_("You say now that you are inside Syria. We have set it to only you; choose again if you want.")


@door.page("/me/profile", access=Permission.PROFILE_KEEP)
def mine() -> ResponseReturnValue:
    actor = present_actor()
    kept = queries.my_profile(actor)
    offered = audiences.choices(actor, kept)
    cards = [
        (field, wording.label(field), wording.words(field, one.value), audiences.seen_by(one, offered))
        if (one := kept.fields.get(field))
        else (field, wording.label(field), [], None)
        for field in TYPED
    ]
    return render_template(
        "profiles/mine.html",
        cards=cards,
        texts=wording.TEXTS,
        photo=audiences.seen_by(kept.fields[Field.PHOTO], offered) if Field.PHOTO in kept.fields else None,
        excluded=wording.countries_in_words(kept.excluded) if kept.excluded else "",
        listed=kept.listed,
        may_change=policy.can_change(actor),
    )


@door.page("/me/profile/<field>", access=Permission.PROFILE_KEEP, methods=("GET", "POST"))
def field(field: str) -> ResponseReturnValue:
    """One field and who sees it, side by side."""
    actor, kind = _changing(), _typed(field)
    kept = queries.my_profile(actor)
    before = kept.fields.get(kind)
    offered = audiences.choices(actor, kept)
    lists = [(group.public_id, group.name) for group in offered[Audience.CHOSEN].groups]
    form = form_of(kind, before, lists)
    if form.validate_on_submit() and _still_meant(form, before):
        try:
            made = editing.set_field(
                actor, kind, value=form.value, audience=form.chosen_audience, lists=form.lists.data or ()
            )
            flash(_saved(before, made.audience if made else None))
            return redirect(url_for("profiles.mine"), 303)
        except Invalid as problem:
            form.refuse(problem, at=form.lists)
    page = render_template(
        "profiles/field.html",
        form=form,
        kind=kind,
        label=wording.label(kind),
        choices=offered,
        before=before,
        now=audiences.seen_by(before, offered) if before else None,
        longest=values.LONGEST_TEXT.get(kind),
    )
    return form.answer(page)


@door.page("/me/profile/countries", access=Permission.PROFILE_KEEP, methods=("GET", "POST"))
def countries() -> ResponseReturnValue:
    """Countries whose members see nothing of this profile."""
    actor, form = _changing(), CountriesForm()
    form.show(queries.my_profile(actor).excluded)
    if form.validate_on_submit():
        try:
            editing.exclude_countries(actor, countries=form.chosen)
            flash(gettext("Saved. It holds from now on; who saw something before may remember it."))
            return redirect(url_for("profiles.countries"), 303)
        except Invalid as problem:
            form.refuse(problem, at=form.another)
    return form.answer(render_template("profiles/countries.html", form=form))


@door.page("/me/profile/view-as", access=Permission.PROFILE_KEEP)
def view_as_somebody() -> ResponseReturnValue:
    """One's own page as somebody else sees it: the page that is served to them, by the same query and template."""
    actor, whom = _changing(), request.args.get("as", As.MEMBER.value)
    known = people.people_known(actor)
    viewer = view_as.viewer_as(actor, whom)
    try:
        member = viewing.get_member(viewer, actor.public_id)
    except NotFound:
        member = None
    excluded = queries.my_profile(actor).excluded
    kinds = _kinds(bool(excluded))
    return members.page_of(
        member,
        template="profiles/view_as.html",
        kinds=kinds,
        people=[(one.public_id, one.name) for one in known],
        whom=whom,
        name=next((one.name for one in known if one.public_id == whom), ""),
        says=_says(whom, bool(excluded)),
    )


def _changing() -> Actor:
    """Whoever asks, if they may change their profile now; otherwise these pages are not there."""
    actor = present_actor()
    if not policy.can_change(actor) or not policy.shows_people(actor):
        raise NotFound
    return actor


def _typed(name: str) -> Field:
    try:
        found = Field(name)
    except ValueError:
        raise NotFound from None
    if found not in TYPED:
        raise NotFound
    return found


def _still_meant(form: AudienceForm, before: MyField | None) -> bool:
    """Whether somebody who now says that they are inside Syria chose who sees it with that in mind."""
    if not isinstance(form, PlaceForm) or not form.moves_inside(before):
        return True
    form.audience.data = Audience.ONLY_ME.value
    form.refuse(Invalid(NOW_INSIDE), at=form.audience)
    return False


def _saved(before: MyField | None, after: Audience | None) -> str:
    """What was done, and what it does to the past."""
    if after is None:
        return str(
            gettext("It is taken away. Who saw it before may remember it.") if before else gettext("Nothing is kept.")
        )
    if before and _ORDER.index(after) < _ORDER.index(before.audience):
        return str(gettext("Saved. Fewer people see it from now on; who saw it before may remember it."))
    return str(gettext("Saved."))


def _kinds(excludes: bool) -> list[tuple[str, str]]:
    """As whom one may view one's page, besides people one knows."""
    names = [
        (As.STRANGER, gettext("A stranger, not signed in")),
        (As.PROBATIONER, gettext("A newcomer in probation")),
        (As.MEMBER, gettext("A member")),
        (As.UNSAID, gettext("A member who does not say where they live")),
        (As.EXCLUDED, gettext("A member in a country that you exclude")),
        (As.COMPANION, gettext("My mentor or mentee")),
        (As.EMPLOYER, gettext("An employer")),
        (As.MODERATOR, gettext("A moderator")),
        (As.CASEWORKER, gettext("A caseworker who wrote what for")),
    ]
    return [(one.value, name) for one, name in names if excludes or one not in (As.UNSAID, As.EXCLUDED)]


def _says(whom: str, excludes: bool) -> str:
    """What has to be known beside the page."""
    if whom == As.MODERATOR:
        return str(gettext("By their role alone. A moderator who is a member too sees what members see."))
    if whom not in set(As) and excludes:
        return str(
            gettext("If they live in a country that you exclude they see nothing. We do not tell you where they live.")
        )
    return ""
