"""What hosts and moderators do in a room: its settings, its hosts, closing and slowing it, pausing somebody's writing."""

from datetime import timedelta

from sqlalchemy import delete, or_, select, update

from app.chat import policy, queries
from app.chat.actions.rooms import as_known, has_other_host, hold_room, new_address, tell_state
from app.chat.models import Epoch, Pause, Room, RoomMember, RoomRole, RoomState
from app.chat.queries import hosting
from app.identity.models import Person
from app.kernel import audit, work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import insert_once, now
from app.kernel.errors import N_, Conflict, Invalid
from app.kernel.live import publish
from app.kernel.states import move
from app.kernel.work import action
from app.notifications.actions import notify

#: The notices that tell somebody that their writing in a room is paused, and that they host one.
PAUSED, HOSTS = "chat.paused", "chat.hosts"
NOT_THEM = N_("Writing is not paused for this person by you: a moderator never, a host only by a moderator.")
NOT_YOURSELF = N_("That is you.")
ONE_STAYS = N_("A room keeps at least one host. Name another one first.")


@action
def change_room(
    actor: Actor,
    room: queries.RoomRef,
    *,
    name_ar: str,
    name_en: str,
    about_ar: str,
    about_en: str,
    keep_days: int,
    for_newcomers: bool,
) -> None:
    """Give a room other settings.

    A shorter time holds for all that is there, from the next hourly job on. A longer one only for what is written from
    tomorrow on: what is there was written under the earlier one. Whoever may not be there any more hears nothing more.
    Raises Forbidden, NotFound.
    """
    here = hold_room(actor, room)
    ensure(policy.can_settle(actor, here))
    found = _as_stored(here)
    if keep_days > found.keep_days:
        keep_promise(found)
    closes = found.for_newcomers and not for_newcomers
    before = found.address
    found.name_ar, found.name_en, found.about_ar, found.about_en = name_ar, name_en, about_ar, about_en
    found.keep_days, found.for_newcomers = keep_days, for_newcomers
    if closes:
        found.address = new_address()
        publish(before, "room.moved", {"room": found.public_id})
    said = f"{keep_days} days, {'for' if for_newcomers else 'not for'} newcomers"
    audit.record(as_known(actor, here), "room.change", target_kind="room", target=here.public_id, reason=said)


@action
def name_host(actor: Actor, room: queries.RoomRef, person: str) -> None:
    """Make somebody in the room, by the public id that they have there, one of its hosts. They are told.

    Raises Forbidden, NotFound.
    """
    here = hold_room(actor, room)
    ensure(policy.can_settle(actor, here))
    somebody = hosting.get_somebody(here, person)
    if somebody.host:
        return
    _set_role(here, somebody.person_id, RoomRole.HOST)
    notify([somebody.person_id], HOSTS, here.public_id)
    audit.record(as_known(actor, here), "room.name-host", target_kind="member", target=person, reason=here.public_id)


@action
def unname_host(actor: Actor, room: queries.RoomRef, person: str) -> None:
    """Let a host, who may be the actor, be a member like the others. Raises Forbidden, NotFound, Conflict for the last one."""
    here = hold_room(actor, room)
    ensure(policy.can_settle(actor, here))
    somebody = hosting.get_somebody(here, person)
    if not somebody.host:
        return
    if not has_other_host(here, somebody.person_id):
        raise Conflict(ONE_STAYS)
    _set_role(here, somebody.person_id, RoomRole.MEMBER)
    audit.record(as_known(actor, here), "room.unname-host", target_kind="member", target=person, reason=here.public_id)


@action
def replace_lost_hosts(actor: Actor) -> None:
    """The hourly task: a room by invitation or a circle whose hosts were erased or put out has one again.

    Nobody could come in there any more, and no circle begin. It is whoever has been in it longest among those who could open
    one themselves. They are told, and name another one where they do not want it.
    """
    ensure(actor.kind is Kind.SYSTEM)
    session = work.session()
    for member in hosting.next_hosts():
        # The room first, as everywhere: meanwhile somebody may have been named, or they may have left.
        room = session.scalars(select(Room).where(Room.id == member.room_id).with_for_update()).one_or_none()
        still_in = session.get(RoomMember, member.id, populate_existing=True)
        if room is None or still_in is None or has_other_host(room, member.person_id):
            continue
        still_in.role = RoomRole.HOST
        notify([member.person_id], HOSTS, room.public_id)
        known = queries.public_id_of(member.person_id, room)
        audit.record(actor, "room.name-host", target_kind="member", target=known, reason=room.public_id)


@action
def slow_room(actor: Actor, room: queries.RoomRef, *, seconds: int) -> None:
    """Let each person write once in so many seconds, or as they like (0). Raises Forbidden, NotFound."""
    here = hold_room(actor, room)
    ensure(policy.keeps_order(actor, here))
    found = _as_stored(here)
    found.slow_seconds = seconds
    work.session().flush()
    tell_state(found)
    said = f"{seconds} s"
    audit.record(as_known(actor, here), "room.slow", target_kind="room", target=here.public_id, reason=said)


