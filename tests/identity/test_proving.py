"""Proving again that it is oneself: before what could do harm, for ten minutes, and with a new token each time."""

from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from flask import Flask, flash, redirect, render_template_string
from flask.typing import ResponseReturnValue
from wtforms import StringField

from app import create_app
from app.features import FEATURES
from app.identity import actions as identity
from app.kernel.access import Permission
from app.kernel.feature import Feature
from app.kernel.house import House
from app.kernel.web import Door, Form, present_actor
from config import Settings
from tests.factories import PASSPHRASE, Factory
from tests.identity.factors import can_use_again, code_now, gives_codes, proved_long_ago
from tests.identity.visitor import Visit, words

pytestmark = pytest.mark.one_database

DANGEROUS = ["/me/second-step", "/me/recovery-codes"]
PAGE = """{% extends 'layout.html' %}{% from 'ui/error_summary.html' import error_summary %}
{% block content %}{{ error_summary(form) }}<form>{{ form.reason() }}</form>{% endblock %}"""


class ReasonForm(Form):
    reason = StringField("Reason")


def dangerous_feature() -> Feature:
    door = Door("danger", __name__)

    @door.page("/danger", access=Permission.SIGNED_IN, methods=("GET", "POST"), step_up=True)
    def danger() -> ResponseReturnValue:
        form = ReasonForm()
        if form.validate_on_submit():
            identity.end_other_sessions(present_actor())
            flash("Done")
            return redirect("/me", 303)
        return form.answer(render_template_string(PAGE, form=form))

    @door.page("/danger/at-once", access=Permission.SIGNED_IN, methods=("POST",), step_up=True)
    def at_once() -> ResponseReturnValue:
        identity.end_other_sessions(present_actor())
        return redirect("/me", 303)

    return Feature("danger", door=door)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings, features=(*FEATURES, dangerous_feature()))
    yield app
    app.extensions["house"].close()


@pytest.mark.parametrize("path", [*DANGEROUS, "/danger?page=2"])
def test_whoever_has_not_proved_it_lately_is_led_there_and_back(
    visit: Visit, make: Factory, house: House, path: str
) -> None:
    browser = visit(make.token("Nour"))
    assert browser.opens(path).status_code == 200, "signing in was proof"
    proved_long_ago(house, minutes=9)
    assert browser.opens(path).status_code == 200
    proved_long_ago(house)
    led = browser.opens(path)
    assert (led.status_code, unquote(led.location)) == (302, f"/me/prove?next={path}")
    done = browser.sends("/me/prove", {"passphrase": PASSPHRASE, "next": path})
    assert (done.status_code, done.location) == (303, path)
    assert browser.opens(path).status_code == 200


def test_proving_gives_the_session_a_new_token_and_the_old_one_is_dead(
    visit: Visit, make: Factory, house: House
) -> None:
    token = make.token("Nour")
    before = make.actor(token)
    browser, stolen = visit(token), visit(token)
    form_of_before = browser.form_token()
    proved_long_ago(house)
    browser.sends("/me/prove", {"passphrase": PASSPHRASE})
    assert browser.token != token
    assert browser.is_signed_in()
    assert not stolen.is_signed_in()
    after = make.actor(browser.token)
    assert after.session_id == before.session_id
    assert after.proved_within()
    assert not after.proved_within(minutes=0)
    assert browser.sends("/danger", {"csrf_token": form_of_before}).status_code == 303, "open forms can still be sent"


@pytest.mark.parametrize("typed", ["a wrong one", "", "x" * 900])
def test_a_wrong_passphrase_proves_nothing(visit: Visit, make: Factory, house: House, typed: str) -> None:
    token = make.token("Nour")
    browser = visit(token)
    proved_long_ago(house)
    assert browser.sends("/me/prove", {"passphrase": typed}).status_code == 422
    assert browser.token == token
    assert browser.opens("/danger").status_code == 302


def test_a_code_of_ones_app_proves_it_once(visit: Visit, make: Factory, house: House) -> None:
    token = make.token("Nour")
    gives_codes(house, make.actor(token))
    browser, code = visit(token), code_now()
    for expected in (303, 422):
        proved_long_ago(house)
        assert browser.sends("/me/prove/code", {"code": code, "next": "/danger"}).status_code == expected
    assert browser.opens("/danger").status_code == 302
    can_use_again(house)
    assert browser.sends("/me/prove/code", {"code": code_now()}).location == "/me/proved"
    assert browser.opens("/danger").status_code == 200


def test_a_form_that_is_sent_too_late_writes_nothing_and_loses_nothing(
    visit: Visit, make: Factory, house: House
) -> None:
    token = make.token("Nour")
    browser, elsewhere = visit(token), visit(make.another_session(make.actor(token)))
    proved_long_ago(house)
    late = browser.sends("/danger", {"reason": "Because of the well"})
    assert late.status_code == 403
    assert 'value="Because of the well"' in words(late)
    assert 'href="/me/prove" target="_blank"' in words(late)
    assert "send this once more" in words(late)
    assert elsewhere.is_signed_in()
    browser.sends("/me/prove", {"passphrase": PASSPHRASE})
    assert browser.sends("/danger", {"reason": "Because of the well"}).status_code == 303
    assert not elsewhere.is_signed_in()


def test_a_button_that_is_pressed_too_late_writes_nothing(visit: Visit, make: Factory, house: House) -> None:
    token = make.token("Nour")
    browser, elsewhere = visit(token), visit(make.another_session(make.actor(token)))
    proved_long_ago(house)
    late = browser.sends("/danger/at-once", {"reason": "Because of the well"})
    assert late.status_code == 403
    assert "Because of the well" in words(late)
    assert elsewhere.is_signed_in()
    browser.sends("/me/prove", {"passphrase": PASSPHRASE})
    assert browser.sends("/danger/at-once").status_code == 303
    assert not elsewhere.is_signed_in()


def test_a_stranger_is_asked_to_sign_in_and_never_to_prove(visit: Visit) -> None:
    for path in (*DANGEROUS, "/me/prove"):
        assert visit().opens(path).location.startswith("/sign-in?next=")


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_proving_leads_nowhere_else(visit: Visit, make: Factory, elsewhere: str) -> None:
    answer = visit(make.token()).sends("/me/prove", {"passphrase": PASSPHRASE, "next": elsewhere})
    assert answer.location == "/me/proved"


def test_whoever_holds_the_browser_guesses_eight_times(visit: Visit, make: Factory, house: House) -> None:
    house.offload = lambda job, *args: False if job.__name__ == "_verify" else job(*args)
    browser = visit(make.token("Nour"))
    answers = [browser.sends("/me/prove", {"passphrase": "a guess"}).status_code for _ in range(9)]
    assert answers == [422] * 8 + [429]
