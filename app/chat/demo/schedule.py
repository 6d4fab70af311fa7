"""Composes weeks of a room's life from its scripts: who says what, and when. The same seed gives the same weeks."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from app.chat.demo.script import Filling, Line, Script, Talk, Thread
from app.identity.demo import Inhabitant

#: The clock by which it is morning or night in the rooms.
CLOCK = ZoneInfo("Asia/Damascus")
WINDOWS = {
    "morning": (time(7, 0), time(9, 45)),
    "any": (time(10, 30), time(16, 30)),
    "evening": (time(17, 30), time(21, 45)),
    "night": (time(22, 30), time(23, 50)),
}
#: A thread is not heard again for so long; a talk neither.
THREAD_REST = timedelta(days=13)
TALK_REST = timedelta(days=2)
#: How often a written thread is taken where one is rested.
THREAD_SHARE = 0.6
#: How often whoever opened a talk has the last word.
CLOSING_SHARE = 0.7

T = TypeVar("T")
Said = tuple[Inhabitant, str]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the demo."""

    author: Inhabitant
    words: str
    at: datetime


@dataclass(frozen=True)
class Company:
    """Who is in the room. `arrived` are those who came during the weeks; `away` have not been here since `left`."""

    people: Sequence[Inhabitant]
    arrived: Mapping[str, datetime]
    away: Collection[str]
    left: datetime

    def present(self, at: datetime) -> list[Inhabitant]:
        """Who may speak at that moment."""
        return [
            one
            for one in self.people
            if (one.name not in self.arrived or self.arrived[one.name] < at)
            and not (one.name in self.away and at >= self.left)
        ]


