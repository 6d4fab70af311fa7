"""Pages of notices and of how to be told: load, form, action, redirect."""

from typing import Any

from babel.dates import get_timezone_location
from flask import Response, flash, redirect, render_template, request, send_from_directory, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from app.kernel.access import Permission
from app.kernel.errors import Conflict, Invalid, NotFound, TooMany, Unavailable
from app.kernel.push import Subscription
from app.kernel.web import Door, local_path, present_actor, present_house
from app.kernel.web.context import DIST, manifest
from app.kernel.web.forms import Form
from app.notifications import actions, queries
from app.notifications.forms import ZONES, AddressForm, ChoicesForm, CodeForm, DeviceForm
from app.notifications.models import MailState
from app.notifications.policy import Hours

door = Door("notifications", __name__)
SEE = Permission.STANDING_SEE
CHOOSE = Permission.SETTINGS_CHANGE
REFUSALS = (Invalid, TooMany, Conflict, Unavailable)


@door.page("/notices", access=SEE)
def notices() -> ResponseReturnValue:
    actor, before = present_actor(), request.args.get("before", "")
    lines, more = queries.notices(actor, before=before)
    shown = [
        {"id": line.public_id, "text": gettext(line.text), "made_at": line.made_at, "unread": line.unread}
        for line in lines
    ]
    return render_template(
        "notifications/notices.html",
        notices=shown,
        any_unread=queries.unread(actor) > 0,
        may_choose=actor.holds(CHOOSE),
        older_url=url_for("notifications.notices", before=lines[-1].public_id) if more else None,
        newer_url=url_for("notifications.notices") if before else None,
    )


@door.page("/notices/<id>", access=SEE)
def notice(id: str) -> ResponseReturnValue:
    """Go where a notice leads, which is to have read it."""
    actor = present_actor()
    found = queries.get_notice(actor, id)
    actions.mark_read(actor, found)
    return redirect(local_path(queries.kind_of(found).url(found.ref)))


@door.page("/notices/<id>/read", access=SEE, methods=("POST",))
def read(id: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.mark_read(actor, queries.get_notice(actor, id))
    return redirect(url_for("notifications.notices"), 303)


@door.page("/notices/read", access=SEE, methods=("POST",))
def read_all() -> ResponseReturnValue:
    actions.mark_all_read(present_actor())
    return redirect(url_for("notifications.notices"), 303)


@door.page("/me/notices", access=CHOOSE, methods=("GET", "POST"))
def settings() -> ResponseReturnValue:
    actor, form = present_actor(), _choices_form()
    if form.validate_on_submit():
        chosen = Hours(int(form.first.data), int(form.last.data), form.zone.data)
        hours = chosen if form.time.data == "hours" else None
        try:
            actions.choose(
                actor,
                by_mail=form.by_mail.data,
                by_push=form.by_push.data,
                once_a_day=form.pace.data == "daily",
                hours=hours,
            )
            flash(gettext("Kept. You can change it at any time."))
            return redirect(url_for("notifications.settings"), 303)
        except REFUSALS as refusal:
            form.refuse(refusal)
    return form.answer(_settings_page(choices_form=form))


@door.page("/me/notices/address", access=CHOOSE, methods=("POST",))
def address() -> ResponseReturnValue:
    if not present_house().mail.usable:
        raise NotFound
    form = AddressForm()
    if form.validate_on_submit():
        try:
            actions.add_address(present_actor(), address=form.address.data or "")
            flash(gettext("A code is on its way to this address. Give it below."))
            return redirect(url_for("notifications.settings"), 303)
        except REFUSALS as refusal:
            form.refuse(refusal)
    return form.answer(_settings_page(address_form=form))


@door.page("/me/notices/code", access=CHOOSE, methods=("POST",))
def code() -> ResponseReturnValue:
    form = CodeForm()
    if form.validate_on_submit():
        try:
            actions.confirm_address(present_actor(), code=form.code.data or "")
            flash(gettext("The address is confirmed. We write there from now on."))
            return redirect(url_for("notifications.settings"), 303)
        except REFUSALS as refusal:
            form.refuse(refusal, at=form.code)
    return form.answer(_settings_page(code_form=form))


@door.page("/me/notices/address/remove", access=CHOOSE, methods=("POST",))
def remove_address() -> ResponseReturnValue:
    actions.remove_address(present_actor())
    flash(gettext("The address is forgotten."))
    return redirect(url_for("notifications.settings"), 303)


@door.page("/me/notices/devices", access=CHOOSE, methods=("POST",))
def add_device() -> ResponseReturnValue:
    if not present_house().push.usable:
        raise NotFound
    form = DeviceForm()
    if form.validate_on_submit():
        where = Subscription(form.endpoint.data or "", form.p256dh.data or "", form.auth.data or "")
        try:
            actions.add_subscription(present_actor(), where)
            flash(gettext("This device is told from now on."))
            return redirect(url_for("notifications.settings"), 303)
        except REFUSALS as refusal:
            form.refuse(refusal)
    return form.answer(_settings_page(device_form=form))


@door.page("/me/notices/devices/<id>/remove", access=CHOOSE, methods=("POST",))
def remove_device(id: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.remove_subscription(actor, queries.get_device(actor, id))
    flash(gettext("That device is told nothing more."))
    return redirect(url_for("notifications.settings"), 303)


@door.page("/push-worker.js", access=Permission.OPEN)
def push_worker() -> Response:
    """The script that shows a line when a push comes. It stands at the top so that a click may open Home."""
    if not present_house().push.usable:
        raise NotFound
    return send_from_directory(DIST, manifest()["push-worker.js"], mimetype="text/javascript")


def _settings_page(**bound: Form) -> str:
    """The page with all of its forms: those that were just sent as they are, the others as things stand."""
    house, chosen = present_house(), queries.choices(present_actor())
    context: dict[str, Any] = {
        "choices_form": bound.get("choices_form") or _choices_form(chosen),
        "address_form": bound.get("address_form") or AddressForm(formdata=None),
        "code_form": bound.get("code_form") or CodeForm(formdata=None),
        "device_form": bound.get("device_form") or DeviceForm(formdata=None),
    }
    if request.method == "GET":
        context["choices_form"] = _choices_form(chosen)
    return render_template(
        "notifications/settings.html",
        **context,
        address=chosen.address,
        mail_state=chosen.mail_state.value,
        has_mail=chosen.mail_state is MailState.CONFIRMED,
        mail_usable=house.mail.usable,
        mail_sender=house.mail.sender,
        mail_link=house.settings.address if house.settings.mail_link else None,
        push_usable=house.push.usable,
        push_key=house.push.public_key if house.push.usable else "",
        devices=queries.devices(present_actor()) if house.push.usable else [],
    )


def _choices_form(chosen: queries.Choices | None = None) -> ChoicesForm:
    """The form as things stand when `chosen` is given, else as it was sent."""
    if chosen is None:
        form = ChoicesForm()
    else:
        hours = chosen.hours or Hours(9, 21, ZONES[0])
        form = ChoicesForm(
            formdata=None,
            by_mail=chosen.by_mail,
            by_push=chosen.by_push,
            pace="daily" if chosen.once_a_day else "soon",
            time="hours" if chosen.hours else "any",
            first=str(hours.first),
            last=str(hours.last),
            zone=hours.zone,
        )
    form.zone.choices = [(zone, get_timezone_location(zone, locale=get_locale(), return_city=True)) for zone in ZONES]
    return form
