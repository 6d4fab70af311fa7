"""What applicants see. They have no login: whoever has the code, or a browser that was given it, sees that one."""

from dataclasses import dataclass
from datetime import date
from statistics import median

from sqlalchemy import func, select

from app.identity import queries as identity
from app.identity.spaces import queries as spaces
from app.kernel import work
from app.kernel.errors import NotFound
from app.membership import records
from app.membership.models import (
    DECIDED,
    Application,
    ApplicationState,
    Question,
    Vouch,
    VouchState,
)

#: Within how many days a decision is promised, and how many decided applications it takes to say how long it really is.
PROMISE_DAYS = 7
ENOUGH_DECIDED = 5
RECENT = 50


@dataclass(frozen=True, slots=True)
class Status:
    """Where an application stands, as its applicant sees it. `usual_days` is None while there are too few to say."""

    state: ApplicationState
    name: str
    ask_code: str
    vouches: int
    sent_on: date | None
    decided_on: date | None
    again_on: date | None
    outcome: records.Outcome | None
    question: str | None
    name_taken: bool
    usual_days: int | None
    promise_days: int = PROMISE_DAYS


def get_mine(public_id: str) -> Application:
    """The application that this browser was given. Raises NotFound when it is gone."""
    wanted = select(Application).where(Application.public_id == public_id)
    found = work.session().scalars(wanted.where(Application.state != ApplicationState.WITHDRAWN)).one_or_none()
    if found is None:
        raise NotFound
    return found


def find_by_code(code: str) -> Application | None:
    """The application with this return code, if there is one."""
    index = records.code_index("application", identity.normal_code(code))
    wanted = select(Application).where(Application.code_index == index)
    return work.session().scalars(wanted.where(Application.state != ApplicationState.WITHDRAWN)).one_or_none()


def status_of(application: Application) -> Status:
    """What the applicant is shown. What was shredded is left out."""
    answers = records.answers_of(application) if application.key_id else records.Answers()
    given = select(func.count(Vouch.id)).where(Vouch.application_id == application.id, Vouch.state == VouchState.GIVEN)
    return Status(
        state=application.state,
        name=answers.name,
        ask_code=answers.ask_code,
        vouches=min(work.session().scalar(given) or 0, 2),
        sent_on=application.sent_on,
        decided_on=application.decided_on,
        again_on=application.again_on,
        outcome=records.outcome_of(application) if application.key_id else None,
        question=_open_question(application),
        name_taken=application.state is ApplicationState.IN_REVIEW and name_taken(answers.name),
        usual_days=usual_days(),
    )


def codes_given(application: Application) -> int:
    """How many members are asked already through their codes."""
    wanted = select(func.count(Vouch.id)).where(Vouch.application_id == application.id)
    return work.session().scalar(wanted) or 0


def name_taken(name: str) -> bool:
    """Whether somebody here has this name or one like it. Never told to somebody for whom nobody has vouched."""
    return spaces.is_taken(name)


def usual_days() -> int | None:
    """How many days the last decisions took in the middle, counted from sending; None while there are too few."""
    rows = work.session().execute(
        select(Application.sent_on, Application.decided_on)
        .where(Application.state.in_(DECIDED), Application.sent_on.is_not(None), Application.decided_on.is_not(None))
        .order_by(Application.id.desc())
        .limit(RECENT)
    )
    took = [(decided - sent).days for sent, decided in rows if sent is not None and decided is not None]
    return max(1, round(median(took))) if len(took) >= ENOUGH_DECIDED else None


def open_question_row(application: Application) -> Question | None:
    """The question that waits for the applicant."""
    wanted = select(Question).where(Question.application_id == application.id, Question.answer.is_(None))
    return work.session().scalars(wanted.order_by(Question.id.desc()).limit(1)).one_or_none()


def _open_question(application: Application) -> str | None:
    if application.state is not ApplicationState.QUESTION:
        return None
    row = open_question_row(application)
    return records.open_question(application, row)[0] if row else None
