"""Somebody with words everywhere takes a second to make: made once on each kind of database, and brought back for a test."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Table

from app import create_app
from app.kernel.db import Base, KeysBase
from app.kernel.house import House
from config import Settings
from tests.factories import Factory
from tests.own_data.planted import Planted, plant


@dataclass
class Kept:
    """What an instance was once somebody had been planted in it: its folder, and its rows on PostgreSQL."""

    folder: Path
    rows: dict[Table, bytes]
    _planted: Planted

    @property
    def planted(self) -> Planted:
        """For one test, which may plant more."""
        return replace(self._planted, words=dict(self._planted.words), sealed=list(self._planted.sealed))

    @classmethod
    def planted_in(cls, settings: Settings, folder: Path) -> "Kept":
        """Plant somebody in an empty instance, and keep what has become of it in this folder."""
        house: House = create_app(settings).extensions["house"]
        planted = plant(house, Factory(house))
        house.close()
        shutil.copytree(settings.instance, folder)
        rows = {} if settings.sqlite else {table: content for table, content in _rows(settings) if content}
        return cls(folder, rows, planted)

    def bring_back(self, settings: Settings) -> None:
        """Let an empty instance be the one in which somebody was planted."""
        shutil.rmtree(settings.instance)
        shutil.copytree(self.folder, settings.instance)
        for base, url in () if settings.sqlite else _databases(settings):
            with _talking_to(url) as cursor:
                # Rows come back in any order. Their numbers are below the next ones: emptying a table counts on.
                cursor.execute("set session_replication_role = replica")
                for table in base.metadata.sorted_tables:
                    if table in self.rows:
                        cursor.execute(f'delete from "{table.name}"'.encode())  # the keys that an emptied instance has
                        with cursor.copy(f'copy "{table.name}" from stdin'.encode()) as into:
                            into.write(self.rows[table])


def _rows(settings: Settings) -> Iterator[tuple[Table, bytes]]:
    for base, url in _databases(settings):
        with _talking_to(url) as cursor:
            for table in base.metadata.sorted_tables:
                if table.name != "master_in_use":  # it stays when an instance is emptied
                    with cursor.copy(f'copy "{table.name}" to stdout'.encode()) as out:
                        yield table, b"".join(bytes(part) for part in out)


def _databases(settings: Settings) -> list[tuple[Any, str]]:
    return [(Base, settings.database_url), (KeysBase, settings.keys_url)]


@contextmanager
def _talking_to(url: str) -> Iterator["psycopg.Cursor[Any]"]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection, connection.cursor() as cursor:
        yield cursor
