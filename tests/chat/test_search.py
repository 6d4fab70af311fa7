"""Searching in rooms: what is found, by whom, and what is not."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.chat import actions, queries
from app.chat.actions import indexing
from app.chat.models import Epoch, Message, Posting
from app.chat.queries import search as searching
from app.chat.queries import terms, walking
from app.chat.queries.search import Search
from app.identity.models import Space
from app.identity.spaces import actions as spaces
from app.kernel import work
from app.kernel.access import Permission, Role
from app.kernel.actor import STRANGER, Actor, system
from app.kernel.db import now
from app.kernel.errors import TooMany
from app.kernel.house import House
from app.kernel.signals import Words
from app.kernel.text.stems import forms_of, words_asked
from app.kernel.vault import Shredded
from app.safety.actions import travel
from tests.chat.test_newcomers import withhold
from tests.factories import Factory


def found(
    actor: Actor,
    words: str = "",
    *,
    person: str = "",
    room: str = "",
    first: date | None = None,
    last: date | None = None,
) -> list[str]:
    """What a search finds, all of its pages, as the texts that it shows."""
    asked, texts = Search(words, person, room, first, last), list[str]()
    after = None
    for _page in range(200):
        page = searching.search(actor, asked, after)
        texts += [hit.note or "".join(part for part, _is_found in hit.parts) for hit in page.hits]
        if page.further is None:
            return texts
        after = page.further
    raise AssertionError("the search does not end")


def test_words_are_found_before_and_after_they_are_in_the_index(house: House, make: Factory) -> None:
    nour, lina = make.person("Nour"), make.person("Lina")
    room, other = make.room(nour, lina), make.room(lina)
    make.message(nour, room, "من يساعدني في الترجمة القانونية؟")
    make.message(lina, room, "I know a translator in Berlin")
    make.message(lina, other, "ترجمة سرية لا يراها غيرنا")
    with work.scope(house):
        before = [found(nour, words) for words in ("ترجمات", "translators berlin", "قانونيه ترجمه", "nothing", "، ؟")]
        assert before == [
            ["من يساعدني في الترجمة القانونية؟"],
            ["I know a translator in Berlin"],
            ["من يساعدني في الترجمة القانونية؟"],
            [],
            [],
        ]
        assert actions.index_room(system("test"), room.id) == 2
        after = [found(nour, words) for words in ("ترجمات", "translators berlin", "قانونيه ترجمه", "nothing", "، ؟")]
        assert after == before
        assert found(lina, "ترجمة") == ["ترجمة سرية لا يراها غيرنا", "من يساعدني في الترجمة القانونية؟"]
        assert found(lina, "ترجمة", room=room.public_id) == ["من يساعدني في الترجمة القانونية؟"]
        assert found(nour, "ترجمة", room=other.public_id) == []
        assert found(nour, person="Lina") == ["I know a translator in Berlin"]
        assert found(lina, person="Lina", words="ترجمة") == ["ترجمة سرية لا يراها غيرنا"]
        assert found(nour, person="Nobody of this name") == []


WORDS = ("ترجمة", "الترجمة", "محامي", "برلين", "garden", "gardens", "evde", "evler", "٣", "3")


Line = tuple[int, list[str], int]
Asked = tuple[list[str], str, tuple[int | None, int | None]]
DAY = st.none() | st.integers(0, 20)


@pytest.mark.one_database
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.lists(
        st.tuples(st.integers(0, 2), st.lists(st.sampled_from(WORDS), min_size=1, max_size=4), st.integers(0, 20)),
        max_size=14,
    ),
    asked=st.tuples(
        st.lists(st.sampled_from(WORDS), max_size=3),
        st.sampled_from(("", "One", "Two", "Nobody")),
        st.tuples(DAY, DAY),
    ),
    indexed=st.integers(0, 3),
    narrow=st.booleans(),
)
def test_a_search_finds_what_reading_everything_finds(
    corpus: "Corpus", said: list[Line], asked: Asked, indexed: int, narrow: bool
) -> None:
    corpus.bound(narrow)
    assert corpus.searched(said, indexed, asked) == corpus.read(said, asked)


class Corpus:
    """Two people who read in the same rooms, and what was said there, searched by the program and read word by word."""

    BEGIN = datetime(2026, 5, 1, 10, tzinfo=UTC)

    def __init__(self, house: House, make: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
        self.house, self.make, self.monkeypatch = house, make, monkeypatch
        self.people = [make.person("One"), make.person("Two")]

    def __repr__(self) -> str:
        return "Corpus()"

    def bound(self, narrow: bool) -> None:
        """Either so small bounds that every page and every walk meets one, or all weeks in one walk."""
        few = {"PAGE": 3, "MOST_WEEKS": 5, "FIRST_WEEKS": 2, "FEW_WEEKS": 1, "DENSE_WEEKS": 1, "SAMPLE": 2}
        for name, small in few.items():
            self.monkeypatch.setattr(searching, name, small if narrow else 50)
        for name in ("CANDIDATES", "SAMPLE"):
            self.monkeypatch.setattr(walking, name, 2 if narrow else 50)
        walking._walking.cache_clear()
        walking._counting.cache_clear()

    def searched(self, said: list[Line], indexed: int, asked: Asked) -> list[str]:
        """What the program finds in rooms that hold this, of which some parts are in the index."""
        rooms, (looked_for, by, days) = [self.make.room(*self.people) for _ in range(3)], asked
        with work.scope(self.house):
            for number, room in enumerate(rooms):
                lines = [
                    (self.people[at % 2].person_id, f"{at}: {' '.join(words)}", self.BEGIN + timedelta(days=day))
                    for at, (where, words, day) in self._in_order(said)
                    if where == number
                ]
                actions.import_messages(system("test"), room, lines)
                for _turn in range(indexed if number != 2 else 0):
                    actions.index_room(system("test"), room.id)
            first, last = (self._day(day) for day in days)
            try:
                texts = found(self.people[0], " ".join(looked_for), person=by, first=first, last=last)
            finally:  # what one example leaves behind is not for the next
                for room in rooms:
                    actions.leave_room(self.people[0], room)
        assert len(texts) == len(set(texts)), "nothing is found twice"
        return sorted(texts)

    def read(self, said: list[Line], asked: Asked) -> list[str]:
        """The same by reading every message."""
        looked_for, by, days = asked
        if not (looked_for or by or days != (None, None)):
            return []
        first, last = (self._day(day) for day in days)
        fits = []
        for at, (_where, words, day) in self._in_order(said):
            on, text = self._day(day), f"{at}: {' '.join(words)}"
            has = all(set(word) & set(forms_of(text)) for word in words_asked(" ".join(looked_for)))
            wrote = not by or by == ("One", "Two")[at % 2]
            if on and has and wrote and (first is None or on >= first) and (last is None or on <= last):
                fits.append(text)
        return sorted(fits)

    def _in_order(self, said: list[Line]) -> list[tuple[int, Line]]:
        return list(enumerate(sorted(said, key=lambda one: one[2])))

    def _day(self, day: int | None) -> date | None:
        return None if day is None else (self.BEGIN + timedelta(days=day)).date()


@pytest.fixture
def corpus(house: House, make: Factory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Corpus]:
    house.budgets._enabled = False
    monkeypatch.setattr(indexing, "BATCH", 2)
    yield Corpus(house, make, monkeypatch)
    walking._walking.cache_clear()
    walking._counting.cache_clear()


def test_what_is_not_shown_is_not_found_and_leaves_no_trace_in_the_index(house: House, make: Factory) -> None:
    nour, lina, moderator = make.person(), make.person(), make.person(roles=(Role.MEMBER, Role.MODERATOR))
    room = make.room(nour, lina)
    make.message(lina, room, "an olive tree")
    make.message(lina, room, "a threat to an olive tree")
    make.message(nour, room, "olive oil")
    with work.scope(house) as opened:
        actions.index_room(system("test"), room.id)
        actions.remove_message(moderator, queries.reference(room.public_id, 2), "A threat")
        assert found(nour, "olive") == ["olive oil", "an olive tree"]
        assert found(nour, "threat") == []
        assert opened.session.scalar(select(func.count()).where(Posting.seq == 2)) == 0
        assert opened.session.scalar(select(Message.terms).where(Message.seq == 2)) == b""
        actions.handle_words(system("test"), lina.person_id, Words.HIDE)
        assert found(nour, "olive") == ["olive oil"]
        assert found(nour, person=lina.name) == []
        actions.handle_words(system("test"), lina.person_id, Words.SHOW)
        assert found(nour, "olive") == ["olive oil", "an olive tree"]
        here = queries.get_here(nour, room.public_id)
        actions.change_message(nour, here, 3, body="a jar of soap")
        assert found(nour, "olive") == ["an olive tree"]
        assert found(nour, "soap") == ["a jar of soap"]
    make.message(nour, room, "soap of Aleppo")
    with work.scope(house):
        here = queries.get_here(nour, room.public_id)
        actions.change_message(nour, here, 4, body="soap of Nablus", note="trade")
        assert found(nour, "Aleppo") == []
        assert found(nour, "nablus") == ["trade"], "behind a note stands the note alone"
        actions.withdraw_message(nour, here, 4)
        assert found(nour, "nablus") == found(nour, "trade") == []


def test_nobody_finds_words_of_a_room_where_they_do_not_read(house: House, make: Factory) -> None:
    nour, lina_token, new_token = make.person("Nour"), make.token("Lina"), make.token()
    lina, moderator = make.actor(lina_token), make.person(roles=(Role.MEMBER, Role.MODERATOR))
    secret = make.room(nour, lina, make.actor(new_token))
    open_to_all = make.room(nour, make.actor(new_token), for_newcomers=True)
    make.message(nour, secret, "a lantern in the secret room")
    make.message(nour, open_to_all, "a lantern for everybody")
    newcomer = withhold(house, make, new_token, Permission.ROOMS_ALL)
    with work.scope(house):
        assert len(found(nour, "lantern")) == 2
        assert found(moderator, "lantern") == found(moderator, person="Nour") == []
        assert found(newcomer, "lantern") == found(newcomer, person="Nour") == ["a lantern for everybody"]
        actions.leave_room(nour, secret)
        assert found(nour, "lantern") == ["a lantern for everybody"]
        assert found(nour, "lantern", room=secret.public_id) == []
        assert found(STRANGER, "lantern") == []
        assert found(lina, "lantern") == ["a lantern in the secret room"]
        travel.choose_hidden(lina, [f"room:{secret.public_id}"])
        travel.set_out(lina, until=now() + timedelta(days=5), peers=[])
    travelling = make.actor(make.another_session(lina))
    with work.scope(house):
        assert found(travelling, "lantern") == found(travelling, person="Nour") == []
        assert found(travelling, "lantern", room=secret.public_id) == []


def test_the_words_of_a_week_that_is_over_are_found_by_nobody_and_never_again(house: House, make: Factory) -> None:
    nour = make.person()
    room = make.room(nour)
    long_ago = now() - timedelta(days=200)
    with work.scope(house) as opened:
        actions.import_messages(system("test"), room, [(nour.person_id, "an old olive", long_ago)])
        actions.import_messages(system("test"), room, [(nour.person_id, "a young olive", now())])
        actions.index_room(system("test"), room.id)
        assert len(found(nour, "olive")) == 2
        old = opened.session.scalars(select(Epoch).order_by(Epoch.id)).first()
        assert old is not None
        actions.forget_old_epochs(system("test"))
        assert found(nour, "olive") == ["a young olive"]
        assert opened.session.scalar(select(func.count()).where(Posting.epoch_id == old.id)) == 0
    house.queue.sweep()
    with work.scope(house), pytest.raises(Shredded):
        terms.of_words(old.key_id, ["olive"])


@pytest.mark.one_database
def test_what_is_looked_for_stands_in_no_address_and_opens_in_no_other_session(
    app: Flask, house: House, make: Factory, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    token = make.token("Nour")
    nour = make.actor(token)
    room = make.room(nour, make.person("Lina"))
    make.message(nour, room, "the <b>canary</b> sings, said the canaries")
    make.sign_in(client, token)
    caplog.set_level("DEBUG")
    form = client.get(f"/rooms/search?room={room.public_id}")
    assert f'selected value="{room.public_id}"' in form.text
    fields = {"csrf_token": form.text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]}
    sent = client.post("/rooms/search", data={**fields, "words": "canary", "room": room.public_id})
    address = sent.headers["Location"]
    assert sent.status_code == 303
    assert "canary" not in address
    page = client.get(address)
    assert "<mark>canary</mark>" in page.text
    assert "<mark>canaries</mark>" in page.text
    assert "<b>canary" not in page.text
    assert f"/rooms/{room.public_id}?around=1#m1" in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert "canary" not in caplog.text

    again = app.test_client()
    make.sign_in(again, make.another_session(nour))
    for other in (address, address[:-4] + "AAAA", "/rooms/search?find=%00", "/rooms/search?find=" + "A" * 3000):
        answer = again.get(other)
        assert answer.status_code == 200
        assert "canary" not in answer.text

    empty = client.post("/rooms/search", data=fields)
    assert empty.status_code == 422
    assert "Write a word, a name or a day." in empty.text
    wrong = client.post("/rooms/search", data={**fields, "words": "kept", "first": "2026-05-09", "last": "2026-05-01"})
    assert wrong.status_code == 422
    assert 'value="kept"' in wrong.text
    assert client.post("/rooms/search", data={"words": "canary"}).status_code == 422


def test_people_are_found_by_the_name_that_they_have_in_the_room(house: House, make: Factory) -> None:
    nour, lina = make.person("Nour"), make.person("Lina")
    room = make.room(nour, lina)
    make.message(lina, room, "written under the name of rooms")
    with work.scope(house):
        before = found(nour, person="Lina")
        spaces.choose_name(lina, Space.ROOMS, name="Olive Branch")
        assert before == found(nour, person="olive branch") == ["written under the name of rooms"]
        assert found(nour, person="Lina") == [], "the usual name would say whose the other one is"
        assert found(lina, person="Olive Branch") == before


def test_whoever_searches_too_much_waits(house: House, make: Factory) -> None:
    nour = make.person()
    with work.scope(house):
        for _turn in range(40):
            searching.search(nour, Search("olive"))
        with pytest.raises(TooMany):
            searching.search(nour, Search("olive"))
