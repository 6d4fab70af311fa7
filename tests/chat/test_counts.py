"""What is unread, wherever it is counted: the list, the room, Home, and what names somebody."""

from datetime import timedelta

from sqlalchemy import update

from app.chat import actions, queries
from app.chat.feature import needs
from app.chat.models import Room, RoomMember
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor, system
from app.kernel.db import now
from app.kernel.house import House
from app.kernel.signals import Words
from tests.factories import Factory


def counts(actor: Actor, room: Room) -> tuple[int, int, int, int]:
    """Unread in the list and in the room, named in the list, unread in all rooms that ask for attention."""
    line = next((one for one in queries.rooms(actor) if one.room.id == room.id), None)
    assert line is not None
    return line.unread, queries.get_line(actor, room.public_id).unread, line.mentions, queries.unread_total(actor)


def test_counts_agree_and_leave_out_what_nobody_can_read_any_more(house: House, make: Factory) -> None:
    nour, lina = make.person("Nour"), make.person("Lina")
    moderator = make.person(roles=(Role.MEMBER, Role.MODERATOR))
    room = make.room(nour, lina, moderator)
    for number in range(5):
        make.message(lina, room, f"Line {number}")
    make.message(lina, room, "@Nour, are you there?")
    with work.scope(house):
        assert counts(nour, room) == (6, 6, 1, 6)
        here = queries.get_here(lina, room.public_id)
        actions.withdraw_message(lina, here, 2)
        actions.remove_message(moderator, queries.reference(room.public_id, 3), "A threat")
        assert counts(nour, room) == (4, 4, 1, 4)
        actions.mark_read(nour, here, seq=3)
        assert counts(nour, room) == (3, 3, 1, 3), "what was taken away before is not taken off twice"
        actions.withdraw_message(lina, here, 6)
        assert counts(nour, room) == (2, 2, 0, 2)
        actions.handle_words(system("test"), lina.person_id, Words.HIDE)
        assert counts(nour, room) == (0, 0, 0, 0)
        actions.handle_words(system("test"), lina.person_id, Words.SHOW)
        assert counts(nour, room) == (2, 2, 0, 2)
        actions.mark_read(nour, here, seq=6)
        assert counts(nour, room) == (0, 0, 0, 0)


def test_names_are_read_with_the_room_and_muted_rooms_ask_for_nothing(house: House, make: Factory) -> None:
    nour, lina = make.person("Nour"), make.person("Lina")
    room, left = make.room(nour, lina), make.room(nour, lina)
    for where in (room, left):
        make.message(lina, where, "@Nour, are you there?")
    with work.scope(house) as opened:
        actions.leave_room(nour, left)
        assert counts(nour, room) == (1, 1, 1, 1)
        assert counts(nour, left)[:3] == (0, 0, 0)
        with opened.writing():
            muted = update(RoomMember).where(RoomMember.person_id == nour.person_id)
            opened.session.execute(muted.values(muted_until=now() + timedelta(hours=1)))
        assert counts(nour, room) == (1, 1, 1, 0)
        assert needs(nour) == []
        actions.mark_read(nour, queries.get_here(nour, room.public_id), seq=1)
        assert counts(nour, room) == (0, 0, 0, 0)


def test_what_is_over_is_not_unread(house: House, make: Factory) -> None:
    nour, lina = make.person(), make.person()
    room = make.room(nour, lina)
    long_ago = now() - timedelta(days=200)
    with work.scope(house):
        lines = [(lina.person_id, "Long ago", long_ago), (nour.person_id, "Mine", long_ago)]
        actions.import_messages(system("test"), room, lines)
        actions.import_messages(system("test"), room, [(lina.person_id, "Today", now()), (nour.person_id, "I", now())])
        actions.mark_unread(nour, queries.get_here(nour, room.public_id), seq=1)
        assert counts(nour, room) == (2, 2, 0, 2)
        actions.forget_old_epochs(system("test"))
        assert counts(nour, room) == (1, 1, 0, 1)
