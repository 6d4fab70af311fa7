"""Somebody who has written something in every place that there is, each time with words that occur nowhere else."""

import io
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest import mock

from PIL import Image
from sqlalchemy import select

from app.identity.looked import actions as looked
from app.identity.models import Person, Space
from app.identity.spaces import actions as spaces
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.house import House
from app.kernel.vault import Place, Shredded, Vault
from app.membership.actions import vouching as vouches
from app.membership.actions.probation import end_probation, extend_probation
from app.membership.models import Probation
from app.membership.queries import vouching
from app.membership.wording import Knows
from app.moderation import actions as moderation
from app.moderation.models import Category, MeasureKind
from app.moderation.queries import HISTORY
from app.notifications.actions import choosing
from app.profiles.actions import editing, lists, people, photo
from app.profiles.actions.listing import set_listed
from app.profiles.models import Audience, Connection, Field
from app.safety.actions import drafts, trust
from tests.factories import Factory
from tests.membership.people import LONG_AGO, People
from tests.moderation.scene import Scene

_numbers = itertools.count(1)


@dataclass
class Sealed:
    """What was sealed while words were planted: with which key, for which place, and what came of it."""

    key_id: str
    place: Place
    bytes: bytes
    words: str


@dataclass
class Planted:
    """The person, the words by what they are, and everything that was sealed with one of them in it."""

    actor: Actor
    friend: Actor
    moderator: Actor
    words: dict[str, str] = field(default_factory=dict)
    sealed: list[Sealed] = field(default_factory=list)
    name: str = ""

    def say(self, what: str) -> str:
        """New words, remembered under what they are."""
        self.words[what] = f"swallow{next(_numbers):05}{what.replace(' ', '')}heron"
        return self.words[what]

    def that_open(self, house: House) -> list[Sealed]:
        """What of it still opens with the keys of this house.

        But for the reasons that staff gave in the record of acts: it is chained, and stays (docs/safety.md).
        """
        vault, found = Vault(house.databases, house.keyring), []
        for one in self.sealed:
            if one.place.table == "audit_entry":
                continue
            try:
                vault.open(one.key_id, one.place, one.bytes)
            except Shredded:
                continue
            found.append(one)
        return found


def plant(house: House, make: Factory) -> Planted:
    """Words in every part, by the verbs that pages use."""
    crowd, scene = People(house, make), Scene(house, make)
    name = f"Nour Khalil {_letters(next(_numbers))}"
    applicant, actor = crowd.admitted(name)
    planted = Planted(actor, crowd.settled(), scene.moderator(), name=name)
    planted.words["name"] = name
    with _recording(planted):
        _settle(house, make, planted)
        crowd.joined(planted.actor, now().date() - LONG_AGO)
        _profile(house, planted)
        _people(house, make, planted)
        _rooms(house, make, planted)
        _moderation(house, scene, planted)
        _the_rest(house, make, planted)
        other = crowd.sent("Layth Haddad")
        vouch = other.ask(planted.actor)
        with work.scope(house):
            found, application = vouching.get_my_vouch(planted.actor, vouch)
            vouches.give(planted.actor, found, application, how=Knows.FRIEND, words=planted.say("vouch"))
    assert applicant.now().key_id, "the file of the application is still there"
    return planted


def _settle(house: House, make: Factory, planted: Planted) -> None:
    """No longer in probation, so that every door is open to them."""
    with work.scope(house) as opened:
        first = opened.session.scalars(select(Probation).where(Probation.person_id == planted.actor.id)).one()
        extend_probation(planted.moderator, first, reason=planted.say("probation"))
        with opened.writing():
            first.review_on = now().date()
        end_probation(planted.moderator, first, reason="All is well")
    planted.actor = make.actor(make.another_session(planted.actor))


