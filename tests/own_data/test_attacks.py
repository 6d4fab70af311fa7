"""Having somebody erased against their will, and coming back by a backup."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from app.identity import actions as identity
from app.identity.models import Cause, LoginSession, Restriction, Standing
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor, system
from app.kernel.db import now
from app.kernel.house import House
from app.own_data import actions, policy, queries
from tests.factories import Factory
from tests.own_data.test_backups import Elsewhere, backed_up, elsewhere, folder
from tests.own_data.test_erasing import a_week_later, ask, hourly, row_of
from tests.own_data.test_pages import Pages, pages, send

__all__ = ["elsewhere", "folder", "pages"]


def hold(house: House, person: Actor, cause: Cause) -> None:
    """Let somebody be on a journey, or frozen."""
    withheld = [Permission.SIGNED_IN] if cause is Cause.FREEZE else [Permission.ERASE, Permission.HIDDEN_SEE]
    with work.scope(house):
        identity.restrict(system("test"), person.person_id, withheld, cause=cause, ref="held")


@pytest.mark.parametrize("cause", [Cause.FREEZE, Cause.TRAVEL])
def test_whoever_gets_their_account_back_has_a_week_to_call_off_what_somebody_else_asked_for(
    house: House, make: Factory, cause: Cause
) -> None:
    """A thief asks for it, a friend freezes the account, and two moderators give it back when the week is long over."""
    person = make.person()
    ask(house, person)
    hold(house, person, cause)
    a_week_later(house)
    hourly(house)
    with work.scope(house) as opened, opened.writing():
        if cause is Cause.FREEZE:
            identity.lift_restrictions(system("test"), "held")
        else:
            opened.session.execute(update(Restriction).values(until=now() - timedelta(minutes=1)))
    hourly(house)
    assert row_of(house, person).standing is Standing.ACTIVE
    back = make.actor(make.another_session(person))
    with work.scope(house):
        waiting = queries.waiting_erasure(back)
        assert waiting is not None
        assert waiting.due > now() + policy.COOLING_OFF - timedelta(minutes=5), "and the page says until when"
        actions.call_off_erasure(back)
    hourly(house)
    assert row_of(house, person).standing is Standing.ACTIVE


@pytest.mark.one_database
def test_on_a_journey_nothing_tells_of_an_archive_or_an_erasure_and_nobody_calls_it_off(
    house: House, make: Factory, pages: Pages
) -> None:
    person = make.person()
    ask(house, person)
    before = pages(person).get("/notices").text
    assert "everything of yours erased" in before
    hold(house, person, Cause.TRAVEL)
    client, other = pages(person), pages(make.person())
    assert "everything of yours erased" not in client.get("/notices").text
    assert send(client, "/me/data/erasure/call-off").status_code == 404
    assert send(other, "/me/data/erasure/call-off").status_code == 409
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(Restriction).values(lifted_at=now()))
    with work.scope(house):
        assert queries.waiting_erasure(make.actor(make.another_session(person))) is not None, "it waits as before"


def test_nobody_comes_back_by_a_backup_with_a_session_that_was_ended_since(
    house: House, make: Factory, folder: Path, elsewhere: Elsewhere
) -> None:
    token = make.token()
    person = make.actor(token)
    backup = backed_up(house, folder)
    with work.scope(house):
        identity.sign_out(person)
    there, done = elsewhere.restored(backup)
    try:
        assert any("sessions of the backup ended" in line for line in done)
        with work.scope(there) as opened:
            alive = select(func.count()).select_from(LoginSession).where(LoginSession.ended_at.is_(None))
            assert opened.session.scalar(alive) == 0
    finally:
        there.close()
