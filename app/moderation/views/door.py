"""The door of moderation, and what several of its pages need."""

from flask import request
from flask_babel import force_locale, gettext

from app.kernel.web import Door, present_house
from app.moderation.models import (
    AppealState,
    Category,
    MeasureKind,
    MeasureState,
    Outcome,
    ProposalState,
    ReportState,
)
from app.moderation.reasons import TEMPLATES

door = Door("moderation", __name__)


def page_number() -> int:
    """The page of a list that the address asks for, from 1."""
    asked = request.args.get("page", "1")
    return min(int(asked), 10_000) if asked.isascii() and asked.isdigit() and int(asked) > 0 else 1


def template_texts(language: str | None) -> dict[str, str]:
    """The chosen template as reason and answer, in the language of whoever reads them; empty when none is chosen."""
    found = TEMPLATES.get(request.args.get("template", ""))
    if found is None:
        return {}
    return {"reason": in_language(found.reason, language), "answer": in_language(found.answer, language)}


def in_language(text: str, language: str | None) -> str:
    """A message id in one of our languages, or in the first when the person has chosen none."""
    languages = present_house().settings.languages
    with force_locale(language if language in languages else languages[0]):
        return str(gettext(text))


def chosen_language(otherwise: str | None) -> str | None:
    """The language that the address asks templates in."""
    return request.args.get("in") or otherwise


def templates_to_choose() -> list[dict[str, str]]:
    return [{"name": name, "label": gettext(one.label)} for name, one in TEMPLATES.items()]


def labels() -> dict[str, str]:
    """What the states, kinds and categories of moderation are called, by their value."""
    return {
        Category.SAFETY.value: gettext("Safety"),
        Category.HARASSMENT.value: gettext("Harassment"),
        Category.SCAM.value: gettext("Fraud"),
        Category.OTHER.value: gettext("Something else"),
        MeasureKind.NOTICE.value: gettext("Notice"),
        MeasureKind.PAUSE_POSTING.value: gettext("Posting paused"),
        MeasureKind.LIMIT.value: gettext("Limited"),
        MeasureKind.SUSPEND.value: gettext("Suspended"),
        MeasureKind.REMOVE.value: gettext("Removed"),
        MeasureState.ACTIVE.value: gettext("In force"),
        MeasureState.OVER.value: gettext("Over"),
        MeasureState.LIFTED.value: gettext("Lifted"),
        MeasureState.FINAL.value: gettext("Final"),
        AppealState.GRANTED.value: gettext("Granted"),
        AppealState.DENIED.value: gettext("Not granted"),
        ReportState.OPEN.value: gettext("Open"),
        ReportState.CLOSED.value: gettext("Closed"),
        ReportState.WITHDRAWN.value: gettext("Withdrawn"),
        Outcome.ACTED.value: gettext("We acted"),
        Outcome.NOTHING.value: gettext("No measure"),
        ProposalState.DONE.value: gettext("Done"),
        ProposalState.DECLINED.value: gettext("Not agreed"),
        ProposalState.EXPIRED.value: gettext("Not answered in time"),
    }
