"""Taking one's data away: made by a job, sealed for one person, fetched by nobody else, and without the words of others."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.identity import actions as identity
from app.identity.models import Cause
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor, system
from app.kernel.db import now
from app.kernel.errors import Forbidden, NotFound, TooMany
from app.kernel.house import House
from app.kernel.jobs import Job, JobState
from app.kernel.vault import age
from app.own_data import actions, queries, store
from app.own_data.models import Archive, ArchiveState
from tests.factories import Factory
from tests.own_data.planted import Planted

#: What is planted and not in an archive: what staff say among themselves, and what no page shows anybody.
NOT_THEIRS = {"staff note", "probation"}


def ask(house: House, actor: Actor) -> str:
    with work.scope(house):
        return actions.ask_archive(actor)


def mine(house: House, actor: Actor) -> queries.ArchiveLine:
    with work.scope(house):
        found = queries.my_archive(actor)
    assert found is not None
    return found


def opened(house: House, actor: Actor, secret: str) -> dict[str, str]:
    """What is in the archive, by file."""
    sealed = store.path_of(house, mine(house, actor).public_id).read_bytes()
    with zipfile.ZipFile(io.BytesIO(age.decrypt(sealed, secret))) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_everything_that_somebody_wrote_is_in_it_and_nothing_that_others_wrote(house: House, planted: Planted) -> None:
    secret = ask(house, planted.actor)
    house.queue.sweep()
    files = opened(house, planted.actor, secret)
    whole = "".join(content for name, content in files.items() if name.endswith(".json"))
    missing = [what for what, words in planted.words.items() if what not in NOT_THEIRS and words not in whole]
    assert missing == []
    for what in NOT_THEIRS:
        assert planted.words[what] not in "".join(files.values())
    assert "What a friend answered stays" not in "".join(files.values())
    assert "They shout" not in "".join(files.values())
    page = files["index.html"]
    assert planted.words["message"] in page
    assert "data:image/jpeg;base64," in page
    assert "<script" not in page
    assert files["README.txt"].strip()
    assert all(json.loads(content) is not None for name, content in files.items() if name.endswith(".json"))
    assert {name for name in files if name.startswith("json/")} == {
        f"json/{part.name}.json" for feature in house.features for part in feature.own_data
    }


def test_every_feature_that_knows_people_registers_its_part_of_both(house: House) -> None:
    silent = {feature.name for feature in house.features if not feature.own_data}
    assert silent == {"home"}, "a feature that holds something of people gives OwnData"


def test_only_the_secret_line_opens_it_and_it_is_kept_nowhere(house: House, planted: Planted) -> None:
    secret = ask(house, planted.actor)
    house.queue.sweep()
    sealed = store.path_of(house, mine(house, planted.actor).public_id).read_bytes()
    with pytest.raises(age.NoAge):
        age.decrypt(sealed, age.new_pair().secret)
    for path in (house.settings.instance).rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert secret.encode() not in content
            assert path.suffix == ".age" or planted.words["message"].encode() not in content


def test_one_archive_a_day_and_the_next_one_replaces_it(house: House, make: Factory) -> None:
    person = make.person()
    ask(house, person)
    with pytest.raises(TooMany) as refused:
        ask(house, person)
    assert refused.value.retry_after is not None
    assert 86_000 < refused.value.retry_after <= 86_401
    house.queue.sweep()
    first = mine(house, person).public_id
    with work.scope(house) as opened_work, opened_work.writing():
        opened_work.session.execute(update(Archive).values(asked_at=now() - timedelta(hours=25)))
    ask(house, person)
    house.queue.sweep()
    assert mine(house, person).public_id != first
    assert not store.path_of(house, first).exists()


def test_it_is_offered_for_three_days_and_then_taken_away(house: House, make: Factory) -> None:
    person = make.person()
    ask(house, person)
    house.queue.sweep()
    line = mine(house, person)
    assert timedelta(days=2, hours=23) < line.until - now() <= timedelta(days=3)
    path = store.path_of(house, line.public_id)
    assert path.stat().st_mode & 0o077 == 0
    with work.scope(house) as opened_work, opened_work.writing():
        opened_work.session.execute(update(Archive).values(until=now() - timedelta(seconds=1)))
    with work.scope(house), pytest.raises(NotFound):
        queries.get_archive(person, line.public_id)
    with work.scope(house):
        actions.remove_old(system("test"))
    house.queue.sweep()
    assert not path.exists()
    with work.scope(house):
        assert queries.my_archive(person) is None


def test_nobody_reaches_the_archive_of_somebody_else(house: House, make: Factory) -> None:
    person, other = make.person(), make.person()
    ask(house, person)
    house.queue.sweep()
    archive = mine(house, person).public_id
    with work.scope(house):
        with pytest.raises(NotFound):
            queries.get_archive(other, archive)
        with pytest.raises(Forbidden):
            actions.remove_archive(other, queries.get_archive(person, archive))
        assert queries.my_archive(other) is None


def test_nothing_can_be_taken_away_while_it_is_withheld_as_on_a_journey(house: House, make: Factory) -> None:
    person = make.person()
    ask(house, person)
    with work.scope(house):
        identity.restrict(system("test"), person.person_id, [Permission.EXPORT], cause=Cause.TRAVEL, ref="journey")
    house.queue.sweep()
    travelling = make.actor(make.another_session(person))
    with work.scope(house) as opened_work:
        assert queries.my_archive(travelling) is None
        with pytest.raises(Forbidden):
            actions.ask_archive(travelling)
        found = opened_work.session.scalars(select(Archive)).one()
        assert found.state is ArchiveState.FAILED
    assert list((house.settings.instance / "data").glob("archives/*")) == []


def test_a_worker_that_dies_on_the_way_leaves_it_to_be_made_again(
    house: House, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = make.person()
    secret = ask(house, person)
    reached: list[int] = []
    progress = actions.note_progress

    def die_halfway(actor: Actor, archive: str, *, done: int) -> None:
        progress(actor, archive, done=done)
        reached.append(done)
        if done == 3:
            raise KeyboardInterrupt  # not an Exception: nothing is tidied up, as when it is killed

    monkeypatch.setattr(actions, "note_progress", die_halfway)
    with pytest.raises(KeyboardInterrupt):
        house.queue.sweep()
    monkeypatch.undo()
    line = mine(house, person)
    assert (line.state, line.done, reached) == (ArchiveState.ASKED, 3, [1, 2, 3])
    assert house.queue.sweep() == 0, "it is leased to whoever died"
    with work.scope(house) as opened_work, opened_work.writing():
        opened_work.session.execute(update(Job).where(Job.state == JobState.WAITING).values(due_at=now()))
    house.queue.sweep()
    line = mine(house, person)
    assert (line.state, line.done) == (ArchiveState.READY, line.parts)
    assert opened(house, person, secret)


def test_what_could_not_be_made_is_given_up_and_said(house: House, make: Factory) -> None:
    person = make.person()
    ask(house, person)
    with work.scope(house) as opened_work, opened_work.writing():
        opened_work.session.execute(update(Archive).values(asked_at=now() - timedelta(hours=25)))
    with work.scope(house):
        assert actions.remove_old(system("test")) == 1
    assert mine(house, person).state is ArchiveState.FAILED
    ask(house, person)


@pytest.mark.one_database
def test_the_readme_and_the_page_are_in_the_reader_s_language(app: Flask, house: House, make: Factory) -> None:
    person: Any = make.person("سلمى", language="ar")
    secret = ask(house, person)
    house.queue.sweep()
    files = opened(house, person, secret)
    assert '<html lang="ar" dir="rtl">' in files["index.html"]
    assert "سلمى" in files["index.html"]
    assert "This is what" not in files["README.txt"]
    english = make.person()
    secret = ask(house, english)
    house.queue.sweep()
    assert opened(house, english, secret)["README.txt"].startswith("This is what")
