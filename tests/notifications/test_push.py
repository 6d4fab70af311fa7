"""Word on somebody's device, through a real push service on this machine: sealed, signed, and saying nothing."""

import base64
import datetime as dt
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import http_ece
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask
from py_vapid import Vapid02
from sqlalchemy import select

from app.identity import actions as identity
from app.identity.models import Cause
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor, system
from app.kernel.db import new_public_id
from app.kernel.errors import Forbidden, Invalid
from app.kernel.house import House
from app.kernel.push import SERVICES, NotAService, Push, Subscription
from app.notifications import actions, queries
from app.notifications.models import DeliveryState, PushSubscription
from tests.factories import Factory
from tests.identity.visitor import Visitor, words
from tests.notifications.conftest import ANSWERED, PAUSED, REF, Telling


def unpadded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class Browser:
    """A browser that asked to be told: it alone holds the key that opens what it is sent."""

    name: str = "one"
    auth: bytes = b"sixteen  letters"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def subscription(self, service: str) -> Subscription:
        point = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return Subscription(f"{service}/send/{self.name}", unpadded(point), unpadded(self.auth))

    def opens(self, body: bytes) -> dict[str, str]:
        plain = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        found: dict[str, str] = json.loads(plain)
        return found


@dataclass
class Service:
    """A push service that notes what it is asked and answers `status`."""

    url: str = ""
    status: int = 201
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(service.status)
                self.send_header("Location", f"{service.url}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_words: Any) -> None:
                pass

        return Handler


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "push service of the tests")])
    began = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("certificate") / "both.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def service(house: House, certificate: Path) -> Iterator[Service]:
    """A push service on this machine that the house of this test knows."""
    made = Service()
    server = ThreadingHTTPServer(("127.0.0.1", 0), made.handler())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    made.url = f"https://127.0.0.1:{server.server_port}"
    house.push.services, house.push.ports = ("127.0.0.1",), (server.server_port,)
    house.push.context = lambda: ssl.create_default_context(cafile=str(certificate))
    running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    running.start()
    yield made
    server.shutdown()
    server.server_close()
    running.join(timeout=5)


def reader(telling: Telling, service: Service, *browsers: Browser, language: str = "en") -> Actor:
    """Somebody who is told on these browsers."""
    person = telling.make.person("Kestrelcanary", language=language)
    with work.scope(telling.house):
        for browser in browsers:
            actions.add_subscription(person, browser.subscription(service.url))
    return person


def devices(house: House) -> list[str]:
    with work.scope(house) as opened:
        return list(opened.session.scalars(select(PushSubscription.public_id)))


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.one_database
def test_a_device_is_told_in_few_words_that_it_alone_can_open(
    telling: Telling, service: Service, language: str
) -> None:
    browser = Browser()
    person = reader(telling, service, browser, language=language)
    for number in range(3):
        telling.notify(person, ref=f"n{number}")
    telling.work_off()
    ((path, headers, body),) = service.asked
    assert path == "/send/one"
    shown = browser.opens(body)
    assert set(shown) == {"text", "lang", "dir"}
    assert (shown["lang"], shown["dir"]) == (language, "rtl" if language == "ar" else "ltr")
    assert (shown["text"] == "There is something new") is (language == "en")
    everything = f"{shown} {headers} {body!r}"
    for canary in ("Kestrelcanary", "Sanad", "سند", ANSWERED, REF, "notice", "answer", "room"):
        assert canary.casefold() not in everything.casefold()
    assert (headers["content-encoding"], headers["topic"], headers["ttl"]) == ("aes128gcm", "new", "86400")


