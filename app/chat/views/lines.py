"""What the lines of a room show, as plain objects: messages with what the reader alone sees marked, and who said what."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext

from app.chat import queries
from app.chat.forms.messages import Found
from app.chat.models import ReactionKind
from app.kernel.actor import Actor
from app.kernel.errors import N_
from app.kernel.text import Kind, bare_name

#: The five things, in words.
REACTIONS = {
    ReactionKind.WITH_YOU: N_("With you"),
    ReactionKind.THANK_YOU: N_("Thank you"),
    ReactionKind.I_RELATE: N_("I relate"),
    ReactionKind.HELPFUL: N_("Helpful"),
    ReactionKind.THINKING_OF_YOU: N_("Thinking of you"),
}
#: What a text may give away.
GIVEN_AWAY = {
    Kind.EMAIL: N_("A mail address"),
    Kind.MAP: N_("A place on a map"),
    Kind.PLACE: N_("Coordinates of a place"),
    Kind.IBAN: N_("A bank account"),
    Kind.PHONE: N_("A phone number"),
    Kind.IDENTITY: N_("A number like that of an identity card or passport"),
    Kind.ADDRESS: N_("A postal address"),
    Kind.PRIVATE: N_("A name that you marked as private"),
}


class Reader:
    """What one reader has to do with the messages of a room: three questions for any number of them."""

    def __init__(self, actor: Actor, room: queries.RoomRef, words: Sequence[queries.Words]) -> None:
        self.me = queries.me_here(actor, room).id
        self.away = queries.kept_away(actor, room)
        self._said = queries.my_reactions(actor, room, [one.seq for one in words if one.reactions])
        self._named = queries.mentions_of(actor, room, [one.seq for one in words if one.mentions])

    def line(self, words: queries.Words) -> dict[str, Any]:
        """One message as this reader sees it."""
        mine = self._said.get(words.seq, set())
        return {
            "words": words,
            "own": words.author.id == self.me,
            "away": words.author.id in self.away,
            "quote_away": words.reply is not None and words.reply.author.id in self.away,
            "names_me": words.seq in self._named,
            "mine": [kind.value for kind in ReactionKind if kind in mine] if mine else [],
            "said": [line for one in words.reactions if (line := self._said_line(one, one.kind in mine))],
        }

    def _said_line(self, said: queries.Said, mine: bool) -> dict[str, Any] | None:
        others = [
            one.name or gettext("A former member")
            for one in said.by
            if one.id != self.me and not (one.id and one.id in self.away)
        ]
        if not (mine or others or said.others):
            return None  # only somebody whom the reader keeps away said it
        most = queries.NAMED_OF_SAID - (1 if mine else 0)
        return {
            "label": gettext(REACTIONS[said.kind]),
            "mine": mine,
            "names": others[:most],
            "others": said.others or len(others) > most,
        }


def found_shown(found: Sequence[Found]) -> list[dict[str, str]]:
    """What a text may give away, in words."""
    return [{"label": gettext(GIVEN_AWAY[one.kind]), "words": one.words} for one in found]


def reactions_shown(mine: Sequence[str]) -> list[dict[str, Any]]:
    """The five things as buttons."""
    return [
        {"kind": kind.value, "label": gettext(label), "mine": kind.value in mine} for kind, label in REACTIONS.items()
    ]


def private_shown(actor: Actor) -> str:
    """The reader's private names as the script looks for them, one on each line."""
    return "\n".join(filter(None, map(bare_name, queries.private_names(actor))))
