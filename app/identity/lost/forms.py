"""The form of the way back in."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import InputRequired

from app.identity.forms import LONG, SHORT
from app.kernel.web import Form


class LostForm(Form):
    name = StringField(_l("Name"), [InputRequired(_l("Give the name that you chose here.")), SHORT])
    code = StringField(_l("Code"), [InputRequired(_l("Give a recovery code, or the code you were given.")), SHORT])
    wished = PasswordField(_l("New passphrase"), [InputRequired(_l("Choose a passphrase.")), LONG])
    forget = BooleanField(_l("I no longer have my passkeys or my app: remove them"))
