"""Second factors in a real browser: passkeys with Chromium's virtual authenticator, and codes without any script."""

import re
import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from playwright.sync_api import Browser, CDPSession, Page, expect

from app.identity.factors.codes import present_code
from app.kernel.db import now
from tests.browser.conftest import Visits
from tests.conftest import Template
from tests.factories import PASSPHRASE
from tests.server import Server, free_port

#: A device that checks who holds it and keeps what it made, as a telephone does.
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
CODE = re.compile(r"[0-9A-Z]{5}(?:-[0-9A-Z]{5}){2}")
SCREENS = pytest.mark.parametrize(("language", "width"), [("ar", 360), ("en", 1280)])


@pytest.fixture(scope="module")
def site(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The site under a name, since a passkey belongs to one."""
    folder, port = tmp_path_factory.mktemp("site") / "instance", free_port()
    shutil.copytree(sqlite_template.folder, folder)
    running = Server(folder, {"LIMITS": "off", "ADDRESS": f"http://localhost:{port}"}, port=port).start()
    yield running
    running.stop()


def device_of(page: Page) -> tuple[CDPSession, str]:
    """Give the page's browser a device for passkeys."""
    wire = page.context.new_cdp_session(page)
    wire.send("WebAuthn.enable")
    return wire, wire.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]


def with_passkey(open_page: Visits, site: Server, name: str, **look: Any) -> tuple[Page, CDPSession, str]:
    """Somebody's browser, in which they have just made a passkey."""
    page = open_page(site.factory().token(name), **look)
    wire, device = device_of(page)
    page.goto("/me/second-step")
    page.fill("#label", "The blue key")
    page.click("[data-passkey=create] button")
    page.wait_for_url("**/me/recovery-codes")
    return page, wire, device


def leave(page: Page) -> None:
    page.goto("/me")
    page.click('main form[action="/sign-out"] button')
    page.wait_for_url("**/")


def first_step(page: Page, name: str) -> None:
    page.goto("/sign-in")
    page.fill("#name", name)
    page.fill("#passphrase", PASSPHRASE)
    page.keyboard.press("Enter")


def is_at_home(page: Page, name: str) -> None:
    page.wait_for_url("**/")
    expect(page.locator("h1")).to_contain_text(name)


@SCREENS
def test_a_passkey_is_made_and_used_beside_the_passphrase_and_alone(
    open_page: Visits, site: Server, language: str, width: int
) -> None:
    name = {"ar": "نور", "en": "Nour"}[language]
    page, _wire, _device = with_passkey(open_page, site, name, language=language, width=width)
    page.goto("/me/second-step")
    expect(page.locator(".rows__title")).to_have_text("The blue key")
    leave(page)
    first_step(page, name)
    page.wait_for_url("**/sign-in/second*")
    page.click("[data-passkey=get] button")
    is_at_home(page, name)
    leave(page)
    page.goto("/sign-in?next=/rooms")
    page.click("[data-passkey=get] button")
    page.wait_for_url(f"{site.address}/rooms")


def test_a_passkey_proves_that_it_is_oneself(open_page: Visits, site: Server) -> None:
    page, _wire, _device = with_passkey(open_page, site, "Berfin")
    before = page.context.cookies()
    page.goto("/me/prove?next=/me/second-step")
    page.click("[data-passkey=get] button")
    page.wait_for_url(f"{site.address}/me/second-step")
    kept = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    assert kept["sanad"] not in [cookie["value"] for cookie in before], "the session has a new token"


def test_without_a_passkey_the_page_says_so_and_the_codes_stay(open_page: Visits, site: Server) -> None:
    page = open_page()
    wire, _device = device_of(page)
    wire.send("WebAuthn.setUserVerified", {"authenticatorId": _device, "isUserVerified": False})
    page.goto("/sign-in")
    page.click("[data-passkey=get] button")
    expect(page.locator("[data-said]")).to_have_text("No passkey was used. Try once more, or choose another way.")
    expect(page.locator("[data-passkey=get] button")).to_be_enabled()
    assert page.url.endswith("/sign-in")


def test_an_answer_of_a_device_is_worth_nothing_a_second_time(open_page: Visits, site: Server) -> None:
    page, _wire, _device = with_passkey(open_page, site, "Lina")
    leave(page)
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.post_data or "") if _is_proof(request.url) else None)
    page.goto("/sign-in")
    page.click("[data-passkey=get] button")
    is_at_home(page, "Lina")
    [body] = seen
    thief = requests.Session()
    proof = dict(parse_qsl(body))["proof"]
    assert _answered(site, thief, proof) == 422
    assert "sanad" not in thief.cookies


