"""States that move by name: an enum lists the steps that exist, and `move` takes one of them, once.

Two people who decide on the same thing at the same moment are not both told that they did: the step is one guarded
UPDATE, so exactly one of them wins and the other sees what became of it.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, Self, TypeVar

from sqlalchemy import inspect, update
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.orm.attributes import set_committed_value

from app.kernel.errors import Conflict

T = TypeVar("T", bound=DeclarativeBase)


class States(StrEnum):
    """A StrEnum that says which state may follow which. What is not in its table cannot happen."""

    @classmethod
    def steps(cls) -> Mapping[Self, Collection[Self]]:
        """For each state, those that may follow it. A state that is missing here is final."""
        raise NotImplementedError(f"{cls.__name__} has no table of steps")

    def leads_to(self, other: "States") -> bool:
        """Whether there is a step from this state to the other."""
        return other in self.steps().get(self, ())


class NoSuchStep(Conflict):
    """There is no step from where the thing is now to where it was to go: a defect, or somebody was faster by far.

    People are told what any Conflict tells them, since the two cannot be told apart from outside.
    """


def move(session: Session, thing: T, to: States, *, column: str = "state", **noted: Any) -> T:
    """Take `thing` one step from the state that it was read in, and store what is noted about it in the same statement.

    Returns the thing as it is now. Raises NoSuchStep when the table has no such step, Conflict when somebody else moved
    the thing since it was read. Nothing is written then.
    """
    kind = type(thing)
    present: States = getattr(thing, column)
    if type(to) is not type(present) or not present.leads_to(to):
        raise NoSuchStep
    mapper = inspect(kind)
    itself = [
        key == value for key, value in zip(mapper.primary_key, mapper.primary_key_from_instance(thing), strict=True)
    ]
    moved = session.execute(
        update(kind)
        .where(*itself, getattr(kind, column) == present)
        .values({column: to, **noted})
        .returning(*mapper.primary_key)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if moved is None:
        raise Conflict
    for name, value in {column: to, **noted}.items():
        set_committed_value(thing, name, value)
    return thing
