"""Forms of personal safety."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    TextAreaField,
)
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional

from app.kernel.text import clean_text
from app.kernel.web import Form

LONG = Length(max=4000, message=_l("Use at most 4,000 characters."))
#: After how many minutes a screen may lock by itself; 0 stands for never.
MINUTES = {
    "0": _l("Only when I lock it"),
    "1": _l("After a minute or two"),
    "5": _l("After 5 minutes"),
    "10": _l("After 10 minutes"),
    "30": _l("After half an hour"),
}
UNTIL, PEERS = "until", "peers"


def _clean(value: str | None) -> str | None:
    return clean_text(value) if value else value


class HideForm(Form):
    """What to hide on a journey. The page draws the boxes."""

    things = SelectMultipleField(validate_choice=False)


class JourneyForm(Form):
    ends = RadioField(
        _l("How it ends"),
        choices=[
            SelectChoice(UNTIL, _l("On a day")),
            SelectChoice(PEERS, _l("When two people whom I choose agree that it is over, at the latest after 90 days")),
        ],
        default=UNTIL,
        validators=[InputRequired(_l("Choose how it ends."))],
    )
    day = DateField(
        _l("First day on which everything is there again"),
        [Optional()],
        description=_l("Within the next 90 days. It begins at midnight, UTC."),
    )
    first = SelectField(_l("One person"), validate_choice=False)
    second = SelectField(_l("Another person"), validate_choice=False)
    understood = BooleanField(
        _l("I know that I cannot end it earlier by myself."),
        [InputRequired(_l("Confirm that you have read this."))],
    )

    def offer(self, people: Sequence[tuple[str, str]]) -> None:
        """Let one choose among these people."""
        choices = [SelectChoice("", _l("Choose")), *(SelectChoice(public_id, name) for public_id, name in people)]
        self.first.choices = self.second.choices = choices

    @property
    def until(self) -> datetime | None:
        """The moment at which it ends, or None when two people end it."""
        if self.ends.data == PEERS:
            return None
        day = self.day.data
        return datetime.combine(day, time(), tzinfo=UTC) if day else datetime.now(UTC) - timedelta(days=1)

    @property
    def peers(self) -> list[str]:
        if self.ends.data != PEERS:
            return []
        return [chosen for chosen in (self.first.data, self.second.data) if chosen]


class LockForm(Form):
    code = PasswordField(
        _l("Short code"), [InputRequired(_l("Use 4 to 8 digits.")), Length(max=40, message=_l("Use 4 to 8 digits."))]
    )
    minutes = SelectField(
        _l("Lock by itself"), choices=[SelectChoice(value, label) for value, label in MINUTES.items()], default="5"
    )


class MinutesForm(Form):
    minutes = SelectField(
        _l("Lock by itself"), choices=[SelectChoice(value, label) for value, label in MINUTES.items()]
    )


class UnlockForm(Form):
    code = PasswordField(
        _l("Code"), [InputRequired(_l("Give your code.")), Length(max=40, message=_l("That is not the code."))]
    )
    next = HiddenField()


class TrustForm(Form):
    person = SelectField(_l("Person"), validate_choice=False, validators=[InputRequired(_l("Choose somebody."))])

    def offer(self, people: Sequence[tuple[str, str]]) -> None:
        """Let one choose among these people."""
        self.person.choices = [
            SelectChoice("", _l("Choose")), *(SelectChoice(public_id, name) for public_id, name in people)
        ]  # fmt: skip


class FreezeForm(Form):
    reason = TextAreaField(
        _l("What makes you think that the account is in other hands?"),
        [InputRequired(_l("Say in a few words why.")), LONG],
        filters=[_clean],
    )


class SayForm(Form):
    body = TextAreaField(
        _l("What the moderators should know"), [InputRequired(_l("Write something first.")), LONG], filters=[_clean]
    )


class GiveBackForm(Form):
    reason = TextAreaField(_l("Why"), [InputRequired(_l("Say in a few words why.")), LONG], filters=[_clean])
    without_cause = BooleanField(_l("It was frozen without cause: whoever did it may not do so again"))
