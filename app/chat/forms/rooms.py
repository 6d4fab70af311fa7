"""Forms of rooms: what they are called and for how long they keep, who is asked in, whose writing is paused."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateTimeLocalField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional, Regexp

from app.chat.policy import Mute
from app.kernel.i18n import UTC as NO_ZONE
from app.kernel.i18n import city_of
from app.kernel.text import LONGEST_NAME, clean_line, clean_text
from app.kernel.web import Form
from app.notifications.forms import ZONES

#: Days for which a room may keep what is written in it, and seconds between two messages of one person.
KEEP_DAYS = (7, 30, 90, 180)
SLOW_SECONDS = (0, 10, 30, 60, 300)
PAUSE_HOURS = (1, 8, 24, 72, 168)
CIRCLE_MINUTES = (30, 45, 60, 90, 120, 180)
DAMAGED = _l("This page is damaged. Open it again.")
NAME_OR_NONE = _l("Give the room a name in Arabic, in English, or in both.")


def _line(value: str | None) -> str | None:
    return clean_line(value) if value else value


def _text(value: str | None) -> str | None:
    return clean_text(value) if value else value


def _name(label: Any) -> StringField:
    most = Length(max=60, message=_l("Use at most 60 characters."))
    return StringField(label, [Optional(), most], filters=[_line])


def _about(label: Any) -> TextAreaField:
    most = Length(max=300, message=_l("Use at most 300 characters."))
    return TextAreaField(label, [Optional(), most], filters=[_text])


def _reason() -> TextAreaField:
    most = Length(max=600, message=_l("Use at most 600 characters."))
    return TextAreaField(_l("Why"), [InputRequired(_l("Say in a few words why.")), most], filters=[_text])


def _number(label: Any, choices: Sequence[int], description: Any = "") -> SelectField:
    """A number out of a few. Its labels are put in words as it is drawn."""
    field: SelectField = SelectField(
        label,
        coerce=int,
        choices=[SelectChoice(one, str(one)) for one in choices],
        description=description,
        validate_choice=True,
    )
    return field


def days_said(days: int) -> str:
    return str(ngettext("%(num)d day", "%(num)d days", days))


def hours_said(hours: int) -> str:
    if hours >= 24:
        return days_said(hours // 24)
    return str(ngettext("%(num)d hour", "%(num)d hours", hours))


def minutes_said(minutes: int) -> str:
    return str(ngettext("%(num)d minute", "%(num)d minutes", minutes))


def seconds_said(seconds: int) -> str:
    if not seconds:
        return str(gettext("No waiting"))
    if seconds >= 60:
        return minutes_said(seconds // 60)
    return str(ngettext("%(num)d second", "%(num)d seconds", seconds))


class MomentField(DateTimeLocalField):
    """A day and a time of day by some clock, with words of the house for what is none."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_l("Give a day and a time, such as 2030-05-14T18:30.")) from None

    def moment(self, zone: str) -> datetime | None:
        """What was given, by the clock of a zone. An hour that comes twice there is the first of the two; None for one
        that never comes, because clocks are put forward over it."""
        if self.data is None:
            return None
        found: datetime = self.data.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        return found if found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == self.data else None


class NamesForm(Form):
    """What a room is called and what it is for, in both languages."""

    name_ar = _name(_l("Name in Arabic"))
    name_en = _name(_l("Name in English"))
    about_ar = _about(_l("What it is for, in Arabic"))
    about_en = _about(_l("What it is for, in English"))
    for_newcomers = BooleanField(
        _l("Newcomers may come in"),
        description=_l(
            "They then read also what is there already. Everybody sees at the door that newcomers may come in."
        ),
    )

    def words(self) -> dict[str, Any]:
        """The names and what the room is for, each in the other language where it is missing in one."""
        return {
            "name_ar": self.name_ar.data or self.name_en.data or "",
            "name_en": self.name_en.data or self.name_ar.data or "",
            "about_ar": self.about_ar.data or self.about_en.data or "",
            "about_en": self.about_en.data or self.about_ar.data or "",
            "for_newcomers": bool(self.for_newcomers.data),
        }

    def validate(self, extra_validators: Any = None) -> bool:
        valid: bool = super().validate(extra_validators)
        if not self.name_ar.data and not self.name_en.data:
            self.name_ar.errors = [*self.name_ar.errors, NAME_OR_NONE]
            return False
        return valid


