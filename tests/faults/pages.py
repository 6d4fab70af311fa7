"""The doors that people without JavaScript use."""

import re
from contextlib import AbstractContextManager
from types import TracebackType

import requests

from tests.server import Server


class Pages(AbstractContextManager["Pages"]):
    """A browser with somebody's session, at the pages of one server."""

    def __init__(self, server: Server, token: str = "") -> None:
        self.server = server
        self.browser = server.browser(token) if token else requests.Session()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.browser.close()

    def get(self, path: str) -> requests.Response:
        return self.browser.get(self._url(path), allow_redirects=False, timeout=60)

    def post(self, path: str, page: str, **fields: str) -> requests.Response:
        """Send a form as it stands on `page`."""
        shown = self.get(page).text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', shown)
        assert token is not None, shown
        fields["csrf_token"] = token[1]
        return self.browser.post(self._url(path), data=fields, allow_redirects=False, timeout=60)

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.port}{path}"
