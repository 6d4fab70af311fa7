"""Sealing and opening what this feature keeps: small JSON objects, each tied to its row and field."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import orjson

from app.kernel import work
from app.kernel.text import fold, skeleton
from app.kernel.vault import Place, Purpose
from app.membership.lineage import BLOCK, Lineage, founder
from app.membership.models import Application, BranchReview, Ledger, Probation, Question, Vouch, VouchCode


@dataclass(frozen=True, slots=True)
class Answers:
    """What an applicant wrote, so far."""

    name: str = ""
    known_by: tuple[str, ...] = ()
    country: str = ""
    brings: str = ""
    offers: str = ""
    #: The code that they give to a member who may vouch.
    ask_code: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is said to the applicant about a decision: a reason chosen from those that there are, and words for them."""

    why: str
    words: str


@dataclass(frozen=True, slots=True)
class VouchWords:
    """Who was asked, and in which way and words they know the applicant."""

    voucher: str
    how: str = ""
    words: str = ""


def seal(key_id: str, place: Place, plain: dict[str, Any]) -> bytes:
    return work.house().vault.seal(key_id, place, orjson.dumps(plain))


def unseal(key_id: str, place: Place, sealed: bytes) -> dict[str, Any]:
    """Raises Shredded when the key is gone."""
    found: dict[str, Any] = orjson.loads(work.house().vault.open(key_id, place, sealed))
    return found


# --- applications -------------------------------------------------------------------------------------------------------


def seal_answers(application: Application, answers: Answers) -> bytes:
    plain = {
        "name": answers.name,
        "known_by": list(answers.known_by),
        "country": answers.country,
        "brings": answers.brings,
        "offers": answers.offers,
        "ask_code": answers.ask_code,
    }
    return seal(application.key_id, Place("application", application.public_id, "words"), plain)


def answers_of(application: Application) -> Answers:
    """Raises Shredded when the key is gone."""
    plain = unseal(application.key_id, Place("application", application.public_id, "words"), application.words)
    return replace(Answers(**plain), known_by=tuple(plain["known_by"]))


def passphrase_place(application: Application) -> Place:
    return Place("application", application.public_id, "passphrase")


def outcome_place(application: Application) -> Place:
    return Place("application", application.public_id, "outcome")


def outcome_of(application: Application) -> Outcome | None:
    """What the applicant was told. Raises Shredded when the key is gone."""
    if application.outcome is None:
        return None
    return Outcome(**unseal(application.key_id, outcome_place(application), application.outcome))


def question_place(question: Question, field: str) -> Place:
    return Place("application_question", question.public_id, field)


def open_question(application: Application, question: Question) -> tuple[str, str | None]:
    """The question and, where there is one, the answer."""
    vault = work.house().vault
    asked = vault.open(application.key_id, question_place(question, "question"), question.question).decode()
    if question.answer is None:
        return asked, None
    return asked, vault.open(application.key_id, question_place(question, "answer"), question.answer).decode()


# --- vouches ------------------------------------------------------------------------------------------------------------


def voucher_tag(application: Application, person: str) -> bytes:
    return work.house().vault.blind_index("voucher", f"{application.public_id}:{person}")


def seal_vouch(application: Application, public_id: str, words: VouchWords) -> bytes:
    plain = {"voucher": words.voucher, "how": words.how, "words": words.words}
    return seal(application.key_id, Place("vouch", public_id, "words"), plain)


def vouch_words(application: Application, vouch: Vouch) -> VouchWords:
    """Raises Shredded when the application's key is gone."""
    return VouchWords(**unseal(application.key_id, Place("vouch", vouch.public_id, "words"), vouch.words))


def vouch_reason_place(vouch: Vouch) -> Place:
    return Place("vouch", vouch.public_id, "reason")


def part_place(application: Application, vetter_id: int) -> Place:
    return Place("vetting_part", f"{application.public_id}:{vetter_id}", "words")


def code_place(public_id: str) -> Place:
    return Place("vouch_code", public_id, "words")


def code_words(code: VouchCode) -> dict[str, str]:
    """`voucher`, a public id, and `whom`, the maker's own note of whom it is for."""
    return unseal(code.key_id, code_place(code.public_id), code.words)


def maker_tag(person: str) -> bytes:
    return work.house().vault.blind_index("vouch-code-maker", person)


def code_index(name: str, code: str) -> bytes:
    """What a code is found by, however it was typed. `name` says which kind of code."""
    return work.house().vault.blind_index(name, code)


# --- lineage ------------------------------------------------------------------------------------------------------------


def ledger_tag(person: str) -> bytes:
    return work.house().vault.blind_index("lineage", person)


def seal_ledger(lineage: Lineage) -> bytes:
    """Filled up, since the length of a list would count people."""
    plain = orjson.dumps(lineage.to_plain())
    key_id = work.house().vault.named_key("lineage", Purpose.PERSON)
    padded = plain.ljust(-(-len(plain) // BLOCK) * BLOCK)
    return work.house().vault.seal(key_id, _ledger_place(lineage.person), padded)


def open_ledger(person: str, ledger: Ledger | None) -> Lineage:
    """Where somebody stands. Whoever has no ledger came in before there was anybody to vouch."""
    if ledger is None:
        return founder(person)
    key_id = work.house().vault.named_key("lineage", Purpose.PERSON)
    plain = orjson.loads(work.house().vault.open(key_id, _ledger_place(person), ledger.sealed))
    return Lineage.from_plain(person, plain)


def _ledger_place(person: str) -> Place:
    return Place("lineage", person, "sealed")


# --- probation, branches ------------------------------------------------------------------------------------------------


def probation_place(probation: Probation) -> Place:
    return Place("probation", probation.public_id, "words")


def probation_words(probation: Probation) -> str | None:
    if probation.words is None:
        return None
    return work.house().vault.open(probation.key_id, probation_place(probation), probation.words).decode()


def review_place(public_id: str) -> Place:
    return Place("branch_review", public_id, "words")


def review_words(review: BranchReview) -> dict[str, str]:
    """`start`, from whom the branch was taken, and `proposal`."""
    return unseal(review.key_id, review_place(review.public_id), review.words)


# --- fingerprints -------------------------------------------------------------------------------------------------------


def name_mark(name: str) -> bytes:
    return work.house().vault.blind_index("application-name", skeleton(name))


def known_by_marks(lines: Iterable[str]) -> list[bytes]:
    """A mark for each line in which the applicant named somebody, without what differs by spelling."""
    vault = work.house().vault
    told = {skeleton(fold(line)) for line in lines}
    return [vault.blind_index("application-known-by", one) for one in sorted(told) if one]
