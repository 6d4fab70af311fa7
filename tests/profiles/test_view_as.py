"""Viewing oneself as others do: by the same query and template, and without learning anything about the others."""

import re

import pytest

from app.identity.models import Restriction
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.profiles.models import Audience, Field
from app.profiles.queries import view_as
from app.profiles.queries.view_as import As
from tests.profiles.scene import Scene

AS = "/me/profile/view-as?as={}"


def shown(page: str) -> str:
    """What a page shows of somebody: the name and what is below it, without what differs in every answer."""
    found = re.search(r"(<dl class=\"terms\">.*?</dl>)", page, re.DOTALL)
    return re.sub(r"\s+", " ", found.group(1)) if found else ""


def keep_everything(pages: Scene, me: Actor, friend: Actor) -> None:
    """Each audience has something of its own to see."""
    chosen = pages.list_of(me, "Choir", friend)
    pages.keep(me, Field.SEEKS, ["Something of my own"], Audience.ONLY_ME)
    pages.keep(me, Field.STUDIES, "Something for caseworkers", Audience.CASEWORKERS)
    pages.keep(me, Field.SKILLS, ["Something for a mentor"], Audience.COMPANIONS)
    pages.keep(me, Field.ABOUT, "Something for the choir", Audience.CHOSEN, [chosen])
    pages.keep(me, Field.OFFERS, ["Something for members"], Audience.MEMBERS)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_it_is_the_very_page_that_a_friend_a_mentor_and_a_member_are_served(pages: Scene, language: str) -> None:
    me = pages.person("Amal", language=language)
    friend, mentor, other = (pages.person(name, language=language) for name in ("Basima", "Cala", "Dalia"))
    for one in (friend, mentor):
        pages.connect(me, one)
    pages.pair(mentor, me)
    keep_everything(pages, me, friend)
    address = f"/members/{me.public_id}"
    as_members, as_companion = (pages.open(me, AS.format(kind.value)).text for kind in (As.MEMBER, As.COMPANION))
    assert shown(as_members) == shown(pages.open(other, address).text) != ""
    assert shown(as_companion) == shown(pages.open(mentor, address).text) != shown(as_members)
    for known in (friend, mentor):
        page = pages.open(me, AS.format(known.public_id)).text
        assert shown(page) == shown(pages.open(known, address).text)
    assert "Something for the choir" in pages.open(me, AS.format(friend.public_id)).text
    assert "Something of my own" not in as_members + as_companion


def test_everybody_on_the_list_of_viewers_has_a_page_in_both_directions(pages: Scene) -> None:
    for language, nothing in (("en", "For them you have no page."), ("ar", "لا صفحة لك عندهم.")):
        me = pages.person(language=language)
        keep_everything(pages, me, pages.person())
        pages.exclude(me, "LB")
        page = pages.open(me, "/me/profile/view-as")
        offered = re.findall(r'<option value="([^"]+)"', page.text)
        assert set(offered) == set(As)
        for kind in As:
            answer = pages.open(me, AS.format(kind.value))
            assert answer.status_code == 200
            sees = kind in (As.MEMBER, As.COMPANION, As.CASEWORKER)
            assert (nothing in answer.text) is not sees, kind


def test_without_excluded_countries_nobody_is_offered_who_would_be_in_one(pages: Scene) -> None:
    me = pages.person(about="Slow trains")
    page = pages.open(me, "/me/profile/view-as").text
    assert As.EXCLUDED.value not in re.findall(r'<option value="([^"]+)"', page)
    assert pages.open(me, AS.format(As.EXCLUDED.value)).status_code == 404


def test_one_views_as_nobody_but_people_one_knows(pages: Scene) -> None:
    me, unknown, blocker = pages.person(about="Slow trains"), pages.person(), pages.person()
    pages.connect(me, blocker)
    pages.block(blocker, me)
    for whom in (unknown.public_id, blocker.public_id, "AAAAAAAAAAAAAAAA", "somebody", ""):
        assert pages.open(me, AS.format(whom)).status_code == 404


def test_viewing_as_somebody_does_not_tell_where_they_live_nor_what_is_withheld_from_them(scene: Scene) -> None:
    me, friend = scene.person(about="Slow trains"), scene.person()
    scene.connect(me, friend)
    scene.keep(friend, Field.PLACE, {"country": "TR", "region": ""}, Audience.ONLY_ME)
    with work.scope(scene.house):
        before = view_as.viewer_as(me, friend.public_id)
    scene.exclude(me, "TR")
    with work.scope(scene.house) as opened, opened.writing():
        opened.session.add(
            Restriction(person_id=friend.person_id, withheld=Permission.DIRECTORY_USE, cause="measure", ref="none")
        )
    with work.scope(scene.house):
        assert view_as.viewer_as(me, friend.public_id) == before
    scene.keep(friend, Field.PLACE, {"country": "TR", "region": ""}, Audience.MEMBERS)
    scene.keep(me, Field.PLACE, {"country": "DE", "region": ""})
    with work.scope(scene.house):
        assert view_as.viewer_as(me, friend.public_id) != before


def test_the_page_says_what_viewing_cannot_know(pages: Scene) -> None:
    me, friend = pages.person(about="Slow trains"), pages.person()
    pages.connect(me, friend)
    assert "We do not tell you where they live." not in pages.open(me, AS.format(friend.public_id)).text
    pages.exclude(me, "TR")
    assert "We do not tell you where they live." in pages.open(me, AS.format(friend.public_id)).text
    assert "A moderator who is a member too" in pages.open(me, AS.format(As.MODERATOR.value)).text


def test_a_member_page_offers_nothing_while_it_is_viewed_as_somebody(pages: Scene) -> None:
    me, other = pages.person(about="Slow trains"), pages.person()
    for_other = pages.open(other, f"/members/{me.public_id}").text
    assert "Report this profile" in for_other
    assert "Ask to be connected" in for_other
    viewed = pages.open(me, AS.format("member")).text
    assert "Report this profile" not in viewed
    assert "Ask to be connected" not in viewed


def test_ones_own_address_leads_to_ones_own_page(pages: Scene) -> None:
    me = pages.person(about="Slow trains")
    answer = pages.open(me, f"/members/{me.public_id}")
    assert (answer.status_code, answer.location) == (302, "/me/profile")
