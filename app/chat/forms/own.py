"""What one chooses for one's own words: how long they stay, and which names one wants to be warned of."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import RadioField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, ValidationError

from app.chat.queries import LONGEST_PRIVATE, MOST_PRIVATE
from app.kernel.text import clean_line, clean_text
from app.kernel.web import Form

#: Days after which one's own words may go, where the room keeps them for longer.
DAYS = (1, 3, 7, 30, 90)
AS_THE_ROOM = "0"


class OwnTimeForm(Form):
    days = RadioField(
        _l("My words in this room stay"), validators=[InputRequired(_l("Choose one of these."))], default=AS_THE_ROOM
    )

    def offer(self, keep_days: int) -> None:
        """Offer the times that are shorter than the room's."""
        self.days.choices = [
            SelectChoice(AS_THE_ROOM, _l("As long as the room keeps messages")),
            *(
                SelectChoice(str(days), ngettext("%(num)d day", "%(num)d days", days))
                for days in DAYS
                if days < keep_days
            ),
        ]

    @property
    def chosen(self) -> int | None:
        return int(self.days.data) or None


class PrivateNamesForm(Form):
    names = TextAreaField(
        _l("Names and words, one on each line"),
        [Length(max=(LONGEST_PRIVATE + 1) * MOST_PRIVATE, message=_l("That is too long. Use at most 40 lines."))],
        filters=[lambda value: clean_text(value) if value else value],
    )

    @property
    def lines(self) -> Sequence[str]:
        """What was written, line by line, without empty ones."""
        return [line for line in map(clean_line, (self.names.data or "").split("\n")) if line]

    def validate_names(self, _field: TextAreaField) -> None:
        if len(self.lines) > MOST_PRIVATE:
            raise ValidationError(_l("That is too long. Use at most 40 lines."))
        if any(len(line) > LONGEST_PRIVATE for line in self.lines):
            raise ValidationError(_l("One of these is too long. Use at most 60 characters on a line."))
