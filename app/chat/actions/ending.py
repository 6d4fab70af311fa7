"""How conversations of a few end: left, broken off by a block, never accepted, or with somebody who is erased."""

from datetime import date, timedelta

from sqlalchemy import ColumnElement, Select, exists, or_, select, update
from sqlalchemy.orm import aliased

from app.chat import queries
from app.chat.actions.attaching import drop_files_of_room
from app.chat.actions.epochs import forget_epoch
from app.chat.actions.rooms import new_address
from app.chat.actions.taking_away import emptied, strip
from app.chat.models import (
    PRIVATE,
    Epoch,
    Membership,
    Message,
    MessageState,
    Room,
    RoomKind,
    RoomMember,
    RoomRole,
)
from app.chat.policy import FAR
from app.chat.policy import conversations as rules
from app.chat.queries import conversations as talking
from app.identity.models import Space
from app.kernel import audit, work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import now
from app.kernel.errors import NotFound
from app.kernel.jobs import enqueue
from app.kernel.live import publish
from app.kernel.states import move
from app.kernel.work import action


@action
def leave_conversation(actor: Actor, room: Room, *, take_words: bool = False) -> None:
    """Leave a conversation of a few: for the actor it is gone. Their words go for everybody when they want that.

    A request that waits is taken back, with all that was written in it. Whoever hosted a group hands it to whoever has
    been there longest. Once nobody is left, it is gone. Raises NotFound for whoever is not in.
    """
    hold(room)
    mine = member(room, actor.person_id)
    if mine is None or mine.state is not Membership.IN or room.kind not in PRIVATE:
        raise NotFound
    others = _others(room, actor.person_id)
    if room.kind is RoomKind.DIRECT and room.pair is not None and not any(_is_in(one) for one in others):
        _take_back(room, mine, others)
        return
    if take_words:
        take_away_words(room, actor.person_id)
    if room.kind is RoomKind.DIRECT:
        move(work.session(), mine, Membership.DECLINED, asked_by_id=None, muted_until=None)
        room.pair = None
    else:
        work.session().delete(mine)
        if mine.role is RoomRole.HOST:
            hand_to_eldest(others)
    move_out(room)
    if not any(_is_in(one) for one in others):
        forget_room(room)


@action
def break_off(actor: Actor, person_id: int, *, met_in: Space | None) -> None:
    """End the conversation that the actor has with somebody whom they keep away, by the names in which they met.

    What they have by other names goes on: if both ended at once, it would be known who is behind them. A request that
    waits goes on waiting for whoever made it.
    """
    index = talking.pair_index(actor.person_id, person_id, talking.space_with(actor, person_id, met_in))
    room = work.session().scalars(select(Room).where(Room.pair == index).with_for_update()).one_or_none()
    if room is None:
        return
    mine = member(room, actor.person_id)
    others = _others(room, actor.person_id)
    if mine is not None and mine.state is Membership.ASKED:
        move(work.session(), mine, Membership.DECLINED, muted_until=FAR)
    elif mine is not None and mine.state is Membership.IN:
        if any(_is_in(one) for one in others):
            room.pair = None
            # As when somebody leaves: an open page of the other one would tell the two apart.
            _move(room)
        else:
            _take_back(room, mine, others)


@action
def part_with(actor: Actor, person_id: int) -> None:
    """End what somebody who is erased had with others, before they are taken out of their rooms."""
    ensure(actor.kind is Kind.SYSTEM)
    session = work.session()
    theirs = select(Room).join(RoomMember, RoomMember.room_id == Room.id).where(RoomMember.person_id == person_id)
    for room in session.scalars(theirs.where(Room.kind.in_(PRIVATE)).order_by(Room.id).with_for_update(of=Room)).all():
        others = _others(room, person_id)
        if room.kind is RoomKind.DIRECT:
            room.pair = None
            for one in others:
                if one.state is Membership.ASKED:
                    session.delete(one)
        else:
            hand_to_eldest(others)
    asked = update(RoomMember).where(RoomMember.asked_by_id == person_id)
    session.execute(asked.values(asked_by_id=None))
    session.flush()


@action
def end_waiting(actor: Actor) -> int:
    """The hourly task: requests whose time is over end, and conversations in which nobody is any more are gone.

    Returns how many are gone.
    """
    ensure(actor.kind is Kind.SYSTEM)
    session, today = work.session(), now().date()
    over = today - timedelta(days=rules.WAITS_DAYS)
    asked = select(RoomMember, Room.kind).join(Room, Room.id == RoomMember.room_id)
    waiting = asked.where(
        Room.kind.in_(PRIVATE), RoomMember.state == Membership.ASKED, RoomMember.joined_on <= over
    ).order_by(RoomMember.id)
    for one, kind in session.execute(waiting.with_for_update(of=RoomMember, skip_locked=True)).all():
        if kind is RoomKind.DIRECT:
            move(session, one, Membership.DECLINED)
        else:
            session.delete(one)
    session.flush()
    for room in list(session.scalars(_asked_in_vain(today).with_for_update(of=Room, skip_locked=True))):
        _let_go(room)
    gone = list(session.scalars(_empty(today).with_for_update(of=Room, skip_locked=True)))
    for room in gone:
        forget_room(room)
    if gone:
        audit.record(actor, "room.forget", target_kind="conversations", target=str(len(gone)))
    return len(gone)