@pytest.mark.one_database
def test_a_request_is_signed_by_this_house_for_this_service_alone(
    telling: Telling, service: Service, house: House
) -> None:
    telling.notify(reader(telling, service, Browser()))
    telling.work_off()
    signed = service.asked[0][1]["authorization"]
    assert Vapid02.verify(signed)
    parts = dict(part.split("=", 1) for part in signed.removeprefix("vapid ").split(","))
    assert parts["k"] == house.push.public_key
    claims = json.loads(base64.urlsafe_b64decode(parts["t"].split(".")[1] + "=="))
    assert (claims["aud"], claims["sub"]) == (service.url, "mailto:post@example.org")
    other = Push(house.settings, house.keyring)
    assert other.public_key == house.push.public_key, "every process has the same key"


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_is_gone_is_forgotten_and_the_others_are_told(
    telling: Telling, service: Service, house: House, status: int
) -> None:
    person = reader(telling, service, Browser())
    service.status = status
    telling.notify(person)
    telling.work_off()
    assert devices(house) == []
    assert [one.state for one in telling.deliveries()] == [DeliveryState.SET_ASIDE]
    service.status = 201
    with work.scope(house):
        actions.add_subscription(person, Browser("two").subscription(service.url))
    telling.notify(person, ref="later")
    telling.work_off(later=True)
    assert [path for path, _headers, _body in service.asked] == ["/send/one", "/send/two"]


@pytest.mark.parametrize("status", [307, 429, 500])
@pytest.mark.one_database
def test_a_service_that_fails_or_points_elsewhere_is_asked_again_and_not_followed(
    telling: Telling, service: Service, house: House, status: int
) -> None:
    person = reader(telling, service, Browser("one"), Browser("two"))
    service.status = status
    telling.notify(person)
    telling.work_off()
    assert sorted(path for path, _headers, _body in service.asked) == ["/send/one", "/send/two"]
    service.status, service.asked = 201, []
    telling.work_off(later=True)
    telling.work_off(later=True)
    assert sorted(path for path, _headers, _body in service.asked) == ["/send/one", "/send/two"]
    assert {one.state for one in telling.deliveries()} == {DeliveryState.SENT}


def test_of_two_devices_the_one_that_was_told_is_not_told_twice(telling: Telling, service: Service) -> None:
    one, two = Browser("one"), Browser("two")
    person = reader(telling, service, one, two)
    telling.notify(person)
    telling.house.queue.sweep()
    service.status = 500
    telling.house.queue.sweep()
    before = len(service.asked)
    service.status = 201
    telling.work_off(later=True)
    assert before == 2
    assert len(service.asked) == 4
    telling.work_off(later=True)
    assert len(service.asked) == 4


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/send/x",
        "https://fcm.googleapis.com.evil.example/send/x",
        "https://evil.example/fcm.googleapis.com",
        "https://evilnotify.windows.com/x",
        "https://notify.windows.com/x",
        "https://fcm.googleapis.com@evil.example/x",
        "https://user:word@fcm.googleapis.com/x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com:port/x",
        "https://127.0.0.1/x",
        "https://[::1/x",
        "https://fcm.googleapis.com/x\r\nHost: evil.example",
        "https://fcm.googleapis.com/" + "x" * 1000,
        "",
    ],
)
@pytest.mark.one_database
@pytest.mark.one_database
def test_only_known_services_are_ever_asked(house: House, endpoint: str) -> None:
    keys = Browser().subscription("https://fcm.googleapis.com")
    house.push.check(keys)
    house.push.check(Subscription("https://wns2-am3p.notify.windows.com/w/?token=x", keys.p256dh, keys.auth))
    with pytest.raises(NotAService):
        house.push.check(Subscription(endpoint, keys.p256dh, keys.auth))
    assert house.push.services == SERVICES


@pytest.mark.parametrize(("p256dh", "auth"), [("", ""), ("AAAA", "AAAA"), ("!" * 87, "A" * 22), ("A" * 87, "AA")])
@pytest.mark.one_database
def test_keys_that_no_browser_makes_are_refused(house: House, p256dh: str, auth: str) -> None:
    with pytest.raises(NotAService):
        house.push.check(Subscription("https://fcm.googleapis.com/x", p256dh, auth))


@pytest.mark.one_database
def test_a_key_that_is_none_takes_the_device_out(telling: Telling, service: Service, house: House) -> None:
    person = telling.make.person()
    with work.scope(house):
        actions.add_subscription(person, Subscription(f"{service.url}/x", unpadded(b"\4" + b"x" * 64), "A" * 22))
    telling.notify(person)
    telling.work_off()
    assert (devices(house), service.asked) == ([], [])


