"""The form of a photograph: a picture, where one is brought, and who sees it."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import FileField

from app.profiles.forms.fields import AudienceForm
from app.profiles.models import Audience, Field
from app.profiles.queries.mine import MyField
from app.profiles.values import Value


class PhotoForm(AudienceForm):
    VALUE = "picture"
    field = Field.PHOTO
    #: Not read through the form, which would have it by the name that it came with.
    picture = FileField(_l("Picture"))

    @property
    def value(self) -> Value:
        return ""

    def offer(self, kept: MyField | None, lists: Sequence[tuple[str, str]], audiences: Sequence[Audience]) -> None:
        """Put in who sees it now, and what may be chosen. `lists` are one's own, id and name."""
        self.audience.choices = [(audience.value, "") for audience in audiences]
        self.lists.choices = list(lists)
        if kept is not None and not self.is_submitted():
            self.audience.data, self.lists.data = kept.audience.value, list(kept.lists)

    def validate(self, extra_validators: Any = None) -> bool:
        """As for every field, and asked before the picture is looked at, which takes a moment."""
        valid = super().validate(extra_validators)
        if valid and self.chosen_audience is Audience.CHOSEN and not self.lists.data:
            self.lists.errors = [gettext("Choose at least one of your lists, or another answer.")]
            return False
        return valid

    def show(self, value: Value | None) -> None:
        """Nothing of a picture is put back into a form."""
