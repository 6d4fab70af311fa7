"""What a member sees of vouching: the codes that they made, and what they were asked."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select

from app.identity import queries as identity
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.db import now
from app.kernel.errors import NotFound
from app.kernel.vault import Shredded
from app.membership import policy, records
from app.membership.models import (
    UNDECIDED,
    Application,
    ApplicationState,
    CodeState,
    Vouch,
    VouchCode,
    VouchState,
)
from app.membership.queries import ledger


@dataclass(frozen=True, slots=True)
class CodeLine:
    public_id: str
    hint: str
    whom: str
    state: str
    expires: date


@dataclass(frozen=True, slots=True)
class VouchLine:
    """One vouch of one's own. `name` is whom it is for; `over` whether that application is no longer open."""

    public_id: str
    name: str
    state: VouchState
    over: bool
    admitted: bool
    may_take_back: bool


@dataclass(frozen=True, slots=True)
class Vouching:
    """The page of a voucher. `from_on` is the day from which they may vouch, None when they may."""

    codes: list[CodeLine]
    asked: list[VouchLine]
    answered: list[VouchLine]
    from_on: date | None
    may_invite: bool


def my_vouching(actor: Actor) -> Vouching:
    """The actor's codes and vouches. While they travel it looks as if there were none: they are names of others."""
    joined_on, shown = identity.get_me(actor).joined_on, actor.holds(Permission.HIDDEN_SEE)
    codes, lines = (_my_codes(actor), _my_vouches(actor)) if shown else ([], [])
    may = policy.may_vouch_at_all(actor, joined_on)
    return Vouching(
        codes=codes,
        asked=[line for line in lines if line.state is VouchState.ASKED],
        answered=[line for line in lines if line.state is not VouchState.ASKED],
        from_on=None if may else policy.settled_on(joined_on),
        may_invite=may and sum(code.state == "open" for code in codes) < policy.OPEN_CODES,
    )


def open_asks(actor: Actor) -> int:
    """How many ask the actor to vouch now. None while they travel."""
    if not actor.holds(Permission.HIDDEN_SEE):
        return 0
    return sum(line.state is VouchState.ASKED for line in _my_vouches(actor))


def get_my_vouch(actor: Actor, public_id: str) -> tuple[Vouch, Application]:
    """A vouch that the actor was asked for, and its application. Raises NotFound for everybody else."""
    if not actor.holds(Permission.HIDDEN_SEE) or public_id not in ledger.lineage_of(actor.public_id).vouches:
        raise NotFound
    found = work.session().execute(*_sent([public_id])).one_or_none()
    if found is None or found[0].tag != records.voucher_tag(found[1], actor.public_id):
        raise NotFound
    return found[0], found[1]


def vouch_line(vouch: Vouch, application: Application) -> VouchLine | None:
    """How a vouch looks to whoever gave it; None when nothing is left to show."""
    names = identity.names_of([application.person_id] if application.person_id else [])
    return _line(vouch, application, names)


def get_my_code(actor: Actor, public_id: str) -> VouchCode:
    """An open code that the actor made. Raises NotFound."""
    wanted = select(VouchCode).where(
        VouchCode.public_id == public_id,
        VouchCode.maker_tag == records.maker_tag(actor.public_id),
        VouchCode.state == CodeState.OPEN,
    )
    found = work.session().scalars(wanted).one_or_none()
    if found is None or not actor.holds(Permission.HIDDEN_SEE):
        raise NotFound
    return found


def open_codes(actor: Actor) -> int:
    return sum(code.state == "open" for code in _my_codes(actor))


def find_code(code: str) -> VouchCode | None:
    """The open code that somebody typed, if there is one."""
    wanted = select(VouchCode).where(
        VouchCode.code_index == records.code_index("vouch-code", identity.normal_code(code)),
        VouchCode.state == CodeState.OPEN,
        VouchCode.expires_on >= now().date(),
    )
    return work.session().scalars(wanted).one_or_none()


def find_by_ask_code(code: str) -> Application | None:
    """The application whose applicant gave this code to a member, while it is undecided."""
    index = records.code_index("application-ask", identity.normal_code(code))
    wanted = select(Application).where(Application.ask_index == index, Application.state.in_(UNDECIDED))
    return work.session().scalars(wanted).one_or_none()


def vouches_on(application: Application) -> list[Vouch]:
    """Everything that was asked for this application, the earliest first."""
    return list(work.session().scalars(*_on(application.id)))


@built_once
def _on(application: int) -> Select[Vouch]:
    return select(Vouch).where(Vouch.application_id == application).order_by(Vouch.id)


def given_by(application: Application) -> list[str]:
    """Public ids of those who vouch for this application, the earliest first."""
    given = [vouch for vouch in vouches_on(application) if vouch.state is VouchState.GIVEN]
    return [records.vouch_words(application, vouch).voucher for vouch in given]


def _my_codes(actor: Actor) -> list[CodeLine]:
    found = list(work.session().scalars(*_codes_of(records.maker_tag(actor.public_id))))
    work.house().vault.prefetch(code.key_id for code in found)
    return [
        CodeLine(
            code.public_id,
            code.code_hint,
            records.code_words(code)["whom"],
            "expired" if code.state is CodeState.OPEN and code.expires_on < now().date() else code.state.value,
            code.expires_on,
        )
        for code in found
    ]


@built_once
def _codes_of(maker: bytes) -> Select[VouchCode]:
    return select(VouchCode).where(VouchCode.maker_tag == maker).order_by(VouchCode.id.desc()).limit(30)


@built_once
def _sent(vouches: Collection[str]) -> Select[Vouch, Application]:
    """Vouches with their applications, without those that were not sent yet."""
    return (
        select(Vouch, Application)
        .join(Application, Application.id == Vouch.application_id)
        .where(Vouch.public_id.in_(vouches), Application.state != ApplicationState.DRAFT)
        .order_by(Vouch.id.desc())
        .limit(100)
    )


def _my_vouches(actor: Actor) -> list[VouchLine]:
    mine = ledger.lineage_of(actor.public_id).vouches
    if not mine:
        return []
    rows = work.session().execute(*_sent(list(mine))).all()
    work.house().vault.prefetch(application.key_id for _, application in rows)
    names = identity.names_of([application.person_id for _, application in rows if application.person_id])
    lines = [_line(vouch, application, names) for vouch, application in rows]
    return [line for line in lines if line is not None]


def _line(vouch: Vouch, application: Application, names: dict[int, tuple[str, str]]) -> VouchLine | None:
    over = application.state not in UNDECIDED
    if over and vouch.state is VouchState.ASKED:
        return None
    if application.person_id in names:
        name = names[application.person_id][1]
    else:
        try:
            name = records.answers_of(application).name
        except Shredded:
            return None
    admitted = application.state is ApplicationState.APPROVED
    return VouchLine(
        vouch.public_id,
        name,
        vouch.state,
        over,
        admitted,
        may_take_back=vouch.state is VouchState.GIVEN and (not over or admitted),
    )
