"""Names of one's own in a space: chosen, changed, given up, and never to be linked by other members."""

import re
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.identity import actions as identity
from app.identity import queries as people
from app.identity.models import Cause, Device, Space, SpaceName, SpentName
from app.identity.naming import NAME_TAKEN
from app.identity.spaces import actions, queries
from app.kernel import work
from app.kernel.access import Permission, Role
from app.kernel.actor import Actor, system
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from app.kernel.house import House
from tests.at_once import at_once
from tests.factories import PASSPHRASE, Factory
from tests.house.matrix import form_token
from tests.house.test_queries import counted

ROOMS = Space.ROOMS


def choose(house: House, actor: Actor, name: str, space: Space = ROOMS) -> None:
    with work.scope(house):
        actions.choose_name(actor, space, name=name)


def named(house: House, actor: Actor, space: Space = ROOMS) -> tuple[str, str]:
    """Public id and name by which others know somebody in a space."""
    with work.scope(house):
        return queries.names_in(space, [actor.person_id])[actor.person_id]


def days_pass(house: House, days: int) -> None:
    """Let what was chosen have been chosen so long ago."""
    with work.scope(house) as opened, opened.writing():
        for row in opened.session.scalars(select(SpaceName)):
            row.chosen_on -= timedelta(days=days)
        for spent in opened.session.scalars(select(SpentName)):
            spent.until -= timedelta(days=days)


# --- choosing ---------------------------------------------------------------------------------------------------------


def test_a_name_in_one_space_is_not_that_of_another(house: House, make: Factory) -> None:
    member = make.person("Olive Branch")
    choose(house, member, "Night Owl")
    assert named(house, member)[1] == "Night Owl"
    assert named(house, member, Space.TESTIMONIES) == (member.public_id, "Olive Branch")
    assert named(house, member)[0] not in (member.public_id, "")


def test_the_next_request_knows_the_name_without_asking_for_it(house: House, make: Factory) -> None:
    token = make.token("Olive Branch")
    choose(house, make.actor(token), "Night Owl")
    choose(house, make.actor(token), "Third Voice", Space.TESTIMONIES)
    actor = make.actor(token)
    assert actor.name == "Olive Branch"
    assert actor.known_in(ROOMS) == named(house, actor)
    assert actor.known_in(Space.TESTIMONIES) == named(house, actor, Space.TESTIMONIES)
    assert actor.known_in(Space.OPPORTUNITIES) == (actor.public_id, "Olive Branch")


@pytest.mark.parametrize("wish", ["Olive Branch", "0live  branch", "Night Owl", "n1ght-owl", "Third Voice"])
def test_a_name_that_looks_like_anybodys_is_refused(house: House, make: Factory, wish: str) -> None:
    member, other, third = make.person("Olive Branch"), make.person(), make.person()
    choose(house, member, "Night Owl")
    choose(house, third, "Third Voice", Space.TESTIMONIES)
    with pytest.raises(Invalid) as refused:
        choose(house, other, wish)
    assert refused.value.text == NAME_TAKEN


@pytest.mark.parametrize("wish", ["", "\u202eLina", "Lin\u0430", "123", "x" * 61])
def test_the_rules_are_those_of_every_chosen_name(house: House, make: Factory, wish: str) -> None:
    with pytest.raises(Invalid):
        choose(house, make.person(), wish)


def test_ones_own_usual_name_is_no_other_name(house: House, make: Factory) -> None:
    member = make.person("Olive Branch")
    with pytest.raises(Invalid):
        choose(house, member, "olive branch")


def test_whoever_joins_cannot_take_a_name_that_somebody_has_in_a_space(house: House, make: Factory) -> None:
    choose(house, make.person(), "Night Owl")
    code = make.invitation(Role.CASEWORKER)
    with work.scope(house), pytest.raises(Invalid) as refused:
        identity.join(code, "night owl", "seven lanterns over the harbour", network="n", device=Device.PHONE)
    assert refused.value.text == NAME_TAKEN
    with work.scope(house), pytest.raises(Conflict):
        identity.add_person("Night Owl", "!", roles=())


def test_nobody_signs_in_with_a_name_of_a_space(house: House, make: Factory, client: FlaskClient) -> None:
    choose(house, make.person("Olive Branch"), "Night Owl")
    with work.scope(house):
        assert people.find_by_name("Night Owl") is None
    form = {"name": "Night Owl", "passphrase": PASSPHRASE, "csrf_token": form_token(client)}
    assert client.post("/sign-in", data=form).status_code == 422


