"""One form for a message, behind the page and behind the socket; and those for what is done with one later."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from wtforms import FileField, HiddenField, StringField, TextAreaField
from wtforms.validators import AnyOf, DataRequired, Length, Optional, Regexp, ValidationError

from app.chat.models import ReactionKind
from app.kernel.text import Kind, clean_line, clean_text, confirmation, gives_away, private_in
from app.kernel.web import Form

LONGEST = 4000
LONGEST_NOTE = 80
DAMAGED = _l("This page is damaged. Open it again; your words are still here.")


class Found(NamedTuple):
    """A stretch of what somebody wrote that may give somebody away."""

    kind: Kind
    words: str


class WordsForm(Form):
    """What somebody writes in a room, with the warning before it goes out."""

    body = TextAreaField(
        _l("Your message"),
        [
            Length(
                max=LONGEST, message=_l("A message can be at most 4,000 characters. Send the rest as a second one.")
            ),
        ],
        filters=[lambda value: clean_text(value) if value else value],
    )

    note = StringField(
        _l("Content note"),
        [Optional(), Length(max=LONGEST_NOTE, message=_l("A content note can be at most 80 characters."))],
        filters=[lambda value: clean_line(value) if value else value],
    )

    #: What `confirmation` gives for the very words that are to go out although they may give somebody away.
    confirmed = HiddenField()

    #: Whether there is something to send besides words.
    can_be_empty = False

    #: What was found, once `warns` said so.
    found: Sequence[Found] = ()

    def warns(self, private: Callable[[], Sequence[str]] = tuple) -> bool:
        """Whether the words may give somebody away, and whoever wrote them has not said that they go out all the same.

        `private` reads the names that the writer marked. The form then holds what was found, and the confirmation.
        """
        words = "\n".join(filter(None, (self.note.data, self.body.data)))
        found = [Found(one.kind, words[one.start : one.end]) for one in gives_away(words)]
        if names := private():
            found += [Found(Kind.PRIVATE, name) for name in private_in(words, names)]
        if not found or self.confirmed.data == confirmation(words):
            return False
        self.found, self.confirmed.data = found, confirmation(words)
        return True

    def validate_body(self, field: TextAreaField) -> None:
        if not (field.data or "").strip() and not self.can_be_empty:
            raise ValidationError(_l("Write something first."))


class PostForm(WordsForm):
    """A message as it is written. The client's id makes sending it twice harmless."""

    client_id = HiddenField(validators=[Regexp(r"^[A-Za-z0-9_-]{8,40}$", message=DAMAGED)])

    reply_to = HiddenField(validators=[Optional(), Regexp(r"^[0-9]{1,15}$", message=DAMAGED)])

    #: The public id of the topic that it stands under.
    topic = HiddenField(validators=[Optional(), Regexp(r"^[A-Za-z0-9_-]{1,40}$", message=DAMAGED)])

    #: Whether what is sent was kept as a draft: only then is there one to be forgotten.
    draft = HiddenField()

    #: Public ids of files that wait, as `_attached.html` names them.
    files = StringField(
        validators=[Optional(), Regexp(r"^[A-Za-z0-9_-]{8,16}(,[A-Za-z0-9_-]{8,16}){0,3}$", message=DAMAGED)]
    )
    #: A file that was chosen and not attached: sent with the words it would get lost.
    file = FileField(_l("File"))

    def written(self) -> dict[str, Any]:
        """What `actions.post_message` is given."""
        return {
            "client_id": self.client_id.data or "",
            "body": self.body.data or "",
            "note": self.note.data or "",
            "reply_to": self.answers,
            "topic": self.topic.data or "",
            "files": self.files.data.split(",") if self.files.data else (),
        }

    @property
    def can_be_empty(self) -> bool:  # type: ignore[override]  # here it depends
        return bool(self.files.data)

    def validate_file(self, field: FileField) -> None:
        if field.data:
            raise ValidationError(
                _l("The file that you chose is not attached yet. Choose it again, then Attach, then send.")
            )

    @property
    def answers(self) -> int | None:
        """The number of the message that this one answers."""
        asked = self.reply_to.data or ""
        return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 16 else None


class ChangeForm(WordsForm):
    """Other words for a message. `edits` is how often it had been changed when the writer began."""

    edits = HiddenField(validators=[Regexp(r"^[0-9]{1,4}$", message=DAMAGED)])


class ReactionForm(Form):
    """One of the five things, said or taken back."""

    said = HiddenField(
        validators=[AnyOf([said for kind in ReactionKind for said in (kind.value, f"{kind} off")], message=DAMAGED)]
    )

    @property
    def kind(self) -> ReactionKind:
        return ReactionKind((self.said.data or "").partition(" ")[0])

    @property
    def on(self) -> bool:
        return " " not in (self.said.data or "")


class SwitchForm(Form):
    """A button that does something or undoes it."""

    on = HiddenField()


class ReasonForm(Form):
    """Why somebody's words are taken out of a room."""

    reason = TextAreaField(
        _l("Reason"),
        [
            DataRequired(_l("Say why. Whoever wrote it reads this.")),
            Length(max=500, message=_l("Use at most 500 characters.")),
        ],
        filters=[lambda value: clean_text(value).strip() if value else value],
    )
