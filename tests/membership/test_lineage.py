"""The rule of independent vouches, against a plain walk over the graph of who vouched for whom."""

from hypothesis import given
from hypothesis import strategies as st

from app.membership.lineage import BLOCK, Lineage, descending, founder, independent, independent_pair

FOUNDERS = 4


@st.composite
def networks(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    """People by name with those who vouched for them; the first ones have nobody."""
    people: dict[str, tuple[str, ...]] = {f"f{number}": () for number in range(FOUNDERS)}
    for number in range(draw(st.integers(2, 14))):
        earlier = list(people)
        by = draw(st.lists(st.sampled_from(earlier), min_size=2, max_size=3, unique=True))
        people[f"p{number}"] = tuple(by)
    return people


def lineages(people: dict[str, tuple[str, ...]]) -> dict[str, Lineage]:
    found: dict[str, Lineage] = {}
    for person, vouchers in people.items():
        found[person] = descending(person, [found[one] for one in vouchers]) if vouchers else founder(person)
    return found


def chain(people: dict[str, tuple[str, ...]], person: str) -> set[str]:
    """They and everybody above them, walked up."""
    return {person}.union(*(chain(people, one) for one in people[person]))


@given(networks())
def test_the_rule_is_what_a_walk_over_the_graph_finds(people: dict[str, tuple[str, ...]]) -> None:
    found, founders = lineages(people), {person for person, by in people.items() if not by}
    for one in people:
        for other in people:
            mine, theirs = chain(people, one), chain(people, other)
            expected = one not in theirs and other not in mine and not (mine & theirs) - founders
            assert independent(found[one], found[other]) is expected


@given(networks())
def test_the_rule_knows_no_order_and_nobody_is_independent_of_themselves(people: dict[str, tuple[str, ...]]) -> None:
    found = lineages(people)
    for one in found.values():
        assert not independent(one, one)
        for other in found.values():
            assert independent(one, other) is independent(other, one)


@given(networks())
def test_nobody_is_independent_of_whom_they_brought_in(people: dict[str, tuple[str, ...]]) -> None:
    found = lineages(people)
    for person, vouchers in people.items():
        for voucher in vouchers:
            assert not independent(found[person], found[voucher])


@given(networks())
def test_two_brought_in_by_the_same_member_are_not_independent(people: dict[str, tuple[str, ...]]) -> None:
    found = lineages(people)
    for one, by_one in people.items():
        for other, by_other in people.items():
            if any(people[shared] for shared in {*by_one} & {*by_other}):
                assert not independent(found[one], found[other])


def test_the_same_founder_above_both_is_allowed_and_two_founders_are_independent() -> None:
    first, second, third = (founder(name) for name in ("f1", "f2", "f3"))
    one, other = descending("one", [first, second]), descending("other", [first, third])
    assert independent(one, other)
    assert independent(first, second)
    assert not independent(first, one)


@given(networks(), st.data())
def test_a_pair_is_found_exactly_when_there_is_one(people: dict[str, tuple[str, ...]], data: st.DataObject) -> None:
    found = lineages(people)
    some = [found[name] for name in data.draw(st.lists(st.sampled_from(list(found)), max_size=5, unique=True))]
    pair = independent_pair(some)
    there_is_one = any(independent(one, other) for one in some for other in some)
    assert (pair is not None) is there_is_one
    assert pair is None or independent(*pair)


@given(networks())
def test_what_is_written_down_says_the_same_when_it_is_read(people: dict[str, tuple[str, ...]]) -> None:
    for person, lineage in lineages(people).items():
        full = lineage.with_below("below").with_vouch("vouch")
        assert Lineage.from_plain(person, full.to_plain()) == full
    assert BLOCK > 100
