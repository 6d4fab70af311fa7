"""Forms about other people: a note, a part, the name of a list."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput

from app.kernel.text import clean_line, clean_text
from app.kernel.web import Form
from app.profiles.queries.companions import Part
from app.profiles.queries.known import Known


class ButtonForm(Form):
    """A button alone, with its token."""


class AskForm(Form):
    note = TextAreaField(
        _l("A few words, if you like"),
        [Length(max=300, message=_l("Use at most 300 characters."))],
        filters=[lambda value: clean_text(value).strip() if value else value],
    )


class PartForm(Form):
    part = RadioField(
        _l("Who is who"),
        [InputRequired(_l("Choose one."))],
        choices=[
            SelectChoice(Part.MENTOR.value, _l("They are my mentor")),
            SelectChoice(Part.MENTEE.value, _l("I am their mentor")),
        ],
    )


class ListForm(Form):
    name = StringField(
        _l("Name of the list"),
        [InputRequired(_l("Give the list a name.")), Length(max=60, message=_l("Use at most 60 characters."))],
        filters=[lambda value: clean_line(value[:200]) if value else value],
    )


class PutOnForm(Form):
    """Several of one's people at once, each with a box to tick."""

    people = SelectMultipleField(
        _l("Your people"), [InputRequired(_l("Choose somebody."))], option_widget=CheckboxInput(), validate_choice=False
    )

    def show(self, people: Sequence[Known]) -> None:
        """Let one choose among these people."""
        self.people.choices = [(one.public_id, one.name) for one in people]
