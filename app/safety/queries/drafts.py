"""Reads of drafts: what somebody typed and did not send, opened for themselves alone."""

from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Select, func

from app.identity.models import Person
from app.identity.queries import get_me
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.errors import NotFound
from app.kernel.feature import DraftKind
from app.kernel.vault import Place, Shredded
from app.safety import policy
from app.safety.models import Draft

#: Where a draft belongs that was typed at no place for drafts.
ELSEWHERE = "page"


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One draft. `kind` and `ref` say where one goes on, where that is known; `id` names it on its own page."""

    id: str
    kind: DraftKind | None
    ref: str
    words: str
    at: datetime


def sealed_place(person: Person, place: str) -> Place:
    return Place("draft", f"{person.public_id} {place}", "sealed")


def drafts(actor: Actor) -> list[DraftLine]:
    """The actor's drafts, newest first, without those of what is hidden at present."""
    found = list(work.session().scalars(*_all(actor)))
    if not found:
        return []
    me, kinds = get_me(actor), policy.draft_kinds()
    lines = []
    for draft in found:
        name, _, ref = draft.place.partition(":")
        words = opened(draft, me)
        if words:
            lines.append(DraftLine(draft.place.replace(":", "."), kinds.get(name), ref, words, draft.at))
    return lines


@built_once
def _all(actor: Actor) -> Select[Draft]:
    return policy.visible_drafts(actor).order_by(Draft.at.desc())


@built_once
def _at(actor: Actor, place: str) -> Select[Draft]:
    return policy.visible_drafts(actor).where(Draft.place == place)


def count(actor: Actor) -> int:
    """How many there are, for Home."""
    return work.session().scalar(*_counted(actor)) or 0


@built_once
def _counted(actor: Actor) -> Select[int]:
    return policy.visible_drafts(actor).with_only_columns(func.count())


def words_at(actor: Actor, place: str) -> str:
    """What the actor had typed at this place, or nothing."""
    draft = work.session().scalars(*_at(actor, place)).one_or_none()
    return opened(draft, get_me(actor)) if draft else ""


def get_draft(actor: Actor, id: str) -> Draft:
    """One of the actor's drafts. Raises NotFound."""
    found: Draft | None = work.session().scalars(*_at(actor, id.replace(".", ":", 1))).one_or_none()
    if found is None:
        raise NotFound
    return found


def opened(draft: Draft, person: Person) -> str:
    """The words of a draft, or nothing where their key is gone."""
    try:
        plain = work.house().vault.open(person.key_id, sealed_place(person, draft.place), draft.sealed)
    except Shredded:
        return ""
    words: str = orjson.loads(plain)[0]
    return words


def packed(words: str) -> bytes:
    """What is sealed of a draft."""
    return orjson.dumps([words])
