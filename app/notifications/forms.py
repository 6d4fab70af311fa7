"""Forms of how people want to be told."""

import re

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, Regexp

from app.kernel.web import Form

#: Where people of such a programme live. A name that is missing here can be told by a neighbour's clock.
ZONES = (
    "Asia/Damascus", "Asia/Beirut", "Asia/Amman", "Asia/Baghdad", "Europe/Istanbul", "Africa/Cairo", "Asia/Riyadh",
    "Asia/Qatar", "Asia/Dubai", "Africa/Khartoum", "Africa/Tripoli", "Africa/Tunis", "Africa/Algiers",
    "Africa/Casablanca", "Europe/Athens", "Europe/Bucharest", "Europe/Kyiv", "Europe/Helsinki", "Europe/Berlin",
    "Europe/Vienna", "Europe/Stockholm", "Europe/Oslo", "Europe/Copenhagen", "Europe/Amsterdam", "Europe/Brussels",
    "Europe/Paris", "Europe/Zurich", "Europe/Rome", "Europe/Madrid", "Europe/London", "Europe/Dublin",
    "America/Sao_Paulo", "America/New_York", "America/Toronto", "America/Chicago", "America/Denver",
    "America/Los_Angeles", "Asia/Kuala_Lumpur", "Australia/Sydney",
)  # fmt: skip
HOURS = [SelectChoice(str(hour), f"{hour:02}:00") for hour in range(24)]
#: Plain addresses only: others could not be put into a letter by every mail server.
MAILBOX = re.compile(r"^[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}$")


class ChoicesForm(Form):
    by_mail = BooleanField(_l("By mail"))
    by_push = BooleanField(_l("On my devices"))
    pace = RadioField(
        _l("How often"),
        choices=[
            SelectChoice("soon", _l("Soon, at most once an hour")),
            SelectChoice("daily", _l("Once a day at most")),
        ],
        default="soon",
    )
    time = RadioField(
        _l("At what time"),
        choices=[SelectChoice("any", _l("At any time")), SelectChoice("hours", _l("Only in the hours that I choose"))],
        default="any",
    )
    first = SelectField(_l("From"), choices=HOURS, default="9")
    last = SelectField(_l("Until"), choices=HOURS, default="21")
    zone = SelectField(_l("By the clock of"), choices=[], default=ZONES[0])


class AddressForm(Form):
    address = StringField(
        _l("Mail address"),
        [
            InputRequired(_l("Give an address.")),
            Length(max=200, message=_l("This is longer than it can be. Shorten it.")),
            Regexp(MAILBOX, message=_l("Write it like name@example.org, without spaces.")),
        ],
        filters=[lambda value: value.strip() if value else value],
    )


class CodeForm(Form):
    code = StringField(
        _l("Code"),
        [
            InputRequired(_l("Give the code from the message.")),
            Length(max=40, message=_l("This is longer than it can be. Shorten it.")),
        ],
    )


class DeviceForm(Form):
    """What a browser tells of itself when its person wants to be told there. Nobody types it."""

    endpoint = HiddenField(validators=[InputRequired(_l("This browser did not say how it can be reached."))])
    p256dh = HiddenField(validators=[InputRequired(_l("This browser did not say how it can be reached."))])
    auth = HiddenField(validators=[InputRequired(_l("This browser did not say how it can be reached."))])
