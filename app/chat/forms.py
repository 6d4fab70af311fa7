"""One form for a message, behind the page and behind the socket."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, TextAreaField
from wtforms.validators import InputRequired, Length, Regexp, ValidationError

from app.kernel.text import clean_text
from app.kernel.web import Form

LONGEST = 4000


class PostForm(Form):
    """A message as it is written. The client's id makes sending it twice harmless."""

    body = TextAreaField(
        _l("Your message"),
        [
            InputRequired(_l("Write something first.")),
            Length(
                max=LONGEST, message=_l("A message can be at most 4,000 characters. Send the rest as a second one.")
            ),
        ],
        filters=[lambda value: clean_text(value) if value else value],
    )
    client_id = HiddenField(
        validators=[
            Regexp(
                r"^[A-Za-z0-9_-]{8,40}$",
                message=_l("This page is damaged. Open it again; your words are still here."),
            )
        ]
    )

    #: Whether what is sent was kept as a draft: only then is there one to be forgotten.
    draft = HiddenField()

    def validate_body(self, field: TextAreaField) -> None:
        if not (field.data or "").strip():
            raise ValidationError(_l("Write something first."))
