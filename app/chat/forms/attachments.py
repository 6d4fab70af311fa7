"""The form by which a file is brought, inside the one in which a message is written."""

from flask_babel import lazy_gettext as _l
from wtforms import FileField, HiddenField, StringField
from wtforms.validators import Length, Optional

from app.kernel.text import clean_line
from app.kernel.web import Form

LONGEST_DESCRIPTION = 200


class BringForm(Form):
    """A file and what it shows. The words that stand beside it in the composer are kept as a draft meanwhile."""

    #: Not read through the form, which would have it by the name that it came with.
    file = FileField(_l("File"))
    described = StringField(
        _l("What it shows or says"),
        [
            Optional(),
            Length(max=LONGEST_DESCRIPTION, message=_l("A description can be at most 200 characters.")),
        ],
        filters=[lambda value: clean_line(value) if value else value],
    )
    body = HiddenField()
