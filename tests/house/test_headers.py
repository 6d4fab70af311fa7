"""SAFETY.md, Browser: every answer carries what protects the person, whatever it answers."""

import re
from collections.abc import Iterator
from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from app.features import FEATURES
from app.kernel.access import Permission, Role
from app.kernel.feature import Feature
from app.kernel.sessions import PLAIN_COOKIE, TLS_COOKIE
from app.kernel.web import Door
from app.kernel.web.context import manifest
from tests.conftest import _instance
from tests.factories import PASSPHRASE, Factory
from tests.house.markup import template
from tests.house.matrix import form_token
from tests.house.test_templates import LOADS

ADDRESSES = ("http://127.0.0.1:5000", "https://sanad.example")
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "media-src": "'self'",
    "font-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
#: Cookies that hold nothing secret, so that a planted one changes a language or a typeface and no more.
HARMLESS = {"language", "data_mode"}
#: A message whose reader's browser must not be made to ask anybody.
CARELESS_WORDS = (
    "![a](https://evil.example/a.png) <img src=//evil.example/b.png> https://evil.example/c [d](https://evil.example/d)"
)
#: Lines that would tell an attacker what runs here.
TELLING = {"Server", "X-Powered-By", "Via"}


class Site:
    """One address of the app, with everything that can be asked of it."""

    def __init__(self, app: Flask, address: str) -> None:
        self.app, self.address = app, address
        self.make = Factory(app.extensions["house"])
        self.tls = address.startswith("https")

    def client(self, token: str | None = None) -> FlaskClient:
        client = self.app.test_client()
        if token:
            host = self.address.partition("://")[2].partition(":")[0]
            client.set_cookie(TLS_COOKIE if self.tls else PLAIN_COOKIE, token, domain=host, secure=self.tls)
        return client

    def ask(self, client: FlaskClient, method: str, path: str, **more: object) -> TestResponse:
        return client.open(path, method=method, base_url=self.address, buffered=True, **more)  # type: ignore[arg-type]  # passed through

    def post(self, client: FlaskClient, path: str, **form: str) -> TestResponse:
        form["csrf_token"] = form_token(client, base_url=self.address)
        return self.ask(client, "POST", path, data=form)

    def asset(self, name: str) -> str:
        with self.app.test_request_context(base_url=self.address):
            return url_for("web.asset", name=name)

    def answers(self) -> Iterator[tuple[str, TestResponse]]:
        """Answers of every kind: pages, refusals, redirects, files, failures, and what is no address of ours at all."""
        stranger, member = self.client(), self.client(self.make.token(roles=(Role.MEMBER, Role.ADMINISTRATOR)))
        writer = self.make.person()
        made = self.make.room(writer)
        self.make.message(writer, made, CARELESS_WORDS)
        room = made.public_id
        for path in (
            "/",
            "/about",
            "/safety",
            "/help",
            "/sign-in",
            "/join",
            "/healthz",
            "/readyz",
            "/favicon.ico",
            "/rooms",
        ):
            yield path, self.ask(stranger, "GET", path)
        for path in ("/", "/rooms", f"/rooms/{room}", "/me", "/me/sessions", "/me/passphrase", "/people/invitations"):
            yield f"{path} signed in", self.ask(member, "GET", path)
        yield "leaving", self.ask(member, "GET", "/leaving?to=https://example.org/")
        yield "asset", self.ask(stranger, "GET", self.asset(manifest()["page.css"]))
        packed = {"Accept-Encoding": "gzip"}
        yield "asset packed", self.ask(stranger, "GET", self.asset(manifest()["page.js"]), headers=packed)
        yield "no asset", self.ask(stranger, "GET", self.asset("none.js"))
        yield "no page", self.ask(stranger, "GET", "/nowhere")
        yield "no room", self.ask(member, "GET", "/rooms/AAAAAAAAAAAAAAAA")
        yield "wrong method", self.ask(stranger, "DELETE", "/")
        yield "options", self.ask(stranger, "OPTIONS", "/sign-in")
        yield "head", self.ask(stranger, "HEAD", "/help")
        yield "no form token", self.ask(member, "POST", "/me/sessions/end-others")
        yield "too large", self.ask(stranger, "POST", "/sign-in", data={"name": "x" * 300_000})
        yield "another host", stranger.get("/", base_url="http://evil.example", buffered=True)
        yield "redirect", self.post(member, f"/rooms/{room}/join")
        yield "a room", self.ask(member, "GET", f"/rooms/{room}")
        yield "problems in a form", self.post(stranger, "/sign-in", name="Nobody", passphrase="wrong")
        yield "preferences", self.post(stranger, "/preferences", language="en", data_mode="light", next="/help")
        self.make.token("Someone Known")
        yield "signed in", self.post(stranger, "/sign-in", name="Someone Known", passphrase=PASSPHRASE)
        yield "signed out", self.post(member, "/sign-out")
        yield "exit", self.post(self.client(self.make.token()), "/exit")
        yield "a crash", self.ask(stranger, "GET", "/crash")
        yield "a page that wants to be kept", self.ask(stranger, "GET", "/kept")
        yield "sockets", self.ask(stranger, "GET", "/socket.io/?EIO=4&transport=polling")


def careless() -> Feature:
    """A feature with a page that fails in a way that nobody thought of, and one that wants to be kept."""
    door = Door("careless", __name__)

    @door.page("/crash", access=Permission.OPEN)
    def crash() -> str:
        raise ZeroDivisionError

    @door.page("/kept", access=Permission.OPEN)
    def kept() -> tuple[str, dict[str, str]]:
        return "words", {"Cache-Control": "public, max-age=3600"}

    return Feature("careless", door=door)


