"""Forms of second factors."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from app.identity.forms import SHORT
from app.kernel.text import clean_text
from app.kernel.web import Form


class AddPasskeyForm(Form):
    label = StringField(
        _l("What you call it"),
        [Length(max=40, message=_l("Use at most 40 characters."))],
        filters=[lambda value: clean_text(value) if value else value],
    )
    proof = HiddenField(
        validators=[InputRequired(_l("This passkey was not accepted. Try once more, or choose another way."))]
    )


class ConfirmForm(Form):
    code = StringField(_l("Code from your app"), [InputRequired(_l("Give the six digits that your app shows.")), SHORT])


class NewCodesForm(Form):
    """Nothing but the press of a button."""
