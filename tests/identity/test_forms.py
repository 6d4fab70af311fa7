"""Every form carries a token of its own browser. Without it nothing happens, and what was typed is given back."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.routing import Rule

from app.kernel import work
from app.kernel.access import Role
from app.kernel.house import House
from tests.factories import Factory
from tests.identity.visitor import Visit, words

pytestmark = pytest.mark.one_database

#: The exit must work from the oldest page, and its cookie does not come along from another site.
WITHOUT_TOKEN = {"identity.exit"}
TABLES = (
    "person",
    "login_session",
    "invitation",
    "room_member",
    "message",
    "passkey",
    "one_time_code",
    "recovery_code",
)


def posts(app: Flask) -> list[tuple[str, str]]:
    """Endpoint and address of every form, with something in the place of each variable."""
    ways = app.url_map.bind("localhost")
    forms = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    return [
        (
            rule.endpoint,
            ways.build(rule.endpoint, {name: _something(rule, name) for name in rule.arguments}, method="POST"),
        )
        for rule in forms
    ]


def _something(rule: Rule, name: str) -> str | int:
    return 1 if f"<int:{name}>" in rule.rule else "AAAAAAAAAAAAAAAA"


def everything(house: House) -> list[Any]:
    with work.scope(house) as opened:
        return [opened.session.execute(text(f"select * from {table} order by id")).all() for table in TABLES]


@pytest.mark.parametrize("token", [None, "", "wrong", "of somebody else"])
def test_no_form_does_anything_without_its_token(
    visit: Visit, app: Flask, make: Factory, house: House, token: str | None
) -> None:
    everywhere = (Role.MEMBER, Role.MODERATOR, Role.ADMINISTRATOR)
    browser = visit(make.token("Nour", roles=everywhere))
    if token == "of somebody else":
        token = visit(make.token("Lina", roles=everywhere)).form_token()
    fields = {"name": "Nour", "passphrase": "x" * 20, "code": "x", "body": "words", "role": "member", "language": "ar"}
    before = everything(house)
    tried = [(endpoint, path) for endpoint, path in posts(app) if endpoint not in WITHOUT_TOKEN]
    assert len(tried) >= 9
    for endpoint, path in tried:
        data = {**fields, **({} if token is None else {"csrf_token": token})}
        answer = browser.client.post(path, data=data)
        assert answer.status_code == 422, endpoint
        assert "This page was open for too long" in words(answer), endpoint
        assert "language" not in str(answer.headers.getlist("Set-Cookie"))
    assert everything(house) == before
    assert browser.is_signed_in()


def test_words_come_back_when_the_form_was_too_old(visit: Visit, make: Factory) -> None:
    nour = make.person("Nour")
    room = make.room(nour)
    browser = visit(make.another_session(nour))
    typed = "سطر أول\nA second <line> & more"
    answer = browser.sends(f"/rooms/{room.public_id}/messages", {"body": typed, "client_id": "x", "csrf_token": "old"})
    assert answer.status_code == 422
    assert "سطر أول\nA second &lt;line&gt; &amp; more</textarea>" in words(answer)


def test_words_come_back_when_the_session_had_ended(visit: Visit, make: Factory) -> None:
    nour = make.person("Nour")
    room = make.room(nour)
    browser = visit(make.another_session(nour))
    token = browser.form_token()
    visit(make.another_session(nour)).sends("/me/sessions/end-others")
    fields = {"body": "Long and careful words", "client_id": "x", "csrf_token": token}
    answer = browser.sends(f"/rooms/{room.public_id}/messages", fields)
    assert answer.status_code == 401
    assert "Long and careful words</textarea>" in words(answer)
    assert 'href="/sign-in"' in words(answer)


@pytest.mark.parametrize("path", ["/sign-in", "/join", "/me/passphrase"])
def test_secrets_never_come_back(visit: Visit, make: Factory, path: str) -> None:
    browser = visit(make.token("Nour"))
    secret = "never to be seen again"
    fields = {"passphrase": secret, "present": secret, "wished": secret, "name": "Nour", "code": "x"}
    for token in (browser.form_token(), "old"):
        assert secret not in words(browser.sends(path, {**fields, "csrf_token": token}))