@pytest.fixture(scope="module", params=ADDRESSES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("site")
    for made in _instance(request, "sqlite", folder):
        settings = replace(made, address=request.param, trusted_hosts=("127.0.0.1", "sanad.example"))
        app = create_app(settings, features=(*FEATURES, careless()))
        yield Site(app, request.param)
        app.extensions["house"].close()


@pytest.fixture(scope="module")
def answers(site: Site) -> dict[str, TestResponse]:
    return dict(site.answers())


def test_the_answers_are_those_that_were_meant(answers: dict[str, TestResponse]) -> None:
    statuses = {
        "/": 200, "/rooms": 302, "/rooms signed in": 200, "leaving": 200, "asset": 200, "asset packed": 200, "no asset": 404,
        "no page": 404, "no room": 404, "wrong method": 405, "options": 405, "no form token": 422, "too large": 413,
        "another host": 400, "redirect": 303, "problems in a form": 422, "preferences": 303, "signed in": 303,
        "signed out": 303, "exit": 200, "a crash": 503, "sockets": 400,
    }  # fmt: skip
    assert {name: answers[name].status_code for name in statuses} == statuses


def test_every_answer_carries_the_policy_and_the_other_protections(
    site: Site, answers: dict[str, TestResponse]
) -> None:
    wanted = POLICY | {"connect-src": f"'self' {site.address.replace('http', 'ws', 1)}"}
    for name, answer in answers.items():
        policy = answer.headers.get("Content-Security-Policy", "")
        assert dict(part.strip().split(" ", 1) for part in policy.split(";") if part) == wanted, name
        for header, value in HEADERS.items():
            assert answer.headers.get(header) == value, f"{name}: {header}"
        assert "camera=()" in answer.headers.get("Permissions-Policy", ""), name
        assert not TELLING & set(answer.headers.keys()), name


def test_nothing_but_assets_is_kept_by_the_browser(answers: dict[str, TestResponse]) -> None:
    for name, answer in answers.items():
        kept = answer.headers.get("Cache-Control", "")
        if name in ("asset", "asset packed"):
            assert "immutable" in kept, name
        else:
            assert kept == "no-store", name


def test_cookies_are_closed_to_scripts_and_to_other_sites(site: Site, answers: dict[str, TestResponse]) -> None:
    seen = set()
    for name, answer in answers.items():
        for line in answer.headers.getlist("Set-Cookie"):
            for cookie, morsel in SimpleCookie(line).items():
                seen.add(cookie)
                assert morsel["httponly"], f"{name}: {line}"
                assert morsel["samesite"] in ("Lax", "Strict"), f"{name}: {line}"
                assert bool(morsel["secure"]) is site.tls, f"{name}: {line}"
                assert morsel["path"] == "/", f"{name}: {line}"
                assert not morsel["domain"], f"{name}: {line}"
                if site.tls and cookie not in HARMLESS:
                    assert cookie.startswith("__Host-"), f"{name}: {line}"
    assert len(seen) == 4, f"the session, the form, the language and the data mode: {seen}"


def test_tls_is_insisted_on_where_there_is_tls(site: Site, answers: dict[str, TestResponse]) -> None:
    for name, answer in answers.items():
        strict = answer.headers.get("Strict-Transport-Security", "")
        assert (int((re.findall(r"max-age=(\d+)", strict) or ["0"])[0]) >= 31_536_000) is site.tls, name


def test_a_session_cookie_of_the_other_kind_is_worth_nothing(site: Site) -> None:
    client, host = site.app.test_client(), site.address.partition("://")[2].partition(":")[0]
    client.set_cookie(PLAIN_COOKIE if site.tls else TLS_COOKIE, site.make.token(), domain=host, secure=site.tls)
    assert site.ask(client, "GET", "/me").status_code == 302
    assert site.ask(site.client(site.make.token()), "GET", "/me").status_code == 200


def test_leaving_takes_what_the_browser_kept_along(answers: dict[str, TestResponse]) -> None:
    for name in ("signed out", "exit"):
        assert "storage" in answers[name].headers.get("Clear-Site-Data", ""), name


def test_a_failure_and_a_refusal_say_nothing_about_what_runs_here(answers: dict[str, TestResponse]) -> None:
    for name in ("a crash", "no page", "another host", "wrong method", "too large"):
        page = answers[name].get_data(as_text=True)
        assert not re.search(r"Traceback|ZeroDivision|werkzeug|flask|python|sqlalchemy|/app/", page, re.IGNORECASE), (
            name
        )


def test_no_page_asks_another_site_for_anything(answers: dict[str, TestResponse]) -> None:
    assert "evil.example" in answers["a room"].get_data(as_text=True), "the words are there, as words"
    pages = {name: answer.get_data(as_text=True) for name, answer in answers.items() if answer.mimetype == "text/html"}
    for name, page in pages.items():
        for tag in template(name, "{% raw %}" + page + "{% endraw %}").tags:
            loads = LOADS | (set() if tag.name == "a" else {"href"})
            for key in loads & set(tag.attributes):
                assert re.match(r"/(?!/)|data:", tag.attributes[key]), (
                    f"{name}: <{tag.name} {key}={tag.attributes[key]}>"
                )
            if tag.name == "a" and name not in ("exit", "leaving"):
                assert not re.match(r"(?:[a-z]+:)?//", tag.attributes.get("href", "")), (
                    f"{name}: {tag.attributes['href']}"
                )
