"""Viewing one's own profile as somebody else: the viewer that the rules would see in them."""

from dataclasses import replace
from enum import StrEnum

from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.profiles import policy, sealing
from app.profiles.models import Field
from app.profiles.policy import NOBODY, Viewer
from app.profiles.queries import people
from app.profiles.queries.viewing import cards, viewer_of
from app.profiles.values import country_of as country_in

#: A country that nobody lives in: whoever is taken to be there is in none of those that somebody excludes.
_ELSEWHERE = "--"


class As(StrEnum):
    """Kinds of people as whom one may view one's own profile."""

    STRANGER = "stranger"
    PROBATIONER = "probationer"
    MEMBER = "member"
    #: Only where countries are excluded: a member who gave none, and one who lives in one of them.
    UNSAID = "member-unsaid"
    EXCLUDED = "member-excluded"
    COMPANION = "companion"
    EMPLOYER = "employer"
    MODERATOR = "moderator"
    CASEWORKER = "caseworker"


def viewer_as(actor: Actor, whom: str) -> Viewer:
    """Who the rules would see in somebody else: one of `As`, or a person whom the actor knows, by public id. Raises NotFound."""
    elsewhere = sealing.country_index(_ELSEWHERE)
    newcomer, member = (
        Viewer(peer=True, country_index=elsewhere),
        Viewer(peer=True, member=True, country_index=elsewhere),
    )
    if whom == As.EXCLUDED:
        return _excluded(actor)
    if whom not in set(As):
        return _known(actor, whom)
    return {
        As.STRANGER: NOBODY,
        As.EMPLOYER: NOBODY,
        As.PROBATIONER: newcomer,
        As.MODERATOR: newcomer,
        As.CASEWORKER: replace(newcomer, caseworker=True),
        As.MEMBER: member,
        As.UNSAID: replace(member, country_index=None),
        As.COMPANION: replace(member, companion_of=actor.person_id),
    }[As(whom)]


def _known(actor: Actor, public_id: str) -> Viewer:
    """Somebody whom the actor knows, taken to be a member to whom all doors are open.

    And outside every excluded country, unless the actor sees where they live: viewing must not tell anyone where others
    live, or what is withheld from them.
    """
    found = next((one for one in people.people_known(actor) if one.public_id == public_id), None)
    if found is None:
        raise NotFound
    card = cards(viewer_of(actor), [found.person_id]).get(found.person_id)
    country = country_in(card.fields.get(Field.PLACE, "")) if card else None
    index = sealing.country_index(country or _ELSEWHERE)
    return Viewer(person_id=found.person_id, peer=True, member=True, country_index=index, supposed=True)


def _excluded(actor: Actor) -> Viewer:
    """A member of a country that the actor excludes. Raises NotFound where there is none."""
    index = work.session().scalar(policy.visible_exclusions(actor).limit(1))
    if index is None:
        raise NotFound
    return Viewer(peer=True, member=True, country_index=index.country_index)
