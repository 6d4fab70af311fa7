"""Members who go round the rules: to read many without being counted, to learn who is behind a name, to read on a journey."""

import re
from typing import Any

import pytest
from sqlalchemy import select

from app.chat.queries import doors, hosting
from app.identity import actions as identity
from app.identity.models import Cause, Space
from app.identity.spaces import actions as spaces
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor, system
from app.kernel.db import new_public_id
from app.kernel.limits import Budgets
from app.profiles.actions import blocks, directory, editing, photo
from app.profiles.actions.sweeps import NORMAL
from app.profiles.models import Audience, Connection, Field, Sweep
from app.profiles.queries import directory as finding
from app.profiles.queries import viewing
from app.profiles.queries.directory import Search
from app.safety import policy as safety
from tests.kernel import pictures
from tests.profiles.scene import CASEWORKER, Scene

pytestmark = pytest.mark.one_database


def listed(scene: Scene, **kept: Any) -> Actor:
    """Somebody in the directory with these fields, found by them."""
    person = scene.person(**kept)
    with work.scope(scene.house) as opened, opened.writing():
        directory.put(editing.ensure_profile(person.person_id), listed=True)
    return person


def counted(scene: Scene, reader: Actor) -> int:
    """How much this person has read today, as it is counted."""
    with work.scope(scene.house) as opened:
        return opened.session.scalar(select(Sweep.asked).where(Sweep.person_id == reader.id)) or 0


def with_photo(scene: Scene, **kept: Any) -> Actor:
    person = listed(scene, **kept)
    with work.scope(scene.house):
        photo.bring_photo(person, pictures.plain(), audience=Audience.MEMBERS)
    return person


def set_out(scene: Scene, actor: Actor) -> Actor:
    """The same person on a journey, in the same browser after signing in anew."""
    with work.scope(scene.house):
        ref = new_public_id()
        identity.restrict(system("test"), actor.person_id, safety.WITHHELD, cause=Cause.TRAVEL, ref=ref)
    scene.tokens[actor.person_id] = scene.make.another_session(actor)
    scene.browsers.pop(actor.person_id, None)
    scene.form_tokens.pop(actor.person_id, None)
    return scene.make.actor(scene.tokens[actor.person_id])


# --- who is behind a name -----------------------------------------------------------------------------------------------


def test_whoever_blocks_a_name_in_rooms_does_not_find_by_viewing_as_their_people_whose_name_it_is(
    pages: Scene,
) -> None:
    me, friend, other = pages.person(about="Slow trains"), pages.person(), pages.person()
    for one in (friend, other):
        pages.connect(me, one)
    with work.scope(pages.house):
        spaces.choose_name(friend, Space.ROOMS, name="Night Heron")
    before = {one.public_id: pages.open(me, f"/me/profile/view-as?as={one.public_id}").text for one in (friend, other)}
    with work.scope(pages.house):
        blocks.block(me, friend.person_id, met_in=Space.ROOMS)
    for public_id, page in before.items():
        after = pages.open(me, f"/me/profile/view-as?as={public_id}").text
        assert "Slow trains" in after
        assert after.count("For them you have no page") == page.count("For them you have no page") == 0
    assert pages.open(friend, f"/members/{me.public_id}").status_code == 404, "which they are kept from all the same"


def test_a_block_by_the_usual_name_is_seen_when_one_views_as_whom_one_blocked(pages: Scene) -> None:
    """They are among one's people no more, so that there is nobody to view as."""
    me, friend = pages.person(about="Slow trains"), pages.person()
    pages.connect(me, friend)
    pages.block(me, friend)
    assert pages.open(me, f"/me/profile/view-as?as={friend.public_id}").status_code == 404


