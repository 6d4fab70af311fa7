"""Verbs of whoever applies. They have no login: the door has checked their code, or the browser that was given it."""

from dataclasses import replace

from sqlalchemy import delete

from app.identity import passphrases
from app.identity.naming import NAME_TAKEN, proper_name
from app.kernel import work
from app.kernel.actor import Actor, ensure
from app.kernel.db import new_public_id, now
from app.kernel.errors import N_, Conflict, Invalid
from app.kernel.jobs import enqueue
from app.kernel.limits import Budget
from app.kernel.states import move
from app.kernel.vault import Purpose
from app.kernel.work import action
from app.membership import policy, records
from app.membership.actions import asking
from app.membership.actions.held import grouped, hold, lose_codes, new_code, touch
from app.membership.models import (
    Application,
    ApplicationState,
    CodeState,
    Fingerprint,
    Question,
    Trait,
    VettingPart,
    Vouch,
    VouchState,
)
from app.membership.queries import applying, vetting, vouching
from app.moderation import actions as moderation
from app.notifications.actions import notify

BEGIN_BY_NETWORK = Budget("apply-network", "6 per hour; 30 per day")
CODE_BY_NETWORK = Budget("apply-code-network", "10 per minute; 60 per hour")
RENAME = Budget("apply-rename", "6 per day")
#: Codes of members in one application.
CODES_AT_MOST = 4
WRONG_CODE = N_(
    "No application has this code. Check it letter by letter. Those that were left alone for 30 days are gone."
)
WRONG_VOUCH_CODE = N_("One of the codes cannot be used. Check it letter by letter, or ask whoever gave it to you.")
TOO_MANY_CODES = N_("Four members are enough. You can take no more codes.")
#: The same words for everybody who must wait, whatever we recognised.
TOO_EARLY = N_("This cannot be sent now. If you applied before, its answer says from which day you can apply again.")
NOT_WHOLE = N_("Something is missing in an earlier step. Go back to it; what you wrote is still there.")


def start(actor: Actor, *, language: str, network: str) -> tuple[Application, str]:
    """Begin an application and return it with the code by which the applicant comes back. The code is not stored.

    Raises Forbidden for whoever is signed in, TooMany when the network began too many.
    """
    ensure(policy.can_apply(actor))
    work.house().budgets.spend(BEGIN_BY_NETWORK, network)
    return _start(actor, language)


@action
def _start(_actor: Actor, language: str) -> tuple[Application, str]:
    code, ask = new_code(), new_code()
    application = Application(
        public_id=new_public_id(),
        code_index=records.code_index("application", code),
        ask_index=records.code_index("application-ask", ask),
        key_id=work.house().vault.create_key(Purpose.PERSON),
        language=language,
        touched_on=now().date(),
    )
    application.words = records.seal_answers(application, records.Answers(ask_code=grouped(ask)))
    work.session().add(application)
    work.session().flush()
    return application, grouped(code)


def come_back(actor: Actor, code: str, *, network: str) -> Application:
    """The application with this code. Raises Invalid, always in the same words, and TooMany."""
    ensure(policy.can_apply(actor))
    work.house().budgets.spend(CODE_BY_NETWORK, network)
    found = applying.find_by_code(code)
    if found is None:
        raise Invalid(WRONG_CODE)
    return found


@action
def choose_name(actor: Actor, application: Application, *, name: str) -> None:
    """Keep the name by which the applicant wants to be called. Raises Invalid in words, Forbidden once it is sent.

    Whether somebody here has it is not told: whoever asks is a stranger.
    """
    chosen = proper_name(name)
    _write(actor, application, step=3, name=chosen)


@action
def say_who_knows(actor: Actor, application: Application, *, known_by: list[str], codes: list[str]) -> None:
    """Keep who knows the applicant, and use the codes that members gave them: each asks its member, once it is sent.

    Raises Invalid for a code that cannot be used, Conflict when somebody was faster with it.
    """
    application = _write(actor, application, step=4, known_by=tuple(known_by))
    if applying.codes_given(application) + len(codes) > CODES_AT_MOST:
        raise Invalid(TOO_MANY_CODES)
    for code in codes:
        found = vouching.find_code(code)
        if found is None:
            raise Invalid(WRONG_VOUCH_CODE)
        voucher = records.code_words(found)["voucher"]
        move(work.session(), found, CodeState.USED)
        asking.ask(application, voucher)


@action
def say_why(actor: Actor, application: Application, *, country: str, brings: str, offers: str) -> None:
    """Keep what brings the applicant here and what they could offer."""
    _write(actor, application, step=5, country=country, brings=brings, offers=offers)


