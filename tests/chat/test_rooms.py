"""Rooms as actions and queries see them, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from app.chat import actions, queries
from app.chat.actions import posting
from app.chat.models import Epoch, Message, Room, RoomMember
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor, system
from app.kernel.db import now
from app.kernel.errors import Forbidden, NotFound, TooMany
from app.kernel.house import House
from app.kernel.vault import Shredded
from tests.factories import Factory


def test_numbers_follow_each_other_without_a_gap_when_many_write_at_once(house: House, make: Factory) -> None:
    people = [make.person() for _ in range(4)]
    room = make.room(*people)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: make.message(people[number % 4], room, f"line {number}"), range(24)))
    with work.scope(house) as opened:
        numbers = list(opened.session.scalars(select(Message.seq).order_by(Message.id)))
    assert sorted(numbers) == list(range(1, 25))


def test_the_same_message_sent_twenty_times_at_once_is_stored_once(house: House, make: Factory) -> None:
    nour = make.person()
    room = make.room(nour)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: make.message(nour, room, "Once", "same-client-id"), range(20)))
    assert {answer.seq for answer in answers} == {1}
    assert len({answer.id for answer in answers}) == 1
    with work.scope(house) as opened:
        assert opened.session.scalar(select(func.count()).select_from(Message)) == 1
        assert opened.session.scalar(select(Room.last_seq)) == 1


def draft(actor: Actor, here: queries.Here, client_id: str, body: str) -> posting.Draft:
    return posting.Draft(actor, here, posting.Written(client_id, body), posting.NOTHING)


def test_one_commit_for_several_refuses_only_whoever_must_be_refused(house: House, make: Factory) -> None:
    """Two rooms, a repeated message and somebody who has just left, stored in one go."""
    nour, lina, left = make.person(), make.person(), make.person()
    evening, morning = make.room(nour, lina, left), make.room(nour, lina)
    make.message(lina, evening, "before", "the-same-id")
    with work.scope(house):
        here, there = (queries.get_here(nour, room.public_id) for room in (evening, morning))
        actions.leave_room(left, queries.get_room(left, evening.public_id))
        store = posting._store_message.__wrapped__  # type: ignore[attr-defined]
        drafts = [
            draft(nour, here, "client-one", "one"),
            draft(lina, there, "client-two", "two"),
            draft(nour, here, "client-three", "three"),
        ]
        stored = store(drafts)
        assert [(words.room, words.seq) for words in stored] == [
            (evening.public_id, 2),
            (morning.public_id, 1),
            (evening.public_id, 3),
        ]
        with pytest.raises(NotFound):
            store(
                [
                    draft(lina, here, "client-four", "x"),
                    draft(left, here, "client-five", "x"),
                ]
            )
        with pytest.raises(IntegrityError):
            store(
                [
                    draft(nour, here, "client-six", "x"),
                    draft(lina, here, "the-same-id", "x"),
                ]
            )
        assert [words.seq for words in queries.newest(nour, queries.get_room(nour, evening.public_id)).words] == [
            1,
            2,
            3,
        ]
        assert queries.get_here(nour, evening.public_id).read_seq == 3
        assert queries.get_here(lina, evening.public_id).read_seq == 1
        assert queries.get_here(lina, morning.public_id).read_seq == 1


def test_two_people_may_use_the_same_client_id(make: Factory) -> None:
    nour, lina = make.person(), make.person()
    room = make.room(nour, lina)
    assert make.message(nour, room, "mine", "the-same-id").seq == 1
    assert make.message(lina, room, "mine too", "the-same-id").seq == 2


def test_whoever_is_not_in_a_room_neither_reads_nor_writes_there(house: House, make: Factory) -> None:
    nour, stranger = make.person(), make.person()
    room = make.room(nour)
    make.message(nour, room, "Only for us")
    with work.scope(house):
        with pytest.raises(NotFound):
            actions.post_message(stranger, queries.get_here(stranger, room.public_id), client_id="abcdefgh", body="x")
        assert queries.newest(stranger, queries.get_room(stranger, room.public_id)).words == []
        assert queries.get_here(stranger, room.public_id).read_seq is None


def test_an_employer_does_not_know_that_rooms_exist(house: House, make: Factory) -> None:
    nour, employer = make.person(), make.person(roles=(Role.EMPLOYER,))
    room = make.room(nour)
    with work.scope(house):
        assert queries.rooms(employer) == []
        with pytest.raises(NotFound):
            queries.get_room(employer, room.public_id)
        with pytest.raises(NotFound):
            queries.get_here(employer, room.public_id)
        here = queries.get_here(nour, room.public_id)
        with pytest.raises(Forbidden):
            actions.post_message(employer, here, client_id="abcdefgh", body="x")


def test_what_was_missed_comes_in_order_and_by_page(house: House, make: Factory) -> None:
    nour = make.person()
    room = make.room(nour)
    with work.scope(house):
        here = queries.get_room(nour, room.public_id)
        actions.import_messages(system("test"), here, [(nour.person_id, f"line {n}", now()) for n in range(1, 131)])
    with work.scope(house):
        here = queries.get_room(nour, room.public_id)
        first = queries.since(nour, here, after=20)
        assert [words.seq for words in first.words] == list(range(21, 121))
        assert first.after
        rest = queries.since(nour, here, after=120)
        assert [words.seq for words in rest.words] == list(range(121, 131))
        assert not rest.after
        page = queries.older(nour, here, before=100)
        assert [words.seq for words in page.words] == list(range(50, 100))
        assert page.before
        assert page.after
        assert 70 in [words.seq for words in queries.around(nour, here, seq=70).words]


def test_unread_counts_what_others_wrote_until_it_is_read(house: House, make: Factory) -> None:
    nour, lina = make.person(), make.person()
    room = make.room(nour, lina)
    for _ in range(3):
        make.message(lina, room)
    with work.scope(house):
        assert queries.unread_total(nour) == 3
        assert queries.rooms(nour)[0].unread == 3
        assert queries.unread_total(lina) == 0
        actions.mark_read(nour, queries.get_here(nour, room.public_id), seq=2)
    with work.scope(house):
        assert queries.unread_total(nour) == 1
        actions.mark_read(nour, queries.get_here(nour, room.public_id), seq=1)
        actions.mark_read(nour, queries.get_here(nour, room.public_id), seq=10**6)
    with work.scope(house) as opened:
        read = opened.session.scalars(select(RoomMember.read_seq).where(RoomMember.person_id == nour.id)).one()
    assert read == 3


def test_leaving_changes_the_address_in_the_same_transaction(house: House, make: Factory) -> None:
    nour, lina = make.person(), make.person()
    room = make.room(nour, lina)
    with work.scope(house):
        actions.leave_room(lina, queries.get_room(lina, room.public_id))
    with work.scope(house):
        here = queries.get_here(nour, room.public_id)
        assert here.address != room.address
        assert queries.get_room(nour, room.public_id).members == 1
        actions.leave_room(lina, queries.get_room(lina, room.public_id))
    with work.scope(house):
        assert queries.get_here(nour, room.public_id).address == here.address


def test_joining_twice_at_once_counts_once(house: House, make: Factory) -> None:
    nour = make.person()
    room = make.room()

    def join(_: int) -> None:
        with work.scope(house):
            actions.join_room(nour, queries.get_room(nour, room.public_id))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(join, range(8)))
    with work.scope(house):
        assert queries.get_room(nour, room.public_id).members == 1


def test_whoever_writes_too_fast_is_told_when_to_go_on(make: Factory) -> None:
    nour = make.person()
    room = make.room(nour)
    with pytest.raises(TooMany) as refused:
        _write_forty_times(make, nour, room)
    assert refused.value.retry_after is not None
    assert 0 < refused.value.retry_after <= 10


def test_messages_whose_time_is_over_are_gone_and_so_is_their_key(house: House, make: Factory) -> None:
    nour = make.person()
    room = make.room(nour)
    make.message(nour, room, "Soon forgotten")
    with work.scope(house) as opened:
        epoch = opened.session.scalars(select(Epoch)).one()
        message = opened.session.scalars(select(Message)).one()
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(Epoch).values(last_on=now().date() - timedelta(days=91)))
    with work.scope(house):
        assert actions.forget_old_epochs(system("test")) == 1
    house.queue.sweep()
    with work.scope(house):
        assert queries.newest(nour, queries.get_room(nour, room.public_id)).words == []
    with pytest.raises(Shredded):
        house.vault.open(epoch.key_id, queries.sealed_place(message.public_id), message.sealed)
    assert make.message(nour, room, "Life goes on").seq == 2


def _write_forty_times(make: Factory, actor: Actor, room: Room) -> None:
    for _ in range(40):
        make.message(actor, room)
