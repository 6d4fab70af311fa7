"""Forms of searching and of finding a day."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, Field, SelectField, StringField
from wtforms.validators import Length, Optional, ValidationError

from app.kernel.text import LONGEST_NAME, clean_line
from app.kernel.web import Form

_NO_DAY = _l("Write the day as year, month and day, such as 2026-11-21.")


class DayField(DateField):
    """A day, with words of our own for what is none."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_NO_DAY) from None


def _line(value: str | None) -> str:
    return clean_line(value or "")


class SearchForm(Form):
    """What somebody looks for in their rooms. One of the fields is enough."""

    words = StringField(_l("Words"), [Length(max=100, message=_l("Use at most 100 letters."))], filters=[_line])
    person = StringField(
        _l("Written by"), [Length(max=LONGEST_NAME, message=_l("No name is as long as this."))], filters=[_line]
    )
    room = SelectField(_l("In"), validate_choice=False)
    first = DayField(_l("From"), [Optional()])
    last = DayField(_l("Until"), [Optional()])

    def validate_words(self, field: Field) -> None:
        if not (field.data or self.person.data or self.first.data or self.last.data or self.first.errors):
            raise ValidationError(_l("Write a word, a name or a day."))

    def validate_last(self, field: Field) -> None:
        if field.data and self.first.data and field.data < self.first.data:
            raise ValidationError(_l("The last day is before the first one."))


class DayForm(Form):
    """The day in a room to which somebody wants to go."""

    class Meta(Form.Meta):
        csrf = False  # it changes nothing

    on = DayField(_l("Day"), [Optional()])
