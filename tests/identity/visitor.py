"""A browser without scripts: keeps cookies, opens pages, and sends forms with the token that the page gave it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.kernel.i18n import LANGUAGE_COOKIE
from app.kernel.sessions import PLAIN_COOKIE
from tests.factories import PASSPHRASE

_TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')
#: What differs between two answers that mean the same: the form's token, and the address to come back to.
_VARYING = re.compile(r'(name="(?:csrf_token|next)"[^>]* value=")[^"]*')


@dataclass
class Visitor:
    """Somebody's browser. `came_from` is the address that the server sees it at, `site` the one that it opens."""

    client: FlaskClient
    came_from: str = "127.0.0.1"
    site: str = "http://localhost"

    @classmethod
    def of(cls, app: Flask, token: str = "", *, language: str = "en", **options: str) -> "Visitor":
        """A new browser before this app, with the session of `token`, in which `language` was chosen if any."""
        browser = cls(app.test_client(), **options)
        for name, value in ((LANGUAGE_COOKIE, language), (PLAIN_COOKIE, token)):
            if value:
                browser.keeps(name, value)
        return browser

    def keeps(self, cookie: str, value: str) -> None:
        """Put a cookie into this browser."""
        host = self.site.rpartition("/")[2]
        self.client.set_cookie(cookie, value, domain=host, secure=self.site.startswith("https"))

    def opens(self, path: str, **headers: str) -> TestResponse:
        """GET a page. Underscores in the names of headers become dashes."""
        return self.client.get(path, headers=_named(headers), **self._way())

    def sends(self, path: str, fields: dict[str, Any] | None = None, **headers: str) -> TestResponse:
        """POST a form, with the token of a page opened just before unless `fields` has another."""
        complete = {"csrf_token": self.form_token(), **(fields or {})}
        return self.client.post(path, data=complete, headers=_named(headers), **self._way())

    def form_token(self) -> str:
        found = _TOKEN.search(words(self.opens("/about")))
        assert found, "every page has a form with a token"
        return found[1]

    def signs_in(self, name: str, passphrase: str = PASSPHRASE, **fields: str) -> TestResponse:
        return self.sends("/sign-in", {"name": name, "passphrase": passphrase, **fields})

    def joins(self, code: str, name: str, passphrase: str = PASSPHRASE) -> TestResponse:
        return self.sends("/join", {"code": code, "name": name, "passphrase": passphrase})

    def is_signed_in(self) -> bool:
        answer = self.opens("/me")
        assert answer.status_code in (200, 302)
        return answer.status_code == 200

    def _way(self) -> dict[str, Any]:
        return {"environ_base": {"REMOTE_ADDR": self.came_from}, "base_url": self.site}

    @property
    def token(self) -> str:
        """The session's token that this browser keeps, or nothing."""
        cookie = self.client.get_cookie(PLAIN_COOKIE)
        return cookie.value if cookie else ""


def words(answer: TestResponse) -> str:
    """The page as text."""
    return answer.get_data(as_text=True)


def alike(answer: TestResponse, *without: str) -> str:
    """The page without what must differ between two answers, and without these words: for comparing them."""
    page = _VARYING.sub(r"\1", words(answer))
    for typed in without:
        page = page.replace(typed, "")
    return page


def cookie_set_by(answer: TestResponse, name: str) -> dict[str, str]:
    """The attributes of a cookie that an answer sets, with its value under "value". Empty when it does not."""
    for line in answer.headers.getlist("Set-Cookie"):
        morsel = SimpleCookie(line).get(name)
        if morsel is not None:
            return {"value": morsel.value, **{key: str(value) for key, value in morsel.items() if value}}
    return {}


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


#: What the fixture `visit` gives: opens a new browser before the instance of the test.
Visit = Callable[..., Visitor]
