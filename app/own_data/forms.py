"""The forms of own data."""

from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from app.kernel.web import Form


class AskForm(Form):
    """A button alone: asking for an archive, or for nothing but the press of it."""


class EraseForm(Form):
    name = StringField(
        _l("Your name here"),
        [InputRequired(_l("Type your name, so that nobody does this by accident.")), Length(max=200)],
    )
