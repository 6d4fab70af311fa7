"""The form of each field: its value, and beside it who sees it."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.widgets import CheckboxInput

from app.kernel import i18n
from app.kernel.errors import Invalid
from app.kernel.web import Form
from app.profiles import values
from app.profiles.models import Audience, Field
from app.profiles.queries.mine import MyField
from app.profiles.values import Value

_NOTHING = ("", "—")


def ticks(label: str, **more: Any) -> SelectMultipleField:
    """Several of a few, each with a box to tick."""
    return SelectMultipleField(label, option_widget=CheckboxInput(), validate_choice=False, **more)


class AudienceForm(Form):
    """Who sees a field. Each field's own form adds the value.

    `VALUE` names the control at which it is said why a value does not fit.
    """

    VALUE = ""

    audience = RadioField(_l("Who sees it"), validate_choice=False, default=Audience.ONLY_ME.value)
    lists = ticks(_l("Which of your lists"))

    field: Field

    @property
    def value(self) -> Value:
        """What was typed, as it would be kept."""
        raise NotImplementedError

    def show(self, value: Value | None) -> None:
        """Prepare the choices, and put in what is kept where nothing was sent."""
        raise NotImplementedError

    @property
    def chosen_audience(self) -> Audience:
        return Audience(self.audience.data)

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether value and audience fit; each problem is said at its control."""
        valid: bool = super().validate(extra_validators)
        if self.audience.data not in set(Audience):
            self.audience.errors = [gettext("Choose who sees it.")]
            valid = False
        try:
            values.check(self.field, self.value)
        except Invalid as problem:
            self.refuse(problem, at=self[self.VALUE])
            valid = False
        return valid


class PronounForm(AudienceForm):
    VALUE = "pronoun"
    pronoun = RadioField(_l("How to address me in Arabic"), validate_choice=False)

    @property
    def value(self) -> Value:
        return self.pronoun.data or ""

    def show(self, value: Value | None) -> None:
        self.pronoun.choices = [(code, gettext(words)) for code, words in values.PRONOUNS.items()]
        if not self.is_submitted():
            self.pronoun.data = value


class PlaceForm(AudienceForm):
    VALUE = "country"
    country = SelectField(_l("Country"), validate_choice=False)
    governorate = SelectField(_l("Governorate, inside Syria"), validate_choice=False)
    region = StringField(_l("Region, elsewhere"))

    @property
    def value(self) -> Value:
        country = self.country.data or ""
        # Outside Syria a governorate left chosen says nothing. Inside it a line typed for elsewhere is refused and not
        # dropped: whoever typed it learns that nothing finer is kept.
        region = self.region.data or ""
        if country == values.SYRIA:
            region = region or self.governorate.data or ""
        return {"country": country, "region": region}

    def show(self, value: Value | None) -> None:
        self.country.choices = [_NOTHING, *values.countries(i18n.language())]
        only = ("", gettext("Only the country (safest)"))
        self.governorate.choices = [only, *((code, gettext(name)) for code, name in values.GOVERNORATES.items())]
        if self.is_submitted():
            return
        kept: Mapping[str, str] = value if isinstance(value, dict) else {}
        self.country.data, region = kept.get("country", ""), kept.get("region", "")
        self.governorate.data = region if region in values.GOVERNORATES else ""
        self.region.data = "" if region in values.GOVERNORATES else region

    def moves_inside(self, kept: MyField | None) -> bool:
        """Whether this says anew that the person is inside Syria, and leaves it to be seen by those who saw it before."""
        if self.country.data != values.SYRIA or kept is None or kept.audience is Audience.ONLY_ME:
            return False
        return values.country_of(kept.value) != values.SYRIA and self.audience.data == kept.audience


class LanguagesForm(AudienceForm):
    VALUE = "common"
    common = ticks(_l("Languages"))
    another = SelectField(_l("Another language"), validate_choice=False)
    one_more = SelectField(_l("And one more"), validate_choice=False)

    @property
    def value(self) -> Value:
        return [code for code in [*(self.common.data or []), self.another.data, self.one_more.data] if code]

    def show(self, value: Value | None) -> None:
        """Boxes for the common languages and those that are kept; the long list is for two more at a time."""
        language = i18n.language()
        kept = [code for code in value or [] if code in values.language_codes()]
        boxes = dict.fromkeys([*values.COMMON_LANGUAGES, *kept])
        self.common.choices = [(code, values.language_name(code, language)) for code in boxes]
        others = [_NOTHING, *(one for one in values.languages(language) if one[0] not in boxes)]
        self.another.choices = self.one_more.choices = others
        if not self.is_submitted():
            self.common.data = kept


class PhrasesForm(AudienceForm):
    VALUE = "phrases"
    phrases = TextAreaField(_l("One in each line"))

    @property
    def value(self) -> Value:
        return [line for line in (self.phrases.data or "").splitlines() if line.strip()]

    def show(self, value: Value | None) -> None:
        if not self.is_submitted():
            self.phrases.data = "\n".join(value) if isinstance(value, list) else ""


class TextForm(AudienceForm):
    VALUE = "body"
    body = TextAreaField(_l("In your words"))

    @property
    def value(self) -> Value:
        return self.body.data or ""

    def show(self, value: Value | None) -> None:
        if not self.is_submitted():
            self.body.data = value if isinstance(value, str) else ""


class CountriesForm(Form):
    """Countries whose members see nothing: those that stay, and one more."""

    countries = ticks(_l("Their members see nothing of your profile"))
    another = SelectField(_l("Another country"), validate_choice=False)

    @property
    def chosen(self) -> list[str]:
        return [code for code in [*(self.countries.data or []), self.another.data] if code]

    def show(self, excluded: Sequence[str]) -> None:
        language = i18n.language()
        offered = dict.fromkeys([*excluded, *(self.countries.data or [])])
        self.countries.choices = [(code, values.country_name(code, language)) for code in offered]
        self.another.choices = [_NOTHING, *values.countries(language)]
        if not self.is_submitted():
            self.countries.data = list(excluded)


_FORMS: Mapping[Field, type[AudienceForm]] = {
    Field.PRONOUN: PronounForm,
    Field.PLACE: PlaceForm,
    Field.LANGUAGES: LanguagesForm,
    Field.OFFERS: PhrasesForm,
    Field.SEEKS: PhrasesForm,
    Field.SKILLS: PhrasesForm,
    Field.STUDIES: TextForm,
    Field.ABOUT: TextForm,
}
#: The fields that are typed. A photograph is brought on a page of its own.
TYPED = tuple(_FORMS)


def form_of(field: Field, kept: MyField | None, lists: Sequence[tuple[str, str]]) -> AudienceForm:
    """The form of this field with what is kept in it, or with what was just sent. `lists` are one's own, id and name."""
    form = _FORMS[field]()
    form.field = field
    form.audience.choices = [(audience.value, "") for audience in Audience]
    form.lists.choices = list(lists)
    if kept is not None and not form.is_submitted():
        form.audience.data, form.lists.data = kept.audience.value, list(kept.lists)
    form.show(kept.value if kept else None)
    return form
