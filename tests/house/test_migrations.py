"""Law 9: migrations prove themselves. Up, down, up again, and equal to the models, on SQLite and on PostgreSQL."""

import ast
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from flask import Flask
from flask_alembic import Alembic
from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine.interfaces import ReflectedIndex

from app import create_app
from app.kernel.db import Base, KeysBase
from app.kernel.house import House
from config import read_settings
from tests.conftest import POSTGRES, environment
from tests.house.sources import Module, imports, modules

METADATA = {"data": Base.metadata, "keys": KeysBase.metadata}


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An app over two databases in which there is nothing yet."""
    if request.param == "sqlite":
        yield from _over(tmp_path)
        return
    admin, names = (
        request.getfixturevalue("postgres_admin"),
        [f"sanad_m_{uuid.uuid4().hex[:10]}_{part}" for part in METADATA],
    )
    with admin.connect() as connection:
        for name in names:
            connection.execute(text(f'create database "{name}"'))
    try:
        yield from _over(tmp_path, DATABASE_URL=f"{POSTGRES}/{names[0]}", KEYS_URL=f"{POSTGRES}/{names[1]}")
    finally:
        with admin.connect() as connection:
            for name in names:
                connection.execute(text(f'drop database if exists "{name}" with (force)'))


def _over(folder: Path, **urls: str) -> Iterator[Flask]:
    app = create_app(read_settings(environment(folder, **urls)), needs_key=False)
    yield app
    app.extensions["house"].close()


@contextmanager
def alembic(app: Flask) -> Iterator[Alembic]:
    """Alembic for one step, as a command would have it: its connections last as long as the app context."""
    with app.app_context():
        yield app.extensions["alembic"]


def up(app: Flask) -> None:
    with alembic(app) as migrations:
        migrations.upgrade()


def down(app: Flask) -> None:
    with alembic(app) as migrations:
        migrations.downgrade("base")


def differences(app: Flask) -> dict[str, list[Any]]:
    """What a new migration would have to do so that the databases are what the models say."""
    with alembic(app) as migrations:
        contexts = migrations.migration_contexts
        return {name: compare_metadata(contexts[name], metadata) for name, metadata in METADATA.items()}


def tables(app: Flask) -> dict[str, set[str]]:
    """The tables that each database has, without Alembic's own."""
    return {name: set(inspect(engine).get_table_names()) - {"alembic_version"} for name, engine in engines(app).items()}


def engines(app: Flask) -> dict[str, Engine]:
    house: House = app.extensions["house"]
    return {"data": house.databases.data, "keys": house.databases.keys}


def drawn(app: Flask) -> dict[str, Any]:
    """Everything that the databases know about their columns, keys and indexes."""
    found: dict[str, Any] = {}
    for name, engine in engines(app).items():
        looking = inspect(engine)
        for table in sorted(looking.get_table_names()):
            found[f"{name}.{table}"] = (
                [(column["name"], str(column["type"]), column["nullable"]) for column in looking.get_columns(table)],
                looking.get_pk_constraint(table),
                sorted(map(_in_words, looking.get_indexes(table))),
                sorted(map(str, looking.get_foreign_keys(table))),
                sorted(map(str, looking.get_unique_constraints(table))),
            )
    return found


def _in_words(index: ReflectedIndex) -> str:
    """An index as text, the condition of a partial one too: as an object it differs each time it is read."""
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return str({**index, "dialect_options": options})


def test_the_tables_go_up_and_down_and_up_again_and_are_the_same(empty: Flask) -> None:
    assert tables(empty) == {"data": set(), "keys": set()}
    up(empty)
    first = drawn(empty)
    assert tables(empty) == {name: set(metadata.tables) for name, metadata in METADATA.items()}
    down(empty)
    assert tables(empty) == {"data": set(), "keys": set()}
    up(empty)
    assert drawn(empty) == first


def test_the_migrated_tables_are_those_of_the_models_and_a_stray_column_is_found(empty: Flask) -> None:
    up(empty)
    assert differences(empty) == {"data": [], "keys": []}
    for name, engine in engines(empty).items():
        with engine.execution_options(writes=True).begin() as connection:
            connection.execute(text(f'alter table "{min(METADATA[name].tables)}" add column stray integer'))
    found = differences(empty)
    assert "stray" in str(found["data"])
    assert "stray" in str(found["keys"])


@pytest.mark.parametrize("part", ["data", "keys"])
def test_a_migration_that_breaks_off_leaves_nothing_behind_and_can_be_repeated(
    empty: Flask, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    with alembic(empty) as migrations:
        script = migrations.script_directory
        first = script.get_revision(script.get_base() or "")
        assert first is not None
        whole = getattr(first.module, f"upgrade_{part}")

        def breaks_off() -> None:
            whole()
            raise RuntimeError("the power went")

        monkeypatch.setattr(first.module, f"upgrade_{part}", breaks_off)
        with pytest.raises(RuntimeError, match="power"):
            migrations.upgrade()
        monkeypatch.undo()
    assert tables(empty)[part] == set()
    up(empty)
    assert tables(empty) == {name: set(metadata.tables) for name, metadata in METADATA.items()}


def revisions() -> list[Module]:
    return [source for source in modules("migrations") if any(_is_set(source, "revision"))]


def _is_set(source: Module, name: str) -> Iterator[bool]:
    yield from (
        isinstance(node.targets[0], ast.Name) and node.targets[0].id == name
        for node in source.tree.body
        if isinstance(node, ast.Assign)
    )


def test_no_migration_imports_the_app_whose_models_go_on_changing() -> None:
    known = [(source.at(node), name.partition(".")[0]) for source in revisions() for node, name, _ in imports(source)]
    assert [(place, name) for place, name in known if name in ("app", "config")] == []


def test_every_migration_says_what_it_does_and_how_to_undo_it() -> None:
    assert revisions()
    for source in revisions():
        words = ast.get_docstring(source.tree) or ""
        assert words.strip(), source.path
        made = {node.name: node for node in source.tree.body if isinstance(node, ast.FunctionDef)}
        for way in ("upgrade_data", "downgrade_data", "upgrade_keys", "downgrade_keys"):
            assert way in made, f"{source.path} has no {way}"
        undone = ast.unparse(made["downgrade_data"]) + ast.unparse(made["downgrade_keys"])
        assert "NotImplementedError" not in undone
