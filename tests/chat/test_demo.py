"""The demo is fiction that could be true: nobody is given away, everybody speaks as themselves, and the sign-ins work."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from app.chat import queries
from app.chat.demo import NEWCOMERS, PLANS, SEED, Plan, arrivals, company_of, compose
from app.chat.demo.kinds import plans, this_evening
from app.chat.demo.schedule import Company, Message, Weeks
from app.chat.demo.script import read_scripts
from app.chat.forms import LONGEST, PostForm
from app.chat.models import PRIVATE, RoomKind
from app.chat.queries import hosting
from app.chat.queries import topics as reads
from app.chat.queries.outside import every_own
from app.chat.queries.outside import outside as reads_outside
from app.identity import actions as identity
from app.identity import queries as people
from app.identity.demo import PASSPHRASE, PEOPLE, about_demo
from app.identity.demo.people import NAMES_IN_SPACES
from app.identity.entry import actions as entry
from app.identity.keeper import Sessions
from app.identity.models import Device, Space
from app.identity.passphrases import check
from app.kernel import work
from app.kernel.access import STAFF, Role
from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.house import House
from app.kernel.text import check_name, clean_text, gives_away, render, skeleton

MOMENT = datetime(2031, 5, 14, 18, 20, tzinfo=UTC)
IN_ROOMS = [one for one in PEOPLE if one.role in (Role.MEMBER, Role.MODERATOR)]
#: What people say of themselves, without the ة by which the feminine differs.
OF_ONESELF = ("مبسوط", "جوعان", "متردد", "مرتاح", "محتاج", "متعود", "صايم", "رايح", "شايف", "عارف", "متفق")
#: Words that are never said of anybody here (PRODUCT.md, Words), with those for jails and torment beside them.
NEVER = re.compile(
    r"victim|beneficiar|\bhero|case number|prison|tortur|ضحية|ضحايا|مستفيد|بطولة|\bبطل\b|سجن|تعذيب|فرع أمن",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def told() -> dict[str, tuple[Company, list[Message]]]:
    """Who is in each room and what was said there, as it would be loaded at one fixed moment."""
    rng = Random(SEED)
    arrived = arrivals(IN_ROOMS, rng, MOMENT)
    rooms = {}
    for plan in PLANS:
        company = company_of(plan, IN_ROOMS, arrived, rng, MOMENT)
        rooms[plan.script] = (company, compose(plan, company, rng, MOMENT))
    return rooms


@pytest.fixture(scope="module")
def messages(told: dict[str, tuple[Company, list[Message]]]) -> list[Message]:
    return [message for _company, said in told.values() for message in said]


def test_no_two_names_look_alike_and_each_may_be_chosen() -> None:
    assert [check_name(one.name) for one in PEOPLE] == [one.name for one in PEOPLE]
    chosen = [one.name for one in PEOPLE] + [there for _name, _space, there in NAMES_IN_SPACES]
    assert len({skeleton(name) for name in chosen}) == len(chosen)


def test_forty_members_live_in_twelve_countries_and_every_role_is_there() -> None:
    assert len([one for one in PEOPLE if one.role is Role.MEMBER]) == 40
    assert len({one.town.country for one in PEOPLE}) == 12
    assert {one.role for one in PEOPLE} == set(Role)
    assert {one.language for one in PEOPLE} == {"ar", "en"}


def test_the_passphrase_of_the_demo_is_one_that_anybody_could_choose() -> None:
    for one in PEOPLE:
        check(PASSPHRASE, name=one.name)


def test_there_are_thousands_of_messages_and_over_a_thousand_different_ones(messages: list[Message]) -> None:
    assert 2500 < len(messages) < 4000
    assert len({message.words for message in messages}) > 1000


def test_every_message_could_have_been_posted(sqlite_app: Flask, messages: list[Message]) -> None:
    with sqlite_app.test_request_context():
        for words in {message.words for message in messages}:
            form = PostForm(MultiDict({"body": words, "client_id": "demo-demo"}), meta={"csrf": False})
            assert form.validate(), (words, form.errors)
            assert form.body.data == words == clean_text(words)
            assert len(words) <= LONGEST


def test_every_message_renders_with_nothing_left_to_fill_in(messages: list[Message]) -> None:
    for words in {message.words for message in messages}:
        html = render(words)
        assert html.startswith("<")
        assert not re.search(r"[{}]|\| |None", words), words


def test_links_lead_to_places_that_are_nobodys(messages: list[Message]) -> None:
    links = {link for message in messages for link in re.findall(r"https?://([^/\s]+)", message.words)}
    assert links == {"example.org", "example.net"}


def test_nothing_gives_anyone_away_and_the_words_are_those_of_the_house(messages: list[Message]) -> None:
    for words in {message.words for message in messages}:
        assert not gives_away(words), words
        assert not NEVER.search(words), words


def test_everyone_speaks_of_themselves_in_their_own_form(messages: list[Message]) -> None:
    heard = {"m": 0, "f": 0}
    for message in messages:
        for word in OF_ONESELF:
            for form, said in (("m", word), ("f", f"{word}ة")):
                if re.search(rf"(?<!\w){said}(?!\w)", message.words):
                    assert message.author.form == form, (message.author.name, message.words)
                    heard[form] += 1
    assert min(heard.values()) > 5


def test_everyone_writes_only_languages_that_they_write(messages: list[Message]) -> None:
    only_arabic = [message.words for message in messages if message.author.writes == ("ar",)]
    assert not [words for words in only_arabic if re.search("[A-Za-z]{3}", words) and not re.search("[ء-ي]", words)]


def test_time_goes_forward_and_ends_now_within_what_the_room_keeps(
    told: dict[str, tuple[Company, list[Message]]],
) -> None:
    for plan in PLANS:
        moments = [message.at for message in told[plan.script][1]]
        assert all(earlier < later for earlier, later in pairwise(moments))
        assert MOMENT - timedelta(days=plan.keep_days) < moments[0]
        assert MOMENT - timedelta(days=1) < moments[-1] < MOMENT


def test_newcomers_are_silent_until_their_first_words_of_greeting(
    told: dict[str, tuple[Company, list[Message]]],
) -> None:
    first: dict[str, datetime] = {}
    for message in told["welcome"][1]:
        first.setdefault(message.author.name, message.at)
    arrived = told["welcome"][0].arrived
    assert len(arrived) == NEWCOMERS
    assert all(first[name] >= at for name, at in arrived.items())
    for _company, said in told.values():
        assert all(message.at >= arrived[message.author.name] for message in said if message.author.name in arrived)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.script)
def test_every_written_conversation_finds_its_people(
    plan: Plan, told: dict[str, tuple[Company, list[Message]]]
) -> None:
    company = told[plan.script][0]
    threads, talks = read_scripts(plan.script)
    weeks = Weeks(threads, talks, company, plan.rhythm, Random(1))
    for script in (*threads, *talks):
        assert weeks.perform(script, list(company.people)), script


def test_a_different_hour_of_loading_also_makes_whole_weeks() -> None:
    for hour in (1, 5, 12, 23):
        moment = MOMENT.replace(hour=hour)
        rng = Random(SEED)
        arrived = arrivals(IN_ROOMS, rng, moment)
        for plan in PLANS:
            said = compose(plan, company_of(plan, IN_ROOMS, arrived, rng, moment), rng, moment)
            assert len(said) > 300
            assert moment - timedelta(days=1, hours=6) < said[-1].at < moment


@pytest.mark.one_database
def test_the_loaded_demo_can_be_signed_in_to_as_it_says(loaded: House, app: Flask) -> None:
    with work.scope(loaded):
        *sign_ins, passphrase, codes = about_demo()
    assert passphrase.endswith(PASSPHRASE)
    assert codes.endswith("flask demo --code")
    assert {line.split(" · ")[1].split(",")[0] for line in sign_ins} == {role.value for role in Role}
    for line in sign_ins:
        with work.scope(loaded):
            step = entry.sign_in(line.split(" · ")[0], PASSPHRASE, network="test", device=Device.PHONE)
            staff = line.split(" · ")[1] in {role.value for role in STAFF}
            assert step.whole is not staff
    client = app.test_client()
    assert _sign_in_by_page(client, "نور") == 303


def test_nothing_is_said_about_a_demo_that_is_not_loaded(open_work: work.Work) -> None:
    assert about_demo() == []


def test_members_find_unread_lines_where_they_stopped_reading(loaded: House) -> None:
    assert _unread(loaded, "نور") == {"Welcome room": 12, "Evening talk": 4}
    lina = {name: new for name, new in _unread(loaded, "Lina").items() if new}
    assert lina == {"Work and study": 7, "Evening talk": 3}
    assert len(_unread(loaded, "هالة")) == 5


@pytest.mark.one_database
def test_rooms_are_counted_dated_and_readable(loaded: House) -> None:
    with work.scope(loaded):
        actor = _actor(loaded, "Lina")
        lines = queries.rooms(actor)
        large = [line for line in lines if line.room.name_en in {plan.name_en for plan in PLANS}]
        assert sorted(line.room.keep_days for line in large) == [30, 90, 180]
        for line in large:
            assert 20 <= line.room.members <= 41
            stretch = queries.newest(actor, line.room)
            assert len(stretch.words) == queries.PAGE
            assert stretch.words[-1].seq == line.room.last_seq
            names = {words.author.name for words in stretch.words}
            other = {name: there for name, space, there in NAMES_IN_SPACES if space is Space.ROOMS}
            assert names <= {other.get(one.name, one.name) for one in PEOPLE}


@pytest.mark.one_database
def test_rooms_of_every_kind_are_there_to_be_tried(loaded: House) -> None:
    with work.scope(loaded):
        lina, nour = _actor(loaded, "Lina"), _actor(loaded, "نور")
        rooms = {line.room.name_en: line.room for line in queries.rooms(lina)}
        assert {room.kind for room in rooms.values()} >= {RoomKind.OPEN, *(RoomKind(plan["kind"]) for plan in plans())}
        assert "Reading together" in [line.room.name_en for line in queries.rooms(nour) if line.asked]
        papers, circle = rooms["Papers and offices"], rooms["A circle at the end of the day"]
        assert {line.name for line in reads.topics(lina, papers) if line.last_at} == set(plans()[1]["topics"])
        assert papers.slow_seconds == 30
        assert len(hosting.pauses(papers)) == 1
        (gone,) = reads_outside(papers)
        told = every_own(_actor(loaded, "أبو الورد"))
        assert [(one.name_en, bool(one.reason)) for one in told] == [("Papers and offices", True)]
        assert gone.author.name == "أبو الورد"
        assert circle.begins_at is not None
        assert circle.begins_at > now()


def test_a_circle_is_always_planned_for_the_evening_to_come() -> None:
    for hour in range(24):
        begins = this_evening(MOMENT.replace(hour=hour), 18)
        assert timedelta(hours=1) < begins - MOMENT.replace(hour=hour) <= timedelta(hours=25)


def test_what_is_said_in_rooms_of_other_kinds_follows_the_same_rules() -> None:
    written = {one.name: one for one in PEOPLE}
    for plan in plans():
        for name, topic, words in plan.get("said", ()):
            assert not gives_away(words), words
            assert not NEVER.search(words), words
            assert words == clean_text(words)
            assert topic <= len(plan.get("topics", ()))
            assert "ar" in written[name].writes if re.search("[ء-ي]", words) else "en" in written[name].writes


@pytest.fixture
def loaded(house: House) -> House:
    """A house with people, profiles and rooms of the demo in it, loaded in one transaction as `flask demo` does."""
    with work.scope(house), work.current().writing():
        for feature in house.features:
            if feature.demo and feature.name in ("identity", "profiles", "chat"):
                feature.demo()
    return house


def _actor(house: House, name: str) -> Actor:
    person = people.find_by_name(name)
    assert person is not None
    return Sessions().recognise(identity.begin_session(person.id, device=Device.OTHER, second_factor=True))


def _unread(house: House, name: str) -> dict[str, int]:
    with work.scope(house):
        lines: Sequence[queries.RoomLine] = queries.rooms(_actor(house, name))
        return {line.room.name_en: line.unread for line in lines if line.joined and line.room.kind not in PRIVATE}


def _sign_in_by_page(client: FlaskClient, name: str) -> int:
    page = client.get("/sign-in").get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    answer = client.post("/sign-in", data={"csrf_token": token[1], "name": name, "passphrase": PASSPHRASE})
    return answer.status_code
