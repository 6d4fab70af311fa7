"""Somebody with words everywhere: on both databases, and on SQLite alone for pages."""

import pytest

from app.kernel.house import House
from tests.factories import Factory
from tests.own_data.planted import Planted, plant


@pytest.fixture
def planted(house: House, make: Factory) -> Planted:
    return plant(house, make)
