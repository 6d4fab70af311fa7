"""What only those who build and try may see: the demonstration, its banner, the styleguide."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from app import create_app
from app.identity import demo
from app.kernel import work
from app.kernel.house import House
from config import Mode, Settings

BANNER = "everyone and everything in it is invented"


@pytest.fixture
def production(sqlite_settings: Settings) -> Iterator[Flask]:
    address = "https://sanad.example.org"
    chosen = replace(sqlite_settings, mode=Mode.PRODUCTION, address=address, trusted_hosts=("sanad.example.org",))
    app = create_app(chosen)
    yield app
    app.extensions["house"].close()


def _load_people(app: Flask) -> None:
    house: House = app.extensions["house"]
    with work.scope(house) as opened, opened.writing():
        demo.load_people()


def _page(app: Flask, path: str) -> tuple[int, str]:
    answer = app.test_client().get(
        path, base_url=app.extensions["house"].settings.address, headers={"Accept-Language": "en"}
    )
    return answer.status_code, answer.get_data(as_text=True)


def test_the_demonstration_says_on_every_page_that_it_is_one(sqlite_app: Flask) -> None:
    assert BANNER not in _page(sqlite_app, "/about")[1]
    _load_people(sqlite_app)
    fresh = create_app(sqlite_app.extensions["house"].settings)
    for path in ("/", "/about", "/sign-in", "/nothing-here"):
        assert BANNER in _page(fresh, path)[1], path
    fresh.extensions["house"].close()


def test_production_refuses_the_demonstration_and_never_shows_its_banner(production: Flask) -> None:
    with production.app_context():
        refused = production.test_cli_runner().invoke(args=["demo"])
    assert refused.exit_code != 0
    assert "production" in refused.output
    _load_people(production)
    assert BANNER not in _page(production, "/")[1]


def test_the_styleguide_shows_every_component_in_both_directions_and_by_night(sqlite_app: Flask) -> None:
    status, page = _page(sqlite_app, "/styleguide")
    assert status == 200
    for words in ('dir="rtl"', 'dir="ltr"', 'data-theme="night"', "<dialog", "<progress", "<table"):
        assert words in page, words


def test_production_has_no_styleguide(production: Flask) -> None:
    assert _page(production, "/styleguide")[0] == 404
