"""Profiles, people who know each other, a mentor, and somebody who is kept away, for `flask demo`."""

from app.identity import queries as people
from app.identity.demo import inhabitants
from app.identity.demo.people import Inhabitant
from app.kernel.access import granted
from app.kernel.actor import Actor, Kind
from app.profiles.actions import blocks, companions, editing, listing, lists
from app.profiles.actions import people as connecting
from app.profiles.demo.profiles import ASKED, BLOCKED, CONNECTED, PAIRS, PROFILES, Shown
from app.profiles.models import Audience, Connection, Field
from app.profiles.queries import companions as pairs
from app.profiles.queries import connections
from app.profiles.queries.companions import Part
from app.profiles.values import SYRIA, Value

__all__ = ["load_profiles"]

#: The governorates of those inside Syria who chose to keep more than the country, by the name of their town.
_GOVERNORATES = {"Damascus": "SY-DI", "Aleppo": "SY-HL"}
_PRONOUNS = {"f": "feminine", "m": "masculine"}


def load_profiles() -> None:
    """Everything of profiles, by the verbs that the doors use."""
    everybody = inhabitants()
    crowd = _crowd(everybody)
    living = {one.name: one for one in everybody.values()}
    for shown in PROFILES:
        listing.set_listed(crowd[shown.name], listed=True)
    for one, other, note in CONNECTED:
        connecting.ask(crowd[one], crowd[other].public_id, note=note)
        connecting.accept(crowd[other], _between(crowd[other], crowd[one]))
    for one, other, note in ASKED:
        connecting.ask(crowd[one], crowd[other].public_id, note=note)
    for mentor, mentee in PAIRS:
        companions.ask(crowd[mentor], crowd[mentee].person_id, part=Part.MENTEE)
        waiting = pairs.pair_of(crowd[mentee], crowd[mentor].person_id)
        assert waiting is not None
        companions.accept(crowd[mentee], waiting)
    for shown in PROFILES:
        _keep(crowd, shown, living[shown.name])
    for one, other in BLOCKED:
        blocks.block(crowd[one], crowd[other].person_id)


def _crowd(everybody: dict[int, Inhabitant]) -> dict[str, Actor]:
    """The members of the demo as they act, by name."""
    found = {}
    for number, (public_id, name) in people.names_of(list(everybody)).items():
        permissions = granted((everybody[number].role,))
        found[name] = Actor(Kind.PERSON, public_id, id=number, name=name, permissions=permissions)
    return found


def _keep(crowd: dict[str, Actor], shown: Shown, one: Inhabitant) -> None:
    """A profile with its list, every field with its audience, and countries that see nothing."""
    actor = crowd[shown.name]
    chosen = [_list(actor, shown, crowd)] if shown.chosen else []
    inside = one.town.country == SYRIA
    region = shown.region or (_GOVERNORATES.get(one.town.en, "") if inside and shown.listed else "")
    place = shown.place or (Audience.ONLY_ME if inside else Audience.MEMBERS)
    kept: dict[Field, tuple[Value, Audience]] = {
        Field.PLACE: ({"country": one.town.country, "region": region}, place),
        Field.LANGUAGES: ([*one.writes, *shown.more_languages], Audience.MEMBERS),
        **shown.kept,
    }
    if one.form:
        kept[Field.PRONOUN] = (_PRONOUNS[one.form], Audience.MEMBERS)
    for field, (value, audience) in kept.items():
        editing.set_field(actor, field, value=value, audience=audience, lists=chosen)
    editing.exclude_countries(actor, countries=shown.excludes)
    listing.set_listed(actor, listed=shown.listed)


def _list(actor: Actor, shown: Shown, crowd: dict[str, Actor]) -> str:
    made = lists.make(actor, name=shown.list_name)
    for name in shown.chosen:
        lists.put_on(actor, made, crowd[name].person_id)
    return made.public_id


def _between(actor: Actor, other: Actor) -> Connection:
    return connections.between(actor, other.person_id)[0]
