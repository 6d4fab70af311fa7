"""What the verbs share: rows held still until the end of the action, codes, and ledgers."""

import secrets
from collections.abc import Callable

from sqlalchemy import select

from app.identity.actions import CODE_LETTERS
from app.kernel import work
from app.kernel.db import insert_once, now
from app.kernel.errors import Conflict
from app.membership import records
from app.membership.lineage import Lineage
from app.membership.models import Application, Ledger

CODE_LENGTH = 20


def new_code() -> str:
    """100 random bits in letters that are not mistaken for one another."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def grouped(code: str) -> str:
    """A code as it is shown, in groups of five."""
    return "-".join(code[start : start + 5] for start in range(0, len(code), 5))


def hold(application: Application) -> Application:
    """The application as it is now, which nobody else changes until this action is over. Raises Conflict when gone."""
    wanted = select(Application).where(Application.id == application.id).with_for_update()
    found = work.session().scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise Conflict
    return found


def lose_codes(application: Application) -> None:
    """Let nobody find an application by its codes any more."""
    vault = work.house().vault
    application.code_index = vault.blind_index("forgotten", new_code())
    application.ask_index = vault.blind_index("forgotten", new_code())


def touch(application: Application) -> None:
    """Note the day on which the applicant last did something."""
    application.touched_on = now().date()


def change_lineage(person: str, change: Callable[[Lineage], Lineage]) -> Lineage:
    """Write what `change` makes of somebody's ledger, which is made if there is none. Two at once follow each other."""
    session, tag = work.session(), records.ledger_tag(person)
    first = records.seal_ledger(records.open_ledger(person, None))
    session.execute(insert_once(session, Ledger).values(tag=tag, sealed=first))
    wanted = select(Ledger).where(Ledger.tag == tag).with_for_update().execution_options(populate_existing=True)
    row = session.scalars(wanted).one()
    changed = change(records.open_ledger(person, row))
    row.sealed = records.seal_ledger(changed)
    return changed
