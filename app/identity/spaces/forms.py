"""The forms of names in spaces."""

from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import InputRequired

from app.identity.forms import SHORT
from app.kernel.web import Form


class SpaceNameForm(Form):
    name = StringField(_l("Name"), [InputRequired(_l("Choose a name by which others here may call you.")), SHORT])


class GiveUpForm(Form):
    """A button alone, with its token."""