@dataclass
class Weeks:
    """The composing of one room."""

    threads: Sequence[Thread]
    talks: Sequence[Talk]
    company: Company
    #: How many conversations a day begin in each window, on average.
    rhythm: Mapping[str, float]
    rng: Random
    _heard: dict[Script, datetime] = field(default_factory=dict)
    _used: dict[Line, int] = field(default_factory=dict)

    def compose(self, days: int, until: datetime) -> list[Message]:
        """The messages of the last `days` days, oldest first; the last one a little before `until`."""
        today = until.astimezone(CLOCK).date()
        messages: list[Message] = []
        free = first = until - timedelta(days=days)
        for back in range(days, -1, -1):
            for when, start in self._starts(datetime.combine(today - timedelta(days=back), time(0), CLOCK)):
                begins = max(start, free)
                spoken = list(self._timed(self._conversation(when, begins), begins))
                if start < first or not spoken or spoken[-1].at > until - timedelta(minutes=2):
                    continue
                messages += spoken
                free = spoken[-1].at + timedelta(minutes=self.rng.uniform(4, 30))
        return messages

    def perform(self, script: Script, present: list[Inhabitant], opener: Inhabitant | None = None) -> list[Said]:
        """What is said, or nothing when the room has nobody for one of the parts."""
        if isinstance(script, Thread):
            return self._perform_thread(script, present, opener)
        assert isinstance(script, Talk)
        return self._perform_talk(script, present, opener)

    def _starts(self, midnight: datetime) -> Iterator[tuple[str, datetime]]:
        """When conversations begin on this day, in order. Newcomers begin theirs when they arrive."""
        starts = []
        for when, (opens, closes) in WINDOWS.items():
            rate = self.rhythm[when]
            minutes = (closes.hour - opens.hour) * 60 + closes.minute - opens.minute
            for _ in range(int(rate) + (self.rng.random() < rate % 1)):
                moment = datetime.combine(midnight.date(), opens, CLOCK) + timedelta(
                    minutes=self.rng.uniform(0, minutes)
                )
                starts.append((when, moment))
        if any(script.newcomer for script in (*self.threads, *self.talks)):
            here = {one.name for one in self.company.people}
            moments = [at for name, at in self.company.arrived.items() if name in here]
            starts += [("arrival", at) for at in moments if at.astimezone(CLOCK).date() == midnight.date()]
        return iter(sorted(starts, key=lambda start: start[1]))

    def _conversation(self, when: str, at: datetime) -> list[Said]:
        present = self.company.present(at + timedelta(seconds=1))
        if when == "arrival":
            latest = max(
                (name for name, came in self.company.arrived.items() if came <= at),
                key=self.company.arrived.__getitem__,
            )
            return self._first_words(next(one for one in self.company.people if one.name == latest), present, at)
        kinds: list[Sequence[Script]] = [self.threads, self.talks]
        if self.rng.random() > THREAD_SHARE:
            kinds.reverse()
        for scripts in kinds:
            for script in self._rested(scripts, when, at):
                said = self.perform(script, present)
                if said:
                    self._heard[script] = at
                    return said
        return []

    def _first_words(self, newcomer: Inhabitant, present: list[Inhabitant], at: datetime) -> list[Said]:
        scripts = [
            s for s in (*self.threads, *self.talks) if s.newcomer and not (isinstance(s, Thread) and s in self._heard)
        ]
        for script in self._shuffled(scripts):
            said = self.perform(script, present, newcomer)
            if said:
                self._heard[script] = at
                return said
        return []

    def _rested(self, scripts: Sequence[Script], when: str, at: datetime) -> list[Script]:
        """Those that fit the time of day and were not heard lately, the least recently heard first."""
        fitting = []
        for script in self._shuffled(scripts):
            heard = self._heard.get(script)
            rest = THREAD_REST if isinstance(script, Thread) else TALK_REST
            # What may be said at any time is also said in the evening.
            at_this_time = script.when == when or (script.when == "any" and when == "evening")
            if at_this_time and not script.newcomer and (heard is None or (not script.once and at - heard > rest)):
                fitting.append(script)
        return sorted(fitting, key=lambda script: script in self._heard)

    def _perform_thread(self, thread: Thread, present: list[Inhabitant], opener: Inhabitant | None) -> list[Said]:
        cast: dict[str, Inhabitant] = {}
        # The hardest part is cast first, so that nobody takes the only one who could play it.
        parts = {letter: thread.part(letter, *lines) for letter, lines in _by_speaker(thread.turns).items()}
        able = {letter: [one for one in present if part.suits(one)] for letter, part in parts.items()}
        if opener is not None:
            able["a"] = [opener] if parts["a"].suits(opener) else []
        for letter in sorted(able, key=lambda letter: len(able[letter])):
            free = [one for one in able[letter] if one not in cast.values() and (one is not opener or letter == "a")]
            if not free:
                return []
            cast[letter] = self.rng.choice(free)
        filling = Filling(self.rng, cast)
        return [(cast[line.speaker], filling.fill(line)) for line in thread.turns]

    def _perform_talk(self, talk: Talk, present: list[Inhabitant], opener: Inhabitant | None) -> list[Said]:
        opening = self._fresh(talk, "a", talk.opening, [opener] if opener else present)
        if opening is None:
            return []
        first, words = opening
        cast, said = [first], [(first, Filling(self.rng, {"a": first}).fill(words))]
        unsaid = list(talk.reply)
        for _ in range(self.rng.randint(*talk.replies)):
            reply = self._fresh(talk, "b", unsaid, [one for one in present if one not in cast])
            if reply is None:
                break
            second, words = reply
            unsaid.remove(words)
            cast.append(second)
            said.append((second, Filling(self.rng, {"a": first, "b": second}).fill(words)))
        closing = self._fresh(talk, "a", talk.closing, [first]) if self.rng.random() < CLOSING_SHARE else None
        if closing is not None:
            said.append((first, Filling(self.rng, {"a": first}).fill(closing[1])))
        return said

    def _fresh(
        self, talk: Talk, letter: str, lines: Sequence[Line], people: Sequence[Inhabitant]
    ) -> tuple[Inhabitant, Line] | None:
        """One of the lines used least often so far that somebody here could say, noted as used, and who says it."""
        by_use = sorted(self._shuffled(lines), key=lambda line: self._used.get(line, 0))
        for line in by_use:
            part = talk.part(letter, line)
            if able := [one for one in people if part.suits(one)]:
                self._used[line] = self._used.get(line, 0) + 1
                return self.rng.choice(able), line
        return None

    def _timed(self, said: list[Said], start: datetime) -> Iterator[Message]:
        """Give each turn its moment: reading what came before and typing take their time."""
        at = start
        for author, words in said:
            yield Message(author, words, at.astimezone(UTC))
            at += timedelta(seconds=self.rng.uniform(12, 120) + len(words) * self.rng.uniform(0.2, 0.9))

    def _shuffled(self, things: Sequence[T]) -> list[T]:
        return self.rng.sample(list(things), len(things))


def _by_speaker(turns: Sequence[Line]) -> dict[str, list[Line]]:
    spoken: dict[str, list[Line]] = {}
    for line in turns:
        spoken.setdefault(line.speaker, []).append(line)
    return spoken
