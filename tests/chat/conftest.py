"""The scene of conversations."""

import pytest
from flask import Flask

from app.kernel.house import House
from tests.chat.talk import Talks
from tests.factories import Factory
from tests.profiles.scene import Scene


@pytest.fixture
def talks(app: Flask, house: House, make: Factory) -> Talks:
    return Talks(Scene(app, house, make))