def hold(room: Room) -> None:
    """Let nobody else change this room until our commit, and read it as it is by then."""
    work.session().refresh(room, with_for_update=True)


def member(room: Room, person_id: int) -> RoomMember | None:
    """The row of somebody in a room, as it is stored now."""
    wanted = select(RoomMember).where(RoomMember.room_id == room.id, RoomMember.person_id == person_id)
    return work.session().scalars(wanted.execution_options(populate_existing=True)).one_or_none()


def move_out(room: Room) -> None:
    """Count one less in a room and move it to a new address, so that whoever is not in it any more hears nothing."""
    room.members -= 1
    _move(room)


def _move(room: Room) -> None:
    before, room.address = room.address, new_address()
    work.session().flush()
    publish(before, "room.moved", {"room": room.public_id})


def hand_to_eldest(others: list[RoomMember]) -> None:
    """Make whoever has been in a group longest its host."""
    eldest = min((one for one in others if _is_in(one)), key=lambda one: (one.joined_on, one.id), default=None)
    if eldest is not None and not any(_is_in(one) and one.role is RoomRole.HOST for one in others):
        eldest.role = RoomRole.HOST


def take_away_words(room: Room, person_id: int) -> None:
    """Take everything that somebody wrote in a room away for good, in open pages too."""
    session = work.session()
    theirs = select(Message).where(
        Message.room_id == room.id,
        Message.author_id == person_id,
        Message.state.in_([MessageState.SHOWN, MessageState.HIDDEN]),
    )
    for message in session.scalars(theirs.with_for_update()).all():
        move(session, message, MessageState.WITHDRAWN, sealed=emptied(message), terms=b"")
        strip(message)
    gone = {"room": room.public_id, "author": queries.public_id_of(person_id, room), "by": MessageState.WITHDRAWN.value}
    publish(room.address, "room.gone", gone)


def forget_words(room: Room) -> None:
    """Remove everything that was written in a room, and shred its keys once that is committed."""
    epochs = list(work.session().scalars(select(Epoch).where(Epoch.room_id == room.id)))
    for epoch in epochs:
        forget_epoch(epoch)
    work.session().flush()
    if epochs:
        enqueue("vault.shred", keys=[epoch.key_id for epoch in epochs])


def forget_room(room: Room) -> None:
    """Remove a conversation with everything in it."""
    forget_words(room)
    drop_files_of_room(room.id)
    if room.key_id is not None:
        enqueue("vault.shred", keys=[room.key_id])
    work.session().delete(room)
    work.session().flush()


def _take_back(room: Room, mine: RoomMember, others: list[RoomMember]) -> None:
    """Whoever was asked hears no more of it. That the actor asked is remembered until its time is over."""
    forget_words(room)
    move(work.session(), mine, Membership.DECLINED, asked_by_id=None)
    for one in others:
        if one.state is Membership.ASKED:
            work.session().delete(one)
    move_out(room)


def _others(room: Room, person_id: int) -> list[RoomMember]:
    wanted = select(RoomMember).where(RoomMember.room_id == room.id, RoomMember.person_id != person_id)
    return list(work.session().scalars(wanted.execution_options(populate_existing=True)))


def _is_in(one: RoomMember) -> bool:
    return one.state is Membership.IN


def _let_go(room: Room) -> None:
    """Of a request that nobody accepted nothing is left for whoever asked. That the other one said no is still known.

    Unanswered ones are gone by now; this one must not stay for longer, or it would tell that somebody declined or blocked.
    """
    forget_words(room)
    for one in _others(room, 0):
        if _is_in(one):
            move(work.session(), one, Membership.DECLINED, asked_by_id=None)
            room.members -= 1
    room.address = new_address()
    work.session().flush()


def _asked_in_vain(today: date) -> Select[Room]:
    """Requests of long ago whose answer has to be remembered."""
    one = aliased(RoomMember)

    def somebody(condition: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(one.room_id == Room.id, condition)

    return select(Room).where(
        Room.kind == RoomKind.DIRECT,
        Room.pair.is_not(None),
        somebody(one.state == Membership.IN),
        somebody((one.state == Membership.DECLINED) & (one.muted_until > now())),
        ~somebody(one.joined_on > today - timedelta(days=rules.QUIET_DAYS)),
    )


def _empty(today: date) -> Select[Room]:
    """Conversations of which nothing need be known any more."""
    one, epoch = aliased(RoomMember), aliased(Epoch)

    def somebody(condition: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(one.room_id == Room.id, condition)

    inside, quiet = (
        somebody(one.state == Membership.IN),
        somebody((one.state == Membership.DECLINED) & (one.muted_until > now())),
    )
    written = exists().where(epoch.room_id == Room.id)
    lately = somebody(one.joined_on > today - timedelta(days=rules.WAITS_DAYS))
    some_time = somebody(one.joined_on > today - timedelta(days=rules.QUIET_DAYS))
    unaccepted = Room.pair.is_not(None) & somebody(one.state != Membership.IN) & ~quiet
    direct = Room.kind == RoomKind.DIRECT
    return select(Room).where(
        or_(
            (Room.kind == RoomKind.GROUP) & ~inside,
            direct & Room.pair.is_(None) & (~inside | ~written),
            direct & unaccepted & ~inside & ~lately,
            direct & unaccepted & ~some_time,
        )
    )
