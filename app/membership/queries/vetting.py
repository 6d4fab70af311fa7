"""What vetters see of an application. What is in the file comes out only together with its entry in the record of acts:
the action `read_file` calls `file_of`, and nothing else does."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, exists, func, or_, select

from app.identity import queries as identity
from app.identity.models import Cause, Person, Restriction, Standing
from app.kernel import work
from app.kernel.access import Permission, granted
from app.kernel.actor import Actor, Kind
from app.kernel.built import built_once
from app.kernel.db import this_moment
from app.kernel.errors import NotFound
from app.kernel.text import skeleton
from app.membership import policy, records
from app.membership.lineage import independent_pair
from app.membership.models import (
    UNDECIDED,
    Application,
    ApplicationState,
    FileOpening,
    Fingerprint,
    Part,
    Question,
    Trait,
    VettingPart,
    VouchState,
)
from app.membership.queries import applying, ledger, vouching


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody whom the applicant named; `known` whether exactly this name is somebody's here."""

    line: str
    known: bool


@dataclass(frozen=True, slots=True)
class VouchSeen:
    """A vouch as vetters see it."""

    name: str
    state: VouchState
    how: str
    words: str


@dataclass(frozen=True, slots=True)
class Alike:
    """Another application with a fact in common, or somebody here with a name that looks the same."""

    traits: frozenset[Trait]
    state: ApplicationState | None
    decided_on: date | None
    again_on: date | None
    removed: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A vetter's answer, shown when there is nothing left to influence."""

    name: str
    approves: bool
    reason: str


@dataclass(frozen=True, slots=True)
class File:
    """Everything in an application."""

    answers: records.Answers
    named: list[Named]
    vouches: list[VouchSeen]
    independent: bool
    alike: list[Alike]
    questions: list[tuple[str, str | None]]
    said: list[Said]
    name_taken: bool
    #: Somebody with this name, or one that looks like it, was here and was removed.
    name_removed: bool


