"""What membership holds of a person: their application while it is kept, vouches, codes, and their first weeks."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, select

from app.identity.models import Person, Standing
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.errors import N_
from app.kernel.feature import OwnData
from app.kernel.states import move
from app.kernel.vault import Shredded
from app.membership import records
from app.membership.actions.held import change_lineage, hold, lose_codes
from app.membership.actions.reviewing import wait_again
from app.membership.models import (
    UNDECIDED,
    Application,
    BranchReview,
    FileOpening,
    Probation,
    Question,
    Vouch,
    VouchCode,
    VouchState,
)
from app.membership.queries import doors, ledger, vouching


def export(actor: Actor) -> Iterable[tuple[str, Any]]:
    """What they wrote when they applied, for as long as it is kept, and what they did for others who did."""
    mine = select(Application).where(Application.person_id == actor.person_id)
    yield "application", [opened for one in work.session().scalars(mine) if (opened := _application(one))]
    page = vouching.my_vouching(actor)
    yield (
        "vouching",
        {
            "vouches": [
                {"for": one.name, "state": one.state.value, **_words(actor, one.public_id)}
                for one in [*page.asked, *page.answered]
            ],
            "codes": [{"whom": one.whom, "state": one.state, "until": one.expires} for one in page.codes],
        },
    )
    first = doors.my_doors(actor)
    if first is not None:
        yield "first_weeks", {"ended": first.ended, "review_on": first.review_on, "what_was_said": first.words}


def erase(_actor: Actor, person_id: int) -> Iterable[str]:
    """All of it goes but the place in the sealed chain of vouches, which holds opaque ids alone.

    Others came in by it. Of somebody who was removed the keyed marks of their application stay too.
    """
    session = work.session()
    person = session.get_one(Person, person_id)
    keys = [*_applications(person), *_vouches(person.public_id)]
    codes = delete(VouchCode).where(VouchCode.maker_tag == records.maker_tag(person.public_id))
    keys += session.scalars(codes.returning(VouchCode.key_id))
    for table in (Probation, BranchReview):
        keys += session.scalars(delete(table).where(table.person_id == person_id).returning(table.key_id))
    session.execute(delete(FileOpening).where(FileOpening.person_id == person_id))
    change_lineage(person.public_id, lambda lineage: replace(lineage, vouches=()))
    return keys


def _application(application: Application) -> dict[str, Any] | None:
    """None once its file was shredded."""
    try:
        answers = records.answers_of(application)
        asked = select(Question).where(Question.application_id == application.id).order_by(Question.id)
        questions = [records.open_question(application, one) for one in work.session().scalars(asked)]
    except Shredded:
        return None
    return {
        "name": answers.name,
        "who_knows_me": list(answers.known_by),
        "country": answers.country,
        "what_brings_me": answers.brings,
        "what_i_offer": answers.offers,
        "sent_on": application.sent_on,
        "decided_on": application.decided_on,
        "questions": [{"question": question, "answer": answer} for question, answer in questions],
    }


def _words(actor: Actor, vouch_id: str) -> dict[str, str]:
    """How they said they know the applicant; nothing once that application's file was shredded."""
    vouch, application = vouching.get_my_vouch(actor, vouch_id)
    try:
        said = records.vouch_words(application, vouch)
    except Shredded:
        return {}
    return {"how_i_know_them": said.how, "words": said.words}


def _applications(person: Person) -> Iterator[str]:
    session = work.session()
    for application in session.scalars(select(Application).where(Application.person_id == person.id)).all():
        reasons = select(Vouch.key_id).where(Vouch.application_id == application.id, Vouch.key_id.is_not(None))
        yield from (key_id for key_id in session.scalars(reasons) if key_id)
        if application.key_id:
            yield application.key_id
        if person.standing is Standing.CLOSED:
            session.execute(delete(Question).where(Question.application_id == application.id))
            lose_codes(application)
            application.key_id, application.words, application.outcome, application.passphrase = "", b"", None, None
        else:
            session.delete(application)
        session.flush()


def _vouches(person: str) -> Iterator[str]:
    """Vouches for applications that are not decided end with whoever gave them."""
    session, mine = work.session(), ledger.lineage_of(person).vouches
    if not mine:
        return
    wanted = select(Vouch, Application).join(Application, Application.id == Vouch.application_id)
    for vouch, application in session.execute(wanted.where(Vouch.public_id.in_(mine))).all():
        if vouch.tag != records.voucher_tag(application, person):
            continue
        if vouch.key_id:
            yield vouch.key_id
        vouch.key_id = vouch.reason = None
        if application.state not in UNDECIDED:
            continue
        held = hold(application)
        vouch.words = records.seal_vouch(held, vouch.public_id, records.VouchWords(voucher=person))
        session.flush()
        if vouch.state is VouchState.ASKED:
            move(session, vouch, VouchState.DECLINED)
        elif vouch.state is VouchState.GIVEN:
            move(session, vouch, VouchState.TAKEN_BACK)
            wait_again(held)
    session.flush()


part = OwnData("membership", N_("Joining and vouching"), export, erase)
