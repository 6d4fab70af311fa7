"""Applications and what belongs to them: vouches, answers of vetters, probation, the sealed lineage, frozen branches.

Whose vouch, and for whom, never stands in the clear: whoever reads the disk finds states, days and keyed marks.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Row, RowId, State, UtcTime
from app.kernel.states import States


class ApplicationState(States):
    """SENT waits for two vouches of different lineage; IN_REVIEW for the vetters; QUESTION for the applicant."""

    DRAFT = "draft"
    SENT = "sent"
    IN_REVIEW = "in-review"
    QUESTION = "question"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"

    @classmethod
    def steps(cls) -> "dict[ApplicationState, frozenset[ApplicationState]]":
        over = frozenset({cls.WITHDRAWN, cls.EXPIRED})
        return {
            cls.DRAFT: over | {cls.SENT},
            cls.SENT: over | {cls.IN_REVIEW},
            # Back to SENT when a vouch is taken back.
            cls.IN_REVIEW: frozenset({cls.WITHDRAWN, cls.SENT, cls.QUESTION, cls.APPROVED, cls.REFUSED}),
            cls.QUESTION: over | {cls.IN_REVIEW, cls.SENT},
        }


#: An application that was sent and is not decided.
UNDECIDED = (ApplicationState.SENT, ApplicationState.IN_REVIEW, ApplicationState.QUESTION)
DECIDED = (ApplicationState.APPROVED, ApplicationState.REFUSED)


class VouchState(States):
    ASKED = "asked"
    GIVEN = "given"
    DECLINED = "declined"
    TAKEN_BACK = "taken-back"

    @classmethod
    def steps(cls) -> "dict[VouchState, frozenset[VouchState]]":
        return {cls.ASKED: frozenset({cls.GIVEN, cls.DECLINED}), cls.GIVEN: frozenset({cls.TAKEN_BACK})}


class CodeState(States):
    OPEN = "open"
    USED = "used"
    WITHDRAWN = "withdrawn"

    @classmethod
    def steps(cls) -> "dict[CodeState, frozenset[CodeState]]":
        return {cls.OPEN: frozenset({cls.USED, cls.WITHDRAWN})}


class ProbationState(States):
    OPEN = "open"
    ENDED = "ended"

    @classmethod
    def steps(cls) -> "dict[ProbationState, frozenset[ProbationState]]":
        return {cls.OPEN: frozenset({cls.ENDED})}


class ReviewState(States):
    PAUSED = "paused"
    LIFTED = "lifted"

    @classmethod
    def steps(cls) -> "dict[ReviewState, frozenset[ReviewState]]":
        return {cls.PAUSED: frozenset({cls.LIFTED})}


class Part(StrEnum):
    """What a vetter did with an application: answered, or stood aside."""

    ANSWER = "answer"
    ASIDE = "aside"


class Trait(StrEnum):
    """Of which fact a fingerprint is."""

    NAME = "name"
    KNOWN_BY = "known-by"


class Application(Row, Base):
    """One application. Everything that the applicant wrote is sealed with its own key, and shredded with it."""

    __tablename__ = "application"

    #: The code by which the applicant comes back, and the one that they give to a member who may vouch.
    code_index: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    ask_index: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    key_id: Mapped[str] = mapped_column(String(16))
    words: Mapped[bytes] = mapped_column(LargeBinary)
    passphrase: Mapped[bytes | None] = mapped_column(LargeBinary)
    outcome: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[ApplicationState] = mapped_column(State(ApplicationState), default=ApplicationState.DRAFT, index=True)
    step: Mapped[int] = mapped_column(Integer, default=2)
    language: Mapped[str] = mapped_column(String(8))
    touched_on: Mapped[date] = mapped_column(Date)
    sent_on: Mapped[date | None] = mapped_column(Date)
    decided_on: Mapped[date | None] = mapped_column(Date)
    again_on: Mapped[date | None] = mapped_column(Date)
    #: Who came of it.
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)


class Fingerprint(Base):
    """A keyed mark of one fact of an application that was sent: equal for facts that look or read alike."""

    __tablename__ = "application_fingerprint"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), index=True)
    trait: Mapped[Trait] = mapped_column(State(Trait))
    value: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)


class Question(Row, Base):
    """What a vetter asked the applicant, and the answer; both sealed with the application's key."""

    __tablename__ = "application_question"

    application_id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), index=True)
    question: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)


class Vouch(Row, Base):
    """Asked of a member, and given or not. Who they are is sealed with the application's key.

    `tag` keeps anyone from vouching twice; it is another one for each application, so that tags tell nothing together.
    """

    __tablename__ = "vouch"
    __table_args__ = (UniqueConstraint("application_id", "tag"),)

    application_id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"))
    tag: Mapped[bytes] = mapped_column(LargeBinary(32))
    words: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[VouchState] = mapped_column(State(VouchState), default=VouchState.ASKED)
    #: Why it was taken back, with a key of its own, since the application's may be gone by then.
    key_id: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[bytes | None] = mapped_column(LargeBinary)


class VettingPart(Row, Base):
    """A vetter's part in one application. The answer and its reasons are sealed, and not read before one's own."""

    __tablename__ = "vetting_part"
    __table_args__ = (UniqueConstraint("application_id", "vetter_id"),)

    application_id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"))
    vetter_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    part: Mapped[Part] = mapped_column(State(Part))
    words: Mapped[bytes] = mapped_column(LargeBinary)


class FileOpening(Base):
    """One of the two persons who may read a decided application again, until a moment."""

    __tablename__ = "file_opening"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    opened_on: Mapped[date] = mapped_column(Date)
    until: Mapped[datetime] = mapped_column(UtcTime)


class VouchCode(Row, Base):
    """A code by which somebody who applies can ask a particular member to vouch. It lets nobody in."""

    __tablename__ = "vouch_code"

    code_index: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    code_hint: Mapped[str] = mapped_column(String(4))
    maker_tag: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    key_id: Mapped[str] = mapped_column(String(16))
    words: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[CodeState] = mapped_column(State(CodeState), default=CodeState.OPEN)
    expires_on: Mapped[date] = mapped_column(Date)


class Ledger(Base):
    """What is known of one person in the chain of vouches. `tag` is a keyed mark of their public id.

    It refers to no row, so that it stays when they leave; all of it is sealed.
    """

    __tablename__ = "lineage"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    tag: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Probation(Row, Base):
    """The first weeks of a member. Its public id is the `ref` of what is withheld meanwhile."""

    __tablename__ = "probation"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), unique=True)
    state: Mapped[ProbationState] = mapped_column(State(ProbationState), default=ProbationState.OPEN)
    began_on: Mapped[date] = mapped_column(Date)
    review_on: Mapped[date] = mapped_column(Date)
    key_id: Mapped[str] = mapped_column(String(16))
    #: What the moderator said when it was extended.
    words: Mapped[bytes | None] = mapped_column(LargeBinary)


class BranchReview(Row, Base):
    """One person whom a freeze of a branch touches. Which branch, and why, is sealed."""

    __tablename__ = "branch_review"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    state: Mapped[ReviewState] = mapped_column(State(ReviewState), default=ReviewState.PAUSED)
    key_id: Mapped[str] = mapped_column(String(16))
    words: Mapped[bytes] = mapped_column(LargeBinary)
    began_on: Mapped[date] = mapped_column(Date)
