"""Appeals: one against each measure, in dialogue, decided by somebody who had no hand in it.

Where every moderator had one an administrator without decides. Where there is none the appeal waits, and a removal that
is appealed does not become final meanwhile.
"""

from sqlalchemy.exc import IntegrityError

from app.kernel import audit, work
from app.kernel.actor import Actor, ensure
from app.kernel.db import new_public_id, now
from app.kernel.errors import N_, Conflict
from app.kernel.states import move
from app.kernel.work import action
from app.moderation import policy, queries, sealing
from app.moderation.actions.measures import undo
from app.moderation.actions.proposals import put_forward
from app.moderation.actions.queue import TAKEN, close_item, open_item
from app.moderation.models import Appeal, AppealState, Exchange, ItemState, Measure, MeasureKind, MeasureState
from app.notifications.actions import notify

ONCE = N_("You have appealed this already. You can add to what you wrote.")
TABLE, EXCHANGE = "appeal", "exchange"


@action
def appeal(actor: Actor, measure: Measure, *, body: str) -> Appeal:
    """Appeal a measure that was taken against the actor, once. Somebody else than who took it will answer.

    Raises Forbidden when it is not theirs or too late, Conflict when they appealed already.
    """
    ensure(policy.can_appeal(actor, measure))
    session, public_id, key_id = work.session(), new_public_id(), sealing.new_key()
    made = Appeal(
        public_id=public_id,
        measure_id=measure.id,
        state=AppealState.OPEN,
        key_id=key_id,
        sealed=sealing.seal(key_id, TABLE, public_id, "sealed", body),
        made_at=now(),
    )
    session.add(made)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(ONCE) from error
    open_item(policy.APPEALS, public_id, person_id=actor.person_id)
    notify(policy.administrators_for(made), "appeal.left", public_id)
    return made


@action
def add_words(actor: Actor, appeal: Appeal, *, body: str) -> None:
    """Write to the other side of an appeal, for as long as it is open. Raises Forbidden, Conflict."""
    session = work.session()
    session.refresh(appeal, with_for_update=True)
    if appeal.state is not AppealState.OPEN:
        raise Conflict
    measure = session.get_one(Measure, appeal.measure_id)
    mine = measure.person_id == actor.person_id
    ensure(mine or policy.can_decide_appeal(actor, appeal))
    item = queries.item_of(policy.APPEALS, appeal.public_id)
    if not mine:
        _not_claimed_by_another(actor, appeal)
    public_id = new_public_id()
    sealed = sealing.seal(appeal.key_id, EXCHANGE, public_id, "sealed", body)
    session.add(
        Exchange(public_id=public_id, appeal_id=appeal.id, from_staff=not mine, sealed=sealed, written_at=now())
    )
    if not mine:
        notify([measure.person_id], "appeal.words", appeal.public_id)
        audit.record(actor, "appeal.write", target_kind="appeal", target=appeal.public_id)
    elif item is not None and item.claimed_by_id is not None:
        notify([item.claimed_by_id], "appeal.answer", appeal.public_id)


@action
def decide_appeal(actor: Actor, appeal: Appeal, *, grant: bool, answer: str) -> Appeal:
    """Answer an appeal. What is granted is lifted at once; a removal is lifted when a second person agrees.

    Raises Forbidden for the appellant and for whoever had a hand in the measure, Conflict when it was decided meanwhile.
    """
    session = work.session()
    session.refresh(appeal, with_for_update=True)
    if appeal.state is not AppealState.OPEN:
        raise Conflict
    ensure(policy.can_decide_appeal(actor, appeal))
    _not_claimed_by_another(actor, appeal)
    state = AppealState.GRANTED if grant else AppealState.DENIED
    sealed = sealing.seal(appeal.key_id, TABLE, appeal.public_id, "answer", answer)
    move(session, appeal, state, answer=sealed, decided_at=now(), decided_by_id=actor.person_id)
    close_item(policy.APPEALS, appeal.public_id, by=actor)
    measure = session.get_one(Measure, appeal.measure_id)
    audit.record(actor, f"appeal.{state.value}", target_kind="measure", target=measure.public_id, reason=answer)
    if grant and measure.state is MeasureState.ACTIVE:
        if measure.kind is MeasureKind.REMOVE:
            if not queries.is_proposed("measure.lift-removal", measure.public_id):
                put_forward(actor, "measure.lift-removal", measure.public_id, reason=answer, details={"reason": answer})
        else:
            undo(actor, measure, reason=answer)
    notify([measure.person_id], "appeal.decided", appeal.public_id)
    return appeal


def _not_claimed_by_another(actor: Actor, appeal: Appeal) -> None:
    item = queries.item_of(policy.APPEALS, appeal.public_id)
    if item is None or item.state is not ItemState.CLAIMED or policy.holds_claim(actor, item):
        return
    if queries.is_claimed(item):
        raise Conflict(TAKEN)
