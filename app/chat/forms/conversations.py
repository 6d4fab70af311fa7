"""Forms of conversations: a first message, what becomes of one's words, whom a group asks, what a report encloses."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import BooleanField, HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional, Regexp, ValidationError
from wtforms.widgets import CheckboxInput

from app.chat.policy.conversations import FIRST_LETTERS, KEEPS
from app.chat.queries.reported import MOST_PICKED
from app.kernel.text import clean_line, clean_text
from app.kernel.web import Form

DAMAGED = _l("This page is damaged. Open it again; your words are still here.")


class FirstForm(Form):
    """The first message to somebody. The client's id makes sending it twice harmless."""

    body = TextAreaField(
        _l("Your first message"),
        [
            InputRequired(_l("Write something first.")),
            Length(max=FIRST_LETTERS, message=_l("Use at most 400 characters.")),
        ],
        filters=[lambda value: clean_text(value).strip() if value else value],
    )
    client_id = HiddenField(validators=[Regexp(r"^[A-Za-z0-9_-]{8,40}$", message=DAMAGED)])


class LeaveForm(Form):
    take_words = BooleanField(
        _l("Take away what I wrote here"),
        description=_l(
            "Your words then go for everybody, at once. Else they stay until the conversation's time is over."
        ),
    )


class KeepForm(Form):
    """For how long somebody wants a conversation kept."""

    days = SelectField(_l("Keep messages for"), coerce=int)

    def show(self) -> None:
        """Put the choices in words."""
        self.days.choices = [SelectChoice(days, ngettext("%(num)d day", "%(num)d days", days)) for days in KEEPS]


class TitleForm(Form):
    title = StringField(
        _l("Name of the group"),
        [Optional(), Length(max=60, message=_l("Use at most 60 characters."))],
        description=_l("Those who are asked see it. You may leave it empty."),
        filters=[lambda value: clean_line(value) if value else value],
    )


class PeopleForm(Form):
    """People with a box each, by the ids that they have where they are met."""

    people = SelectMultipleField(
        _l("Whom to ask"), [InputRequired(_l("Choose somebody."))], option_widget=CheckboxInput(), validate_choice=False
    )

    def offer(self, people: Sequence[tuple[str, str]]) -> None:
        """Let one choose among these people: id and name."""
        self.people.choices = list(people)


class GroupForm(TitleForm, PeopleForm):
    """A new group."""


class OneForm(Form):
    """Somebody in a group, by the id that they have there."""

    person = HiddenField(validators=[Regexp(r"^[A-Za-z0-9_-]{16}$", message=DAMAGED)])


class PickForm(Form):
    """Messages that a report encloses, by their numbers."""

    seqs = SelectMultipleField(
        _l("Messages"),
        [InputRequired(_l("Choose at least one message."))],
        coerce=int,
        option_widget=CheckboxInput(),
        validate_choice=False,
    )

    def validate_seqs(self, field: SelectMultipleField) -> None:
        if len(set(field.data or ())) > MOST_PICKED:
            raise ValidationError(_l("Choose at most 20 messages."))
