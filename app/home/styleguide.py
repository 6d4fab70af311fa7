"""One of each component, in both directions, by day and by night: what /styleguide shows."""

from dataclasses import dataclass

from flask import render_template
from flask_babel import force_locale, gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from app.kernel import i18n
from app.kernel.web import Form

TONGUES = [SelectChoice("ar", "العربية"), SelectChoice("en", "English")]


@dataclass(frozen=True, slots=True)
class Specimen:
    lang: str
    dir: str
    theme: str
    html: Markup


class SpecimenForm(Form):
    name = StringField(_l("Name"))
    code = StringField(_l("Code"))
    body = TextAreaField(_l("Text"))
    agree = BooleanField(_l("You can change this later."))
    tongue = RadioField(_l("Language"), choices=TONGUES)
    other = SelectField(_l("Language"), choices=TONGUES)


def specimens(languages: tuple[str, ...]) -> list[Specimen]:
    """Every component rendered once for each language and theme."""
    return [_specimen(language, theme) for theme in ("day", "night") for language in languages]


def _specimen(language: str, theme: str) -> Specimen:
    with force_locale(language):
        form = SpecimenForm(prefix=f"{language}-{theme}-", formdata=None)
        form.name.errors = [gettext("Something needs another look")]
        drawn = render_template("home/_specimens.html", form=form, prefix=f"{language}-{theme}")
        html = Markup(drawn)  # noqa: S704  # a template of ours, escaped as all are
    return Specimen(language, i18n.direction(language), theme, html)
