"""One form for a message, behind the page and behind the socket."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, Regexp, ValidationError

from app.kernel.text import clean_line, clean_text
from app.kernel.web import Form

LONGEST = 4000
LONGEST_NOTE = 80


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

    note = StringField(
        _l("Content note"),
        [Optional(), Length(max=LONGEST_NOTE, message=_l("A content note can be at most 80 characters."))],
        filters=[lambda value: clean_line(value) if value else value],
    )

    reply_to = HiddenField(
        validators=[
            Optional(),
            Regexp(r"^[0-9]{1,15}$", message=_l("This page is damaged. Open it again; your words are still here.")),
        ]
    )

    #: Whether what is sent was kept as a draft: only then is there one to be forgotten.
    draft = HiddenField()

    def written(self) -> dict[str, Any]:
        """What `actions.post_message` is given."""
        return {
            "client_id": self.client_id.data or "",
            "body": self.body.data or "",
            "note": self.note.data or "",
            "reply_to": int(self.reply_to.data) if self.reply_to.data else None,
        }

    def validate_body(self, field: TextAreaField) -> None:
        if not (field.data or "").strip():
            raise ValidationError(_l("Write something first."))
