"""Whoever changes how somebody signs in: that person hears of it."""

from sqlalchemy import select

from app.identity.entry import actions as entry
from app.identity.feature import SECURITY
from app.kernel import work
from app.kernel.house import House
from app.kernel.signals import Security
from app.notifications.models import Notice
from tests.factories import PASSPHRASE, Factory


def test_a_changed_passphrase_is_told_to_its_person_and_to_nobody_else(house: House, make: Factory) -> None:
    nour, lina = make.person(), make.person()
    with work.scope(house) as opened:
        entry.change_passphrase(nour, PASSPHRASE, "copper window ninety swallows")
        told = opened.session.execute(select(Notice.person_id, Notice.kind)).all()
    assert [tuple(row) for row in told] == [(nour.person_id, "security.passphrase")]
    assert lina.person_id not in {row.person_id for row in told}


def test_there_are_words_for_everything_that_can_be_changed() -> None:
    assert set(SECURITY) == set(Security)