@action
def close_room(actor: Actor, room: queries.RoomRef, *, reason: str) -> None:
    """Let nobody write in a room until it is opened again; reading goes on. Raises Forbidden, NotFound, Conflict."""
    _turn(actor, room, RoomState.CLOSED, "room.close", reason)


@action
def reopen_room(actor: Actor, room: queries.RoomRef, *, reason: str) -> None:
    """Let people write again in a room that was closed. Raises Forbidden, NotFound, Conflict."""
    _turn(actor, room, RoomState.OPEN, "room.reopen", reason)


@action
def pause_member(actor: Actor, room: queries.RoomRef, person: str, *, hours: int, reason: str) -> None:
    """Let somebody read but not write in this room for so many hours. They are told, and read the reason there.

    It lasts through leaving and coming back; a second pause takes the place of the first. `person` is the public id that
    they have in the room. Raises Forbidden, NotFound, Invalid for oneself.
    """
    here = hold_room(actor, room)
    ensure(policy.keeps_order(actor, here))
    somebody = hosting.get_somebody(here, person)
    if somebody.person_id == actor.id:
        raise Invalid(NOT_YOURSELF)
    if not policy.can_pause(actor, here, host=somebody.host, moderates=somebody.moderates):
        raise Invalid(NOT_THEM)
    session, until = work.session(), now() + timedelta(hours=hours)
    them = session.get_one(Person, somebody.person_id)
    place = hosting.reason_place(here.public_id, them.public_id)
    sealed = work.house().vault.seal(them.key_id, place, reason.encode())
    theirs = (Pause.room_id == here.id) & (Pause.person_id == them.id)
    stored = update(Pause).where(theirs).values(until=until, reason=sealed).returning(Pause.id)
    if session.execute(stored).one_or_none() is None:
        session.execute(
            insert_once(session, Pause).values(room_id=here.id, person_id=them.id, until=until, reason=sealed)
        )
    _set_pause(here, them.id, until)
    notify([them.id], PAUSED, here.public_id)
    audit.record(as_known(actor, here), "room.pause", target_kind="member", target=person, reason=reason)


@action
def end_pause(actor: Actor, room: queries.RoomRef, person: str, *, reason: str) -> None:
    """Let somebody write again before their pause is over. Nobody ends their own. Raises Forbidden, NotFound."""
    here = hold_room(actor, room)
    ensure(policy.keeps_order(actor, here))
    them = hosting.paused_as(here, person)
    if them == actor.id:
        raise Invalid(NOT_YOURSELF)
    work.session().execute(delete(Pause).where(Pause.room_id == here.id, Pause.person_id == them))
    _set_pause(here, them, None)
    audit.record(as_known(actor, here), "room.end-pause", target_kind="member", target=person, reason=reason)


@action
def forget_pauses(actor: Actor) -> None:
    """The hourly task: pauses that are over are forgotten with their reasons."""
    ensure(actor.kind is Kind.SYSTEM)
    session, moment = work.session(), now()
    session.execute(delete(Pause).where(Pause.until <= moment))
    session.execute(update(RoomMember).where(RoomMember.paused_until <= moment).values(paused_until=None))


def _turn(actor: Actor, room: queries.RoomRef, to: RoomState, act: str, reason: str) -> None:
    here = hold_room(actor, room)
    ensure(policy.keeps_order(actor, here))
    found = _as_stored(here)
    if to is RoomState.OPEN and found.state is not RoomState.CLOSED:
        raise Conflict  # a circle is begun by its host, not opened
    move(work.session(), found, to)
    tell_state(found)
    audit.record(as_known(actor, here), act, target_kind="room", target=here.public_id, reason=reason)


def _as_stored(here: queries.Here) -> Room:
    return work.session().get_one(Room, here.id, populate_existing=True)


def keep_promise(room: Room) -> None:
    """What was written until today goes when it was to go; from tomorrow on a new epoch is kept for longer.

    For use inside an action, before the room keeps for longer.
    """
    session, today = work.session(), now().date()
    theirs = update(Epoch).where(Epoch.room_id == room.id)
    longer = or_(Epoch.keep_days.is_(None), Epoch.keep_days > room.keep_days)
    session.execute(theirs.where(longer).values(keep_days=room.keep_days))
    session.execute(theirs.where(Epoch.last_on > today).values(last_on=today))


def _set_role(here: queries.Here, person_id: int, role: RoomRole) -> None:
    member = (RoomMember.room_id == here.id) & (RoomMember.person_id == person_id)
    work.session().execute(update(RoomMember).where(member).values(role=role))


def _set_pause(here: queries.Here, person_id: int, until: object) -> None:
    member = (RoomMember.room_id == here.id) & (RoomMember.person_id == person_id)
    work.session().execute(update(RoomMember).where(member).values(paused_until=until))