def _profile(house: House, planted: Planted) -> None:
    me = planted.actor
    with work.scope(house):
        family = lists.make(me, name=planted.say("list"))
        editing.set_field(me, Field.ABOUT, value=planted.say("about"), audience=Audience.MEMBERS)
        editing.set_field(me, Field.STUDIES, value=planted.say("studies"), audience=Audience.ONLY_ME)
        offers = [planted.say("offer")]
        editing.set_field(me, Field.OFFERS, value=offers, audience=Audience.CHOSEN, lists=[family.public_id])
        editing.set_field(me, Field.PLACE, value={"country": "DE", "region": ""}, audience=Audience.MEMBERS)
        editing.exclude_countries(me, countries=["FR"])
    picture = io.BytesIO()
    Image.new("RGB", (64, 64), (20, 90, 80)).save(picture, "JPEG")
    with work.scope(house):
        photo.bring_photo(me, picture.getvalue(), audience=Audience.MEMBERS)
    with work.scope(house):
        spaces.choose_name(me, Space.ROOMS, name=_space_name(planted))


def _space_name(planted: Planted) -> str:
    planted.words["space name"] = f"Bird {_letters(next(_numbers) + 4000)}"
    return planted.words["space name"]


def _people(house: House, make: Factory, planted: Planted) -> None:
    with work.scope(house):
        set_listed(planted.friend, listed=True)
        people.ask(planted.actor, planted.friend.public_id)
    with work.scope(house) as opened:
        people.accept(planted.friend, opened.session.scalars(select(Connection)).one())
    stranger = make.person()
    with work.scope(house):
        set_listed(stranger, listed=True)
        people.ask(planted.actor, stranger.public_id, note=planted.say("note to a stranger"))
        trust.name_trusted(planted.actor, planted.friend.public_id)
        drafts.keep(planted.actor, "page:somewhere", planted.say("draft"))


def _rooms(house: House, make: Factory, planted: Planted) -> None:
    room = make.room(planted.actor, planted.friend)
    make.message(planted.actor, room, planted.say("message"))
    make.message(planted.actor, room, planted.say("second message"))
    make.message(planted.friend, room, "What a friend answered stays")


def _moderation(house: House, scene: Scene, planted: Planted) -> None:
    me, moderator = planted.actor, planted.moderator
    other = scene.make.person()
    with work.scope(house):
        moderation.report(
            me,
            "person",
            other.public_id,
            category=Category.OTHER,
            says=planted.say("report"),
            hopes=planted.say("hope"),
        )
        moderation.report(planted.friend, "person", me.public_id, category=Category.OTHER, says="They shout", hopes="")
        measure = moderation.take(
            moderator, me.person_id, MeasureKind.NOTICE, category=Category.OTHER, reason=planted.say("measure"), days=7
        )
        moderation.appeal(me, measure, body=planted.say("appeal"))
    with work.scope(house) as opened:
        row = opened.session.get_one(Person, me.person_id)
        moderation.write_note(moderator, row, note=planted.say("staff note"))
        looked.note(moderator, me.person_id, HISTORY, planted.say("purpose"))


def _the_rest(house: House, make: Factory, planted: Planted) -> None:
    make.passkey(planted.actor, label=planted.say("passkey"))
    with work.scope(house):
        choosing.add_address(planted.actor, address=f"{planted.say('mail')}@example.org")


@contextmanager
def _recording(planted: Planted) -> Iterator[None]:
    """Remember what is sealed with planted words in it. The vault itself does its work as always."""
    seal = Vault.seal

    def remember(self: Vault, key_id: str, place: Place, plain: bytes) -> bytes:
        sealed = seal(self, key_id, place, plain)
        words = plain.decode(errors="replace")
        if any(one in words for one in planted.words.values()):
            planted.sealed.append(Sealed(key_id, place, sealed, words))
        return sealed

    with mock.patch.object(Vault, "seal", remember):
        yield


def _letters(number: int) -> str:
    letters = "abdefghkpstxyz"
    word = ""
    while number:
        number, rest = divmod(number, len(letters))
        word = letters[rest] + word
    return word.capitalize() or "A"
