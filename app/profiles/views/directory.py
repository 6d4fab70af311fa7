"""Pages of the directory, being in it, the wait of whoever reads too much, and what moderators see of that."""

from datetime import timedelta
from math import ceil
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.kernel import i18n
from app.kernel.access import Permission
from app.kernel.db import now
from app.kernel.web import present_actor
from app.moderation import queries as moderation
from app.profiles import policy, values
from app.profiles.actions import listing, sweeps
from app.profiles.actions.sweeps import Wait
from app.profiles.forms.directory import ListedForm, SearchForm, SettleForm
from app.profiles.models import Field
from app.profiles.queries import directory as queries
from app.profiles.queries import sweeps as counted
from app.profiles.queries import viewing
from app.profiles.queries.directory import Found
from app.profiles.queries.viewing import Card
from app.profiles.values import Value
from app.profiles.views import wording
from app.profiles.views.door import door
from app.profiles.views.wording import Line

#: Offered while somebody types; any other name does as well.
COUNTRIES = ("SY", "TR", "LB", "JO", "IQ", "EG", "DE", "SE", "NL", "FR", "GB", "CA")
LAST_POSITION = 2**62
#: Lines of a card: twenty of them must be a page for an old telephone.
LINES = 5


@door.page("/directory", access=Permission.DIRECTORY_USE)
def directory() -> ResponseReturnValue:
    """Members who chose to be found, by what each of them shows to whoever looks."""
    actor, form, language = present_actor(), SearchForm(request.args), i18n.language()
    viewer, found = viewing.viewer_of(actor), Found((), None)
    if form.validate():
        found = queries.search(viewer, form.wanted(), _after())
        sweeps.read_page(actor, found.person_ids)
    cards = viewing.cards(viewer, found.person_ids)
    page = render_template(
        "profiles/directory.html",
        form=form,
        people=[(cards[one], _lines(cards[one])) for one in found.person_ids if one in cards],
        listed=queries.is_listed(actor),
        filtered=bool(form.filled()),
        languages=[values.language_name(code, language) for code in values.COMMON_LANGUAGES],
        countries=[values.country_name(code, language) for code in COUNTRIES],
        first=_address(form) if _after() >= 0 else None,
        following=_address(form, after=found.after) if found.after is not None else None,
    )
    return form.answer(page)


@door.page("/me/profile/listed", access=Permission.PROFILE_KEEP, methods=("GET", "POST"))
def listed() -> ResponseReturnValue:
    """Say what being in the directory does, how it is with this person, and let them choose."""
    actor, form = present_actor(), ListedForm()
    if form.validate_on_submit():
        wished = form.listed.data == "yes"
        listing.set_listed(actor, listed=wished)
        flash(_chosen(wished))
        return redirect(url_for("profiles.listed"), 303)
    page = render_template(
        "profiles/directory_listed.html",
        form=form,
        listed=queries.is_listed(actor),
        may_search=actor.holds(Permission.DIRECTORY_USE),
        may_change=policy.can_change(actor),
    )
    return form.answer(page)


@door.page("/sweeps/<id>", access=Permission.MEASURES_TAKE, methods=("GET", "POST"))
def sweep(id: str) -> ResponseReturnValue:
    """Somebody who read far more profiles than people do: how many on which day. Whose is nobody's to see."""
    actor, form = present_actor(), SettleForm()
    found = counted.get_sweep(actor, id)
    if form.validate_on_submit():
        sweeps.settle(actor, found, reason=form.reason.data or "")
        flash(gettext("The alarm is closed. Invented profiles are not shown to this person any more."))
        return redirect(url_for("profiles.sweep", id=id), 303)
    item = moderation.item_of(sweeps.KIND, found.public_id)
    page = render_template(
        "profiles/directory_sweep.html",
        form=form,
        seen=counted.sweep_seen(actor, found),
        normal=sweeps.NORMAL,
        item=item.public_id if item is not None else None,
    )
    return form.answer(page)


@door.errorhandler(Wait)
def wait(refusal: Wait) -> ResponseReturnValue:
    """Not an error: when the next profile opens, in words."""
    seconds = refusal.retry_after or 1
    page = render_template(
        "profiles/directory_wait.html", minutes=ceil(seconds / 60), at=now() + timedelta(seconds=seconds)
    )
    return make_response(page, refusal.status, {"Retry-After": str(seconds)})


def _after() -> int:
    """The position behind which the page begins, from the address."""
    asked = request.args.get("after", "")
    return min(int(asked), LAST_POSITION) if asked.isascii() and asked.isdigit() and len(asked) < 20 else -1


def _lines(card: Card) -> list[Line]:
    """What a card says at a glance: the first lines. The rest is on the page of the member."""
    fields: dict[Field, Value] = {field: value for field, value in card.fields.items() if field is not Field.PRONOUN}
    return wording.lines(fields)[:LINES]


def _address(form: SearchForm, **more: Any) -> str:
    """The directory with these filters."""
    return url_for("profiles.directory", **form.filled(), **more)


def _chosen(is_listed: bool) -> str:
    if is_listed:
        return str(gettext("You are in the directory. Each member finds you by what you show to them."))
    return str(gettext("You are not in the directory. Nobody finds you by searching."))
