"""Pages of the way in: load, form, action, redirect."""

from collections.abc import Callable
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.identity.door import device, door, half_token, half_way, keep_session, network, present_token, signed_in
from app.identity.entry import actions
from app.identity.entry.forms import CodeForm, PasskeyForm, PassphraseForm, ProveForm, RecoveryForm, SignInForm
from app.identity.factors import queries
from app.identity.factors.passkeys import site_of
from app.kernel.access import Permission
from app.kernel.errors import Invalid, Refusal, SignedOut, TooMany, Unavailable
from app.kernel.i18n import explain
from app.kernel.web import Form, local_path, present_actor, present_house

REFUSALS = (Invalid, TooMany, Unavailable)


@door.page("/sign-in", access=Permission.OPEN, methods=("GET", "POST"))
def sign_in() -> ResponseReturnValue:
    form = SignInForm(next=request.args.get("next", ""))
    if form.validate_on_submit():
        try:
            step = actions.sign_in(
                form.name.data or "",
                form.passphrase.data or "",
                network=network(),
                device=device(),
                replacing=present_token(),
            )
            if step.whole:
                return signed_in(step.token, form.next.data)
            return half_way(step.token, form.next.data, seconds=actions.HALF_MINUTES * 60)
        except REFUSALS as refusal:
            form.refuse(refusal)
    return _sign_in_page(form, PasskeyForm(formdata=None, next=form.next.data))


@door.page("/sign-in/passkey", access=Permission.OPEN, methods=("POST",))
def sign_in_with_passkey() -> ResponseReturnValue:
    """With a passkey alone, whose device checks who holds it."""
    form = PasskeyForm()
    if form.validate_on_submit():
        try:
            token = actions.sign_in_with_passkey(
                form.proof.data or "", network=network(), device=device(), replacing=present_token()
            )
            return signed_in(token, form.next.data)
        except REFUSALS as refusal:
            form.refuse(refusal)
    return _sign_in_page(SignInForm(formdata=None, next=form.next.data), form)


@door.page("/sign-in/passkey/ask", access=Permission.OPEN, methods=("POST",))
def ask_alone() -> ResponseReturnValue:
    return asked(lambda: actions.ask_alone(network=network()))


@door.page("/sign-in/second", access=Permission.OPEN, methods=("GET", "POST"))
def second_step() -> ResponseReturnValue:
    form = CodeForm(next=request.args.get("next", ""))
    if form.validate_on_submit():
        return _second(form, lambda: actions.second_with_code(half_token(), form.code.data or "", **_way()))
    return _second_page(form)


@door.page("/sign-in/second/recovery-code", access=Permission.OPEN, methods=("POST",))
def second_step_with_recovery_code() -> ResponseReturnValue:
    form = RecoveryForm()
    if form.validate_on_submit():
        typed = form.recovery_code.data or ""
        return _second(form, lambda: actions.second_with_recovery_code(half_token(), typed, **_way()))
    return _second_page(form)


@door.page("/sign-in/second/passkey", access=Permission.OPEN, methods=("POST",))
def second_step_with_passkey() -> ResponseReturnValue:
    form = PasskeyForm()
    if form.validate_on_submit():
        return _second(form, lambda: actions.second_with_passkey(half_token(), form.proof.data or "", **_way()))
    return _second_page(form)


@door.page("/sign-in/second/passkey/ask", access=Permission.OPEN, methods=("POST",))
def ask_second() -> ResponseReturnValue:
    return asked(lambda: actions.ask_second(half_token(), network=network()))


@door.page("/me/prove", access=Permission.SIGNED_IN, methods=("GET", "POST"))
def prove() -> ResponseReturnValue:
    form = ProveForm(next=request.args.get("next", ""))
    if form.validate_on_submit():
        return _proved(form, lambda: actions.prove_with_passphrase(present_actor(), form.passphrase.data or ""))
    return _prove_page(form)


@door.page("/me/prove/code", access=Permission.SIGNED_IN, methods=("POST",))
def prove_with_code() -> ResponseReturnValue:
    form = CodeForm()
    if form.validate_on_submit():
        return _proved(form, lambda: actions.prove_with_code(present_actor(), form.code.data or ""))
    return _prove_page(form)


