"""The append-only record of who did what, to what, and why: each entry is chained to the one before by a keyed hash.

A changed entry no longer matches its hash, a removed one leaves a gap, and removed last ones no longer meet the head,
which is itself sealed with the same key. `flask audit verify` walks the chain.
"""

from datetime import datetime

import orjson
from sqlalchemy import BigInteger, Integer, LargeBinary, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.db import Base, RowId, UtcTime, insert_once, now
from app.kernel.vault import Place, Purpose, Vault
from app.kernel.work import action

START = bytes(32)


class AuditEntry(Base):
    """One act. The reason is sealed, since people write names in reasons."""

    __tablename__ = "audit_entry"

    number: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcTime)
    actor: Mapped[str] = mapped_column(String(40))
    act: Mapped[str] = mapped_column(String(64))
    target_kind: Mapped[str] = mapped_column(String(32))
    target: Mapped[str] = mapped_column(String(40))
    key_id: Mapped[str] = mapped_column(String(16))
    reason: Mapped[bytes] = mapped_column(LargeBinary)
    previous: Mapped[bytes] = mapped_column(LargeBinary(32))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditHead(Base):
    """The one row that knows the last entry. Locked while an entry is added, so that numbers have no gaps."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    proof: Mapped[bytes] = mapped_column(LargeBinary(32))


@action
def prepare() -> None:
    """Make the head of the chain before there is any act, so that an empty record without one is known to be emptied.

    Called once when an instance is made; harmless afterwards.
    """
    _first_head(work.session(), work.house().vault)


def record(actor: Actor, act: str, *, target_kind: str = "", target: str = "", reason: str = "") -> None:
    """Add an entry in the current transaction: the act and its record are stored together or not at all."""
    session, vault = work.session(), work.house().vault
    head = session.scalars(select(AuditHead).with_for_update()).one_or_none() or _first_head(session, vault)
    number = head.number + 1
    key_id = vault.named_key("audit", Purpose.RECORD)
    entry = AuditEntry(
        number=number,
        at=now(),
        actor=actor.public_id,
        act=act,
        target_kind=target_kind,
        target=target,
        key_id=key_id,
        reason=vault.seal(key_id, _place(number), reason.encode()),
        previous=head.hash,
        hash=START,
    )
    entry.hash = _hash(vault, entry)
    session.add(entry)
    head.number, head.hash, head.proof = number, entry.hash, proof_of(vault, number, entry.hash)
    session.flush()


def _first_head(session: Session, vault: Vault) -> AuditHead:
    """The head, made if it is not there. Of two first acts at once the second waits here and then follows the first."""
    first = {"id": 1, "number": 0, "hash": START, "proof": proof_of(vault, 0, START)}
    session.execute(insert_once(session, AuditHead).values(first))
    return session.scalars(select(AuditHead).with_for_update()).one()


def reason_of(entry: AuditEntry) -> str:
    """The words in which the actor explained the act."""
    return work.house().vault.open(entry.key_id, _place(entry.number), entry.reason).decode()


def verify(session: Session, vault: Vault) -> list[str]:
    """Walk the whole chain. Returns one line for each place where it does not hold, naming the entry."""
    # The head is read first: while people act, entries come after it, and those up to it are all there.
    head = session.scalars(select(AuditHead)).one_or_none()
    chain = select(AuditEntry).order_by(AuditEntry.number).execution_options(yield_per=500)
    if head is not None:
        chain = chain.where(AuditEntry.number <= head.number)
    problems: list[str] = []
    expected, previous = 1, START
    for entry in session.scalars(chain):
        if entry.number != expected:
            problems.append(f"entries {expected} to {entry.number - 1} are missing")
        elif entry.previous != previous:
            problems.append(f"entry {entry.number} does not follow the one before it")
        if _hash(vault, entry) != entry.hash:
            problems.append(f"entry {entry.number} ({entry.act}) was changed")
        expected, previous = entry.number + 1, entry.hash
    if head is None:
        return [*problems, "the head of the chain is missing"]
    return problems + _verify_head(session, vault, head, last=expected - 1, last_hash=previous)


def _verify_head(session: Session, vault: Vault, head: AuditHead, *, last: int, last_hash: bytes) -> list[str]:
    """Whether the chain ends where its head says."""
    problems = []
    if head.proof != proof_of(vault, head.number, head.hash):
        problems.append("the head of the chain was changed")
    if head.number > last:
        problems.append(f"entries {last + 1} to {head.number} are missing at the end")
    elif head.hash != last_hash:
        problems.append(f"entry {head.number} is not the one that the head knows")
    newest = session.scalar(select(func.max(AuditEntry.number))) or 0
    head_now = session.scalar(select(AuditHead.number)) or 0
    if newest > head_now:
        problems.append(f"entries {head_now + 1} to {newest} were added past the head")
    return problems


def _hash(vault: Vault, entry: AuditEntry) -> bytes:
    facts = orjson.dumps(
        [entry.number, entry.at.isoformat(), entry.actor, entry.act, entry.target_kind, entry.target, entry.key_id]
    )
    return vault.chain("audit", facts, entry.reason, entry.previous)


def proof_of(vault: Vault, number: int, last: bytes) -> bytes:
    """What only an instance with these keys can say of a head."""
    return vault.chain("audit-head", str(number).encode(), last)


def _place(number: int) -> Place:
    return Place("audit_entry", str(number), "reason")
