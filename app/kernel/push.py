"""Web Push, the one place for it: a few encrypted words to one browser, through the push service of whoever made it.

The words are sealed for the browser (RFC 8291) and the request is signed as ours (RFC 8292) by the library; the request
itself is made here, to known services only, over TLS, without following where they may point.
"""

import base64
import binascii
import http.client
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parseaddr
from urllib.parse import urlsplit

from app.kernel.vault import Keyring
from app.kernel.vault.box import public_point
from config import Settings

#: How long one waits for each answer of a push service (seconds).
PATIENCE_SECONDS = 10.0
#: For how long a push service keeps a message for a browser that is away (seconds).
KEPT_SECONDS = 86_400
#: The push services of Chrome and its kin, Firefox, Safari, Edge. A dot in front stands for any name below.
SERVICES = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    ".push.apple.com",
    ".notify.windows.com",
)
LONGEST = 1000


class Unreached(Exception):
    """The push service did not take it this time."""


class Gone(Exception):
    """The browser does not want to be told any more, or cannot be reached at all."""


class NotAService(Exception):
    """Where this leads is no push service that we know."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a browser is reached and what seals words for it, both as the browser made them."""

    endpoint: str
    p256dh: str
    auth: str


class Push:
    """Sends words to browsers, as one instance. `services`, `ports` and `context` are what a test replaces."""

    def __init__(self, settings: Settings, keyring: Keyring) -> None:
        self.usable = settings.web_push
        self.services: tuple[str, ...] = SERVICES
        self.ports: tuple[int, ...] = (443,)
        self.context: Callable[[], ssl.SSLContext] = ssl.create_default_context
        self._keyring = keyring
        # Push services insist on knowing whom to write to (RFC 8292, section 2.1); config.py sees to it.
        self._contact = f"mailto:{parseaddr(settings.mail_from or '')[1]}"

    @property
    def public_key(self) -> str:
        """What a browser is given when it asks to be told (an uncompressed point, base64url)."""
        return _unpadded(public_point(self._private_key))

    def check(self, subscription: Subscription) -> None:
        """Raise NotAService unless this is what a browser makes, for a service that we know."""
        try:
            parts = urlsplit(subscription.endpoint)
            well = parts.scheme == "https" and parts.username is None and parts.port in (None, *self.ports)
            host = parts.hostname or ""
            lengths = [len(_bytes(part)) for part in (subscription.p256dh, subscription.auth)]
        except (ValueError, binascii.Error):
            raise NotAService from None
        plain = subscription.endpoint.isascii() and subscription.endpoint.isprintable()
        known = any(host.endswith(one) if one.startswith(".") else host == one for one in self.services)
        if not (well and plain and known and lengths == [65, 16] and len(subscription.endpoint) <= LONGEST):
            raise NotAService

    def send(self, subscription: Subscription, words: bytes, *, topic: str) -> None:
        """Hand words over for a browser. Returned means that its push service has them.

        Of several with one `topic` that a browser has not fetched yet, the service keeps the last. Raises Gone when the
        browser is not there any more, Unreached for everything else.
        """
        # In here, since it is slow to import and only the worker needs it.
        from py_vapid import Vapid02  # noqa: PLC0415
        from pywebpush import WebPusher  # noqa: PLC0415

        try:
            self.check(subscription)
        except NotAService:
            raise Gone from None
        keys = {"p256dh": subscription.p256dh, "auth": subscription.auth}
        try:
            sealed = WebPusher({"endpoint": subscription.endpoint, "keys": keys}).encode(words)["body"]
        except ValueError:
            raise Gone from None  # its key is no point of the curve
        parts = urlsplit(subscription.endpoint)
        claims = {"aud": f"https://{parts.netloc}", "sub": self._contact}
        headers = {
            **Vapid02.from_raw(_unpadded(self._private_key).encode()).sign(claims),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_SECONDS),
            "Topic": topic,
            "Urgency": "normal",
        }
        status = self._post(
            parts.hostname or "", parts.port, f"{parts.path}?{parts.query}".rstrip("?"), sealed, headers
        )
        if status in (404, 410):
            raise Gone
        if not 200 <= status < 300:
            raise Unreached(f"answered {status}")

    def _post(self, host: str, port: int | None, path: str, body: bytes, headers: dict[str, str]) -> int:
        # Not through a library that follows redirects, proxies of the environment, or passwords of a .netrc.
        line = http.client.HTTPSConnection(host, port, timeout=PATIENCE_SECONDS, context=self.context())
        try:
            line.request("POST", path or "/", body, headers)
            return line.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise Unreached(type(error).__name__) from None
        finally:
            line.close()

    @property
    def _private_key(self) -> bytes:
        return self._keyring.secret("web-push")


def _unpadded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
