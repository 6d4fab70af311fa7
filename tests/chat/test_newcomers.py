"""Newcomers: the rooms that they may know of, and what is withheld from them or from others for a while."""

import pytest
from flask.testing import FlaskClient

from app.chat import actions, queries
from app.identity import actions as identity
from app.identity.models import Cause
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor, system
from app.kernel.db import new_public_id
from app.kernel.errors import Forbidden, Invalid, NotFound, TooMany
from app.kernel.house import House
from tests.factories import Factory
from tests.house.matrix import form_token


def withhold(house: House, make: Factory, token: str, *withheld: Permission) -> Actor:
    """The actor of this token once these are withheld, signed in again where that ended the session."""
    person_id = make.actor(token).person_id
    with work.scope(house):
        identity.restrict(system("test"), person_id, withheld, cause=Cause.PROBATION, ref=new_public_id())
    return make.actor(make.another_session_of(person_id))


def test_a_newcomer_knows_of_no_room_but_those_for_newcomers_even_one_they_are_in(house: House, make: Factory) -> None:
    token, host = make.token(), make.person()
    before = make.actor(token)
    inner, welcome = make.room(host, before), make.room(host, for_newcomers=True)
    make.message(host, inner, "Not for newcomers")
    newcomer = withhold(house, make, token, Permission.ROOMS_ALL)
    with work.scope(house):
        assert [line.room.public_id for line in queries.rooms(newcomer)] == [welcome.public_id]
        assert queries.unread_total(newcomer) == 0
        for look in (queries.get_room, queries.get_here):
            with pytest.raises(NotFound):
                look(newcomer, inner.public_id)
        assert queries.newest(newcomer, inner).words == []
        with pytest.raises(Forbidden):
            actions.join_room(newcomer, inner)
        actions.join_room(newcomer, queries.get_room(newcomer, welcome.public_id))
    assert make.message(newcomer, welcome, "Good evening").seq == 1
    make.message(host, welcome, "Welcome")
    with work.scope(house):
        assert queries.unread_total(newcomer) == 1


def test_whose_writing_is_paused_reads_on_and_is_told_in_words(
    house: House, make: Factory, client: FlaskClient
) -> None:
    token = make.token()
    room = make.room(make.actor(token))
    paused = withhold(house, make, token, Permission.ROOMS_POST)
    with pytest.raises(Forbidden, match="paused"):
        make.message(paused, room, "Let me speak")
    make.sign_in(client, token)
    page = client.get(f"/rooms/{room.public_id}").text
    assert "Writing is paused for you" in page
    assert "/me/standing" in page
    typed = {"body": "My own words", "client_id": "paused-client", "csrf_token": form_token(client)}
    answer = client.post(f"/rooms/{room.public_id}/messages", data=typed)
    assert answer.status_code == 403
    assert "My own words" in answer.text


@pytest.mark.parametrize("body", ["Look at https://example.org/x", "[here](https://example.org)", "www.example.org"])
def test_links_wait_until_they_are_given_but_words_do_not(house: House, make: Factory, body: str) -> None:
    token = make.token()
    room = make.room(make.actor(token))
    newcomer = withhold(house, make, token, Permission.LINKS_SEND)
    with pytest.raises(Invalid, match="Links"):
        make.message(newcomer, room, body)
    assert make.message(newcomer, room, "It is on their own page").seq == 1


def test_a_newcomer_has_a_smaller_budget_for_writing(house: House, make: Factory) -> None:
    token = make.token()
    member, room = make.actor(token), make.room(make.actor(token))
    for line in range(7):
        make.message(member, room, f"line {line}")
    other = make.token()
    make.actor(other)
    with work.scope(house):
        actions.join_room(make.actor(other), queries.get_room(make.actor(other), room.public_id))
    newcomer = withhold(house, make, other, Permission.LINKS_SEND)
    for line in range(6):
        make.message(newcomer, room, f"line {line}")
    with pytest.raises(TooMany):
        make.message(newcomer, room, "one more")
