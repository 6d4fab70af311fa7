"""Who sees a field, said exactly: with the names of people and lists where they are few."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext, ngettext

from app.kernel.actor import Actor
from app.profiles.models import Audience
from app.profiles.queries import people
from app.profiles.queries.mine import MyField, MyProfile
from app.profiles.views import wording

#: Up to so many people are named; of more it is said how many.
FEW = 6


@dataclass(frozen=True, slots=True)
class Group:
    """Some people: a list with its name, or one's companions. `more` says how many there are, when too many to name."""

    public_id: str
    name: str
    people: Sequence[str]
    more: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One audience: what it is called, whom it means for this person at present, and who is in it by name."""

    audience: Audience
    label: str
    says: str
    groups: Sequence[Group] = ()


def choices(actor: Actor, mine: MyProfile) -> dict[Audience, Choice]:
    """Every audience, as it would be for this person now."""
    lists = [_group(line.public_id, line.name, [one.name for one in line.people]) for line in people.lists_of(actor)]
    names = [line.person.name for line in people.companions_of(actor) if not line.waits]
    says: Mapping[Audience, tuple[str, Sequence[Group]]] = {
        Audience.ONLY_ME: (gettext("Nobody else, no moderator and no caseworker either."), ()),
        Audience.CASEWORKERS: (
            gettext("Each time they write what for. You read that. Members do not see it."),
            (),
        ),
        Audience.COMPANIONS: (
            gettext("At present:") if names else gettext("At present you have none, so nobody sees it."),
            [_group("", "", names)] if names else (),
        ),
        Audience.CHOSEN: (
            gettext("Whoever is on the lists that you tick here. Nobody is told that they are on a list.")
            if lists
            else gettext("You have no list yet, so there is nobody to choose."),
            lists,
        ),
        Audience.MEMBERS: (_members(mine), ()),
    }
    return {one: Choice(one, wording.audience_label(one), *_less(mine, one, *says[one])) for one in Audience}


def seen_by(field: MyField, offered: Mapping[Audience, Choice]) -> Choice:
    """Who sees this field now: of the lists only those that were chosen for it."""
    choice = offered[field.audience]
    if field.audience is Audience.ONLY_ME:
        return Choice(choice.audience, choice.label, choice.says)
    if field.audience is not Audience.CHOSEN:
        return choice
    groups = [group for group in choice.groups if group.public_id in field.lists]
    says = "" if groups else gettext("The lists that you chose are gone, so nobody sees it.")
    return Choice(choice.audience, choice.label, says, groups)


def _less(mine: MyProfile, audience: Audience, says: str, groups: Sequence[Group]) -> tuple[str, Sequence[Group]]:
    """Countries that see nothing are taken from every audience; of members it is said with more words."""
    if not mine.excluded or audience in (Audience.ONLY_ME, Audience.MEMBERS):
        return says, groups
    nobody = gettext("Nobody in %(countries)s.", countries=wording.countries_in_words(mine.excluded))
    return f"{nobody} {says}", groups


def _members(mine: MyProfile) -> str:
    if not mine.excluded:
        return str(gettext("Every member who opens your page, but no newcomers. Not those whom you block."))
    return str(
        gettext(
            "Every member who opens your page, but no newcomers. Nobody in %(countries)s, and nobody who does not say "
            "where they live.",
            countries=wording.countries_in_words(mine.excluded),
        )
    )


def _group(public_id: str, name: str, names: Sequence[str]) -> Group:
    if not names:
        return Group(public_id, name, (), gettext("nobody yet"))
    if len(names) <= FEW:
        return Group(public_id, name, names, "")
    return Group(public_id, name, (), ngettext("%(num)s person", "%(num)s people", len(names)))
