"""Fields and audiences in the reader's language."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext

from app.kernel import i18n
from app.kernel.errors import N_
from app.profiles import values
from app.profiles.models import Audience, Field
from app.profiles.values import Value

LABELS: Mapping[Field, str] = {
    Field.PRONOUN: N_("How to address me in Arabic"),
    Field.PLACE: N_("Where I live"),
    Field.LANGUAGES: N_("Languages"),
    Field.OFFERS: N_("What I can offer"),
    Field.SEEKS: N_("What I look for"),
    Field.SKILLS: N_("Skills"),
    Field.STUDIES: N_("Studies"),
    Field.ABOUT: N_("A few words"),
    Field.PHOTO: N_("Photograph"),
}
AUDIENCES: Mapping[Audience, str] = {
    Audience.ONLY_ME: N_("Only me"),
    Audience.CASEWORKERS: N_("Caseworkers"),
    Audience.COMPANIONS: N_("My mentor or mentee"),
    Audience.CHOSEN: N_("People I choose"),
    Audience.MEMBERS: N_("Members"),
}
#: Fields whose words are short and stand beside each other; the others are texts.
TEXTS = frozenset({Field.STUDIES, Field.ABOUT})


@dataclass(frozen=True, slots=True)
class Line:
    """One field as a page shows it: its label, and its words one by one; of a text they are its paragraphs."""

    field: Field
    label: str
    words: Sequence[str]
    is_text: bool


def label(field: Field) -> str:
    return str(gettext(LABELS[field]))


def audience_label(audience: Audience) -> str:
    return str(gettext(AUDIENCES[audience]))


def lines(fields: Mapping[Field, Value]) -> list[Line]:
    """The fields in words. A photograph has none: it is shown as a picture (app/profiles/views/photo.py)."""
    shown = (field for field in fields if field is not Field.PHOTO)
    return [Line(field, label(field), words(field, fields[field]), field in TEXTS) for field in shown]


def words(field: Field, value: Value) -> list[str]:
    """What a field says, as lines of text for a template to escape."""
    language = i18n.language()
    if isinstance(value, dict):
        return _place(value, language)
    if field is Field.LANGUAGES:
        return [values.language_name(code, language) for code in value]
    if field is Field.PRONOUN:
        return [str(gettext(values.PRONOUNS.get(str(value), str(value))))]
    return [line for line in value.splitlines() if line.strip()] if isinstance(value, str) else list(value)


def governorates() -> list[tuple[str, str]]:
    """Codes and names for a form."""
    return [(code, str(gettext(name))) for code, name in values.GOVERNORATES.items()]


def countries_in_words(codes: Iterable[str]) -> str:
    """Countries, one after the other."""
    language = i18n.language()
    return values.in_a_row([values.country_name(code, language) for code in codes], language)


def _place(place: Mapping[str, str], language: str) -> list[str]:
    region = place.get("region", "")
    named = gettext(values.GOVERNORATES[region]) if region in values.GOVERNORATES else region
    return [one for one in (values.country_name(place["country"], language), str(named)) if one]
