"""Processes that freeze an account and are killed at one point of it, on the instance in the environment."""

import os
import signal
from itertools import count

from sqlalchemy import event

from app import create_app
from app.identity.keeper import Sessions
from app.kernel import work
from app.kernel.house import House
from app.safety.actions import trust
from config import read_settings
from tests.faults.programs.forking import Log, serve


def freezing(log: Log, words: list[str]) -> None:
    """`freezing TOKEN WHOSE AFTER`: killed once so many statements and commits were sent to the database."""
    house: House = create_app(read_settings()).extensions["house"]
    token, whose, after = words[0], int(words[1]), int(words[2])
    with work.scope(house):
        actor = Sessions().recognise(token)
    sent = count(1)

    def may_be_killed(*_details: object) -> None:
        if next(sent) > after:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(house.databases.data, "before_cursor_execute", may_be_killed)
    event.listen(house.databases.data, "commit", may_be_killed)
    with work.scope(house):
        trust.freeze(actor, whose, reason="The phone was taken")
    log("frozen")


if __name__ == "__main__":
    serve({"freezing": freezing})
