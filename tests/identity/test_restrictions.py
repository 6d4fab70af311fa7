"""What is withheld from a person, and that it works at once."""

from datetime import timedelta

from app.identity import actions
from app.identity.keeper import Sessions
from app.identity.models import Cause
from app.kernel import work
from app.kernel.access import Permission, Role, granted
from app.kernel.actor import STRANGER, system
from app.kernel.db import now
from app.kernel.house import House
from tests.factories import Factory

REF = "measure-number-1"


def test_what_is_withheld_is_missing_from_the_very_next_request_and_comes_back(house: House, make: Factory) -> None:
    token = make.token()
    member = make.actor(token)
    with work.scope(house):
        actions.restrict(system("test"), member.person_id, [Permission.ROOMS_POST], cause=Cause.MEASURE, ref=REF)
    assert make.actor(token).permissions == granted([Role.MEMBER]) - {Permission.ROOMS_POST}
    with work.scope(house):
        assert actions.lift_restrictions(system("test"), REF) == 1
        assert actions.lift_restrictions(system("test"), REF) == 0
    assert make.actor(token).permissions == granted([Role.MEMBER])


def test_what_is_withheld_until_a_moment_comes_back_by_itself(house: House, make: Factory) -> None:
    token = make.token()
    person_id = make.actor(token).person_id
    with work.scope(house):
        for until in (now() - timedelta(seconds=1), now() + timedelta(hours=1)):
            withheld = Permission.VOUCH if until < now() else Permission.LINKS_SEND
            actions.restrict(system("test"), person_id, [withheld], cause=Cause.PROBATION, ref=REF, until=until)
    assert make.actor(token).permissions == granted([Role.MEMBER]) - {Permission.LINKS_SEND}


def test_whoever_is_suspended_loses_their_sessions_and_sees_only_their_standing(house: House, make: Factory) -> None:
    token = make.token(roles=(Role.MEMBER, Role.MODERATOR))
    person_id = make.actor(token).person_id
    with work.scope(house):
        actions.restrict(system("test"), person_id, [Permission.SIGNED_IN], cause=Cause.MEASURE, ref=REF)
    assert make.actor(token) == STRANGER
    again = make.another_session_of(person_id)
    with work.scope(house):
        assert Sessions().recognise(again).permissions == {Permission.OPEN, Permission.STANDING_SEE}


def test_what_is_withheld_from_one_is_not_withheld_from_another(house: House, make: Factory) -> None:
    one, other = make.token(), make.token()
    with work.scope(house):
        actions.restrict(
            system("test"), make.actor(one).person_id, [Permission.ROOMS_POST], cause=Cause.BRANCH, ref=REF
        )
    assert make.actor(other).holds(Permission.ROOMS_POST)
