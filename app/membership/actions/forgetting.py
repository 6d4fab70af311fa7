"""What is over is forgotten: drafts that nobody touches, files of decided applications, codes of vouchers."""

from datetime import date, timedelta

from sqlalchemy import delete, select

from app.kernel import work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import now
from app.kernel.jobs import enqueue
from app.kernel.states import move
from app.kernel.work import action
from app.membership.actions.held import hold, lose_codes
from app.membership.models import DECIDED, Application, ApplicationState, Fingerprint, Question, VouchCode
from app.moderation import actions as moderation

#: For how many days a draft waits for its applicant, a sent application for vouches or an answer, a decided one for
#: questions about it.
DRAFT_DAYS = 30
WAITING_DAYS = 60
FILE_DAYS = 30
CODES_KEPT_DAYS = 30


@action
def forget_what_is_over(actor: Actor) -> None:
    """Shred what has had its time. Harmless when there is nothing. For the hourly task."""
    ensure(actor.kind is Kind.SYSTEM)
    today = now().date()
    _drafts(today - timedelta(days=DRAFT_DAYS))
    _waiting(today - timedelta(days=WAITING_DAYS))
    _files(today - timedelta(days=FILE_DAYS))
    over = today - timedelta(days=CODES_KEPT_DAYS)
    codes = work.session().scalars(delete(VouchCode).where(VouchCode.expires_on < over).returning(VouchCode.key_id))
    keys = list(codes)
    if keys:
        enqueue("vault.shred", keys=keys)


def _drafts(before: date) -> None:
    session = work.session()
    rows = session.scalars(
        delete(Application)
        .where(Application.state == ApplicationState.DRAFT, Application.touched_on < before)
        .returning(Application.key_id)
    )
    keys = list(rows)
    if keys:
        enqueue("vault.shred", keys=keys)


def _waiting(before: date) -> None:
    """Close what waits for vouches, or for the applicant, and nobody comes. Its file goes as a decided one's does."""
    session = work.session()
    wanted = select(Application).where(
        Application.state.in_((ApplicationState.SENT, ApplicationState.QUESTION)), Application.touched_on < before
    )
    for found in list(session.scalars(wanted.limit(100))):
        application = hold(found)
        if application.state in (ApplicationState.SENT, ApplicationState.QUESTION):
            move(session, application, ApplicationState.EXPIRED, decided_on=now().date(), passphrase=None)
            moderation.close_item("application-asks", application.public_id)
            moderation.close_item("application", application.public_id)


def _files(before: date) -> None:
    """Shred the files of what was decided a while ago. State, day and fingerprints stay.

    A return code on a paper, found long after, no longer says that somebody was admitted here.
    """
    session = work.session()
    wanted = select(Application).where(
        Application.state.in_((*DECIDED, ApplicationState.EXPIRED)),
        Application.key_id != "",
        Application.decided_on < before,
    )
    keys = []
    for application in session.scalars(wanted.limit(200)):
        keys.append(application.key_id)
        if application.state is ApplicationState.EXPIRED:  # nobody decided: there is nothing to remember
            session.execute(delete(Fingerprint).where(Fingerprint.application_id == application.id))
        session.execute(delete(Question).where(Question.application_id == application.id))
        if application.state is not ApplicationState.REFUSED:  # who was refused comes back to see from which day
            lose_codes(application)
        application.key_id, application.words, application.outcome = "", b"", None
    if keys:
        enqueue("vault.shred", keys=keys)
