"""Vetting: blind, by two who belong to nobody in it, with a third when they differ."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.identity import passphrases
from app.identity import queries as identity
from app.identity.models import Person, PersonRole
from app.kernel import work
from app.kernel.access import Permission, Role
from app.kernel.actor import STRANGER, system
from app.kernel.audit import AuditEntry
from app.kernel.db import now
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from app.kernel.house import House
from app.kernel.signals import Words
from app.membership.actions import applying, vetting
from app.membership.models import ApplicationState, FileOpening, Trait
from app.membership.policy import Aside
from app.membership.queries import doors
from app.membership.queries import vetting as queries
from app.membership.wording import Why
from app.moderation import actions as moderation
from app.moderation.models import Category, Proposal
from tests.factories import Factory
from tests.membership.people import Applicant, People


def may_take(people: People, vetter: object, applicant: Applicant) -> bool:
    with work.scope(people.house):
        return queries.may_take(vetter, applicant.public_id)  # type: ignore[arg-type]  # an actor


def test_two_who_agree_admit_somebody_who_then_signs_in_with_name_and_passphrase(people: People, house: House) -> None:
    applicant, actor = people.admitted("Amal")
    assert applicant.is_in(ApplicationState.APPROVED)
    assert actor.name == "Amal"
    assert actor.language == "ar"
    assert not actor.holds(Permission.VOUCH)
    with work.scope(house):
        token = identity_sign_in("Amal")
    assert token


def identity_sign_in(name: str) -> str:
    """Whether the passphrase that was given with the application opens the login."""
    person = identity.find_by_name(name)
    assert person is not None
    stored = identity.passphrase_hash(person)
    assert passphrases.matches(work.house(), stored, "copper window ninety swallows")
    return person.public_id


@pytest.mark.one_database
def test_one_answer_decides_nothing(people: People) -> None:
    applicant = people.in_review()
    applicant.answered_by(people.vetter())
    assert applicant.is_in(ApplicationState.IN_REVIEW)


@pytest.mark.parametrize(("third", "outcome"), [(True, ApplicationState.APPROVED), (False, ApplicationState.REFUSED)])
def test_a_third_vetter_decides_where_two_differ(people: People, third: bool, outcome: ApplicationState) -> None:
    applicant = people.in_review()
    applicant.answered_by(people.vetter(), approves=True)
    applicant.answered_by(people.vetter(), approves=False)
    assert applicant.is_in(ApplicationState.IN_REVIEW)
    applicant.answered_by(people.vetter(), approves=third)
    assert applicant.is_in(outcome)


def test_nobody_answers_twice_or_before_two_have_vouched_or_after_it_is_decided(people: People) -> None:
    vetter, applicant = people.vetter(), people.sent()
    applicant.vouched_by(people.settled())
    with pytest.raises(Conflict):
        applicant.answered_by(vetter)
    applicant.vouched_by(people.settled())
    applicant.answered_by(vetter)
    with pytest.raises(Conflict):
        applicant.answered_by(vetter)
    applicant.answered_by(people.vetter())
    with pytest.raises(Conflict):
        applicant.answered_by(people.vetter())


@pytest.mark.one_database
def test_a_vetter_does_not_see_the_other_answer_before_it_is_decided(people: People, house: House) -> None:
    applicant, other = people.in_review(), people.vetter()
    applicant.answered_by(people.vetter(), approves=False, reason="Vermilion doubts")
    with work.scope(house):
        file = vetting.read_file(other, applicant.application())
        assert "Vermilion" not in repr(file)
        assert file.said == []


@pytest.mark.one_database
def test_an_inviter_a_voucher_and_whoever_shares_their_branch_stand_aside(people: People, house: House) -> None:
    voucher, other = people.vetter(), people.settled()
    child = people.descends(people.vetter(), voucher, people.settled())
    asked = people.vetter()
    applicant = people.sent(codes=(people.code(asked),))
    applicant.vouched_by(voucher)
    applicant.vouched_by(other)
    for vetter, aside in ((voucher, Aside.VOUCHER), (asked, Aside.VOUCHER), (child, Aside.BRANCH)):
        with work.scope(house):
            assert queries.position_of(vetter, applicant.application()).aside is aside
        assert not may_take(people, vetter, applicant)
        with pytest.raises(Forbidden):
            applicant.answered_by(vetter)
        with work.scope(house), pytest.raises(Forbidden):
            vetting.read_file(vetter, applicant.application())
    assert may_take(people, people.vetter(), applicant)


@pytest.mark.one_database
def test_whom_the_applicant_named_stands_aside(people: People, house: House) -> None:
    named = people.vetter("Nour Eddin")
    applicant = people.sent(known_by=("nour eddin",))
    for voucher in (people.settled(), people.settled()):
        applicant.vouched_by(voucher)
    with pytest.raises(Forbidden):
        applicant.answered_by(named)


def test_whoever_declares_a_conflict_takes_no_further_part(people: People, house: House) -> None:
    vetter, applicant = people.vetter(), people.in_review()
    with work.scope(house):
        vetting.stand_aside(vetter, applicant.application(), reason="We worked together")
    with pytest.raises(Forbidden):
        applicant.answered_by(vetter)
    with work.scope(house), pytest.raises(Forbidden):
        vetting.read_file(vetter, applicant.application())


@pytest.mark.one_database
def test_a_moderator_vets_and_a_member_does_not_even_find_the_application(people: People, house: House) -> None:
    applicant, member = people.in_review(), people.settled()
    with work.scope(house), pytest.raises(NotFound):
        queries.get_application(member, applicant.public_id)
    with pytest.raises(Forbidden):
        applicant.answered_by(member)
    applicant.answered_by(people.moderator())
    applicant.answered_by(people.moderator())
    assert applicant.is_in(ApplicationState.APPROVED)


@pytest.mark.one_database
def test_a_draft_is_found_by_no_vetter(people: People, house: House) -> None:
    applicant = people.draft()
    with work.scope(house), pytest.raises(NotFound):
        queries.get_application(people.vetter(), applicant.public_id)


def test_every_reading_of_a_file_is_noted(people: People, house: House) -> None:
    vetter, applicant = people.vetter(), people.in_review()
    with work.scope(house) as opened:
        vetting.read_file(vetter, applicant.application())
        noted = opened.session.scalars(select(AuditEntry).where(AuditEntry.act == "application.read")).all()
        assert [(entry.actor, entry.target) for entry in noted] == [(vetter.public_id, applicant.public_id)]


@pytest.mark.one_database
def test_the_refused_are_given_a_reason_and_a_day_and_not_what_was_meant_for_the_file(people: People) -> None:
    applicant = people.in_review()
    for _ in range(2):
        applicant.answered_by(
            people.vetter(), approves=False, reason="Vermilion", why=Why.NOT_KNOWN_ENOUGH, words="Come back in spring"
        )
    status = applicant.status()
    assert status.state is ApplicationState.REFUSED
    assert status.outcome is not None
    assert (status.outcome.why, status.outcome.words) == ("not-known-enough", "Come back in spring")
    assert status.again_on == now().date() + timedelta(days=180)
    assert "Vermilion" not in repr(status)


def refused(people: People, name: str, *known_by: str) -> Applicant:
    applicant = people.sent(name, known_by=known_by)
    for voucher in (people.settled(), people.settled()):
        applicant.vouched_by(voucher)
    for _ in range(2):
        applicant.answered_by(people.vetter(), approves=False)
    return applicant


def test_whoever_was_refused_is_recognised_by_the_vetters_under_the_same_name(people: People, house: House) -> None:
    first = refused(people, "Amal Nasser", "Rami")
    again = people.in_review("AMAL  NASSER")
    with work.scope(house):
        [alike] = vetting.read_file(people.vetter(), again.application()).alike
    assert alike.traits == {Trait.NAME}
    assert (alike.state, alike.again_on) == (ApplicationState.REFUSED, first.now().again_on)


@pytest.mark.one_database
def test_a_removed_member_who_applies_again_is_recognised(house: House, people: People) -> None:
    _first, member = people.admitted("Amal")
    one, other = people.moderator(), people.moderator()
    with work.scope(house) as opened:
        person = opened.session.get_one(Person, member.person_id)
        proposal = moderation.propose_removal(
            one, person, category=Category.SAFETY, reason="Told others who is here", words=Words.KEEP
        )
        moderation.consent(other, proposal)
    again, somebody_else = people.in_review("Amal"), people.in_review("Tamim")
    with work.scope(house):
        file = vetting.read_file(people.vetter(), again.application())
        plain = vetting.read_file(people.vetter(), somebody_else.application())
    assert file.name_removed
    assert [alike.removed for alike in file.alike] == [True]
    assert not plain.name_removed
    assert not any(alike.removed for alike in plain.alike)


@pytest.mark.one_database
def test_before_the_day_the_same_name_and_people_cannot_be_sent_again_and_after_it_can(people: People) -> None:
    first = refused(people, "Amal Nasser", "Rami", "Lina")
    with pytest.raises(Invalid, match="If you applied before"):
        people.sent("amal nasser", known_by=("LINA",))
    assert people.sent("amal nasser", known_by=("Somebody else",)).is_in(ApplicationState.SENT)
    first.change(again_on=now().date())
    assert people.sent("amal nasser", known_by=("LINA",)).is_in(ApplicationState.SENT)


@pytest.mark.one_database
def test_a_stranger_does_not_learn_from_the_form_who_is_here(people: People) -> None:
    people.settled("Nour Eddin")
    assert people.sent("Nour Eddin").is_in(ApplicationState.SENT)


@pytest.mark.one_database
def test_a_name_that_a_member_has_is_changed_before_anybody_is_admitted_under_it(people: People, house: House) -> None:
    people.settled("Nour Eddin")
    applicant = people.in_review("Nоur Eddin".replace("о", "o"))
    with pytest.raises(Invalid, match="A member has this name"):
        applicant.answered_by(people.vetter())
    assert applicant.status().name_taken
    with work.scope(house):
        with pytest.raises(Invalid):
            applying.choose_another_name(STRANGER, applicant.application(), name="NOUR EDDIN")
        applying.choose_another_name(STRANGER, applicant.application(), name="Nour al-Sham")
    for _ in range(2):
        applicant.answered_by(people.vetter())
    assert applicant.is_in(ApplicationState.APPROVED)


@pytest.mark.one_database
def test_nobody_with_a_free_name_asks_which_names_are_taken(people: People, house: House) -> None:
    applicant = people.in_review("Amal")
    with work.scope(house), pytest.raises(Conflict):
        applying.choose_another_name(STRANGER, applicant.application(), name="Nour")


@pytest.mark.one_database
def test_a_question_waits_for_the_applicant_and_is_answered_once(people: People, house: House) -> None:
    vetter, applicant = people.vetter(), people.in_review()
    with work.scope(house):
        vetting.ask_applicant(vetter, applicant.application(), words="Which language do you write best?")
    status = applicant.status()
    assert (status.state, status.question) == (ApplicationState.QUESTION, "Which language do you write best?")
    with pytest.raises(Conflict):
        applicant.answered_by(vetter)
    with work.scope(house):
        applying.answer_question(STRANGER, applicant.application(), words="Kurmanji")
        with pytest.raises(Conflict):
            applying.answer_question(STRANGER, applicant.application(), words="Again")
        file = vetting.read_file(vetter, applicant.application())
    assert file.questions == [("Which language do you write best?", "Kurmanji")]
    applicant.answered_by(vetter)


@pytest.mark.one_database
def test_a_vetter_asks_whom_the_applicant_named(people: People, house: House, make: Factory) -> None:
    vetter, known = people.vetter(), people.settled("Rami")
    newcomer = make.person("Tala")
    applicant = people.sent(known_by=("Rami", "Tala"))
    with work.scope(house):
        for name in ("Nobody Known", newcomer.name, vetter.name):
            with pytest.raises(Invalid):
                vetting.ask_member(vetter, applicant.application(), name=name)
        vetting.ask_member(vetter, applicant.application(), name="Rami")
        with pytest.raises(Conflict):
            vetting.ask_member(vetter, applicant.application(), name="Rami")
    [vouch] = applicant.vouch_rows()
    applicant.give(known, vouch.public_id)


def test_a_decided_file_is_shut_and_two_persons_open_it_for_a_day(people: People, house: House) -> None:
    applicant, actor = people.admitted()
    one, other, third = people.vetter(), people.vetter(), people.vetter()
    with work.scope(house), pytest.raises(Forbidden):
        vetting.read_file(one, applicant.application())
    with work.scope(house):
        proposal = moderation.propose(one, "application.open-file", applicant.public_id, reason="A serious doubt")
        number = proposal.id
        with pytest.raises(Forbidden):
            moderation.consent(one, proposal)
    with work.scope(house) as opened:
        moderation.consent(other, opened.session.get_one(Proposal, number))
    for reader in (one, other):
        with work.scope(house):
            assert vetting.read_file(reader, applicant.application()).said
    with work.scope(house), pytest.raises(Forbidden):
        vetting.read_file(third, applicant.application())
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(FileOpening).values(until=now()))
    with work.scope(house), pytest.raises(Forbidden):
        vetting.read_file(one, applicant.application())
    with work.scope(house):
        seen = doors.my_doors(actor)
        assert seen is not None
        assert seen.opened == [now().date()]


@pytest.mark.one_database
def test_nobody_opens_their_own_file(people: People, house: House, make: Factory) -> None:
    applicant, actor = people.admitted()
    with work.scope(house) as opened, opened.writing():
        opened.session.add(PersonRole(person_id=actor.person_id, role=Role.VETTER))
    vetter = make.actor(make.another_session(actor))
    with work.scope(house), pytest.raises(Forbidden):
        moderation.propose(vetter, "application.open-file", applicant.public_id, reason="I want to know")


@pytest.mark.one_database
def test_the_system_vets_nothing(people: People) -> None:
    applicant = people.in_review()
    with pytest.raises(Forbidden):
        applicant.answered_by(system("test"))
