"""What every answer carries, what is refused at the door, and what a log may never hold."""

import gzip
import http.client
import logging
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote

import pytest
import requests
from flask import Flask, request

from app import create_app
from app.features import FEATURES
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.feature import Feature
from app.kernel.house import House
from app.kernel.web import Door
from app.kernel.web.context import manifest
from app.kernel.web.local import local_path
from config import Settings, read_settings
from tests.conftest import environment
from tests.factories import Factory
from tests.identity.visitor import Visitor, words
from tests.server import Server

pytestmark = pytest.mark.one_database

ON_EVERYTHING = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; font-src 'self'; "
        "connect-src 'self' ws://127.0.0.1:5000; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
OURS = {"localhost", "127.0.0.1"}
WORDS = "canary-of-typed-words"


# --- a feature that breaks ------------------------------------------------------------------------------------------

broken = Door("broken", __name__)


@broken.page("/broken", access=Permission.OPEN, methods=("GET", "POST"))
def breaks() -> str:
    raise ValueError(f"{request.args} {request.form} {request.cookies} {request.remote_addr} {request.user_agent}")


@broken.page("/broken/database/<name>", access=Permission.OPEN)
def breaks_in_the_database(name: str) -> str:
    work.session().connection().exec_driver_sql("select 1 from nowhere where name = ?", (name,))
    return ""


