"""The head of the record, written down once a day for keeping elsewhere.

Whoever holds the server and its keys could write a whole new record. They cannot change the lines that somebody else
has kept: `flask audit verify --kept FILE` finds the day from which the record is another one.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import select

from app.kernel import audit, work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.audit import AuditEntry, AuditHead
from app.kernel.db import now
from app.kernel.house import House


def heads_file(house: House) -> Path:
    """Where the lines are: beside the data, not among them."""
    return house.settings.instance / "audit-heads.txt"


def write_head(actor: Actor) -> bool:
    """Add today's line to the file unless it is there. Returns whether it was added."""
    ensure(actor.kind is Kind.SYSTEM)
    line = head_line()
    path, today = heads_file(work.house()), now().date().isoformat()
    if not line or (path.exists() and any(line.startswith(today) for line in path.read_text().splitlines())):
        return False
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a") as file:
        file.write(f"{today} {line}\n")
        file.flush()
        os.fsync(descriptor)
    return True


def head_line() -> str:
    """Number, hash and proof of the last entry, in one line; empty where the record has no head, which verifying tells.

    The proof is keyed: others can keep it, not make it.
    """
    head = work.session().scalars(select(AuditHead)).one_or_none()
    if head is None:
        return ""
    return f"{head.number} {head.hash.hex()} {head.proof.hex()}"


def verify_kept(lines: Iterable[str]) -> list[str]:
    """One line for each kept head that the record does not lead to any more, naming the day."""
    problems, vault = [], work.house().vault
    for line in filter(None, (line.strip() for line in lines)):
        try:
            day, number, digest, proof = line.split()
            kept, proven = bytes.fromhex(digest), bytes.fromhex(proof)
        except ValueError:
            problems.append(f"this is no head of a record: {line[:60]}")
            continue
        if not number.isdecimal() or audit.proof_of(vault, int(number), kept) != proven:
            problems.append(f"the line of {day} was not written by this instance, or was changed")
            continue
        present = work.session().scalars(select(AuditEntry.hash).where(AuditEntry.number == int(number))).one_or_none()
        if int(number) and present != kept:
            problems.append(f"the record is not the one that was kept on {day}: see entry {number} and those before it")
    return problems
