"""Forms of membership. What is valid beyond length and presence is decided by the actions, which every door passes."""

from flask_babel import lazy_gettext as _l
from wtforms import PasswordField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional

from app.kernel.text import clean_line, clean_text
from app.kernel.web import Form
from app.membership.wording import KNOWS, WHY

SHORT = Length(max=200, message=_l("This is longer than it can be. Shorten it."))
LONG = Length(max=800, message=_l("This is longer than it can be. Shorten it."))
SOME_WORDS = Length(max=600, message=_l("Use at most 600 characters."))
REASON = InputRequired(_l("Give a reason."))


def _line(value: str | None) -> str | None:
    return clean_line(value[:400]) if value else value


def _text(value: str | None) -> str | None:
    return clean_text(value) if value else value


class EmptyForm(Form):
    """A button alone, with its token."""


class NameForm(Form):
    name = StringField(_l("Name"), [InputRequired(_l("Choose a name by which others here may call you.")), SHORT])


class KnownByForm(Form):
    first = StringField(_l("Who knows you"), [Optional(), SHORT], filters=[_line])
    second = StringField(_l("Somebody else"), [Optional(), SHORT], filters=[_line])
    third = StringField(_l("One more"), [Optional(), SHORT], filters=[_line])
    fourth = StringField(_l("And one more"), [Optional(), SHORT], filters=[_line])
    codes = TextAreaField(
        _l("Codes that members gave you"), [Optional(), Length(max=400, message=_l("Give at most four codes."))]
    )

    def people(self) -> list[str]:
        return [field.data for field in (self.first, self.second, self.third, self.fourth) if field.data]

    def given_codes(self) -> list[str]:
        """One for each line."""
        return [line.strip() for line in (self.codes.data or "").splitlines() if line.strip()][:10]


class WhyForm(Form):
    country = StringField(
        _l("Country"), [Optional(), Length(max=60, message=_l("Use at most 60 characters."))], filters=[_line]
    )
    brings = TextAreaField(
        _l("What brings you here"), [InputRequired(_l("Write a few words.")), SOME_WORDS], filters=[_text]
    )
    offers = TextAreaField(_l("What you could offer others"), [Optional(), SOME_WORDS], filters=[_text])


class SendForm(Form):
    passphrase = PasswordField(_l("Passphrase"), [InputRequired(_l("Choose a passphrase.")), LONG])
    again = PasswordField(_l("The passphrase again"), [InputRequired(_l("Give the passphrase once more.")), LONG])


class ReturnForm(Form):
    code = StringField(_l("Return code"), [InputRequired(_l("Give the code that you were shown.")), SHORT])


class AnswerForm(Form):
    words = TextAreaField(_l("Your answer"), [InputRequired(_l("Write something first.")), SOME_WORDS], filters=[_text])


class CodeForm(Form):
    whom = StringField(
        _l("Who is it for"), [InputRequired(_l("Note for yourself who it is for.")), SHORT], filters=[_line]
    )


class AskCodeForm(Form):
    code = StringField(_l("The applicant’s code"), [InputRequired(_l("Give the code.")), SHORT])


class VouchForm(Form):
    how = RadioField(
        _l("How do you know this person?"),
        [InputRequired(_l("Choose what fits best."))],
        choices=[SelectChoice(how.value, _l(words)) for how, words in KNOWS.items()],
    )
    words = TextAreaField(
        _l("In a few words, why you trust them"), [InputRequired(_l("Write a few words.")), SOME_WORDS], filters=[_text]
    )


class ReasonForm(Form):
    reason = TextAreaField(_l("Reason"), [REASON, SOME_WORDS], filters=[_text])


class MemberNameForm(Form):
    name = StringField(_l("The member’s name"), [InputRequired(_l("Give a name.")), SHORT], filters=[_line])


class AsideForm(Form):
    because = TextAreaField(_l("Why you stand aside"), [REASON, SOME_WORDS], filters=[_text])


class OpeningForm(Form):
    purpose = TextAreaField(_l("Why it has to be opened"), [REASON, SOME_WORDS], filters=[_text])


class QuestionForm(Form):
    question = TextAreaField(
        _l("Your question"), [InputRequired(_l("Write something first.")), SOME_WORDS], filters=[_text]
    )


class ProbationForm(Form):
    choice = RadioField(
        _l("What now"),
        [InputRequired(_l("Choose one."))],
        choices=[SelectChoice("end", _l("Open all doors")), SelectChoice("extend", _l("Thirty days more"))],
    )
    reason = TextAreaField(
        _l("Reason"),
        [REASON, SOME_WORDS],
        filters=[_text],
        description=_l("If it is prolonged, the member reads this."),
    )


class DecisionForm(Form):
    decision = RadioField(
        _l("Your answer"),
        [InputRequired(_l("Choose an answer."))],
        choices=[SelectChoice("approve", _l("Let them in")), SelectChoice("refuse", _l("Not this time"))],
    )
    reason = TextAreaField(_l("Your reason, for the file"), [REASON, SOME_WORDS], filters=[_text])
    why = SelectField(
        _l("If not: what the applicant reads"),
        choices=[SelectChoice(why.value, _l(words)) for why, words in WHY.items()],
    )
    words = TextAreaField(_l("And, if you like, words of your own for them"), [Optional(), SOME_WORDS], filters=[_text])
