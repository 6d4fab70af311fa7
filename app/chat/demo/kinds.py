"""Fictional rooms of the other kinds: by invitation, with topics and slow, a circle this evening, a broadcast."""

import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from app.chat import actions, queries
from app.chat.actions import hosting, inviting, putting_out, topics
from app.chat.demo.script import CONTENT
from app.chat.models import Room, RoomKind, Topic
from app.identity.demo import Inhabitant, inhabitants
from app.identity.queries import names_of
from app.kernel import work
from app.kernel.access import granted
from app.kernel.actor import Actor, Kind, system

#: Between two things that are said.
PACE = timedelta(hours=5)
LAST_SAID = timedelta(hours=1)
PAUSED_HOURS = 72


def load_kinds(moment: datetime) -> None:
    """Open them, with who is in and what was said there until this moment."""
    people = {one.name: (number, one) for number, one in inhabitants().items()}
    for plan in plans():
        _load(plan, people, moment)


def plans() -> list[dict[str, Any]]:
    """The rooms as they are written down."""
    content = (CONTENT / "kinds.toml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = tomllib.loads(content)["room"]
    return found


def this_evening(moment: datetime, hour: int) -> datetime:
    """The next time that it is so many hours (UTC), with time left to look at it before."""
    today = moment.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today > moment + timedelta(hours=1) else today + timedelta(days=1)


def _load(plan: Mapping[str, Any], people: Mapping[str, tuple[int, Inhabitant]], moment: datetime) -> None:
    words = {name: plan[name] for name in ("name_ar", "name_en", "about_ar", "about_en")}
    when = {"begins_at": this_evening(moment, plan["hour"]), "minutes": plan["minutes"]} if "hour" in plan else {}
    by_itself = system("demo")
    room = actions.open_room(
        by_itself, kind=RoomKind(plan["kind"]), keep_days=plan.get("keep_days", 90), **words, **when
    )
    hosts = [people[name][0] for name in plan["hosts"]]
    inside = [*hosts, *(people[name][0] for name in plan["members"])]
    actions.import_members(by_itself, room, [(one, 0, moment.date()) for one in inside], hosts=hosts)
    host = _actor(*people[plan["hosts"][0]])
    found = [None, *(topics.open_topic(host, _here(host, room), name=name) for name in plan.get("topics", ()))]
    _say(plan.get("said", ()), room, found, people, moment)
    for person in inside:
        actions.mark_read(Actor(Kind.PERSON, "", id=person), room, seq=room.last_seq)
    if "slow_seconds" in plan:
        hosting.slow_room(host, _here(host, room), seconds=plan["slow_seconds"])
    if "paused" in plan:
        known = queries.public_id_of(people[plan["paused"]][0], room)
        hosting.pause_member(host, _here(host, room), known, hours=PAUSED_HOURS, reason=plan["reason"])
    if "put_out" in plan:
        known = queries.public_id_of(people[plan["put_out"]][0], room)
        putting_out.put_out(host, _here(host, room), known, reason=plan["put_out_reason"])
    for name in plan.get("asked", ()):
        number = people[name][0]
        inviting.ask_in(host, _here(host, room), name=queries.names_here(room, {number})[number][1])


def _say(
    said: Any,
    room: Room,
    found: list[Topic | None],
    people: Mapping[str, tuple[int, Inhabitant]],
    moment: datetime,
) -> None:
    first = moment - LAST_SAID - PACE * (len(said) - 1)
    for place, (name, topic, words) in enumerate(said):
        line = (people[name][0], words, first + PACE * place)
        actions.import_messages(system("demo"), room, [line], topic=found[topic])
    work.session().refresh(room)


def _actor(number: int, one: Inhabitant) -> Actor:
    public_id, name = names_of([number])[number]
    return Actor(Kind.PERSON, public_id, id=number, name=name, permissions=granted([one.role]))


def _here(actor: Actor, room: Room) -> queries.Here:
    return queries.get_here(actor, room.public_id)
