"""An unguessable value in every field for every audience, and everybody who might look at it.

Generated from the enums: a field or an audience that is added is planted and looked for without another line here.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape

from app.identity import actions as identity
from app.identity.models import Cause
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor, system
from app.kernel.db import new_public_id
from app.kernel.errors import Invalid
from app.profiles import values
from app.profiles.actions import photo
from app.profiles.models import Audience, Field
from app.profiles.values import Value
from tests.kernel import pictures
from tests.profiles.scene import CASEWORKER, EMPLOYER, MEMBER, MODERATOR, Scene

#: What each kind of person sees of somebody who shows each field to one audience. Everything else they do not see.
SEES: Mapping[str, frozenset[Audience]] = {
    "stranger": frozenset(),
    "newcomer": frozenset(),
    "member": frozenset({Audience.MEMBERS}),
    "somebody connected": frozenset({Audience.MEMBERS}),
    "mentor": frozenset({Audience.MEMBERS, Audience.COMPANIONS}),
    "mentee": frozenset({Audience.MEMBERS, Audience.COMPANIONS}),
    "on the list": frozenset({Audience.MEMBERS, Audience.CHOSEN}),
    "employer": frozenset(),
    "moderator": frozenset(),
    "caseworker": frozenset(),
    "blocked": frozenset(),
    "in an excluded country": frozenset(),
    "of no country": frozenset(),
}
#: What a caseworker sees besides, once they have said what for.
WITH_PURPOSE = frozenset({Audience.CASEWORKERS})
#: A photograph is never for caseworkers alone.
IMPOSSIBLE = {(Field.PHOTO, Audience.CASEWORKERS)}
#: Languages whose names stand on no page but where somebody speaks them.
RARE = ("vo", "wa", "av", "kl", "na", "fo", "rm", "sg", "to", "ve")


@dataclass(frozen=True)
class Canary:
    """One planted value. `needle` is by what it is found again on an English page; nothing where it has no words."""

    field: Field
    audience: Audience
    value: Value
    needle: str

    def stands_in(self, told: str) -> bool:
        return bool(self.needle) and self.needle in told


@dataclass
class Planted:
    """For each audience somebody who shows everything to it and nothing to any other, and the people who look."""

    scene: Scene
    owners: dict[Audience, Actor] = field(default_factory=dict)
    canaries: list[Canary] = field(default_factory=list)
    viewers: dict[str, Actor | None] = field(default_factory=dict)

    def of(self, audience: Audience) -> list[Canary]:
        return [one for one in self.canaries if one.audience is audience]

    def stranger_to(self, told: str, *, but: frozenset[Audience] = frozenset()) -> list[Canary]:
        """The canaries in what somebody was told, besides those of audiences that they are in."""
        words = unescape(told)
        return [one for one in self.canaries if one.audience not in but and one.stands_in(words)]


def plant(scene: Scene) -> Planted:
    """Everybody is in the directory, so that nothing but the audience of each field keeps it from anybody."""
    made = Planted(scene)
    _viewers(made)
    for number, audience in enumerate(Audience):
        owner = scene.person(f"Owner {('Ada', 'Bela', 'Cilla', 'Dela', 'Fina', 'Gala', 'Hada')[number]}")
        made.owners[audience] = owner
        scene.enlist(owner)
        chosen = _tie(made, owner)
        for kind in Field:
            if (kind, audience) not in IMPOSSIBLE:
                made.canaries.append(_plant(scene, owner, kind, audience, chosen))
        scene.exclude(owner, "TR")
    return made


def _viewers(made: Planted) -> None:
    scene = made.scene
    roles = {"employer": EMPLOYER, "moderator": MODERATOR, "caseworker": CASEWORKER}
    for kind in SEES:
        if kind == "stranger":
            made.viewers[kind] = None
            continue
        viewer = scene.person(kind.title(), roles=roles.get(kind, MEMBER))
        made.viewers[kind] = viewer
        if viewer.holds(Permission.PROFILE_KEEP) and kind != "of no country":
            country = "TR" if kind == "in an excluded country" else "NL"
            scene.keep(viewer, Field.PLACE, {"country": country, "region": ""})
    newcomer = made.viewers["newcomer"]
    assert newcomer is not None
    with work.scope(scene.house):
        withheld = (Permission.CONTACT_FIRST, Permission.DIRECTORY_USE)
        identity.restrict(system("test"), newcomer.person_id, withheld, cause=Cause.PROBATION, ref=new_public_id())
    made.viewers["newcomer"] = scene.make.actor(scene.tokens[newcomer.person_id])


def _tie(made: Planted, owner: Actor) -> str:
    """What stands between this owner and those who look; returns the list that they choose."""
    scene, viewers = made.scene, made.viewers
    known = {kind: viewer for kind, viewer in viewers.items() if viewer is not None}
    for kind in ("somebody connected", "mentor", "mentee", "on the list", "in an excluded country"):
        scene.connect(known[kind], owner)
    scene.pair(known["mentor"], owner)
    scene.pair(owner, known["mentee"])
    scene.block(owner, known["blocked"])
    return scene.list_of(owner, "Chosen ones", known["on the list"], known["blocked"], known["in an excluded country"])


def _plant(scene: Scene, owner: Actor, kind: Field, audience: Audience, chosen: str) -> Canary:
    lists, number = [chosen] if audience is Audience.CHOSEN else [], list(Audience).index(audience)
    if kind is Field.PHOTO:
        with work.scope(scene.house):
            photo.bring_photo(owner, pictures.plain(), audience=audience, lists=lists)
        return Canary(kind, audience, "", f'src="/members/{owner.public_id}/photo"')
    value, needle = _something(kind, number)
    scene.keep(owner, kind, value, audience, lists)
    return Canary(kind, audience, value, needle)


def _something(kind: Field, number: int) -> tuple[Value, str]:
    """A value that fits this field and that nobody could guess, as far as what fits is not a short list."""
    word = f"zq{secrets.token_hex(6)}"
    candidates: tuple[tuple[Value, str], ...] = (
        (word, word),
        ([word], word),
        ({"country": "DE", "region": word}, word),
        ([RARE[number]], values.language_name(RARE[number], "en")),
        *((pronoun, "") for pronoun in values.PRONOUNS),
    )
    for value, needle in candidates:
        try:
            values.check(kind, value)
        except Invalid:
            continue
        return value, needle
    raise AssertionError(f"nothing to plant in {kind}: say in tests/profiles/planted.py what fits")