def test_five_devices_are_enough_even_when_many_are_added_at_once(
    telling: Telling, service: Service, house: House, make: Factory
) -> None:
    person = make.person()

    def add(number: int) -> bool:
        with work.scope(house):
            try:
                actions.add_subscription(person, Browser(f"n{number}").subscription(service.url))
            except Invalid:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(add, range(8))) == 5
    assert len(devices(house)) == 5


def test_a_browser_tells_whoever_asked_last(telling: Telling, service: Service, house: House) -> None:
    shared = Browser()
    before = reader(telling, service, shared)
    after = telling.make.person()
    with work.scope(house):
        actions.add_subscription(after, shared.subscription(service.url))
    telling.notify(before)
    telling.work_off()
    assert service.asked == []
    telling.notify(after)
    telling.work_off()
    assert len(service.asked) == 1


@pytest.mark.one_database
def test_somebody_suspended_is_not_told_on_their_device(telling: Telling, service: Service, house: House) -> None:
    person = reader(telling, service, Browser())
    telling.notify(person)
    telling.house.queue.sweep()  # which decides; nothing has left yet
    with work.scope(house):
        identity.restrict(
            system("test"), person.person_id, [Permission.SIGNED_IN], cause=Cause.MEASURE, ref=new_public_id()
        )
    telling.work_off(later=True)
    assert service.asked == []
    telling.notify(person, kind=PAUSED)
    telling.work_off()
    assert len(service.asked) == 1


@pytest.mark.one_database
def test_a_device_belongs_to_its_person(telling: Telling, service: Service, house: House, app: Flask) -> None:
    person = reader(telling, service, Browser())
    stranger = telling.make.person()
    (device,) = devices(house)
    visitor = Visitor.of(app, telling.make.another_session(stranger))
    assert visitor.sends(f"/me/notices/devices/{device}/remove").status_code == 404
    with work.scope(house):
        found = queries.get_device(person, device)
        with pytest.raises(Forbidden):
            actions.remove_subscription(stranger, found)
    own = Visitor.of(app, telling.make.another_session(person))
    assert f"/me/notices/devices/{device}/remove" in words(own.opens("/me/notices"))
    assert own.sends(f"/me/notices/devices/{device}/remove").status_code == 303
    assert devices(house) == []


@pytest.mark.one_database
def test_a_page_gives_the_browser_what_it_needs_and_takes_what_it_says(
    telling: Telling, service: Service, house: House, app: Flask
) -> None:
    token = telling.make.token()
    visitor = Visitor.of(app, token)
    page = words(visitor.opens("/me/notices"))
    assert f'data-push="{house.push.public_key}" data-worker="/push-worker.js"' in page
    made = Browser().subscription(service.url)
    answer = visitor.sends("/me/notices/devices", {"endpoint": made.endpoint, "p256dh": made.p256dh, "auth": made.auth})
    assert answer.status_code == 303
    assert len(devices(house)) == 1
    evil = {"endpoint": "https://evil.example/x", "p256dh": made.p256dh, "auth": made.auth}
    refused = visitor.sends("/me/notices/devices", evil)
    assert refused.status_code == 422
    assert "uses a service that we do not know" in words(refused)
    assert visitor.sends("/me/notices/devices", {}).status_code == 422
    worker = visitor.opens("/push-worker.js")
    assert worker.mimetype == "text/javascript"
    assert "showNotification" in words(worker)
    worker.close()


def test_nothing_of_where_a_browser_is_reached_is_stored_in_the_clear(
    telling: Telling, service: Service, house: House
) -> None:
    made = Browser("endpointcanary").subscription(service.url)
    with work.scope(house):
        actions.add_subscription(telling.make.person(), made)
    with house.databases.data.connect() as connection:
        (row,) = connection.execute(select(PushSubscription.__table__)).all()
    assert b"endpointcanary" not in b"".join(part for part in row if isinstance(part, bytes))
    assert made.endpoint not in map(str, row)
