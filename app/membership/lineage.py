"""The rule of independent vouches, and what the sealed ledger of a person holds. Nothing here reads or writes.

Two people are of different lineage when neither stands above the other and nobody but founders stands above both. Being
descended from the same founder is allowed: with few founders everybody is, and founders were chosen by hand.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

#: The sealed ledger is filled up to a multiple of this many bytes, so that its length counts nobody.
BLOCK = 512


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where one person stands, all by public id.

    `above` is everybody from whom they descend; `founders` those of `above`, and they themselves, who have nobody above
    them; `below` whom they brought in; `vouches` what they were asked for.
    """

    person: str
    vouchers: tuple[str, ...] = ()
    above: frozenset[str] = frozenset()
    founders: frozenset[str] = frozenset()
    below: tuple[str, ...] = ()
    vouches: tuple[str, ...] = ()

    @property
    def chain(self) -> frozenset[str]:
        """They and everybody above them."""
        return self.above | {self.person}

    def with_below(self, person: str) -> "Lineage":
        """The same, with one more whom they brought in."""
        return replace(self, below=(*self.below, person))

    def with_vouch(self, vouch: str) -> "Lineage":
        """The same, with one more vouch that they were asked for."""
        return replace(self, vouches=(*self.vouches, vouch))

    def to_plain(self) -> dict[str, Any]:
        return {
            "vouchers": list(self.vouchers),
            "above": sorted(self.above),
            "founders": sorted(self.founders),
            "below": list(self.below),
            "vouches": list(self.vouches),
        }

    @classmethod
    def from_plain(cls, person: str, plain: dict[str, list[str]]) -> "Lineage":
        return cls(
            person,
            tuple(plain["vouchers"]),
            frozenset(plain["above"]),
            frozenset(plain["founders"]),
            tuple(plain["below"]),
            tuple(plain["vouches"]),
        )


def founder(person: str) -> Lineage:
    """Somebody with nobody above them: one of the first, or staff."""
    return Lineage(person, founders=frozenset({person}))


def descending(person: str, vouchers: Iterable[Lineage]) -> Lineage:
    """Somebody who comes in now, by these vouchers."""
    by = tuple(vouchers)
    return Lineage(
        person,
        tuple(one.person for one in by),
        frozenset().union(*(one.chain for one in by)),
        frozenset().union(*(one.founders for one in by)),
    )


def independent(one: Lineage, other: Lineage) -> bool:
    """Whether the two are of different lineage."""
    if one.person in other.chain or other.person in one.chain:
        return False
    return not (one.chain & other.chain) - (one.founders | other.founders)


def independent_pair(vouchers: Collection[Lineage]) -> tuple[Lineage, Lineage] | None:
    """Two of these that are of different lineage, the earliest first; None when there are none."""
    return next((pair for pair in combinations(vouchers, 2) if independent(*pair)), None)