class RoomForm(NamesForm):
    """A room that keeps what is written for some days."""

    keep_days = _number(_l("Messages are kept for"), KEEP_DAYS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keep_days.choices = [SelectChoice(days, days_said(days)) for days in KEEP_DAYS]

    def allow(self, days: int) -> None:
        """Let a room that keeps for another time than those keep it."""
        if days not in KEEP_DAYS:
            self.keep_days.choices = [SelectChoice(days, days_said(days)), *(self.keep_days.choices or [])]

    def words(self) -> dict[str, Any]:
        return {**super().words(), "keep_days": self.keep_days.data}


class WhenForm(Form):
    """When a circle is to begin, and how long it lasts."""

    begins_at = MomentField(
        _l("Begins at"), validators=[InputRequired(_l("Give a day and a time, such as 2030-05-14T18:30."))]
    )
    zone = SelectField(_l("By the clock of"), default=NO_ZONE)
    minutes = _number(_l("Lasts"), CIRCLE_MINUTES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.minutes.choices = [SelectChoice(minutes, minutes_said(minutes)) for minutes in CIRCLE_MINUTES]
        self.zone.choices = [SelectChoice(zone, city_of(zone)) for zone in (NO_ZONE, *ZONES)]

    def validate(self, extra_validators: Any = None) -> bool:
        valid: bool = super().validate(extra_validators)
        if valid and self.begins_at.moment(self.zone.data) is None:
            self.begins_at.errors = [
                *self.begins_at.errors,
                _l("Clocks are put forward there at that time, so it never comes. Choose another."),
            ]
            return False
        return valid

    def when(self) -> dict[str, Any]:
        return {"begins_at": self.begins_at.moment(self.zone.data), "minutes": self.minutes.data}


class CircleForm(NamesForm, WhenForm):
    """A new circle."""

    def words(self) -> dict[str, Any]:
        return {**super().words(), **self.when()}


class MuteForm(Form):
    how = SelectField(
        _l("Counts and notices of this room"),
        choices=[
            SelectChoice(Mute.HOUR.value, _l("Mute for an hour")),
            SelectChoice(Mute.EIGHT_HOURS.value, _l("Mute for eight hours")),
            SelectChoice(Mute.ON.value, _l("Mute until I turn it on again")),
        ],
        default=Mute.EIGHT_HOURS.value,
    )


class AskForm(Form):
    """Whom to ask into a room: one of those whom the host knows, or the name that somebody has in rooms."""

    person = SelectField(_l("Somebody I am connected with"), validate_choice=False)
    name = StringField(
        _l("Or the name that somebody has in rooms"),
        [Optional(), Length(max=LONGEST_NAME, message=_l("This is longer than a name can be."))],
        description=_l("Exactly as it is written there."),
        filters=[_line],
    )

    def offer(self, people: Sequence[tuple[str, str]]) -> None:
        """Let the host choose among these people."""
        self.person.choices = [
            SelectChoice("", _l("Choose")),
            *(SelectChoice(public_id, name) for public_id, name in people),
        ]

    def validate(self, extra_validators: Any = None) -> bool:
        valid: bool = super().validate(extra_validators)
        if bool(self.name.data) == bool(self.person.data):
            self.name.errors = [*self.name.errors, _l("Choose somebody, or write one name.")]
            return False
        return valid


class PersonForm(Form):
    """Somebody in a room, by the public id that they have there."""

    person = SelectField(_l("Person"), validate_choice=False, validators=[InputRequired(_l("Choose somebody."))])

    def offer(self, people: Sequence[tuple[str, str]]) -> None:
        self.person.choices = [
            SelectChoice("", _l("Choose")),
            *(SelectChoice(public_id, name) for public_id, name in people),
        ]


class PauseForm(PersonForm):
    hours = _number(_l("For"), PAUSE_HOURS)
    reason = _reason()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason.description = _l("The person reads this.")
        self.hours.choices = [SelectChoice(hours, hours_said(hours)) for hours in PAUSE_HOURS]


class PutOutForm(PersonForm):
    reason = _reason()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason.description = _l("The person reads this, and it is kept in the record.")


class ReasonForm(Form):
    """Why something is done; `person` says to whom, where it is done to somebody."""

    person = HiddenField(validators=[Optional(), Regexp(r"^[A-Za-z0-9_-]{16}$", message=DAMAGED)])
    reason = _reason()


class SlowForm(Form):
    seconds = _number(_l("Time between two messages of one person"), SLOW_SECONDS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seconds.choices = [SelectChoice(seconds, seconds_said(seconds)) for seconds in SLOW_SECONDS]


class TopicForm(Form):
    name = StringField(
        _l("Topic"),
        [
            InputRequired(_l("Say what it is about.")),
            Length(max=60, message=_l("Use at most 60 characters.")),
        ],
        filters=[_line],
    )
