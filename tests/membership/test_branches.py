"""A branch is frozen by two, pauses only what is risky, and is lifted one by one."""

import pytest
from sqlalchemy import delete, select

from app.identity import queries as identity
from app.identity.models import Cause, Person
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.audit import AuditEntry
from app.kernel.errors import Conflict, Forbidden, NotFound
from app.kernel.house import House
from app.membership.actions import branches
from app.membership.models import BranchReview
from app.membership.queries import doors
from app.moderation import actions as moderation
from app.moderation.models import Proposal
from tests.factories import Factory
from tests.membership.people import People

RISKY = {Permission.VOUCH, Permission.CONTACT_FIRST, Permission.DIRECTORY_USE, Permission.EXPORT}


def review_of(actor: Actor) -> BranchReview:
    """What a freeze paused for somebody, inside of an open scope."""
    return work.session().scalars(select(BranchReview).where(BranchReview.person_id == actor.id)).one()


def frozen(people: People, start: Actor) -> None:
    """Have two moderators freeze the branch of somebody."""
    one, other = people.moderator(), people.moderator()
    with work.scope(people.house):
        number = moderation.propose(one, "branch.freeze", start.public_id, reason="A false story").id
    with work.scope(people.house) as opened:
        moderation.consent(other, opened.session.get_one(Proposal, number))


def family(people: People) -> dict[str, Actor]:
    above, second, outside = people.settled("Above"), people.settled("Second"), people.settled("Outside")
    start = people.descends(people.settled("Start"), above, second)
    child = people.descends(people.settled("Child"), start, outside)
    grandchild = people.descends(people.settled("Grandchild"), child, outside)
    sibling = people.descends(people.settled("Sibling"), above, outside)
    return {
        "above": above,
        "second": second,
        "outside": outside,
        "start": start,
        "child": child,
        "grandchild": grandchild,
        "sibling": sibling,
    }


def withheld(house: House, actor: Actor) -> set[Permission]:
    with work.scope(house):
        return {one.withheld for one in identity.restrictions_of(actor.person_id) if one.cause is Cause.BRANCH}


def test_a_freeze_touches_who_vouched_and_all_who_came_through_and_nobody_else(people: People, house: House) -> None:
    who = family(people)
    frozen(people, who["start"])
    touched = {name for name, actor in who.items() if withheld(house, actor)}
    assert touched == {"start", "above", "second", "child", "grandchild"}


def test_only_what_is_risky_is_paused(people: People, house: House, make: Factory) -> None:
    start = people.settled()
    frozen(people, start)
    assert withheld(house, start) == RISKY
    now = make.actor(make.another_session(start))
    assert now.holds(Permission.ROOMS_POST)
    assert now.holds(Permission.ROOMS_ALL)
    assert not any(now.holds(one) for one in RISKY)


def test_one_alone_freezes_nothing(people: People, house: House) -> None:
    start, one = people.settled(), people.moderator()
    with work.scope(house):
        proposal = moderation.propose(one, "branch.freeze", start.public_id, reason="A false story")
        with pytest.raises(Forbidden):
            moderation.consent(one, proposal)
    assert withheld(house, start) == set()


def test_nobody_inside_the_branch_proposes_or_previews_it(people: People, house: House) -> None:
    moderator = people.moderator()
    start = people.descends(people.settled(), moderator, people.settled())
    with work.scope(house), pytest.raises(Forbidden):
        moderation.propose(moderator, "branch.freeze", start.public_id, reason="Them")
    with work.scope(house), pytest.raises(Forbidden):
        branches.preview(moderator, start.public_id, reason="Them")


def test_a_preview_says_how_many_and_to_the_second_person_who_and_is_noted(people: People, house: House) -> None:
    who, moderator = family(people), people.moderator()
    with work.scope(house) as opened:
        moderation.propose(people.moderator(), "branch.freeze", who["start"].public_id, reason="A doubt")
        touched = branches.preview(moderator, who["start"].public_id, reason="A doubt")
        noted = opened.session.scalars(select(AuditEntry).where(AuditEntry.act == "branch.preview")).one()
    assert (touched.count, touched.names) == (5, ["Above", "Child", "Grandchild", "Second", "Start"])
    assert noted.actor == moderator.public_id
    with work.scope(house), pytest.raises(Forbidden):
        branches.preview(who["outside"], who["start"].public_id, reason="Curious")


def test_each_is_lifted_for_a_reason_and_the_others_stay_paused(people: People, house: House) -> None:
    who, moderator = family(people), people.moderator()
    frozen(people, who["start"])
    with work.scope(house):
        branches.lift(moderator, review_of(who["child"]), reason="Nothing found")
    assert withheld(house, who["child"]) == set()
    assert withheld(house, who["grandchild"]) == RISKY
    with work.scope(house), pytest.raises(Conflict):
        branches.lift(moderator, review_of(who["child"]), reason="Again")
    with work.scope(house) as opened:
        noted = opened.session.scalars(select(AuditEntry).where(AuditEntry.act == "branch.lift")).one()
        assert noted.reason


def test_nobody_lifts_their_own_pause(people: People, house: House) -> None:
    moderator = people.moderator()
    start = people.descends(people.settled(), moderator, people.settled())
    frozen(people, start)
    with work.scope(house), pytest.raises(Forbidden):
        branches.lift(moderator, review_of(moderator), reason="I am fine")
    with work.scope(house):
        assert not doors.may_lift(moderator, review_of(moderator).public_id)
        with pytest.raises(NotFound):
            doors.get_review(start, review_of(start).public_id)


def test_whoever_is_paused_reads_so_on_their_own_page(people: People, house: House) -> None:
    start, outside = people.settled(), people.settled()
    frozen(people, start)
    with work.scope(house):
        seen = doors.my_doors(start)
        assert seen is not None
        assert seen.paused
        assert doors.my_doors(outside) is None


def test_a_second_freeze_pauses_nobody_twice(people: People, house: House) -> None:
    who = family(people)
    frozen(people, who["child"])
    frozen(people, who["start"])
    with work.scope(house):
        assert review_of(who["child"]).person_id == who["child"].id
        assert len(identity.restrictions_of(who["child"].person_id)) == len(RISKY)


def test_the_lineage_survives_somebody_who_left(people: People, house: House) -> None:
    who = family(people)
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(delete(Person).where(Person.id == who["child"].id))
    frozen(people, who["start"])
    assert withheld(house, who["grandchild"]) == RISKY
