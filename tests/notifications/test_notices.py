"""Notices, as people meet them: in their list, on Home, and nowhere else."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.identity import actions as identity
from app.identity.models import Cause
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import system
from app.kernel.db import new_public_id, now
from app.kernel.errors import Forbidden, NotFound
from app.kernel.house import House
from app.kernel.work import action
from app.notifications import actions, queries
from app.notifications.models import Notice
from tests.factories import Factory
from tests.house.test_queries import counted
from tests.identity.visitor import Visitor, words
from tests.notifications.conftest import ANSWERED, PAUSED, REF, Telling


def notices_of(house: House) -> list[Notice]:
    with work.scope(house) as opened:
        return list(opened.session.scalars(select(Notice).order_by(Notice.id)))


def test_what_happened_stands_in_the_list_of_whom_it_happened_to_and_of_nobody_else(
    app: Flask, make: Factory, telling: Telling
) -> None:
    token, other = make.token(), make.token()
    telling.notify(make.actor(token))
    page = words(Visitor.of(app, token).opens("/notices"))
    assert "Somebody answered you." in page
    assert "Somebody answered you." not in words(Visitor.of(app, other).opens("/notices"))
    assert REF not in page, "where it leads is asked for when it is followed"


def test_home_says_how_much_is_new_until_it_was_read(app: Flask, make: Factory, telling: Telling) -> None:
    token = make.token()
    visitor = Visitor.of(app, token)
    assert "New notices" not in words(visitor.opens("/"))
    telling.notify(make.actor(token))
    telling.notify(make.actor(token), kind=PAUSED)
    page = words(visitor.opens("/"))
    assert re.search(r'href="/notices"><bdi>New notices</bdi></a>\s*<span class="count"><bdi>2</bdi>', page)
    visitor.sends("/notices/read")
    assert "New notices" not in words(visitor.opens("/"))


def test_following_a_notice_leads_where_it_belongs_and_counts_as_reading(
    app: Flask, house: House, make: Factory, telling: Telling
) -> None:
    token = make.token()
    telling.notify(make.actor(token))
    telling.notify(make.actor(token), kind=PAUSED)
    first, second = notices_of(house)
    answer = Visitor.of(app, token).opens(f"/notices/{first.public_id}")
    assert (answer.status_code, answer.location) == (302, f"/rooms/{REF}")
    assert [notice.read_at is None for notice in notices_of(house)] == [False, True]
    Visitor.of(app, token).sends(f"/notices/{second.public_id}/read")
    assert all(notice.read_at for notice in notices_of(house))


def test_a_notice_of_somebody_else_looks_like_one_that_never_was(
    app: Flask, house: House, make: Factory, telling: Telling
) -> None:
    owner, stranger = make.person(), make.person()
    telling.notify(owner)
    (notice,) = notices_of(house)
    visitor = Visitor.of(app, make.another_session(stranger))
    assert visitor.opens(f"/notices/{notice.public_id}").status_code == 404
    assert visitor.sends(f"/notices/{notice.public_id}/read").status_code == 404
    with work.scope(house):
        with pytest.raises(NotFound):
            queries.get_notice(stranger, notice.public_id)
        with pytest.raises(Forbidden):
            actions.mark_read(stranger, notice)
        assert actions.mark_all_read(stranger) == 0
    assert notices_of(house)[0].read_at is None


def test_the_same_is_not_told_twice_while_it_is_unread_and_again_afterwards(
    house: House, make: Factory, telling: Telling
) -> None:
    member = make.person()
    telling.notify(member, member)
    telling.notify(member)
    telling.notify(member, ref="another")
    assert [notice.ref for notice in notices_of(house)] == [REF, "another"]
    with work.scope(house):
        actions.mark_all_read(member)
    telling.notify(member)
    assert [notice.ref for notice in notices_of(house)] == [REF, "another", REF]


def test_the_same_told_by_many_at_once_is_one_notice(house: House, make: Factory, telling: Telling) -> None:
    member = make.person()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: telling.notify(member), range(8)))
    assert len(notices_of(house)) == 1


def test_a_kind_that_nobody_registered_is_a_defect(house: House, make: Factory, telling: Telling) -> None:
    with pytest.raises(RuntimeError, match="no kind of notice"):
        telling.notify(make.person(), kind="test.unheard-of")
    assert notices_of(house) == []


def test_a_notice_of_a_kind_that_is_gone_is_left_out_everywhere(
    app: Flask, house: House, make: Factory, telling: Telling
) -> None:
    token = make.token()
    telling.notify(make.actor(token))

    @action
    def rename() -> None:
        work.session().execute(update(Notice).values(kind="test.of-an-older-release"))

    with work.scope(house):
        rename()
    visitor = Visitor.of(app, token)
    assert "No notices" in words(visitor.opens("/notices"))
    assert "New notices" not in words(visitor.opens("/"))
    assert visitor.opens(f"/notices/{notices_of(house)[0].public_id}").status_code == 404


def test_nothing_is_told_of_what_was_rolled_back(house: House, make: Factory, telling: Telling) -> None:
    reader = telling.reader()

    @action
    def fail() -> None:
        actions.notify([reader.person_id], ANSWERED, REF)
        raise ValueError("on purpose")

    with work.scope(house), pytest.raises(ValueError, match="on purpose"):
        fail()
    assert notices_of(house) == []
    assert telling.work_off(later=True) == 0


def test_a_notice_outside_an_action_is_refused(house: House, make: Factory) -> None:
    member = make.person()
    with work.scope(house), pytest.raises(RuntimeError, match="outside an action"):
        actions.notify([member.person_id], ANSWERED)


def test_somebody_suspended_still_reads_why_and_chooses_nothing(
    app: Flask, house: House, make: Factory, telling: Telling
) -> None:
    member = make.person()
    telling.notify(member, kind=PAUSED)
    telling.notify(member, kind=ANSWERED)
    with work.scope(house):
        identity.restrict(
            system("test"), member.person_id, [Permission.SIGNED_IN], cause=Cause.MEASURE, ref=new_public_id()
        )
    visitor = Visitor.of(app, make.another_session(member))
    page = words(visitor.opens("/notices"))
    assert "Something about your being here was decided." in page
    assert "Somebody answered you." not in page, "what goes on inside is closed to them"
    assert "/me/notices" not in page
    assert visitor.opens("/me/notices").status_code == 404


def test_many_notices_are_shown_page_by_page_without_a_gap(
    app: Flask, make: Factory, telling: Telling, client: FlaskClient
) -> None:
    token = make.token()
    for number in range(2 * queries.PAGE + 3):
        telling.notify(make.actor(token), ref=f"n{number}")
    make.sign_in(client, token)
    seen: list[str] = []
    address: str | None = "/notices"
    while address:
        page = client.get(address).text
        seen += re.findall(r'<a href="/notices/([\w-]{16})"', page)
        older = re.search(r'href="([^"]+)" rel="next"', page)
        address = older[1] if older else None
    assert len(seen) == len(set(seen)) == 2 * queries.PAGE + 3
    assert client.get("/notices?before=AAAAAAAAAAAAAAAA").status_code == 200


def test_a_long_list_costs_no_more_than_a_short_one(
    app: Flask, house: House, make: Factory, telling: Telling, client: FlaskClient
) -> None:
    token = make.token()
    make.sign_in(client, token)

    def cost() -> int:
        client.get("/notices")
        with counted(house) as asked:
            client.get("/notices")
        return len(asked["data"])

    telling.notify(make.actor(token))
    short = cost()
    for number in range(20):
        telling.notify(make.actor(token), ref=f"n{number}")
    assert cost() == short


def test_telling_many_people_costs_no_more_statements_than_telling_few(
    house: House, make: Factory, telling: Telling
) -> None:
    def cost(people: int) -> int:
        members = [make.person() for _ in range(people)]
        with counted(house) as asked:
            telling.notify(*members)
        return len(asked["data"])

    assert cost(2) == cost(12)


def test_what_was_read_goes_after_a_month_and_everything_after_half_a_year(
    house: House, make: Factory, telling: Telling
) -> None:
    member = make.person()
    ages = {"read-29": (29, 29), "read-31": (31, 31), "unread-179": (179, None), "unread-181": (181, None)}
    for ref in ages:
        telling.notify(member, ref=ref)

    @action
    def grow_old() -> None:
        for ref, (made, read) in ages.items():
            work.session().execute(
                update(Notice)
                .where(Notice.ref == ref)
                .values(
                    made_at=now() - timedelta(days=made),
                    read_at=None if read is None else now() - timedelta(days=read),
                )
            )

    with work.scope(house):
        grow_old()
        with pytest.raises(Forbidden):
            actions.forget_old(member)
        actions.forget_old(system("test"))
    assert [notice.ref for notice in notices_of(house)] == ["read-29", "unread-179"]