def test_only_few_names_can_be_tried_out(house: House, make: Factory) -> None:
    make.person("Olive Branch")
    member = make.person()
    for _ in range(6):
        with pytest.raises(Invalid):
            choose(house, member, "Olive Branch")
    with pytest.raises(TooMany):
        choose(house, member, "Nobody Yet")


# --- changing and giving up ---------------------------------------------------------------------------------------------


def test_a_name_can_be_changed_after_fourteen_days_and_gets_another_id(house: House, make: Factory) -> None:
    member = make.person()
    choose(house, member, "Night Owl")
    first = named(house, member)
    days_pass(house, 13)
    with pytest.raises(Conflict):
        choose(house, member, "Early Bird")
    days_pass(house, 1)
    choose(house, member, "Early Bird")
    second = named(house, member)
    assert second[1] == "Early Bird"
    assert second[0] != first[0]
    with work.scope(house), pytest.raises(NotFound):
        queries.person_behind(ROOMS, first[0])


def test_giving_up_works_at_once_and_choosing_again_does_not(house: House, make: Factory) -> None:
    token = make.token("Olive Branch")
    choose(house, make.actor(token), "Night Owl")
    with work.scope(house):
        actions.give_up_name(make.actor(token), ROOMS)
    assert named(house, make.actor(token)) == make.actor(token).known_in(ROOMS)
    assert make.actor(token).known_in(ROOMS)[1] == "Olive Branch"
    with pytest.raises(Conflict):
        choose(house, make.actor(token), "Early Bird")
    with work.scope(house), pytest.raises(Conflict):
        actions.give_up_name(make.actor(token), ROOMS)


def test_nobody_speaks_under_a_name_that_was_just_given_up(house: House, make: Factory) -> None:
    member, other = make.person(), make.person()
    choose(house, member, "Night Owl")
    with work.scope(house):
        actions.give_up_name(member, ROOMS)
    with pytest.raises(Invalid):
        choose(house, other, "night owl")
    with work.scope(house), pytest.raises(Conflict):
        identity.add_person("Night Owl", "!", roles=())
    days_pass(house, 181)
    with work.scope(house):
        actions.forget_spent_names(system("test"))
    choose(house, other, "night owl")
    assert named(house, other)[1] == "night owl"


def test_what_is_forgotten_hourly_is_no_name_that_somebody_has(house: House, make: Factory) -> None:
    member, former = make.person(), make.person()
    choose(house, member, "Night Owl")
    choose(house, former, "Early Bird")
    with work.scope(house):
        actions.give_up_name(former, ROOMS)
    days_pass(house, 20)
    with work.scope(house) as opened:
        actions.forget_spent_names(system("test"))
        assert list(opened.session.scalars(select(SpaceName.person_id))) == [member.person_id]
    assert named(house, member)[1] == "Night Owl"


# --- who is who ---------------------------------------------------------------------------------------------------------


def test_an_id_leads_to_its_person_in_its_own_space_only(house: House, make: Factory) -> None:
    member, plain = make.person(), make.person()
    choose(house, member, "Night Owl")
    own = named(house, member)[0]
    with work.scope(house):
        assert queries.person_behind(ROOMS, own) == member.id
        assert queries.person_behind(ROOMS, plain.public_id) == plain.id
        assert queries.person_behind(Space.TESTIMONIES, member.public_id) == member.id
        for space, public_id in ((ROOMS, member.public_id), (Space.TESTIMONIES, own), (ROOMS, "AAAAAAAAAAAAAAAA")):
            with pytest.raises(NotFound):
                queries.person_behind(space, public_id)


def test_a_page_of_names_costs_one_question_however_many_there_are(house: House, make: Factory) -> None:
    crowd = [make.person() for _ in range(6)]
    for number, member in enumerate(crowd[:3]):
        choose(house, member, f"Night {'abc'[number] * 3}")
    house.vault._opened.clear()
    with work.scope(house), counted(house) as asked:
        queries.names_in(ROOMS, [member.person_id for member in crowd])
    assert (len(asked["data"]), len(asked["keys"])) == (1, 1)


# --- at once ------------------------------------------------------------------------------------------------------------


def test_of_two_who_take_the_same_name_at_once_one_gets_it(house: House, make: Factory) -> None:
    for name in ("Night Owl", "Early Bird", "Third Voice"):
        one, other = make.person(), make.person()
        told = at_once(
            house,
            [
                partial(actions.choose_name, one, ROOMS, name=name),
                partial(actions.choose_name, other, Space.TESTIMONIES, name=name.lower()),
            ],
        )
        assert sorted(told, key=lambda refusal: refusal is None)[1] is None
        refused = next(refusal for refusal in told if refusal is not None)
        assert isinstance(refused, Invalid)
        assert [named(house, one)[1] == name, named(house, other, Space.TESTIMONIES)[1] == name.lower()].count(
            True
        ) == 1


