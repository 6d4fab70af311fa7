"""Applications in each state, a probation, a frozen branch and who came in through whom, for `flask demo`."""

from itertools import combinations

from app.identity import actions as identity
from app.identity import passphrases
from app.identity import queries as people
from app.identity.demo import PASSPHRASE, inhabitants
from app.identity.models import Person
from app.kernel import work
from app.kernel.access import Role, granted
from app.kernel.actor import STRANGER, Actor, Kind, system
from app.kernel.db import now
from app.membership.actions import applying, branches, probation, vetting, vouching
from app.membership.demo.applicants import APPLICANTS, BRANCH, FOUNDERS, JUDI, Applicant
from app.membership.lineage import independent
from app.membership.queries import applying as mine
from app.membership.queries import doors, ledger
from app.membership.queries import vouching as asked
from app.membership.wording import Knows, Why

__all__ = ["load_membership"]

LOADING = system("demo")


def load_membership() -> None:
    """Everything of membership, by the verbs that the doors use."""
    crowd = _crowd()
    _lineage(crowd)
    for number, one in enumerate(APPLICANTS):
        _apply(one, crowd, number)
    _somebody_new(crowd)
    _freeze(crowd)


def _crowd() -> dict[str, Actor]:
    """Everybody of the demo as they act, by name."""
    by_number, found = inhabitants(), {}
    names = people.names_of(list(by_number))
    for number, one in by_number.items():
        public_id, name = names[number]
        found[name] = Actor(Kind.PERSON, public_id, id=number, name=name, permissions=granted((one.role,)))
    return found


def _lineage(crowd: dict[str, Actor]) -> None:
    """Founders have nobody above them; each later member has two who came before and are of different lineage."""
    members = [one.name for one in inhabitants().values() if one.role is Role.MEMBER]
    earlier = [name for name in members if name in FOUNDERS]
    for turn, name in enumerate(name for name in members if name not in FOUNDERS):
        lineages = ledger.lineages_of(crowd[one].public_id for one in earlier)
        pairs = [
            (one, other)
            for one, other in combinations(earlier, 2)
            if independent(lineages[crowd[one].public_id], lineages[crowd[other].public_id])
        ]
        pair = BRANCH[1:] if name == BRANCH[0] else pairs[turn * 7 % len(pairs)]
        vouchers = [crowd[one].public_id for one in pair]
        vouching.trace(LOADING, crowd[name].public_id, vouchers=vouchers)
        earlier.append(name)


def _apply(one: Applicant, crowd: dict[str, Actor], number: int) -> None:
    made, _code = applying.start(STRANGER, language=one.language, network=f"demo-{number}")
    applying.choose_name(STRANGER, made, name=one.name)
    applying.say_who_knows(STRANGER, made, known_by=list(one.known_by), codes=[])
    if not one.brings:
        return
    applying.say_why(STRANGER, made, country=one.country, brings=one.brings, offers=one.offers)
    applying.send(STRANGER, mine.get_mine(made.public_id), passphrase=PASSPHRASE)
    for name, words in one.vouches:
        _vouch(crowd[name], made.public_id, words)
    for name, (approves, reason) in one.answers.items():
        vetting.answer(
            crowd[name],
            mine.get_mine(made.public_id),
            approves=approves,
            reason=reason,
            why=Why.NOT_KNOWN_ENOUGH,
            words=one.told,
        )
    if one.question:
        vetting.ask_applicant(crowd[one.asked_by], mine.get_mine(made.public_id), words=one.question)


def _vouch(voucher: Actor, public_id: str, words: str) -> None:
    """Have somebody enter the applicant's code, and vouch where they have words for it."""
    code = mine.status_of(mine.get_mine(public_id)).ask_code
    vouch = vouching.accept_ask(voucher, code)
    if words:
        found, application = asked.get_my_vouch(voucher, vouch.public_id)
        vouching.give(voucher, found, application, how=Knows.FRIEND, words=words)


def _somebody_new(crowd: dict[str, Actor]) -> Person:
    """A member on the tenth day."""
    hashed = passphrases.hash_passphrase(work.house(), PASSPHRASE)
    person = identity.add_person(
        JUDI.name, hashed, roles=(Role.MEMBER,), language=JUDI.language, joined_on=now().date(), demo=True
    )
    vouching.trace(LOADING, person.public_id, vouchers=[crowd[name].public_id for name, _ in JUDI.vouches])
    probation.begin_probation(LOADING, person, days_ago=10)
    return person


def _freeze(crowd: dict[str, Actor]) -> None:
    """A branch of three, of whom one was looked at already."""
    name = next(one.name for one in inhabitants().values() if one.role is Role.MODERATOR)
    moderator = crowd[name]
    branches.freeze_branch(moderator, crowd[BRANCH[0]].public_id)
    review = doors.review_of(moderator, crowd[BRANCH[2]].person_id)
    branches.lift(
        moderator, review, reason="A long talk, and two members who know them well. Nothing speaks against them."
    )
