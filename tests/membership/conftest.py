"""People for the tests of membership."""

import pytest

from app.kernel.house import House
from tests.factories import Factory
from tests.membership.people import People


@pytest.fixture
def people(house: House, make: Factory) -> People:
    return People(house, make)
