"""Forms of the way in. A code and a passkey's answer are judged by the actions alone."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired

from app.identity.forms import LONG, SHORT
from app.kernel.web import Form


class SignInForm(Form):
    name = StringField(_l("Name"), [InputRequired(_l("Give the name that you chose here.")), SHORT])
    passphrase = PasswordField(_l("Passphrase"), [InputRequired(_l("Give your passphrase.")), LONG])
    next = HiddenField()


class CodeForm(Form):
    code = StringField(_l("Code from your app"), [InputRequired(_l("Give the six digits that your app shows.")), SHORT])
    next = HiddenField()


class RecoveryForm(Form):
    recovery_code = StringField(
        _l("Recovery code"), [InputRequired(_l("Give one of the codes from your paper.")), SHORT]
    )
    next = HiddenField()


class PasskeyForm(Form):
    """Filled and sent by the page's script, once the person has used their passkey."""

    proof = HiddenField(
        validators=[InputRequired(_l("This passkey was not accepted. Try once more, or choose another way."))]
    )
    next = HiddenField()


class ProveForm(Form):
    passphrase = PasswordField(_l("Passphrase"), [InputRequired(_l("Give your passphrase.")), LONG])
    next = HiddenField()


class PassphraseForm(Form):
    present = PasswordField(_l("Present passphrase"), [InputRequired(_l("Give your present passphrase.")), LONG])
    wished = PasswordField(_l("New passphrase"), [InputRequired(_l("Choose a passphrase.")), LONG])