@broken.page("/quick", access=Permission.OPEN)
def quick() -> str:
    return "a" * int(request.args["letters"])


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The app, with a feature whose pages break."""
    made = create_app(settings, features=(*FEATURES, Feature(name="broken", door=broken)))
    yield made
    made.extensions["house"].close()


@pytest.fixture
def browser(app: Flask) -> Visitor:
    return Visitor.of(app)


# --- headers --------------------------------------------------------------------------------------------------------


def test_every_answer_is_protected(browser: Visitor) -> None:
    asset = f"/static/dist/{manifest()['page.css']}"
    statuses = []
    for path in ("/", "/sign-in", "/me", "/nowhere", "/healthz", "/favicon.ico", "/sign-out", "/broken", asset):
        answer = browser.opens(path)
        statuses.append(answer.status_code)
        assert {name: answer.headers.get(name) for name in ON_EVERYTHING} == ON_EVERYTHING, path
        assert "Strict-Transport-Security" not in answer.headers
        assert (answer.headers["Cache-Control"] == "no-store") == (path != asset), path
        answer.close()
    assert statuses == [200, 200, 302, 404, 200, 204, 405, 503, 200]
    for refused in (browser.sends("/sign-in", {"csrf_token": ""}), browser.sends("/sign-in", {"name": "x" * 300_000})):
        assert {name: refused.headers.get(name) for name in ON_EVERYTHING} == ON_EVERYTHING


def test_over_tls_browsers_are_told_to_stay_there(sqlite_settings: Settings) -> None:
    address = "https://sanad.example"
    app = create_app(
        read_settings(environment(sqlite_settings.instance, ADDRESS=address, TRUSTED_HOSTS="sanad.example"))
    )
    answer = Visitor.of(app, site=address).opens("/nowhere")
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
    assert "connect-src 'self' wss://sanad.example;" in answer.headers["Content-Security-Policy"]
    app.extensions["house"].close()


# --- hosts and methods ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/me", "/sign-in", "/nowhere", "/static/dist/page.css", "/healthz"])
@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost.evil.example", "", "127.0.0.1@evil"])
def test_a_host_that_is_not_ours_learns_nothing(app: Flask, make: Factory, host: str, path: str) -> None:
    browser = Visitor.of(app, make.token("Nour"))
    answer = browser.client.get(path, headers={"Host": host, "Accept-Language": "en"})
    assert answer.status_code == 400
    assert words(answer) == "This did not work. Go back and try another way."
    assert "Set-Cookie" not in answer.headers
    assert "evil" not in str(answer.headers)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/sign-out"), ("PUT", "/sign-in"), ("DELETE", "/me"), ("POST", "/about"), ("OPTIONS", "/sign-out"),
        ("OPTIONS", "/me"), ("TRACE", "/"), ("BREW", "/"),
    ],
)  # fmt: skip
def test_a_method_that_a_page_does_not_know_is_refused_in_words(browser: Visitor, method: str, path: str) -> None:
    answer = browser.client.open(path, method=method)
    assert answer.status_code == 405
    assert method not in answer.headers["Allow"]
    assert "This did not work" in words(answer)
    assert '<bdi dir="ltr">405</bdi>' in words(answer)


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/about", 200), ("/nowhere", 404), ("/me", 302)])
def test_a_head_says_what_the_page_would_and_sends_nothing(browser: Visitor, path: str, status: int) -> None:
    answer = browser.client.head(path)
    assert answer.status_code == status
    assert answer.data == b""


# --- what is too large ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "told"), [("en", "larger than we can take"), ("ar", "أكبر")])
@pytest.mark.parametrize("size", [300 * 1024, 5 * 1024 * 1024])
def test_what_is_too_large_is_refused_in_words(app: Flask, size: int, language: str, told: str) -> None:
    answer = Visitor.of(app, language=language).sends("/sign-in", {"name": "x" * size})
    assert answer.status_code == 413
    assert told in words(answer)
    assert '<bdi dir="ltr">413</bdi>' in words(answer)
    assert len(words(answer)) < 20_000


def test_what_just_fits_is_read(browser: Visitor) -> None:
    answer = browser.sends("/sign-in", {"name": "x" * 250 * 1024})
    assert answer.status_code == 422
    assert "longer than it can be" in words(answer)


def test_a_form_of_a_thousand_fields_is_refused(browser: Visitor) -> None:
    parts = {f"field-{n}": (None, "") for n in range(1001)}
    body, kind = requests.models.RequestEncodingMixin._encode_files(parts, {})
    answer = browser.client.post("/sign-in", data=body, content_type=kind)
    assert answer.status_code == 413


# --- assets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "../config.py", "..%2fconfig.py", "%2e%2e%2fconfig.py", "..%5cconfig.py", "....//config.py", "/etc/passwd",
        "%2fetc%2fpasswd", "..", ".", "%00", "page.css%00.js", "a" * 3000, "..%c0%afconfig.py", "none.css", "fonts",
        "fonts/../../../config.py",
    ],
)  # fmt: skip
def test_nothing_but_assets_is_behind_their_address(browser: Visitor, name: str) -> None:
    assert browser.opens(f"/static/dist/{name}").status_code == 404


@pytest.mark.parametrize("name", ["page.css", "page.js", "room.js", "noto-400.woff2"])
def test_an_asset_is_kept_for_ever_and_tells_nobody_apart(app: Flask, make: Factory, name: str) -> None:
    with Visitor.of(app, make.token()).opens(f"/static/dist/{manifest()[name]}", Accept_Encoding="gzip") as answer:
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")
        packed = answer.data
    with Visitor.of(app).opens(f"/static/dist/{manifest()[name]}") as plain:
        assert "Content-Encoding" not in plain.headers
        assert plain.data == (gzip.decompress(packed) if answer.headers.get("Content-Encoding") == "gzip" else packed)


# --- compression ----------------------------------------------------------------------------------------------------


def test_the_size_of_a_page_does_not_tell_what_is_in_it(browser: Visitor) -> None:
    answers = [browser.opens("/quick?letters=5000", Accept_Encoding="gzip, br") for _ in range(40)]
    assert {answer.headers["Content-Encoding"] for answer in answers} == {"gzip"}
    assert {gzip.decompress(answer.data) for answer in answers} == {b"a" * 5000}
    sizes = [len(answer.data) for answer in answers]
    assert len(set(sizes)) > 10
    assert max(sizes) - min(sizes) > 30
    assert all(answer.headers["Content-Length"] == str(len(answer.data)) for answer in answers)


def test_pages_are_sent_plain_to_those_who_want_them_plain(browser: Visitor) -> None:
    for path, accepted in (("/quick?letters=5000", "br"), ("/quick?letters=5000", ""), ("/quick?letters=100", "gzip")):
        answer = browser.opens(path, Accept_Encoding=accepted)
        assert "Content-Encoding" not in answer.headers
        assert set(answer.data) == {ord("a")}


# --- addresses that stay here ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wished", ["/", "/rooms", "/r/x?before=3#m3", "/%09/evil.example", "/a//b", "/غرفة", "/a:b@c", "/.//evil"]
)
def test_a_path_of_ours_is_kept(wished: str) -> None:
    assert local_path(wished) == wished


@pytest.mark.parametrize(
    "wished",
    [
        None, "", "rooms", "evil.example", "//evil.example", "///evil.example", "////evil.example", "/\\evil.example",
        "\\/evil.example", "\\\\evil.example", "/\t/evil.example", "/\n/evil.example", "\t//evil.example",
        " //evil.example", "/\r\nLocation: https://evil.example", "/\x00/evil.example", "/\x7f/evil.example",
        "https://evil.example", "HTTPS://evil.example", "https:evil.example", "https:/evil.example",
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "mailto:a@b.c",
        "%2f%2fevil.example", "//localhost@evil.example", "//[::1", "http://[", "\u2028//evil.example", "．/evil",
    ],
)  # fmt: skip
def test_an_address_elsewhere_is_not(wished: str | None) -> None:
    assert local_path(wished) == "/"
    assert local_path(wished, "/rooms") == "/rooms"


# --- the leaving page -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "host"),
    [
        ("https://example.org/a?b=c#d", "example.org"),
        ("http://example.org:8080/", "example.org"),
        ("https://xn--mgbh0fb.example/", "xn--mgbh0fb.example"),
        ("https://مثال.example/طريق", "xn--mgbh0fb.example"),
    ],
)
def test_a_link_says_where_it_leads_before_it_does(app: Flask, make: Factory, target: str, host: str) -> None:
    page = words(Visitor.of(app, make.token()).opens(f"/leaving?to={quote(target)}"))
    assert f'dir="ltr">{host}</bdi>' in page
    href = page.split('class="button button--primary" href="')[1].split('"')[0]
    assert href.startswith(target[: target.index("/") + 2])
    assert host in href
    assert 'rel="noopener noreferrer nofollow"' in page


@pytest.mark.parametrize(
    "target",
    [
        "", "javascript:alert(1)", "data:text/html,x", "ftp://example.org", "//example.org", "/rooms", "http://",
        "http://[", "https://good.example\\@evil.example", "https://good.example@evil.example", "https://a b.example",
        "https://example.org:99999/", "https://example.org/\n", "file:///etc/passwd", "https://" + "a" * 3000 + ".example",
        "http://2130706433/", "http://0x7f.1/", "https://localhost/",
    ],
)  # fmt: skip
def test_what_is_no_link_leads_nowhere(app: Flask, make: Factory, target: str) -> None:
    answer = Visitor.of(app, make.token()).opens(f"/leaving?to={quote(target, safe='')}")
    assert answer.status_code == 404
    assert "evil.example" not in words(answer).split("<main")[1].split("</main>")[0]


def test_a_stranger_is_sent_nowhere(browser: Visitor) -> None:
    answer = browser.opens("/leaving?to=https://example.org/")
    assert answer.status_code == 302
    assert unquote(answer.location) == "/sign-in?next=/leaving?to=https://example.org/"


# --- preferences ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "/\t/evil"]
)
def test_choosing_a_language_leads_back_and_nowhere_else(browser: Visitor, elsewhere: str) -> None:
    assert browser.sends("/preferences", {"language": "ar", "next": "/help?a=b"}).location == "/help?a=b"
    assert browser.sends("/preferences", {"language": "ar", "next": elsewhere}).location == "/"


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "title"), [("en", "Nothing here"), ("ar", "لا شيء هنا")])
def test_a_page_that_is_missing_says_so_and_where_to_go(app: Flask, language: str, title: str) -> None:
    page = words(Visitor.of(app, language=language).opens("/nowhere/<script>"))
    assert f"<h1>{title}</h1>" in page
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in page
    assert 'href="/sign-in"' in page
    assert "nowhere" not in page.split("<main")[1].split("</main>")[0]


@pytest.mark.parametrize(("language", "told"), [("en", "Nothing is lost"), ("ar", "لم يضِع شيء")])
def test_a_page_that_breaks_gives_the_words_back_and_tells_nothing(app: Flask, language: str, told: str) -> None:
    answer = Visitor.of(app, language=language).sends("/broken", {"body": WORDS, "passphrase": "a secret"})
    assert answer.status_code == 503
    assert told in words(answer)
    assert f"{WORDS}</textarea>" in words(answer)
    for inner in ("ValueError", "Traceback", "a secret", "ImmutableMultiDict"):
        assert inner not in words(answer)


@pytest.mark.parametrize(
    "path", ["/broken?secret={0}", "/broken/database/{0}", "/nowhere?secret={0}", "/me?secret={0}"]
)
def test_a_log_holds_nothing_of_whoever_came(
    app: Flask, make: Factory, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    token = make.token("Nour")
    browser = Visitor.of(app, token, came_from="203.0.113.77")
    caplog.set_level(logging.DEBUG)
    caplog.clear()
    answer = browser.opens(path.format(WORDS), User_Agent="AgentOfNour/1.0", X_Forwarded_For="198.51.100.9")
    browser.sends(path.format(WORDS), {"body": WORDS, "passphrase": WORDS, "csrf_token": WORDS})
    if answer.status_code == 503:
        assert "a page failed: broken.breaks" in caplog.text
        assert "test_web.py" in caplog.text, "the line that broke is named"
    for trace in (WORDS, token, "203.0.113.77", "198.51.100.9", "AgentOfNour", "Nour"):
        assert trace not in caplog.text


def test_the_database_that_is_away_is_told_in_words_and_the_exit_stays_open(sqlite_settings: Settings) -> None:
    away = {name: f"postgresql+psycopg://nobody@127.0.0.1:1/{name}" for name in ("DATABASE_URL", "KEYS_URL")}
    app = create_app(read_settings(environment(sqlite_settings.instance, **away)))
    browser = Visitor.of(app, "t" * 43)
    for path in ("/", "/me", "/rooms", "/about"):
        answer = browser.opens(path)
        assert answer.status_code == 503, path
        assert "please try again in a moment" in words(answer)
    assert browser.opens("/nowhere").status_code == 404
    assert browser.opens("/healthz").status_code == 200
    assert (browser.opens("/readyz").status_code, browser.opens("/readyz").json) == (503, {"status": "unavailable"})
    assert Visitor.of(app).opens("/about").status_code == 200
    exit = browser.client.post("/exit")
    assert (exit.status_code, browser.token) == (200, "")
    app.extensions["house"].close()


@pytest.mark.parametrize(
    "path", ["/rooms/%00", "/rooms/%00/messages", "/me/sessions/%00/end", "/%00", "/static/dist/%00"]
)
def test_a_name_that_no_database_takes_is_not_there(app: Flask, make: Factory, path: str) -> None:
    browser = Visitor.of(app, make.token())
    assert {browser.opens(path).status_code, browser.sends(path).status_code} <= {404, 405}


def test_health_and_readiness_count_nobody(browser: Visitor, house: House, make: Factory) -> None:
    make.person()
    assert browser.opens("/healthz").json == {"status": "ok"}
    assert set(dict(browser.opens("/readyz").json or {}).values()) <= {"ok", "attention"}


# --- a real server --------------------------------------------------------------------------------------------------


def test_a_real_server_refuses_in_words_and_writes_nothing_down(server: Server) -> None:
    make = server.factory()
    token = make.token("Nour")
    browser = server.browser(token)
    browser.headers["User-Agent"] = "AgentOfNour/1.0"
    browser.headers["Accept-Language"] = "en"
    for path in (f"/?secret={WORDS}", f"/nowhere?secret={WORDS}", f"/rooms/{WORDS}?before=x", "/static/dist/none.css"):
        answer = browser.get(f"{server.address}{path}", timeout=10)
        assert "Server" not in answer.headers
        assert "Sanad" in answer.text
    too_large = browser.post(f"{server.address}/sign-in", data={"name": WORDS * 300_000}, timeout=20)
    assert too_large.status_code == 413
    assert "larger than we can take" in too_large.text
    assert _raw(server, "GET /static/dist/../../../config.py HTTP/1.1", "Host: 127.0.0.1") == 404
    assert _raw(server, "GET /static/dist/%2e%2e/%2e%2e/config.py HTTP/1.1", "Host: 127.0.0.1") == 404
    assert _raw(server, f"GET /?secret={WORDS} HTTP/1.1", "Host: evil.example") == 400
    assert _raw(server, f"GET /?secret={WORDS}{'x' * 5000} HTTP/1.1", "Host: 127.0.0.1") == 414
    assert _raw(server, f"{WORDS}", "Host: 127.0.0.1") in (400, 0)
    assert _raw(server, "GET / HTTP/1.1", "Host: 127.0.0.1", f"X-Long: {WORDS * 10_000}") in (400, 431)
    assert browser.get(f"{server.address}/healthz", timeout=10).status_code == 200
    make.house.close()
    server.stop()
    assert server.log is not None
    written = server.log.read_text()
    for trace in (WORDS, token, "127.0.0.1", "AgentOfNour", "evil.example", "Nour"):
        assert trace not in written, written


def _raw(server: Server, *lines: str) -> int:
    """Send a request as it stands, unlike any client that tidies it up; the status of the answer, 0 for none."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as wire:
        wire.sendall(("\r\n".join((*lines, "Connection: close")) + "\r\n\r\n").encode())
        answer: Any = http.client.HTTPResponse(wire)
        try:
            answer.begin()
        except http.client.HTTPException:
            return 0
        return int(answer.status)
