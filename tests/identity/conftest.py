"""Browsers without scripts, and what the tests of this feature look up in the database."""

import pytest
from flask import Flask

from app.kernel.house import House
from app.kernel.limits import Budgets
from tests.identity.visitor import Visit, Visitor


@pytest.fixture
def visit(app: Flask) -> Visit:
    """Opens a new browser before the instance of this test, signed in with a token or not."""

    def open_browser(token: str = "", **options: str) -> Visitor:
        return Visitor.of(app, token, **options)

    return open_browser


@pytest.fixture
def without_budgets(house: House) -> None:
    """For tests that do something more often than a person may."""
    house.budgets = Budgets(None, enabled=False)
