"""Asking a member to vouch. Every way to do it, by code, by an applicant's code or by a vetter, ends here."""

from sqlalchemy.exc import IntegrityError

from app.kernel import work
from app.kernel.db import new_public_id
from app.kernel.errors import N_, Conflict
from app.membership import records
from app.membership.actions.held import change_lineage
from app.membership.models import Application, Vouch
from app.membership.queries import ledger

ASKED_ALREADY = N_("This member is asked already.")


def ask(application: Application, voucher: str) -> Vouch:
    """Ask one member, by public id. To be called inside an action. Raises Conflict when they were asked before."""
    session, public_id = work.session(), new_public_id()
    vouch = Vouch(
        public_id=public_id,
        application_id=application.id,
        tag=records.voucher_tag(application, voucher),
        words=records.seal_vouch(application, public_id, records.VouchWords(voucher)),
    )
    session.add(vouch)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(ASKED_ALREADY) from error
    change_lineage(voucher, lambda lineage: lineage.with_vouch(public_id))
    return vouch


def number_of(application: Application, vouch: Vouch) -> int:
    """The row number of whoever was asked; 0 when they have left."""
    voucher = records.vouch_words(application, vouch).voucher
    return ledger.numbers_of([voucher]).get(voucher, 0)