def test_whoever_blocks_somebody_by_the_usual_name_misses_nobody_at_the_door_of_a_room(scene: Scene) -> None:
    """Nor when they ask people in by the names of rooms: who is missing would be whom they blocked."""
    me, hidden, known = scene.person(), scene.person(), scene.person("Marigold")
    with work.scope(scene.house):
        spaces.choose_name(hidden, Space.ROOMS, name="Night Heron")
    room = scene.make.room(me, hidden, known)

    def there() -> tuple[set[str], int, set[str]]:
        with work.scope(scene.house):
            card = doors.door(me, room)
            asked = {name for name in ("Night Heron", "Marigold") if hosting.find_to_ask(me, name=name) is not None}
        return {*card.names, *card.hosts, *card.moderators} & {"Night Heron", "Marigold"}, card.count, asked

    both = {"Night Heron", "Marigold"}
    assert there() == (both, 3, both)
    for one in (hidden, known):
        scene.block(me, one)
    assert there() == ({"Night Heron"}, 2, {"Night Heron"})
    with work.scope(scene.house):
        blocks.block(me, hidden.person_id, met_in=Space.ROOMS)
    assert there() == (set(), 1, set()), "by the name that they have there"


# --- reading many -------------------------------------------------------------------------------------------------------


def test_the_page_on_which_a_profile_is_reported_counts_as_the_profile_does(pages: Scene) -> None:
    reader = pages.person()
    people = [listed(pages, about=f"Words of number {number}") for number in range(3)]
    for person in people:
        assert "Words of number" in pages.open(reader, f"/report/profile/{person.public_id}").text
    assert counted(pages, reader) == 3
    for person in people:
        pages.open(reader, f"/members/{person.public_id}")
        pages.open(reader, f"/report/profile/{person.public_id}")
    assert counted(pages, reader) == 3, "each of them once"
    with work.scope(pages.house) as opened, opened.writing():
        opened.session.scalars(select(Sweep)).one().asked = NORMAL + 5
    one, two = (listed(pages, about="Words of somebody new") for _ in range(2))
    pages.open(reader, f"/report/profile/{one.public_id}")
    late = pages.open(reader, f"/report/profile/{two.public_id}")
    assert late.status_code == 429
    assert "Words of somebody new" not in late.text
    assert pages.open(reader, f"/report/profile/{people[0].public_id}").status_code == 200, "what one has read"


def test_photographs_cannot_be_collected_by_their_addresses_alone(pages: Scene) -> None:
    reader, faces = pages.person(), [with_photo(pages, about="Bees") for _ in range(2)]
    addresses = [f"/members/{one.public_id}/photo" for one in faces]
    for address in addresses:
        assert pages.open(reader, address).status_code == 200
    assert counted(pages, reader) == 2
    pages.open(reader, f"/members/{faces[0].public_id}")
    assert counted(pages, reader) == 2, "a photograph and its page are one"
    another = pages.person()
    pages.open(another, "/directory")
    read = counted(pages, another)
    for address in addresses:
        assert pages.open(another, address).status_code == 200
    assert counted(pages, another) == read, "they stood on the page"
    assert pages.open(faces[0], addresses[0]).status_code == 200
    assert counted(pages, faces[0]) == 0, "one's own"
    with work.scope(pages.house) as opened, opened.writing():
        for row in opened.session.scalars(select(Sweep)):
            row.asked = NORMAL + 5
    third, fourth = (with_photo(pages) for _ in range(2))
    assert pages.open(reader, f"/members/{third.public_id}/photo").status_code == 200
    assert pages.open(reader, f"/members/{fourth.public_id}/photo").status_code == 429


# --- on a journey -------------------------------------------------------------------------------------------------------


def _same_each_time(page: str) -> str:
    """Without the token of its forms, which names the second in which it was made."""
    return re.sub(r'name="csrf_token"[^>]*', "", page)


def test_whoever_holds_the_phone_of_a_traveller_learns_from_no_answer_with_whom_they_are_connected(
    pages: Scene,
) -> None:
    pages.house.budgets = Budgets(None, enabled=False)
    nour, friend, asked, stranger = (listed(pages, about="Bees") for _ in range(4))
    pages.connect(nour, friend)
    pages.open(nour, f"/members/{asked.public_id}/ask", note="Hello")
    nour = set_out(pages, nour)
    for way, more in (("ask", {"note": "Hello"}), ("mentor", {"part": "mentor"})):
        answers = {
            (answer.status_code, _same_each_time(answer.text).replace(one.public_id, "").replace(one.name, ""))
            for one in (friend, asked, stranger)
            for answer in [pages.open(nour, f"/members/{one.public_id}/{way}", **more)]
        }
        assert len(answers) == 1, way
        assert {code for code, _text in answers} == {403}
    with work.scope(pages.house) as opened:
        pairs = opened.session.scalars(select(Connection.asked_id).where(Connection.asker_id == nour.id)).all()
    assert sorted(pairs) == sorted([friend.person_id, asked.person_id]), "nothing was sent"


