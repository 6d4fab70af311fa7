"""Statements that are built once for each shape, and asked many times with other values.

To build a statement costs SQLAlchemy several times what it costs to ask it, and a page asks a dozen. What stands in a statement
depends on few things: which permissions the actor holds, and choices such as "with those that are over". Everything else is a
value in a place of its own. So a function that builds one is called once for each shape, with parameters where the values
belong, and a page fills them in:

    @built_once
    def _unread(actor: Actor, room: int, since: datetime) -> Select[tuple[int]]:
        return policy.visible_rooms(actor).where(Room.id == room, Room.made_at > since)

    work.session().scalar(*_unread(actor, room=7, since=since))

In the function whoever acts is an `Anyone`: rules ask them what they hold, and put their row number and public id into the
statement. Numbers, words, moments and lists of these are parameters there: compute with them before. An `Enum`, a bool, None
and a tuple are part of the shape, and are what they are. What has both in it, as whoever looks at a profile, is `Placed`.

SQLAlchemy's own keys for its compiled statements cost nothing here: it keeps the key of a statement that stays.

Prepared statements (`prepared.py`) go further, for rows without models on the hot path of events.
"""

import functools
import inspect
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from typing import Any, ParamSpec, Self, TypeVar, cast

from sqlalchemy import BindParameter, bindparam
from sqlalchemy.sql import visitors

from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import Forbidden

P = ParamSpec("P")
S = TypeVar("S")

#: Rules ask which kinds of things the features know: for others, as in tests, statements are others. Kept, so that the id is.
_known: dict[int, Any] = {}
#: Shapes of one statement that are kept. More than a handful is a value that was taken for a choice.
MOST_SHAPES = 256


@dataclass(frozen=True, slots=True)
class Anyone:
    """Whoever asks, as rules see them while a statement is built. What else an `Actor` has does not belong in one."""

    permissions: frozenset[Permission]
    id: BindParameter[int] | None
    public_id: BindParameter[str]

    def holds(self, permission: Permission) -> bool:
        return permission in self.permissions

    @property
    def person_id(self) -> BindParameter[int]:
        if self.id is None:
            raise Forbidden
        return self.id


class Placed:
    """An argument that brings its own places, made of choices and of values. It is frozen."""

    __slots__ = ()

    def outline(self) -> Hashable:
        """What of it decides how a statement is built."""
        raise NotImplementedError

    def places(self) -> Mapping[str, Any]:
        """The values, by the names of its fields."""
        raise NotImplementedError

    def stand_in(self, places: Mapping[str, Any]) -> Self:
        """The same with these in place of its values."""
        return replace(self, **places)  # type: ignore[type-var]  # a dataclass


def built_once(build: Callable[P, S]) -> Callable[P, tuple[S, dict[str, Any]]]:
    """Make a function that builds a statement into one that answers it, built at most once for each shape, with its values.

    The answer is what a session or a connection is given: `session.execute(*answer)`. Raises RuntimeError when a moment,
    or words made of a parameter, are built into the statement, where they would stay for ever: give them as an argument,
    or use `db.this_moment()`.
    """
    names = tuple(inspect.signature(build).parameters)
    built: dict[tuple[Any, ...], S] = {}

    @functools.wraps(build)
    def asked(*args: Any, **more: Any) -> tuple[S, dict[str, Any]]:
        given = dict(zip(names, args, strict=False))
        if more:
            given.update(more)
        features = work.house().features
        _known[id(features)] = features
        shape: list[Any] = [id(features)]
        values: dict[str, Any] = {}
        for name, value in given.items():
            shape.append(name)
            shape.append(_sort(name, value, values))
        key = tuple(shape)
        statement = built.get(key)
        if statement is None:
            if len(built) >= MOST_SHAPES:
                built.clear()
            statement = build(**{name: _stand_in(name, value) for name, value in given.items()})  # type: ignore[call-arg]
            _check(statement, names, build)
            built[key] = statement
        return statement, values

    return cast("Callable[P, tuple[S, dict[str, Any]]]", asked)


def _sort(name: str, given: Any, values: dict[str, Any]) -> Any:
    """Put what is a value among the values. Returns what it is for the shape."""
    if isinstance(given, Actor):
        values[f"{name}_public_id"] = given.public_id
        if given.id is None:
            return (given.permissions, None)
        values[f"{name}_id"] = given.id
        return given.permissions
    if _is_value(given):
        values[name] = given
        return type(given)
    if _is_list(given):
        values[name] = list(given)
        return list
    if isinstance(given, Placed):
        values.update((f"{name}_{field}", value) for field, value in given.places().items())
        return given.outline()
    return given


def _stand_in(name: str, given: Any) -> Any:
    if isinstance(given, Actor):
        known: BindParameter[int] | None = None if given.id is None else bindparam(f"{name}_id")
        return Anyone(given.permissions, known, bindparam(f"{name}_public_id"))
    if _is_value(given):
        return bindparam(name)
    if _is_list(given):
        return bindparam(name, expanding=True)
    if isinstance(given, Placed):
        return given.stand_in({field: bindparam(f"{name}_{field}") for field in given.places()})
    return given


def _is_value(given: Any) -> bool:
    return isinstance(given, int | str | bytes | date) and not isinstance(given, bool | Enum)


def _is_list(given: Any) -> bool:
    return isinstance(given, Collection) and not isinstance(given, tuple | str | bytes)


def _check(statement: Any, names: Collection[str], build: Callable[..., Any]) -> None:
    """Refuse what was computed while the statement was built and would be asked about for ever."""
    for part in visitors.iterate(statement):
        if not isinstance(part, BindParameter) or part.callable is not None:
            continue
        in_words = isinstance(part.value, str) and any(f":{name}" in part.value for name in names)
        if in_words or isinstance(part.value, date):
            raise RuntimeError(f"{build.__qualname__} would ask about {part.value} for ever")
