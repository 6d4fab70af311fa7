"""Forms of the identity feature. Rules about names and passphrases live in the actions, which every door passes."""

from flask_babel import lazy_gettext as _l
from wtforms import PasswordField, SelectField, StringField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length

from app.kernel.access import Role
from app.kernel.web import Form

SHORT = Length(max=200, message=_l("This is longer than it can be. Shorten it."))
LONG = Length(max=800, message=_l("This is longer than it can be. Shorten it."))


class JoinForm(Form):
    code = StringField(_l("Invitation code"), [InputRequired(_l("Give the code from your invitation.")), SHORT])
    name = StringField(_l("Name"), [InputRequired(_l("Choose a name by which others here may call you.")), SHORT])
    passphrase = PasswordField(_l("Passphrase"), [InputRequired(_l("Choose a passphrase.")), LONG])


#: What `policy.INVITED` is called.
ROLES = [
    SelectChoice(Role.MEMBER.value, _l("Member")),
    SelectChoice(Role.MODERATOR.value, _l("Moderator")),
    SelectChoice(Role.CASEWORKER.value, _l("Caseworker")),
]


class InvitationForm(Form):
    role = SelectField(_l("For a"), choices=ROLES)

    def offer(self, members: bool) -> None:
        """Leave members out once they come in by applying, and say that staff are then made by two."""
        if not members:
            self.role.choices = ROLES[1:]
            self.role.description = _l("Whoever comes now begins without a role. Two persons give it, from their page.")
