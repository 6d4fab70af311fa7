"""kill -9 at every point of a freeze: the account is whole or frozen, and never anything between."""

import signal
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.identity.models import LoginSession, Restriction
from app.kernel import work
from app.kernel.house import House
from app.moderation.models import QueueItem
from app.notifications.models import Notice
from app.safety.models import Freeze
from config import Settings
from tests.conftest import environment
from tests.factories import Factory
from tests.faults.programs.forking import Forks, program
from tests.safety.scene import MODERATOR, Scene

pytestmark = pytest.mark.faults
#: More statements than a freeze has, and how many lie between two kills.
MOST, STEP = 80, 4


def test_a_freeze_that_is_killed_anywhere_has_happened_whole_or_not_at_all(
    sqlite_app: Flask, sqlite_settings: Settings, tmp_path: Path
) -> None:
    house: House = sqlite_app.extensions["house"]
    scene = Scene(sqlite_app, house, Factory(house))
    nour, lina = scene.person(), scene.person()
    scene.person(roles=MODERATOR)
    scene.trusts(nour, lina)
    before = counts(house)
    whole = {"Freeze": 1, "Restriction": 1, "QueueItem": 1, "Notice": before["Notice"] + 1, "ended": 1}
    killed = 0
    with program("tests.faults.programs.safety_children") as warm:
        forks = Forks(warm, environment(sqlite_settings.instance), tmp_path)
        for after in range(0, MOST, STEP):
            number = forks.start("freezing", scene.tokens[lina.person_id], str(nour.person_id), str(after))
            ended, found = forks.wait(number), counts(house)
            assert ended in (0, -signal.SIGKILL), forks.said(number)
            assert found in (before, whole), after
            assert scene.now(nour).is_anonymous == (found == whole)
            if found == whole:
                break
            killed += 1
    assert killed > 3
    assert counts(house) == whole


def counts(house: House) -> dict[str, int]:
    """What a freeze leaves behind."""
    with work.scope(house) as opened:
        found = {
            model.__name__: opened.session.scalar(select(func.count()).select_from(model)) or 0
            for model in (Freeze, Restriction, QueueItem, Notice)
        }
        ended = select(func.count()).select_from(LoginSession).where(LoginSession.ended_at.is_not(None))
        return {**found, "ended": opened.session.scalar(ended) or 0}
