"""Somebody with words everywhere: on both databases, and on SQLite alone for pages."""

import pytest

from config import Settings
from tests.own_data.kept import Kept
from tests.own_data.planted import Planted


@pytest.fixture(scope="session")
def kept() -> dict[bool, Kept]:
    """What was planted once, on SQLite and not."""
    return {}


@pytest.fixture
def settings(
    settings: Settings, request: pytest.FixtureRequest, kept: dict[bool, Kept], tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """Of an instance in which somebody has words everywhere already, where a test asks for them."""
    if "planted" in request.fixturenames:
        if settings.sqlite in kept:
            kept[settings.sqlite].bring_back(settings)
        else:
            folder = tmp_path_factory.mktemp("planted") / "instance"
            kept[settings.sqlite] = Kept.planted_in(settings, folder)
    return settings


@pytest.fixture
def planted(settings: Settings, kept: dict[bool, Kept]) -> Planted:
    return kept[settings.sqlite].planted