def send(actor: Actor, application: Application, *, passphrase: str) -> None:
    """Send the application, with the passphrase by which its person will sign in.

    Raises Invalid when the passphrase does not do, a step is missing, or it is too early to apply again.
    """
    ensure(policy.can_write(actor, application))
    answers = records.answers_of(application)
    if not answers.name or not answers.brings:
        raise Invalid(NOT_WHOLE)
    passphrases.check(passphrase, name=answers.name)
    work.release()
    _send(actor, application, passphrases.hash_passphrase(work.house(), passphrase))


@action
def _send(actor: Actor, application: Application, hashed: str) -> None:
    application = hold(application)
    ensure(policy.can_write(actor, application))
    answers = records.answers_of(application)
    name, known_by = records.name_mark(answers.name), records.known_by_marks(answers.known_by)
    session, today = work.session(), now().date()
    if vetting.barred(name, known_by, today):
        raise Invalid(TOO_EARLY)
    sealed = work.house().vault.seal(application.key_id, records.passphrase_place(application), hashed.encode())
    move(session, application, ApplicationState.SENT, passphrase=sealed, sent_on=today, touched_on=today)
    session.add(Fingerprint(application_id=application.id, trait=Trait.NAME, value=name))
    session.add_all(Fingerprint(application_id=application.id, trait=Trait.KNOWN_BY, value=mark) for mark in known_by)
    session.flush()
    asked = [vouch for vouch in vouching.vouches_on(application) if vouch.state is VouchState.ASKED]
    for vouch in asked:
        notify([asking.number_of(application, vouch)], "vouch.asked", vouch.public_id)
    if answers.known_by:
        moderation.open_item("application-asks", application.public_id)


@action
def answer_question(actor: Actor, application: Application, *, words: str) -> None:
    """Answer what a vetter asked. Raises Conflict when no question is open any more."""
    ensure(policy.can_apply(actor))
    application = hold(application)
    question: Question | None = applying.open_question_row(application)
    if question is None or application.state is not ApplicationState.QUESTION:
        raise Conflict
    place = records.question_place(question, "answer")
    question.answer = work.house().vault.seal(application.key_id, place, words.encode())
    move(work.session(), application, ApplicationState.IN_REVIEW, touched_on=now().date())
    moderation.open_item("application", application.public_id)


def choose_another_name(actor: Actor, application: Application, *, name: str) -> None:
    """Take another name when somebody here turned out to have the first one, or one like it.

    Only for those who wait for a decision with two who vouch for them, and a few times a day: it tells who is here.
    """
    work.house().budgets.spend(RENAME, application.public_id)
    _rename(actor, application, proper_name(name))


@action
def _rename(actor: Actor, application: Application, chosen: str) -> None:
    ensure(policy.can_apply(actor))
    application = hold(application)
    answers = records.answers_of(application)
    if application.state is not ApplicationState.IN_REVIEW or not applying.name_taken(answers.name):
        raise Conflict
    if applying.name_taken(chosen):
        raise Invalid(NAME_TAKEN)
    application.words = records.seal_answers(application, replace(answers, name=chosen))
    mark = records.name_mark(chosen)
    work.session().add(Fingerprint(application_id=application.id, trait=Trait.NAME, value=mark))
    touch(application)


@action
def withdraw(actor: Actor, application: Application) -> None:
    """Take the application back for good: all that was written is shredded, and no mark of it stays but the row's state.

    Raises Forbidden when it is decided.
    """
    application = hold(application)
    ensure(policy.can_withdraw(actor, application))
    ref = application.public_id
    _forget(application, ApplicationState.WITHDRAWN)
    moderation.close_item("application", ref)
    moderation.close_item("application-asks", ref)


def _forget(application: Application, to: ApplicationState) -> None:
    """Empty an application: nothing of it can be found or opened any more."""
    session, key_id = work.session(), application.key_id
    lose_codes(application)
    for model in (Fingerprint, Question, Vouch, VettingPart):
        session.execute(delete(model).where(model.application_id == application.id))
    move(
        session,
        application,
        to,
        key_id="",
        words=b"",
        passphrase=None,
        sent_on=None,
        step=0,
        touched_on=now().date().replace(day=1),
    )
    enqueue("vault.shred", keys=[key_id])


def _write(actor: Actor, application: Application, *, step: int, **changes: str | tuple[str, ...]) -> Application:
    application = hold(application)
    ensure(policy.can_write(actor, application))
    answers = replace(records.answers_of(application), **changes)  # type: ignore[arg-type]  # names of its own fields
    application.words = records.seal_answers(application, answers)
    application.step = max(application.step, step)
    touch(application)
    return application
