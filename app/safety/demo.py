"""Fictional personal safety for `flask demo`: a lock, people who trust each other, a frozen account, and two journeys."""

from app.identity import queries as identity
from app.identity.demo import inhabitants
from app.kernel.access import granted
from app.kernel.actor import Actor, Kind
from app.profiles.queries.people import people_known
from app.safety.actions import drafts, lock, travel, trust
from app.safety.queries import travel as things

#: The short code of everybody in the demo who has one.
CODE = "7305"


def load_safety() -> None:
    """Somebody with a lock, and an account that a trusted person froze, for the moderators to look at."""
    crowd = _crowd()
    if "Lina" not in crowd:
        return
    lock.set_code(crowd["Lina"], CODE, minutes=30)
    for name in ("Lina", "نور"):
        for known in people_known(crowd[name])[:2]:
            trust.name_trusted(crowd[name], known.public_id)
    frozen, friend = crowd["وداد"], crowd["نور"]
    trust.name_trusted(frozen, friend.public_id)
    trust.freeze(friend, frozen.person_id, reason="أُخذ هاتفها صباح اليوم على حاجز، واتصلت بي من هاتف أختها.")
    trust.say(frozen, "عاد الهاتف إليّ وأنا في البيت. يمكن لأختي أن تؤكد ذلك.")


def load_journeys() -> None:
    """Somebody who has chosen what to hide, and somebody who travels until two people agree. Called once there are rooms."""
    crowd = _crowd()
    if "Lina" not in crowd:
        return
    prepared = crowd["نور"]
    rooms = [value for kind in things.hideable(prepared) for value, _words, _chosen in kind.lines]
    travel.choose_hidden(prepared, rooms[-1:])
    place = rooms[0]
    drafts.keep(prepared, place, "مساء الخير. كنت أفكر في سؤال الأمس عن الأوراق،")
    away = crowd["Karim"]
    travel.choose_hidden(away, rooms[1:])
    travel.set_out(away, peers=[one.public_id for one in people_known(away)[: travel.PEERS]])


def _crowd() -> dict[str, Actor]:
    """The people of the demo as they act, by name."""
    everybody = inhabitants()
    return {
        name: Actor(Kind.PERSON, public_id, id=number, name=name, permissions=granted((everybody[number].role,)))
        for number, (public_id, name) in identity.names_of(list(everybody)).items()
    }
