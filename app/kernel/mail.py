"""Mail, the one place for it: plain text to one address, through the server of SMTP_URL.

Nothing here is stored and nothing is tried again: what must arrive is a job that tries again (jobs.py, `Outward`).
"""

import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from config import Settings

#: How long one waits for each answer of the mail server (seconds).
PATIENCE_SECONDS = 20.0
#: For how long a server that did not answer is left alone (seconds): other jobs should not wait for it each time.
REST_SECONDS = 30.0

#: What a server answers about an address that does not exist (RFC 5321, section 4.2.3). With the enhanced code 5.7 it
#: does not want ours instead, which is no fault of the person's (RFC 3463, section 3.8).
NO_SUCH_ADDRESS = (550, 551, 553)


class Undelivered(Exception):
    """The mail server did not take it this time."""


class Refused(Exception):
    """The mail server says that there is no such address, and will say so again."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail. The same `id` and moment make the same bytes, by which a repeated sending is recognised."""

    id: str
    to: str
    subject: str
    text: str
    at: datetime


class Mail:
    """Hands letters to the mail server of one instance."""

    def __init__(self, settings: Settings, *, patience: float = PATIENCE_SECONDS, rest: float = REST_SECONDS) -> None:
        self._url = urlsplit(settings.smtp_url or "")
        self._name, self._sender = parseaddr(settings.mail_from or "")
        self._patience, self._rest = patience, rest
        self._again = 0.0

    @property
    def usable(self) -> bool:
        """Whether this instance has a mail server."""
        return bool(self._url.hostname)

    @property
    def sender(self) -> str:
        """The address that people see as the sender."""
        return self._sender

    def send(self, letter: Letter) -> None:
        """Hand a letter over. Returned means that the mail server has it.

        Raises Refused when the address does not exist, Undelivered for everything else: the server is away, slow, busy,
        or broke off. In that last case it may have taken the letter; sent again, it is the same one.
        """
        message = self.written(letter)
        if time.monotonic() < self._again:
            raise Undelivered("the mail server is left alone for a while")
        try:
            with self._talking() as server:
                server.sendmail(self._sender, [letter.to], message.as_bytes(policy=policy.SMTP))
        except smtplib.SMTPRecipientsRefused as refusal:
            if all(code in NO_SUCH_ADDRESS and b"5.7." not in words for code, words in refusal.recipients.values()):
                raise Refused from None
            raise Undelivered from None
        except smtplib.SMTPResponseException:
            raise Undelivered from None
        except (OSError, ValueError) as error:  # smtplib's own errors are OSErrors too
            self._again = time.monotonic() + self._rest
            raise Undelivered(type(error).__name__) from None

    def check(self) -> None:
        """Ask whether the server answers, as us. Raises OSError, of which smtplib's errors are a kind."""
        with self._talking() as server:
            server.noop()

    def written(self, letter: Letter) -> EmailMessage:
        """The letter as it travels: who sends it, to whom, when, and the two texts. Nothing names what sent it."""
        message = EmailMessage()
        box, _, domain = self._sender.rpartition("@")
        message["From"] = Address(self._name, box, domain)
        message["To"] = letter.to
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(letter.at)
        message["Message-ID"] = f"<{letter.id}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text, cte="base64")
        return message

    @contextmanager
    def _talking(self) -> Iterator[smtplib.SMTP]:
        server = self._connected()
        try:
            if self._url.scheme == "smtp" and not self._on_this_machine:
                server.starttls(context=ssl.create_default_context())  # refused or not offered is an error
            if self._url.username:
                server.login(unquote(self._url.username), unquote(self._url.password or ""))
            yield server
            with suppress(OSError):  # what was said before counts, however the parting goes
                server.quit()
        finally:
            server.close()

    def _connected(self) -> smtplib.SMTP:
        host = self._url.hostname or ""
        # By the domain of the sender, since our own name in the letter's headers would say which machine we are.
        ours = self._sender.rpartition("@")[2]
        if self._url.scheme == "smtps":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(
                host, self._url.port or 465, local_hostname=ours, timeout=self._patience, context=context
            )
        return smtplib.SMTP(host, self._url.port or 587, local_hostname=ours, timeout=self._patience)

    @property
    def _on_this_machine(self) -> bool:
        host = self._url.hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"