def test_of_one_who_joins_and_one_who_chooses_the_same_name_at_once_one_gets_it(house: House, make: Factory) -> None:
    for name in ("Night Owl", "Early Bird", "Third Voice"):
        member = make.person()
        told = at_once(
            house,
            [
                partial(actions.choose_name, member, ROOMS, name=name),
                partial(identity.add_person, name, "!", roles=()),
            ],
        )
        assert [refusal is None for refusal in told].count(True) == 1
        with work.scope(house):
            taken = people.find_by_name(name) is not None
        assert taken != (named(house, member)[1] == name)


def test_two_pages_of_one_person_choose_one_name(house: House, make: Factory) -> None:
    member = make.person()
    told = at_once(
        house,
        [
            partial(actions.choose_name, member, ROOMS, name="Night Owl"),
            partial(actions.choose_name, member, ROOMS, name="Early Bird"),
        ],
    )
    assert [type(refusal) for refusal in told if refusal is not None] == [Conflict]


# --- pages --------------------------------------------------------------------------------------------------------------


@pytest.mark.one_database
def test_a_member_chooses_changes_and_gives_up_a_name_by_pages_alone(app: Flask, house: House, make: Factory) -> None:
    client = app.test_client()
    make.sign_in(client, make.token("Olive Branch"))
    assert "Olive Branch" in client.get("/me/names").text
    page = client.get("/me/names/rooms").text
    assert "What you wrote there before carries the new name too, at once." in page
    form = {"csrf_token": form_token(client), "name": "Olive branch"}
    refused = client.post("/me/names/rooms", data=form)
    assert refused.status_code == 422
    assert "already used here" in refused.text
    assert 'value="Olive branch"' in refused.text
    assert client.post("/me/names/rooms", data={**form, "name": "Night Owl"}).status_code == 303
    assert "Night Owl" in client.get("/me/names").text
    waiting = client.get("/me/names/rooms").text
    assert "once in 14 days" in waiting
    assert 'name="name"' not in waiting
    assert "usual name from then on" in client.get("/me/names/rooms/give-up").text
    assert client.post("/me/names/rooms/give-up", data=form).status_code == 303
    assert "Night Owl" not in client.get("/me/names").text
    assert client.get("/me/names/rooms/give-up").status_code == 404


@pytest.mark.one_database
def test_no_page_for_a_space_that_is_none_or_not_open_to_somebody(app: Flask, make: Factory) -> None:
    client = app.test_client()
    make.sign_in(client, make.token())
    assert client.get("/me/names/elsewhere").status_code == 404
    make.sign_in(client, make.token(roles=(Role.EMPLOYER,)))
    assert client.get("/me/names/rooms").status_code == 404
    assert "No place for another name" in client.get("/me/names").text


def test_on_a_journey_the_names_are_out_of_sight(app: Flask, house: House, make: Factory) -> None:
    token = make.token()
    choose(house, make.actor(token), "Night Owl")
    with work.scope(house):
        member = make.actor(token)
        identity.restrict(
            system("test"), member.person_id, [Permission.SETTINGS_CHANGE], cause=Cause.TRAVEL, ref="journey"
        )
    client = app.test_client()
    make.sign_in(client, token)
    for address in ("/me/names", "/me/names/rooms", "/me/names/rooms/give-up"):
        assert client.get(address).status_code == 404
    assert "/me/names" not in client.get("/me").text
    with work.scope(house), pytest.raises(Forbidden):
        actions.give_up_name(make.actor(token), ROOMS)


def test_a_name_of_a_space_is_sealed_for_its_own_row(house: House, make: Factory) -> None:
    one, other = make.person(), make.person()
    choose(house, one, "Night Owl")
    choose(house, other, "Early Bird")
    with work.scope(house) as opened, opened.writing():
        rows = {row.person_id: row for row in opened.session.scalars(select(SpaceName))}
        assert b"Night" not in (rows[one.person_id].name or b"")
        moved = update(SpaceName).where(SpaceName.person_id == other.person_id)
        opened.session.execute(moved.values(name=rows[one.person_id].name))
    with pytest.raises(Exception, match=re.escape("space_name.name")):
        named(house, other)
