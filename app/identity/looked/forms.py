"""The short form in which staff say what they look for."""

from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from app.identity.looked.actions import LONGEST_PURPOSE, NO_PURPOSE
from app.kernel.text import clean_line
from app.kernel.web import Form


class PurposeForm(Form):
    """Drawn by the macro of identity/_why.html. What is shorter than a few letters the action refuses."""

    purpose = StringField(
        _l("What you look for"),
        [
            InputRequired(_l(NO_PURPOSE)),
            Length(max=LONGEST_PURPOSE, message=_l("Use at most 300 characters.")),
        ],
        filters=[lambda value: clean_line(value) if value else value],
    )
