"""The scene of moderation's tests."""

import pytest

from app.kernel.house import House
from tests.factories import Factory
from tests.moderation.scene import Scene


@pytest.fixture
def scene(house: House, make: Factory) -> Scene:
    return Scene(house, make)