@door.page("/me/prove/passkey", access=Permission.SIGNED_IN, methods=("POST",))
def prove_with_passkey() -> ResponseReturnValue:
    form = PasskeyForm()
    if form.validate_on_submit():
        return _proved(form, lambda: actions.prove_with_passkey(present_actor(), form.proof.data or ""))
    return _prove_page(form)


@door.page("/me/prove/passkey/ask", access=Permission.SIGNED_IN, methods=("POST",))
def ask_to_prove() -> ResponseReturnValue:
    return asked(lambda: actions.ask_to_prove(present_actor()))


@door.page("/me/passphrase", access=Permission.SETTINGS_CHANGE, methods=("GET", "POST"))
def passphrase() -> ResponseReturnValue:
    form = PassphraseForm()
    if form.validate_on_submit():
        try:
            actions.change_passphrase(present_actor(), form.present.data or "", form.wished.data or "")
            flash(gettext("Your passphrase is changed. Your other sessions have ended."))
            return redirect(url_for("identity.me"), 303)
        except REFUSALS as refusal:
            form.refuse(refusal)
    return form.answer(render_template("identity/passphrase.html", form=form))


def asked(ask: Callable[[], str]) -> ResponseReturnValue:
    """What a script hands to the browser, or in words why not."""
    try:
        return Response(ask(), mimetype="application/json")
    except Refusal as refusal:
        return {"text": explain(refusal)}, refusal.status


def passkeys_possible() -> bool:
    """Whether this address can have passkeys at all."""
    return site_of(present_house().settings) is not None


def _way() -> dict[str, Any]:
    return {"network": network(), "device": device(), "replacing": present_token()}


def _sign_in_page(form: SignInForm, passkey: PasskeyForm) -> ResponseReturnValue:
    page = render_template("identity/sign_in.html", form=form, passkey=passkey if passkeys_possible() else None)
    return (passkey if passkey.errors else form).answer(page)


def _second(form: Form, take: Callable[[], str]) -> ResponseReturnValue:
    try:
        return signed_in(take(), form.next.data)
    except REFUSALS as refusal:
        form.refuse(refusal)
    except SignedOut as refusal:
        flash(explain(refusal))
        return redirect(url_for("identity.sign_in", next=form.next.data or None), 303)
    return _second_page(form)


def _second_page(sent: Form) -> ResponseReturnValue:
    person = queries.find_half(half_token())
    if person is None:
        return redirect(url_for("identity.sign_in", next=sent.next.data or None), 303)
    page = render_template(
        "identity/second_step.html",
        sent=sent,
        ways=queries.ways_of(person.id),
        passkeys_possible=passkeys_possible(),
        forms=_forms(sent, CodeForm, RecoveryForm, PasskeyForm),
    )
    return sent.answer(page)


def _proved(form: Form, take: Callable[[], str]) -> ResponseReturnValue:
    """Back to what was to be done, with the session's new token. Forms that are open elsewhere can still be sent."""
    try:
        token = take()
    except REFUSALS as refusal:
        form.refuse(refusal)
        return _prove_page(form)
    response = make_response(redirect(local_path(form.next.data, url_for("identity.proved")), 303))
    keep_session(response, token)
    return response


@door.page("/me/proved", access=Permission.SIGNED_IN)
def proved() -> ResponseReturnValue:
    """For a tab that was opened only to prove it."""
    return render_template("identity/proved.html")


def _prove_page(sent: Form) -> ResponseReturnValue:
    page = render_template(
        "identity/prove.html",
        sent=sent,
        ways=queries.ways_of(present_actor().person_id),
        passkeys_possible=passkeys_possible(),
        forms=_forms(sent, ProveForm, CodeForm, PasskeyForm),
    )
    return sent.answer(page)


def _forms(sent: Form, *kinds: type[Form]) -> dict[str, Form]:
    """One form of each kind for a page that offers several ways: the one that was sent as it was sent."""
    return {
        kind.__name__: sent if isinstance(sent, kind) else kind(formdata=None, next=sent.next.data) for kind in kinds
    }
