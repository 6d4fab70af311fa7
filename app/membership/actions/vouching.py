"""Verbs of members who vouch. A vouch is given by somebody who is signed in; no code and no link gives one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from app.identity import queries as identity
from app.kernel import work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import new_public_id, now
from app.kernel.errors import N_, Conflict, Invalid
from app.kernel.limits import Budget
from app.kernel.states import move
from app.kernel.text import skeleton
from app.kernel.vault import Purpose
from app.kernel.work import action
from app.membership import policy, records
from app.membership.actions import asking
from app.membership.actions.held import change_lineage, grouped, hold, new_code
from app.membership.actions.reviewing import review_when_vouched, wait_again
from app.membership.lineage import descending
from app.membership.models import (
    UNDECIDED,
    Application,
    ApplicationState,
    CodeState,
    Vouch,
    VouchCode,
    VouchState,
)
from app.membership.queries import ledger, vouching
from app.membership.wording import Knows
from app.moderation import actions as moderation

CODE_DAYS = 14
ASK_CODES = Budget("vouch-ask-code", "10 per hour; 30 per day")
ENOUGH_CODES = N_("You have three codes open already. Withdraw one, or wait until one is used.")
WRONG_CODE = N_("No open application has this code. Check it letter by letter with whoever gave it to you.")


@action
def make_code(actor: Actor, *, whom: str) -> str:
    """Make a code for somebody in particular and return it. It asks the actor to vouch and lets nobody in.

    `whom` is the actor's own note. Raises Forbidden for whoever may not vouch, Invalid when three are open.
    """
    me = identity.get_me(actor)
    ensure(policy.may_vouch_at_all(actor, me.joined_on))
    # Their ledger is held, so that two at once count each other's.
    change_lineage(actor.public_id, lambda lineage: lineage)
    if vouching.open_codes(actor) >= policy.OPEN_CODES:
        raise Invalid(ENOUGH_CODES)
    code, public_id, key_id = new_code(), new_public_id(), work.house().vault.create_key(Purpose.PERSON)
    work.session().add(
        VouchCode(
            public_id=public_id,
            code_index=records.code_index("vouch-code", code),
            code_hint=code[:3],
            maker_tag=records.maker_tag(actor.public_id),
            key_id=key_id,
            words=records.seal(key_id, records.code_place(public_id), {"voucher": actor.public_id, "whom": whom}),
            expires_on=now().date() + timedelta(days=CODE_DAYS),
        )
    )
    return grouped(code)


@action
def withdraw_code(actor: Actor, public_id: str) -> None:
    """Make an open code of the actor useless. Raises NotFound."""
    move(work.session(), vouching.get_my_code(actor, public_id), CodeState.WITHDRAWN)


def accept_ask(actor: Actor, code: str) -> Vouch:
    """Be asked by an applicant who gave the actor their code. Raises Invalid, Forbidden, Conflict, TooMany."""
    work.house().budgets.spend(ASK_CODES, actor.public_id)
    return _accept_ask(actor, code)


@action
def _accept_ask(actor: Actor, code: str) -> Vouch:
    ensure(policy.may_vouch_at_all(actor, identity.get_me(actor).joined_on))
    application = vouching.find_by_ask_code(code)
    if application is None:
        raise Invalid(WRONG_CODE)
    return asking.ask(hold(application), actor.public_id)


@action
def give(actor: Actor, vouch: Vouch, application: Application, *, how: Knows, words: str) -> None:
    """Vouch for an applicant. With two of different lineage the vetters begin.

    Raises Forbidden for whoever may not vouch (yet), or for themselves; Conflict when it was answered meanwhile.
    """
    application = hold(application)
    same = skeleton(records.answers_of(application).name) == skeleton(actor.name)
    joined_on = identity.get_me(actor).joined_on
    ensure(policy.can_vouch(actor, application, joined_on=joined_on, same_name=same))
    ensure(vouch.tag == records.voucher_tag(application, actor.public_id))
    told = records.VouchWords(actor.public_id, how.value, words)
    sealed = records.seal_vouch(application, vouch.public_id, told)
    move(work.session(), vouch, VouchState.GIVEN, words=sealed)
    review_when_vouched(application)


@action
def decline(actor: Actor, vouch: Vouch, application: Application) -> None:
    """Say that one does not vouch. The applicant is not told who. Raises Conflict when it was answered meanwhile."""
    application = hold(application)
    ensure(vouch.tag == records.voucher_tag(application, actor.public_id))
    move(work.session(), vouch, VouchState.DECLINED)


@action
def take_back(actor: Actor, vouch: Vouch, application: Application, *, reason: str) -> None:
    """Take a vouch back. Before the decision the application waits again; afterwards moderators look at it anew.

    Raises Conflict when there is nothing to take back.
    """
    application = hold(application)
    ensure(vouch.tag == records.voucher_tag(application, actor.public_id))
    admitted = application.state is ApplicationState.APPROVED
    if application.state not in UNDECIDED and not admitted:
        raise Conflict
    key_id = work.house().vault.create_key(Purpose.RECORD)
    sealed = work.house().vault.seal(key_id, records.vouch_reason_place(vouch), reason.encode())
    move(work.session(), vouch, VouchState.TAKEN_BACK, key_id=key_id, reason=sealed)
    if admitted:
        moderation.open_item("vouch-review", vouch.public_id, person_id=application.person_id)
    else:
        wait_again(application)


def forget_vouches_of(actor: Actor, *, person_id: int) -> None:
    """Take the list of vouches out of the ledger of somebody who is closed for good. Where they stood stays."""
    _forget_vouches(actor, person_id)


@action
def _forget_vouches(_actor: Actor, person_id: int) -> None:
    person = ledger.public_id_of(person_id)
    if person is not None:
        change_lineage(person, lambda lineage: replace(lineage, vouches=()))


@action
def trace(actor: Actor, person: str, *, vouchers: Sequence[str]) -> None:
    """Note by whom somebody came in who did not apply here: for what is loaded, such as the demo."""
    ensure(actor.kind is Kind.SYSTEM)
    by = list(ledger.lineages_of(vouchers).values())
    change_lineage(person, lambda lineage: replace(descending(person, by), below=lineage.below))
    for voucher in sorted(vouchers):
        change_lineage(voucher, lambda lineage: lineage.with_below(person))
