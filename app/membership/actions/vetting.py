"""Verbs of vetters. Each decides without seeing what another one answered; two who agree decide."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.identity import queries as identity
from app.identity.actions import add_person
from app.identity.models import Person
from app.kernel import audit, work
from app.kernel.access import Permission, Role
from app.kernel.actor import Actor, ensure
from app.kernel.db import new_public_id, now
from app.kernel.errors import N_, Conflict, Invalid
from app.kernel.states import move
from app.kernel.vault import Place
from app.kernel.work import action
from app.membership import policy, records
from app.membership.actions import asking
from app.membership.actions.held import change_lineage, hold
from app.membership.actions.probation import begin_probation
from app.membership.lineage import descending
from app.membership.models import (
    UNDECIDED,
    Application,
    ApplicationState,
    FileOpening,
    Part,
    Question,
    VettingPart,
)
from app.membership.queries import applying, ledger, vetting, vouching
from app.membership.wording import Why
from app.moderation import actions as moderation
from app.moderation.actions.queue import leave_all
from app.moderation.models import Proposal
from app.notifications.actions import notify

AGAIN_DAYS = 180
OPEN_FOR = timedelta(hours=24)
ANSWERED = N_("You have answered already.")
NOBODY = N_("Nobody here has exactly this name.")
CANNOT_VOUCH = N_("This member cannot vouch now: they are new here, or it is paused for them.")
NAME_TAKEN = N_("A member has this name or one like it. The applicant is asked for another one; answer after that.")

IN_DOUBT = N_(
    "Somebody who vouches here is paused or has left, so that two of different lineage are missing. Let it wait, or ask "
    "the applicant for another member who knows them."
)


@action
def read_file(actor: Actor, application: Application) -> vetting.File:
    """Everything in an application, and the entry in the record that the actor read it: both or neither.

    Raises Forbidden for whoever must stand aside, and for a decided one that two persons did not open.
    """
    position = vetting.position_of(actor, application)
    again = application.state not in UNDECIDED and vetting.may_read_again(actor, application)
    ensure(policy.can_judge(actor, application, position) or again)
    audit.record(actor, "application.read", target_kind="application", target=application.public_id)
    return vetting.file_of(application)


@action
def stand_aside(actor: Actor, application: Application, *, reason: str) -> None:
    """Take no part, for a reason of one's own. Raises Forbidden, Conflict after one's own answer."""
    application = _judging(actor, application)
    _take_part(actor, application, Part.ASIDE, {"reason": reason})
    audit.record(
        actor, "application.stand-aside", target_kind="application", target=application.public_id, reason=reason
    )
    leave_all(actor)


@action
def ask_member(actor: Actor, application: Application, *, name: str) -> None:
    """Ask a member whom the applicant named to vouch; they are told. Raises Invalid, Conflict when asked before."""
    application = _judging(actor, application)
    person = identity.find_by_name(name)
    if person is None:
        raise Invalid(NOBODY)
    if person.id == actor.id or not _may_be_asked(person):
        raise Invalid(CANNOT_VOUCH)
    vouch = asking.ask(application, person.public_id)
    notify([person.id], "vouch.asked", vouch.public_id)
    audit.record(actor, "application.ask-member", target_kind="application", target=application.public_id)


@action
def finish_asking(actor: Actor, application: Application) -> None:
    """Take an application out of the queue until its vouches are there. Raises Forbidden."""
    application = _judging(actor, application)
    moderation.close_item("application-asks", application.public_id)
    audit.record(actor, "application.asked", target_kind="application", target=application.public_id)


@action
def ask_applicant(actor: Actor, application: Application, *, words: str) -> None:
    """Ask the applicant something, who answers on the page of their code. Raises Forbidden, Conflict."""
    application = _judging(actor, application)
    public_id = new_public_id()
    place = Place("application_question", public_id, "question")
    sealed = work.house().vault.seal(application.key_id, place, words.encode())
    work.session().add(Question(public_id=public_id, application_id=application.id, question=sealed))
    move(work.session(), application, ApplicationState.QUESTION)
    moderation.close_item("application", application.public_id)
    audit.record(actor, "application.ask", target_kind="application", target=application.public_id)


@action
def answer(
    actor: Actor, application: Application, *, approves: bool, reason: str, why: Why | None = None, words: str = ""
) -> None:
    """Say yes or no, without knowing what others said. Two who agree decide, a third one when two do not.

    `reason` is for the file, `why` and `words` for the applicant where the answer is no. Raises Forbidden for whoever
    must stand aside, Conflict when they answered already or others decided meanwhile.
    """
    application = hold(application)
    if application.state is not ApplicationState.IN_REVIEW:
        raise Conflict
    position = vetting.position_of(actor, application)
    if position.answered:
        raise Conflict(ANSWERED)
    ensure(policy.can_answer(actor, application, position))
    if approves and applying.name_taken(records.answers_of(application).name):
        raise Invalid(NAME_TAKEN)
    if approves and not vetting.has_standing_pair(application):
        raise Invalid(IN_DOUBT)
    told = {
        "answer": "approve" if approves else "refuse",
        "reason": reason,
        "why": (why or Why.OTHER).value,
        "words": words,
    }
    _take_part(actor, application, Part.ANSWER, told)
    audit.record(actor, "application.answer", target_kind="application", target=application.public_id)
    _decide(actor, application)
    leave_all(actor)


def open_file(actor: Actor, ref: str, details: dict[str, str]) -> None:
    """Let two persons read a decided application for a day, and tell its person. What consenting to it carries out."""
    application = hold(vetting.get_application(actor, ref))
    ensure(vetting.may_open_file(actor, ref))
    session, moment = work.session(), now()
    proposer = session.scalar(select(Proposal.proposer_id).where(Proposal.public_id == details["proposal"]))
    readers = {number for number in (proposer, actor.id) if number is not None}
    session.add_all(
        FileOpening(application_id=application.id, person_id=number, opened_on=moment.date(), until=moment + OPEN_FOR)
        for number in sorted(readers)
    )
    audit.record(actor, "application.open-file", target_kind="application", target=ref)
    if application.person_id is not None:
        notify([application.person_id], "application.file-opened")


def _judging(actor: Actor, application: Application) -> Application:
    application = hold(application)
    ensure(policy.can_judge(actor, application, vetting.position_of(actor, application)))
    return application


def _take_part(actor: Actor, application: Application, part: Part, words: dict[str, str]) -> None:
    place = records.part_place(application, actor.person_id)
    sealed = records.seal(application.key_id, place, words)
    session = work.session()
    session.add(VettingPart(application_id=application.id, vetter_id=actor.person_id, part=part, words=sealed))
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(ANSWERED) from error


def _may_be_asked(person: Person) -> bool:
    held = Role.MEMBER in {role.role for role in person.roles}
    paused = any(
        one.withheld in (Permission.VOUCH, Permission.SIGNED_IN) for one in identity.restrictions_of(person.id)
    )
    return held and not paused and policy.settled_on(person.joined_on) <= now().date()


def _decide(actor: Actor, application: Application) -> None:
    given = vetting.answers_that_count(application)
    approvals = sum(words["answer"] == "approve" for words in given)
    if approvals >= 2:
        _admit(actor, application)
    elif len(given) - approvals >= 2:
        last = next(words for words in reversed(given) if words["answer"] == "refuse")
        _refuse(actor, application, records.Outcome(last["why"], last["words"]))


def _admit(actor: Actor, application: Application) -> None:
    vault, answers = work.house().vault, records.answers_of(application)
    ensure(vetting.has_standing_pair(application) and application.passphrase is not None)
    sealed = application.passphrase or b""
    hashed = vault.open(application.key_id, records.passphrase_place(application), sealed).decode()
    person = add_person(answers.name, hashed, roles=(Role.MEMBER,), language=application.language)
    vouchers = vouching.given_by(application)
    by = list(ledger.lineages_of(vouchers).values())
    change_lineage(person.public_id, lambda _: descending(person.public_id, by))
    for voucher in sorted(vouchers):
        change_lineage(voucher, lambda lineage: lineage.with_below(person.public_id))
    move(
        work.session(),
        application,
        ApplicationState.APPROVED,
        decided_on=now().date(),
        passphrase=None,
        person_id=person.id,
    )
    begin_probation(actor, person)
    moderation.close_item("application", application.public_id)
    audit.record(actor, "application.approve", target_kind="application", target=application.public_id)
    notify(list(ledger.numbers_of(vouchers).values()), "vouch.accepted")
    notify([person.id], "membership.welcome")


def _refuse(actor: Actor, application: Application, outcome: records.Outcome) -> None:
    today = now().date()
    sealed = records.seal(
        application.key_id, records.outcome_place(application), {"why": outcome.why, "words": outcome.words}
    )
    move(
        work.session(),
        application,
        ApplicationState.REFUSED,
        decided_on=today,
        again_on=today + timedelta(days=AGAIN_DAYS),
        passphrase=None,
        outcome=sealed,
    )
    moderation.close_item("application", application.public_id)
    audit.record(actor, "application.refuse", target_kind="application", target=application.public_id)
