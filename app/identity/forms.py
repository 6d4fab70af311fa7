"""Forms of the identity feature. Rules about names and passphrases live in the actions, which every door passes."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.kernel.access import Role
from app.kernel.web import Form


class SignInForm(Form):
    name = StringField(_l("Name"), [InputRequired(_l("Give the name that you chose here.")), Length(max=200)])
    passphrase = PasswordField(_l("Passphrase"), [InputRequired(_l("Give your passphrase.")), Length(max=800)])
    next = HiddenField()


class JoinForm(Form):
    code = StringField(_l("Invitation code"), [InputRequired(_l("Give the code from your invitation.")), Length(max=100)])
    name = StringField(
        _l("Name"), [InputRequired(_l("Choose a name by which others here may call you.")), Length(max=200)]
    )
    passphrase = PasswordField(_l("Passphrase"), [InputRequired(_l("Choose a passphrase.")), Length(max=800)])


class PassphraseForm(Form):
    present = PasswordField(_l("Present passphrase"), [InputRequired(_l("Give your present passphrase.")), Length(max=800)])
    wished = PasswordField(_l("New passphrase"), [InputRequired(_l("Choose a passphrase.")), Length(max=800)])


class InvitationForm(Form):
    role = SelectField(
        _l("For a"),
        choices=[
            (Role.MEMBER.value, _l("Member")),
            (Role.MODERATOR.value, _l("Moderator")),
            (Role.CASEWORKER.value, _l("Caseworker")),
        ],
    )
