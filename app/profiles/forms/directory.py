"""Forms of the directory: what somebody looks for, being in it, and closing an alarm."""

from collections.abc import Callable
from functools import cache
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField, ValidationError
from wtforms.validators import AnyOf, InputRequired, Length

from app.kernel.text import clean_line, clean_text, fold
from app.kernel.web import Form
from app.profiles import values
from app.profiles.queries.directory import Search

_SHORT = Length(max=80, message=_l("Use at most 80 letters."))
#: The languages in which people write the name of a country or a language.
_TONGUES = ("ar", "en", "ku", "tr")


def _line(value: str | None) -> str:
    return clean_line(value or "")


class SearchForm(Form):
    """What the address of the directory asks for. Countries and languages are typed by their names, in any language."""

    class Meta(Form.Meta):
        csrf = False  # it changes nothing, and its address can be kept

    q = StringField(_l("Any words"), [_SHORT], filters=[_line])
    language = StringField(_l("Speaks"), [_SHORT], filters=[_line])
    skill = StringField(_l("Skill"), [_SHORT], filters=[_line])
    offer = StringField(_l("Offers"), [_SHORT], filters=[_line])
    country = StringField(_l("Lives in"), [_SHORT], filters=[_line])

    def validate_language(self, field: StringField) -> None:
        if field.data and not language_code(field.data):
            raise ValidationError(_l("We do not know a language of this name. Try another name of it."))

    def validate_country(self, field: StringField) -> None:
        if field.data and not country_code(field.data):
            raise ValidationError(_l("We do not know a country of this name. Try another name of it."))

    def wanted(self) -> Search:
        """What was typed, once it is valid."""
        return Search(
            words=self.q.data or "",
            language=language_code(self.language.data or ""),
            skill=self.skill.data or "",
            offer=self.offer.data or "",
            country=country_code(self.country.data or ""),
        )

    def filled(self) -> dict[str, Any]:
        """The filters that are set, for the address of the next page."""
        fields: dict[str, Any] = self.data
        return {name: value for name, value in fields.items() if value}


class ListedForm(Form):
    """Two buttons, of which one is pressed."""

    listed = StringField(_l("In the directory"), [AnyOf(("yes", "no"), message=_l("Choose one of the two."))])


class SettleForm(Form):
    reason = TextAreaField(
        _l("What you found, for the record"),
        [
            InputRequired(_l("Say in a few words what you found.")),
            Length(max=500, message=_l("Use at most 500 letters.")),
        ],
        filters=[lambda value: clean_text(value) if value else value],
    )


def language_code(typed: str) -> str:
    """The code of a language by its name in one of ours, or by the code itself. Empty for what is none."""
    return _codes("languages").get(_key(typed), "")


def country_code(typed: str) -> str:
    """The same for a country."""
    return _codes("countries").get(_key(typed), "")


@cache
def _codes(kind: str) -> dict[str, str]:
    listed: Callable[[str], list[tuple[str, str]]] = getattr(values, kind)
    codes: dict[str, str] = {}
    for tongue in _TONGUES:
        for code, name in listed(tongue):
            codes.setdefault(_key(name), code)
            codes.setdefault(_key(code), code)
    return codes


def _key(name: str) -> str:
    """A name as it is compared: without the article, and whether it ends in ي, ية, يا: عربي finds العربية, سورية سوريا."""
    word = fold(name)
    word = word.removeprefix("ال") if len(word) > 4 else word
    return word[:-1] if word.endswith(("يه", "يا")) and len(word) > 3 else word
