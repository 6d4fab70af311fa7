"""One instance on each kind of database for each file of laws: making a database costs more than what is asked of it."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app import create_app
from tests.conftest import _instance
from tests.house.sample.feature import with_letters
from tests.house.sample.models import letter_tables


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """As for `settings`: once on each kind of database, and what is marked `one_database` on SQLite alone."""
    if "app" in metafunc.fixturenames:
        alone = metafunc.definition.get_closest_marker("one_database") is not None
        kinds = ["sqlite"] if alone else ["sqlite", "postgresql"]
        metafunc.parametrize("app", kinds, indirect=True, scope="module")


@pytest.fixture(scope="module")
def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An app with the sample feature, on each kind of database. Tests add to what is there and never count on emptiness."""
    for settings in _instance(request, request.param, tmp_path_factory.mktemp("shared")):
        app = create_app(settings, features=with_letters())
        with letter_tables(app.extensions["house"]):
            yield app
        app.extensions["house"].close()