def get_application(actor: Actor, public_id: str) -> Application:
    """One that was sent, for vetters. Raises NotFound."""
    found: Application | None = work.session().scalars(*_one(actor, public_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


@built_once
def _one(actor: Actor, public_id: str) -> Select[Application]:
    return policy.visible_applications(actor).where(Application.public_id == public_id)


@built_once
def _parts(actor: Actor, application: int) -> Select[Part]:
    mine = (VettingPart.application_id == application) & (VettingPart.vetter_id == actor.person_id)
    return select(VettingPart.part).where(mine)


def position_of(actor: Actor, application: Application) -> policy.Position:
    """Where the actor stands to this application: what they did with it, and to whom of its vouchers they belong."""
    parts = set(work.session().scalars(*_parts(actor, application.id)))
    vouches = vouching.vouches_on(application)
    tag = records.voucher_tag(application, actor.public_id)
    openable = bool(application.key_id)
    given = vouching.given_by(application) if openable else []
    answers = records.answers_of(application) if openable else records.Answers()
    return policy.Position(
        own=application.person_id == actor.id,
        declared=Part.ASIDE in parts,
        asked=any(vouch.tag == tag for vouch in vouches),
        named=skeleton(actor.name) in {skeleton(line) for line in answers.known_by},
        answered=Part.ANSWER in parts,
        lineage=ledger.lineage_of(actor.public_id),
        vouchers=list(ledger.lineages_of(given).values()),
    )


def may_take(actor: Actor, ref: str) -> bool:
    """Whether this application is open to this vetter: for the queue."""
    try:
        application = get_application(actor, ref)
    except NotFound:
        return False
    return policy.can_answer(actor, application, position_of(actor, application))


def may_judge(actor: Actor, ref: str) -> bool:
    """The same while vouches are still missing."""
    try:
        application = get_application(actor, ref)
    except NotFound:
        return False
    return policy.can_judge(actor, application, position_of(actor, application))


def may_open_file(actor: Actor, ref: str) -> bool:
    """Whether this vetter may be one of the two who open a decided application."""
    try:
        application = get_application(actor, ref)
    except NotFound:
        return False
    return policy.can_open_file(actor, application, position_of(actor, application))


def answers_that_count(application: Application) -> list[dict[str, str]]:
    """The answers of those who could still give them, for the action that counts them.

    Not of a vetter who lost the role or is suspended meanwhile, nor of one to whose branch a later voucher belongs.
    """
    return [words for vetter, words in answers_given(application) if _could_still_answer(vetter, application)]


def _could_still_answer(vetter: int, application: Application) -> bool:
    person = work.session().get(Person, vetter)
    if person is None or person.standing is not Standing.ACTIVE:
        return False
    withheld = {one.withheld for one in identity.restrictions_of(vetter)}
    held = granted([one.role for one in person.roles], withheld=withheld)
    actor = Actor(Kind.PERSON, person.public_id, id=vetter, name=identity.name_of(person), permissions=held)
    return policy.can_judge(actor, application, position_of(actor, application))


def answers_given(application: Application) -> list[tuple[int, dict[str, str]]]:
    """Every vetter's answer, opened: for counting them, and for a file that is decided."""
    rows = work.session().scalars(*_answers(application.id))
    return [
        (
            row.vetter_id,
            records.unseal(application.key_id, records.part_place(application, row.vetter_id), row.words),
        )
        for row in rows
    ]


@built_once
def _answers(application: int) -> Select[VettingPart]:
    given = (VettingPart.application_id == application) & (VettingPart.part == Part.ANSWER)
    return select(VettingPart).where(given).order_by(VettingPart.id)


def file_of(application: Application) -> File:
    """All of it. Raises Shredded when the key is gone."""
    answers = records.answers_of(application)
    return File(
        answers=answers,
        named=[Named(line, identity.find_by_name(line) is not None) for line in answers.known_by],
        vouches=_vouches(application),
        independent=has_standing_pair(application),
        alike=alike(application),
        questions=_questions(application),
        said=[] if application.state in UNDECIDED else _said(application),
        name_taken=application.state in UNDECIDED and applying.name_taken(answers.name),
        name_removed=_name_removed(answers.name),
    )


def has_independent_pair(application: Application) -> bool:
    """Whether two who vouch are of different lineage."""
    return independent_pair(list(ledger.lineages_of(vouching.given_by(application)).values())) is not None


def has_standing_pair(application: Application) -> bool:
    """The same, without those who are no longer here or from whom vouching is withheld: their word is in doubt now."""
    return independent_pair(list(ledger.lineages_of(_standing(vouching.given_by(application))).values())) is not None


def _standing(vouchers: list[str]) -> list[str]:
    found = set(work.session().scalars(*_still_here(vouchers)))
    return [one for one in vouchers if one in found]


@built_once
def _still_here(vouchers: Collection[str]) -> Select[str]:
    withheld = exists().where(
        Restriction.person_id == Person.id,
        Restriction.withheld.in_((Permission.VOUCH, Permission.SIGNED_IN)),
        Restriction.lifted_at.is_(None),
        or_(Restriction.until.is_(None), Restriction.until > this_moment()),
    )
    return select(Person.public_id).where(Person.public_id.in_(vouchers), Person.standing == Standing.ACTIVE, ~withheld)


def alike(application: Application) -> list[Alike]:
    """Applications that share a fact with this one, the newest first."""
    found: dict[int, tuple[Application, set[Trait]]] = {}
    for other, trait in work.session().execute(*_alike(application.id)):
        found.setdefault(other.id, (other, set()))[1].add(trait)
    gone = _removed({other.person_id for other, _ in found.values() if other.person_id is not None})
    return [
        Alike(frozenset(traits), other.state, other.decided_on, other.again_on, removed=other.person_id in gone)
        for other, traits in found.values()
    ]


@built_once
def _alike(application: int) -> Select[Application, Trait]:
    own = select(Fingerprint.value).where(Fingerprint.application_id == application)
    return (
        select(Application, Fingerprint.trait)
        .join(Fingerprint, Fingerprint.application_id == Application.id)
        .where(Fingerprint.value.in_(own), Application.id != application)
        .order_by(Application.id.desc())
        .limit(40)
    )


def _name_removed(name: str) -> bool:
    person = identity.find_by_name(name)
    return person is not None and person.id in _removed({person.id})


def _removed(person_ids: set[int]) -> set[int]:
    """Those of these people who were removed: closed for good, or suspended without an end."""
    return set(work.session().scalars(*_gone(person_ids)))


@built_once
def _gone(person_ids: Collection[int]) -> Select[int]:
    without_end = select(Restriction.person_id).where(
        Restriction.withheld == Permission.SIGNED_IN,
        Restriction.cause == Cause.MEASURE,
        Restriction.until.is_(None),
        Restriction.lifted_at.is_(None),
    )
    return select(Person.id).where(
        Person.id.in_(person_ids), or_(Person.standing == Standing.CLOSED, Person.id.in_(without_end))
    )


def barred(name: bytes, known_by: list[bytes], today: date) -> bool:
    """Whether an application with this name and one of these people was refused, and its day has not come."""
    shared = (
        select(Application.id)
        .join(Fingerprint, Fingerprint.application_id == Application.id)
        .where(Application.state == ApplicationState.REFUSED, Application.again_on > today)
    )
    by_name = shared.where(Fingerprint.trait == Trait.NAME, Fingerprint.value == name)
    by_people = shared.where(Fingerprint.trait == Trait.KNOWN_BY, Fingerprint.value.in_(known_by))
    both = select(func.count()).select_from(by_name.intersect(by_people).subquery())
    return bool(work.session().scalar(both))


def may_read_again(actor: Actor, application: Application) -> bool:
    """Whether two persons have opened this file, of whom the actor is one, in the last day."""
    return work.session().scalar(*_opening(actor, application.id)) is not None


@built_once
def _opening(actor: Actor, application: int) -> Select[int]:
    wanted = select(FileOpening.id).where(
        FileOpening.application_id == application,
        FileOpening.person_id == actor.person_id,
        FileOpening.until > this_moment(),
    )
    return wanted.limit(1)


def _vouches(application: Application) -> list[VouchSeen]:
    rows = [(vouch, records.vouch_words(application, vouch)) for vouch in vouching.vouches_on(application)]
    people = ledger.numbers_of([words.voucher for _, words in rows])
    names = dict(identity.names_of(list(people.values())).values())
    return [VouchSeen(names.get(words.voucher, ""), vouch.state, words.how, words.words) for vouch, words in rows]


def _questions(application: Application) -> list[tuple[str, str | None]]:
    rows = work.session().scalars(*_asked(application.id))
    return [records.open_question(application, row) for row in rows]


@built_once
def _asked(application: int) -> Select[Question]:
    return select(Question).where(Question.application_id == application).order_by(Question.id)


def _said(application: Application) -> list[Said]:
    given = answers_given(application)
    names = identity.names_of([vetter for vetter, _ in given])
    return [
        Said(names[vetter][1] if vetter in names else "", words["answer"] == "approve", words["reason"])
        for vetter, words in given
    ]
