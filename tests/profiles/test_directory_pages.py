"""The pages of the directory, as people meet them: searching, being in it, waiting, and what moderators see."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.identity import actions as identity
from app.identity.models import Cause
from app.kernel import work
from app.kernel.access import Permission, Role
from app.kernel.actor import system
from app.kernel.db import new_public_id
from app.kernel.house import House
from app.moderation.models import QueueItem
from app.profiles.actions import honey, sweeps
from app.profiles.forms.directory import country_code, language_code
from app.profiles.honey import read
from app.profiles.models import Audience, Field
from app.profiles.queries.directory import PAGE
from tests.factories import Factory
from tests.house.matrix import form_token
from tests.house.test_queries import counted
from tests.profiles.towns import Town

STAFF = (Role.MEMBER, Role.MODERATOR)


@pytest.fixture
def app(sqlite_app: Flask) -> Flask:
    """What pages show does not depend on the database."""
    return sqlite_app


@pytest.fixture
def town(house: House, make: Factory) -> Town:
    return Town(house, make)


def signed_in(app: Flask, make: Factory, token: str) -> FlaskClient:
    client = app.test_client()
    make.sign_in(client, token)
    return client


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_a_member_reads_in_the_directory_what_each_shows_to_them(app: Flask, make: Factory, town: Town) -> None:
    one = make.person("Khuzama")
    town.show(one, Field.SKILLS, ["Pottery", "Weaving"])
    town.show(one, Field.ABOUT, "Between me and nobody", Audience.ONLY_ME)
    town.list_(one)
    make.person("Unlisted")
    page = signed_in(app, make, make.token()).get("/directory").text
    assert "Khuzama" in page
    assert f"/members/{one.public_id}" in page
    assert "Pottery" in page
    for hidden in ("Between me and nobody", "Unlisted"):
        assert hidden not in page


def test_filters_stand_in_the_address_and_go_along_to_the_next_page(app: Flask, make: Factory, town: Town) -> None:
    for _ in range(PAGE + 1):
        town.member(skills=["pottery"], languages=["ar"])
    client = signed_in(app, make, make.token())
    page = client.get("/directory?skill=pottery&language=Arabic").text
    [following] = re.findall(r'href="(/directory\?[^"]*after=\d+)"', page)
    assert "skill=pottery" in following
    assert "language=Arabic" in following
    assert 'value="pottery"' in page
    last = client.get(following.replace("&amp;", "&")).text
    assert not re.findall(r'href="[^"]*after=', last)
    assert "/directory?language=Arabic&amp;skill=pottery" in last or "skill=pottery&amp;language=Arabic" in last
    assert len(re.findall(r'href="/members/', page)) == PAGE
    assert len(re.findall(r'href="/members/', last)) == 1


def test_when_nobody_fits_the_page_says_what_could_be_tried(app: Flask, make: Factory, town: Town) -> None:
    client = signed_in(app, make, make.token())
    assert "Nobody is in the directory yet" in client.get("/directory").text
    town.member(skills=["pottery"])
    assert "Nobody who shows you this" in client.get("/directory?q=carpentry").text
    assert "Nobody who shows you this" in client.get("/directory?q=%3F").text


@pytest.mark.parametrize(
    "address", ["after=x", "after=-1", "after=" + "9" * 30, "after=%D9%A3", "q=%00", "q=" + "a" * 80]
)
def test_an_address_that_somebody_made_up_shows_a_page(app: Flask, make: Factory, town: Town, address: str) -> None:
    town.member()
    assert signed_in(app, make, make.token()).get(f"/directory?{address}").status_code == 200


def test_a_country_or_language_that_we_do_not_know_is_asked_for_again(app: Flask, make: Factory, town: Town) -> None:
    town.member(languages=["ar"])
    page = signed_in(app, make, make.token()).get("/directory?language=Martian&country=Atlantis")
    assert page.status_code == 422
    assert "We do not know a language of this name" in page.text
    assert "We do not know a country of this name" in page.text
    assert 'value="Martian"' in page.text


def test_countries_and_languages_are_known_by_the_names_that_people_type() -> None:
    assert {language_code(name) for name in ("عربي", "العربية", "arabic", "Arapça", "erebî", "ar")} == {"ar"}
    assert {language_code(name) for name in ("كردي", "الكردية", "Kurdish", "Kürtçe")} == {"ku"}
    assert {country_code(name) for name in ("سوريا", "سورية", "Syria", "Suriye", "SY", "sy")} == {"SY"}
    assert {country_code(name) for name in ("المانيا", "ألمانيا", "germany", "Almanya")} == {"DE"}
    assert country_code("Atlantis") == language_code("x") == country_code("") == ""


def test_somebody_puts_themselves_into_the_directory_and_takes_themselves_out(
    app: Flask, make: Factory, town: Town
) -> None:
    token = make.token("Khuzama")
    client, looking = signed_in(app, make, token), signed_in(app, make, make.token())
    assert "You are not in the directory." in client.get("/me/profile/listed").text
    for choice, there in (("yes", True), ("no", False), ("perhaps", False)):
        form = {"csrf_token": form_token(client), "listed": choice}
        assert client.post("/me/profile/listed", data=form).status_code == (303 if choice != "perhaps" else 422)
        assert ("Khuzama" in looking.get("/directory").text) == there
    assert "Khuzama" not in text_of(client.get("/directory").text).replace("Signed in as Khuzama", "")


def test_while_somebody_travels_it_looks_as_if_they_were_not_in_it_and_nothing_can_be_changed(
    app: Flask, house: House, make: Factory, town: Town
) -> None:
    token = make.token("Khuzama")
    town.list_(make.actor(token))
    away = (Permission.SETTINGS_CHANGE, Permission.HIDDEN_SEE)
    with work.scope(house):
        number = make.actor(token).person_id
        identity.restrict(system("test"), number, away, cause=Cause.TRAVEL, ref=new_public_id())
    client = signed_in(app, make, make.another_session_of(number))
    page = client.get("/me/profile/listed").text
    assert "You are not in the directory." in page
    assert "Put me into" not in page
    form = {"csrf_token": form_token(client), "listed": "no"}
    assert client.post("/me/profile/listed", data=form).status_code == 403
    assert "Khuzama" in signed_in(app, make, make.token()).get("/directory").text


def test_whoever_reads_too_much_is_told_when_the_next_page_opens(
    app: Flask, make: Factory, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "NORMAL", 3)
    people = [town.member(skills=["pottery"]) for _ in range(6)]
    client = signed_in(app, make, make.token())
    answers = [client.get(f"/members/{one.public_id}") for one in people]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429, 429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    told = text_of(answers[-1].text)
    assert "The next one opens in 1 minute." in told
    assert "did not work" not in told
    assert client.get("/directory").status_code == 429
    assert client.get(f"/members/{people[0].public_id}").status_code == 200, "what was opened stays open"
    assert client.get("/members/AAAAAAAAAAAAAAAA").status_code == 404, "nothing to wait for"
    assert client.get("/me").status_code == 200


def test_moderators_find_a_sweep_in_the_queue_and_close_it(
    app: Flask, house: House, make: Factory, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "NORMAL", 2)
    monkeypatch.setattr(sweeps, "ALARM", 4)
    everybody = [town.member() for _ in range(6)]
    sweeper = make.token("Sumac")
    client = signed_in(app, make, sweeper)
    for one in everybody:
        client.get(f"/members/{one.public_id}")
    moderator = signed_in(app, make, make.token(roles=STAFF))
    with work.scope(house) as opened:
        item = opened.session.scalars(select(QueueItem).where(QueueItem.kind == sweeps.KIND)).one()
    assert item.public_id in moderator.get("/queue").text
    claimed = moderator.post(f"/queue/{item.public_id}/claim", data={"csrf_token": form_token(moderator)})
    assert claimed.headers["Location"].endswith(f"/sweeps/{item.ref}")
    page = moderator.get(f"/sweeps/{item.ref}").text
    assert "Sumac" in page
    assert f"/people/{make.actor(sweeper).public_id}" in page
    for one in everybody:
        assert one.public_id not in page, "never of whom"
    assert client.get(f"/sweeps/{item.ref}").status_code == 404
    form = {"csrf_token": form_token(moderator), "reason": ""}
    assert moderator.post(f"/sweeps/{item.ref}", data=form).status_code == 422
    assert moderator.post(f"/sweeps/{item.ref}", data={**form, "reason": "Curious"}).status_code == 303
    assert "The alarm is closed." in moderator.get(f"/sweeps/{item.ref}").text
    assert item.public_id not in moderator.get("/queue").text


def test_staff_see_that_an_invented_profile_is_nobody(app: Flask, house: House, make: Factory) -> None:
    for _ in range(12):
        make.person()
    with work.scope(house):
        honey.invent_people(system("test"), read([{"name": "Alder", "skills": ["pottery"]}]), count=1)
    moderator = signed_in(app, make, make.token(roles=STAFF))
    found = moderator.post("/people", data={"csrf_token": form_token(moderator), "name": "Alder"})
    person = found.headers["Location"]
    moderator.post(person, data={"csrf_token": form_token(moderator), "purpose": "Somebody asked about this one"})
    assert "An invented profile" in moderator.get(person).text


def test_a_page_asks_the_databases_as_often_for_one_person_as_for_twenty(
    app: Flask, house: House, make: Factory, town: Town
) -> None:
    client = signed_in(app, make, make.token())
    asked: list[tuple[int, int]] = []
    for _ in range(2):
        for _person in range(PAGE // 2):
            town.member(skills=["pottery"], offers=["glazing"], languages=["ar"])
        address = "/directory?q=pottery+glazing&language=Arabic"
        assert client.get(address).status_code == 200  # which counts that it is read
        house.vault._opened.clear()
        with counted(house) as statements:
            assert client.get(address).status_code == 200
        asked.append((len(statements["data"]), len(statements["keys"])))
    assert asked[0] == asked[1]
    assert asked[0] <= (11, 3)


def test_the_command_makes_invented_profiles(
    app: Flask, make: Factory, tmp_path_factory: pytest.TempPathFactory
) -> None:
    run = app.test_cli_runner().invoke
    assert "come after the first members" in run(args=["profiles", "honey", "3"]).output
    for _ in range(12):
        make.person()
    assert "3 invented profiles were made" in run(args=["profiles", "honey", "3"]).output
    own = tmp_path_factory.mktemp("own") / "people.json"
    own.write_text('[{"name": "Alder", "skills": ["pottery"]}]')
    assert "1 invented profiles were made\nfor more" in run(args=["profiles", "honey", "2", "--from", str(own)]).output
    own.write_text('[{"name": "Birch", "height": 2}]')
    assert "this file cannot be read" in run(args=["profiles", "honey", "1", "--from", str(own)]).output
