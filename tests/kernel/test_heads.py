"""Heads of the record that are kept elsewhere find out a record that was written anew."""

import stat
from datetime import timedelta

import pytest
from sqlalchemy import delete

from app.kernel import audit, heads, work
from app.kernel.actor import system
from app.kernel.audit import AuditEntry, AuditHead
from app.kernel.db import now
from app.kernel.errors import Forbidden
from app.kernel.house import House
from app.kernel.work import action
from tests.factories import Factory


@action
def act(name: str) -> None:
    audit.record(system("test"), name)


def test_one_line_a_day_is_written_and_the_record_leads_to_each(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with work.scope(house):
        act("first")
        assert heads.write_head(system("test")) is True
        assert heads.write_head(system("test")) is False
        act("second")
        tomorrow = now() + timedelta(days=1)
        monkeypatch.setattr(heads, "now", lambda: tomorrow)
        assert heads.write_head(system("test")) is True
        lines = heads.heads_file(house).read_text().splitlines()
        assert len(lines) == 2
        assert heads.verify_kept(lines) == []
    assert stat.S_IMODE(heads.heads_file(house).stat().st_mode) == 0o600


def test_a_record_that_was_written_anew_is_whole_but_not_the_one_that_was_kept(house: House) -> None:
    with work.scope(house) as opened:
        for name in ("a theft", "a cover-up"):
            act(name)
        kept = [f"2026-11-21 {heads.head_line()}"]
        with opened.writing():
            opened.session.execute(delete(AuditEntry))
            opened.session.execute(delete(AuditHead))
        for name in ("nothing", "much", "happened"):
            act(name)
        assert audit.verify(opened.session, house.vault) == []
        assert "2026-11-21" in heads.verify_kept(kept)[0]


def test_a_line_that_was_forged_or_is_none_is_named(house: House) -> None:
    with work.scope(house):
        act("first")
        number, digest, proof = heads.head_line().split()
        assert heads.verify_kept([f"2026-11-21 {number} {'00' * 32} {proof}", "", "nonsense"]) == [
            "the line of 2026-11-21 was not written by this instance, or was changed",
            "this is no head of a record: nonsense",
        ]
        assert digest not in proof


def test_people_do_not_write_heads(house: House, make: Factory) -> None:
    member = make.person()
    with work.scope(house), pytest.raises(Forbidden):
        heads.write_head(member)
