"""What every peer has in common."""

import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from bench.servers import Server

HERE = Path(__file__).parent


class Missing(Exception):
    """A peer that is not installed here, with the words that say how to."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another chat server."""

    #: Starts it for so many people. Raises Missing.
    start: Callable[[int], AbstractContextManager[Server]]
    #: What of it is installed, by name; asked only where it has started.
    versions: Callable[[], dict[str, str]]
    #: What a newcomer types to have it.
    install: str


def filled(name: str, **values: str) -> str:
    """A file of this folder with words in capitals replaced."""
    words = (HERE / name).read_text()
    for place, value in values.items():
        words = words.replace(place, value)
    return words


def said(*command: str) -> str:
    """What a program prints."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
