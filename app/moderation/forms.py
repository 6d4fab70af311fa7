"""Forms of moderation."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.kernel.access import Role
from app.kernel.signals import Words
from app.kernel.text import clean_text
from app.kernel.web import Form
from app.moderation.models import Category, MeasureKind

LONG = Length(max=4000, message=_l("Use at most 4,000 characters."))
SHORT = Length(max=200, message=_l("This is longer than it can be. Shorten it."))
CATEGORIES = {
    Category.SAFETY: _l("Safety: a threat, or somebody who may be an informer"),
    Category.HARASSMENT: _l("Harassment or insults"),
    Category.SCAM: _l("Fraud or a false offer"),
    Category.OTHER: _l("Something else"),
}
MEASURES = {
    MeasureKind.NOTICE: _l("A notice: words only"),
    MeasureKind.PAUSE_POSTING: _l("Pause posting: reads on, does not write"),
    MeasureKind.LIMIT: _l("Limit: no directory, first contact, links or vouching"),
    MeasureKind.SUSPEND: _l("Suspend: sees only their own standing"),
    MeasureKind.REMOVE: _l("Remove: proposed to a second person"),
}
WORDS = {
    Words.KEEP: _l("Keep what they wrote"),
    Words.HIDE: _l("Hide what they wrote while it lasts"),
    Words.DELETE: _l("Hide what they wrote, and delete it if a removal becomes final"),
}
ROLES = {
    Role.MODERATOR: _l("Moderator"),
    Role.VETTER: _l("Vetter"),
    Role.COORDINATOR: _l("Coordinator"),
    Role.CASEWORKER: _l("Caseworker"),
    Role.ADMINISTRATOR: _l("Administrator"),
}
NO_MEASURE = "none"


def _clean(value: str | None) -> str | None:
    return clean_text(value) if value else value


def _words(label: Any, missing: Any) -> TextAreaField:
    """A text that must be given, with the words that ask for it."""
    return TextAreaField(label, [InputRequired(missing), LONG], filters=[_clean])


def _choices(labels: Any) -> list[SelectChoice]:
    return [SelectChoice(one.value, label) for one, label in labels.items()]


class ReportForm(Form):
    category = RadioField(
        _l("What is it about?"), [InputRequired(_l("Choose what it is about."))], choices=_choices(CATEGORIES)
    )
    body = _words(_l("What happened?"), _l("Say in a few words what happened."))
    hopes = TextAreaField(_l("What do you hope for?"), [Optional(), LONG], filters=[_clean])


class WordsForm(Form):
    """A few words to the other side: a question, an answer, an appeal."""

    body = _words(_l("Your words"), _l("Write something first."))


class DecisionForm(Form):
    measure = RadioField(
        _l("Measure"),
        [InputRequired(_l("Choose a measure, or none."))],
        choices=[SelectChoice(NO_MEASURE, _l("No measure")), *_choices(MEASURES)],
        default=NO_MEASURE,
    )
    days = IntegerField(
        _l("For how many days"), [Optional(), NumberRange(1, 90, _l("Choose from 1 to 90 days."))], default=7
    )
    category = SelectField(_l("What it is about"), choices=_choices(CATEGORIES))
    words = SelectField(_l("What they wrote in rooms"), choices=_choices(WORDS))
    remove_words = BooleanField(_l("Take the reported words away"))
    reason = TextAreaField(_l("Reason, shown to the person"), [Optional(), LONG], filters=[_clean])
    text = _words(_l("Answer to whoever reported"), _l("Write an answer: whoever reported is waiting for it."))


class TogetherForm(Form):
    text = _words(_l("Answer to everybody who reported"), _l("Write an answer: whoever reported is waiting for it."))


class MeasureForm(Form):
    measure = RadioField(_l("Measure"), [InputRequired(_l("Choose a measure."))], choices=_choices(MEASURES))
    days = IntegerField(
        _l("For how many days"), [Optional(), NumberRange(1, 90, _l("Choose from 1 to 90 days."))], default=7
    )
    category = SelectField(_l("What it is about"), choices=_choices(CATEGORIES))
    words = SelectField(_l("What they wrote in rooms"), choices=_choices(WORDS))
    reason = _words(_l("Reason, shown to the person"), _l("Write the reason: it is shown to the person."))


class ReasonForm(Form):
    reason = _words(_l("Reason"), _l("Write the reason."))


class NoteForm(Form):
    note = _words(_l("Note for the other moderators"), _l("Write something first."))


class AppealAnswerForm(Form):
    decision = RadioField(
        _l("Decision"),
        [InputRequired(_l("Choose what becomes of the measure."))],
        choices=[SelectChoice("deny", _l("The measure stays")), SelectChoice("grant", _l("The measure is lifted"))],
    )
    text = _words(_l("Answer"), _l("Write why: it is shown to the person."))


class RoleForm(Form):
    role = SelectField(_l("Role"), choices=_choices(ROLES))
    change = RadioField(
        _l("Change"),
        [InputRequired(_l("Choose whether to give or to take it."))],
        choices=[SelectChoice("give", _l("Give it")), SelectChoice("take", _l("Take it"))],
    )
    text = _words(_l("Reason"), _l("Write the reason."))


class FindForm(Form):
    name = StringField(_l("Name"), [InputRequired(_l("Give the whole name.")), SHORT])


class LimitForm(Form):
    limit = IntegerField(
        _l("How many items I want to open in a day"),
        [InputRequired(_l("Give a number.")), NumberRange(1, 200, _l("Choose from 1 to 200."))],
    )
