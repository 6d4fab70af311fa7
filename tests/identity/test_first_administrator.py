"""The first administrator: from an empty folder to somebody who is signed in, without any mail server."""

import re
from pathlib import Path

import pytest
import requests
from click.testing import Result
from flask import Flask

from app.identity.factors.codes import present_code
from app.identity.models import PersonRole
from app.kernel import work
from app.kernel.access import Role
from app.kernel.db import now
from app.kernel.house import House
from tests.factories import Factory
from tests.identity.visitor import Visit
from tests.server import Server

LINK = re.compile(r"^(http://\S+)/join\?code=(\S+)$", re.MULTILINE)


def flask_init(app: Flask, *words: str) -> Result:
    with app.app_context():
        return app.test_cli_runner().invoke(args=["init", *words])


def test_from_an_empty_folder_to_an_administrator_who_is_signed_in(tmp_path: Path) -> None:
    server = Server(tmp_path / "instance", {"PYTHONWARNINGS": "error::UserWarning"})
    made = server.command("init")
    assert made.returncode == 0, made.stderr
    link = LINK.search(made.stdout)
    assert link, made.stdout
    assert link[1] == server.address
    server.start()
    try:
        browser = requests.Session()
        browser.headers["Accept-Language"] = "en"
        page = browser.get(link[0], timeout=10).text
        assert f'value="{link[2]}"' in page
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
        assert token
        fields = {
            "code": link[2],
            "name": "Samar",
            "passphrase": "copper window ninety swallows",
            "csrf_token": token[1],
        }
        assert browser.post(f"{server.address}/join", data=fields, timeout=10).url == f"{server.address}/me/second-step"
        home = browser.get(f"{server.address}/", timeout=10)
        assert "until then your work here is closed" in home.text
        assert browser.get(f"{server.address}/people/invitations", timeout=10).status_code == 404
        token = re.search(r'name="csrf_token" value="([^"]+)"', home.text)
        assert token
        begin = f"{server.address}/me/second-step/codes/begin"
        setup = browser.post(begin, data={"csrf_token": token[1]}, timeout=10)
        secret = re.search(r"secret=([A-Z2-7]+)", setup.text)
        assert secret
        code = present_code(secret[1], now())
        fields_of_code = {"csrf_token": token[1], "code": code}
        assert browser.post(setup.url, data=fields_of_code, timeout=10).url == f"{server.address}/me/recovery-codes"
        assert browser.get(f"{server.address}/people/invitations", timeout=10).status_code == 200
        second = requests.Session()
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', second.get(link[0], timeout=10).text)
        assert token
        fields |= {"name": "Somebody else", "csrf_token": token[1]}
        assert second.post(f"{server.address}/join", data=fields, timeout=10).status_code == 422
        again = server.command("init")
        assert again.returncode != 0
        assert "people are here already" in again.stderr
        assert "Traceback" not in again.stderr
        assert not LINK.search(again.stdout)
    finally:
        server.stop()


def test_a_second_start_says_what_to_do_and_invites_nobody(app: Flask, make: Factory, visit: Visit) -> None:
    make.person("Nour")
    refused = flask_init(app)
    assert refused.exit_code == 1
    assert refused.output.strip() == (
        "Error: people are here already; for one more administrator use: flask init --again"
    )


def test_one_more_administrator_is_invited_when_the_first_is_lost(
    app: Flask, make: Factory, visit: Visit, house: House
) -> None:
    make.person("Nour")
    printed = flask_init(app, "--again")
    assert printed.exit_code == 0, printed.output
    link = LINK.search(printed.output)
    assert link
    assert visit().joins(link[2], "Samar").status_code == 303
    assert visit().joins(link[2], "Lina").status_code == 422
    with work.scope(house) as opened:
        roles = [row.role for row in opened.session.query(PersonRole).order_by(PersonRole.id)]
    assert roles == [Role.MEMBER, Role.ADMINISTRATOR]


@pytest.mark.parametrize("days", [0, 1])
@pytest.mark.one_database
def test_the_link_lasts_a_day(app: Flask, visit: Visit, house: House, days: int) -> None:
    link = LINK.search(flask_init(app).output)
    assert link
    with work.scope(house) as opened, opened.writing():
        opened.session.connection().exec_driver_sql(
            "update invitation set expires_at = datetime(expires_at, ?)", (f"-{days} days",)
        )
    assert visit().joins(link[2], "Samar").status_code == (303 if days == 0 else 422)