def test_what_a_device_signs_for_another_site_is_refused(open_page: Visits, browser: Browser, site: Server) -> None:
    _page, wire, device = with_passkey(open_page, site, "Rojda")
    [kept] = wire.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    elsewhere = f"http://localhost:{free_port()}"
    context = browser.new_context()
    try:
        trap = context.new_page()
        trap.route(f"{elsewhere}/**", lambda route: route.fulfill(body="<p>trap</p>", content_type="text/html"))
        trap.goto(f"{elsewhere}/")
        other_wire, other = device_of(trap)
        other_wire.send("WebAuthn.addCredential", {"authenticatorId": other, "credential": {**kept, "signCount": 50}})
        thief = requests.Session()
        options = thief.post(f"{site.address}/sign-in/passkey/ask", data={"csrf_token": _token(site, thief)}).json()
        proof = trap.evaluate(SIGN, options["challenge"])
    finally:
        context.close()
    assert _answered(site, thief, proof) == 422
    assert "sanad" not in thief.cookies


def test_a_copied_passkey_is_noticed(open_page: Visits, site: Server) -> None:
    page, wire, device = with_passkey(open_page, site, "Azad")
    [copy] = wire.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    leave(page)
    for _ in range(2):
        page.goto("/sign-in")
        page.click("[data-passkey=get] button")
        is_at_home(page, "Azad")
        leave(page)
    wire.send("WebAuthn.removeCredential", {"authenticatorId": device, "credentialId": copy["credentialId"]})
    wire.send("WebAuthn.addCredential", {"authenticatorId": device, "credential": copy})
    page.goto("/sign-in")
    page.click("[data-passkey=get] button")
    expect(page.locator(".error-summary")).to_contain_text("This passkey was not accepted.")


@SCREENS
def test_codes_and_paper_work_without_scripts(open_page: Visits, site: Server, language: str, width: int) -> None:
    name = {"ar": "زينة", "en": "Zeina"}[language]
    page = open_page(site.factory().token(name), language=language, width=width, javascript=False)
    page.goto("/me/second-step")
    expect(page.locator("[data-passkey]")).to_be_hidden()
    page.click('form[action$="/codes/begin"] button')
    address = page.locator('a[href^="otpauth:"]').get_attribute("href") or ""
    expect(page.locator("img.qr")).to_be_visible()
    secret = re.search(r"secret=([A-Z2-7]+)", address)
    assert secret
    page.fill("#code", present_code(secret[1], now()))
    page.click("main .form button")
    page.wait_for_url("**/me/recovery-codes")
    page.click("main form button")
    expect(page.locator(".codes .code")).to_have_count(10)
    codes = page.locator(".codes .code").all_inner_texts()
    assert all(CODE.fullmatch(code) for code in codes)
    leave(page)
    first_step(page, name)
    page.wait_for_url("**/sign-in/second*")
    page.click("summary")
    page.fill("#recovery_code", codes[0])
    page.keyboard.press("Enter")
    is_at_home(page, name)
    leave(page)
    page.goto("/sign-in")
    page.click('a[href="/sign-in/lost"]')
    page.fill("#name", name)
    page.fill("#code", codes[1])
    page.fill("#wished", "copper window ninety swallows")
    page.check("#forget")
    page.click("main .form button")
    page.wait_for_url("**/sign-in")
    page.fill("#name", name)
    page.fill("#passphrase", "copper window ninety swallows")
    page.keyboard.press("Enter")
    is_at_home(page, name)


SIGN = """async (challenge) => {
    const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (l) => l.charCodeAt(0));
    const text = (buffer) =>
        btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    const publicKey = { challenge: bytes(challenge), rpId: "localhost", userVerification: "required" };
    const made = await navigator.credentials.get({ publicKey });
    const response = {};
    for (const part of ["clientDataJSON", "authenticatorData", "signature", "userHandle"])
        response[part] = text(made.response[part]);
    return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response });
}"""


def _is_proof(url: str) -> bool:
    return url.endswith("/sign-in/passkey")


def _token(site: Server, client: requests.Session) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(f"{site.address}/sign-in").text)
    assert found
    return found[1]


def _answered(site: Server, client: requests.Session, proof: str) -> int:
    form = {"csrf_token": _token(site, client), "proof": proof}
    return client.post(f"{site.address}/sign-in/passkey", data=form, allow_redirects=False).status_code