def test_on_a_journey_no_name_of_a_list_is_found_by_trying_it(pages: Scene) -> None:
    nour = pages.person()
    pages.open(nour, "/me/lists", name="Choir")
    assert pages.open(nour, "/me/lists", name="Choir").status_code == 422
    nour = set_out(pages, nour)
    answers = [pages.open(nour, "/me/lists", name=name) for name in ("Choir", "Another")]
    assert {answer.status_code for answer in answers} == {403}
    first, second = (_same_each_time(answer.text) for answer in answers)
    assert first.replace("Choir", "") == second.replace("Another", "")


def test_on_a_journey_nothing_tells_who_looked_and_what_for(pages: Scene) -> None:
    nour, caseworker = pages.person(), pages.person(roles=CASEWORKER)
    pages.keep(nour, Field.ABOUT, "A flat for three", Audience.CASEWORKERS)
    looked = pages.open(caseworker, f"/members/{nour.public_id}/look", purpose="Housing in Idlib")
    assert "A flat for three" in looked.text
    page = pages.open(nour, "/me/looked").text
    address = re.findall(r'"(/report/look/[^"]+)"', page)[0]
    assert "Housing in Idlib" in pages.open(nour, address).text
    nour = set_out(pages, nour)
    assert pages.open(nour, address).status_code == 404, "which the browser remembers"


def test_what_others_show_to_a_traveller_as_one_of_a_few_waits_until_they_are_back(pages: Scene) -> None:
    nour = pages.person()
    friend, mentee, quiet = (listed(pages, languages=["ar"]) for _ in range(3))
    for one in (friend, mentee, quiet):
        pages.connect(nour, one)
    pages.pair(nour, mentee)
    pages.keep(friend, Field.ABOUT, "Lighthouse keeper", Audience.CHOSEN, [pages.list_of(friend, "Near", nour)])
    pages.keep(mentee, Field.ABOUT, "Lighthouse visitor", Audience.COMPANIONS)
    with work.scope(pages.house) as opened, opened.writing():
        editing.ensure_profile(quiet.person_id).listed = False
    pages.keep(quiet, Field.LANGUAGES, [])

    def found(actor: Actor) -> set[int]:
        with work.scope(pages.house):
            viewer = viewing.viewer_of(actor)
            return set(finding.search(viewer, Search(words="lighthouse")).person_ids)

    assert found(nour) == {friend.person_id, mentee.person_id}
    assert pages.open(nour, f"/members/{quiet.public_id}").status_code == 200
    nour = set_out(pages, nour)
    assert found(nour) == set()
    for one in (friend, mentee):
        page = pages.open(nour, f"/members/{one.public_id}")
        assert page.status_code == 200, "as for every member"
        assert "Lighthouse" not in page.text
    assert pages.open(nour, f"/members/{quiet.public_id}").status_code == 404, "who is there for their people alone"


def test_on_a_journey_no_address_has_ones_own_photograph_and_no_notice_tells_of_people(pages: Scene) -> None:
    nour, asker = with_photo(pages, about="Bees"), pages.person()
    pages.open(asker, f"/members/{nour.public_id}/ask", note="Hello")
    address = f"/members/{nour.public_id}/photo"
    words = "Somebody would like to be connected"
    assert pages.open(nour, address).status_code == 200
    assert words in pages.open(nour, "/notices").text
    nour = set_out(pages, nour)
    assert not nour.holds(Permission.HIDDEN_SEE)
    assert pages.open(nour, address).status_code == 404
    assert words not in pages.open(nour, "/notices").text
    assert pages.open(asker, address).status_code == 200, "for others nothing has changed"
