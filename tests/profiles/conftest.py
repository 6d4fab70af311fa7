"""The scenes of profiles: one on each database, and one on SQLite alone for pages, where the database does not matter."""

import pytest
from flask import Flask

from app.kernel.house import House
from tests.factories import Factory
from tests.profiles.scene import Scene


@pytest.fixture
def scene(app: Flask, house: House, make: Factory) -> Scene:
    return Scene(app, house, make)


@pytest.fixture
def pages(sqlite_app: Flask) -> Scene:
    house: House = sqlite_app.extensions["house"]
    return Scene(sqlite_app, house, Factory(house))
