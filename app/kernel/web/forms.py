"""One form class for pages and socket events: the same fields and validators say what is valid in both."""

from functools import cache
from typing import Any, Self

from flask import g
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import Field, FieldList, FormField
from wtforms.utils import unset_value
from wtforms.validators import Optional
from wtforms.widgets import HiddenInput

from app.kernel.errors import Invalid, Refusal
from app.kernel.i18n import explain

_HIDDEN = Markup('<input id="%s" name="%s" type="hidden" value="%s">')


class _Sent(dict[str, Any]):
    """What an event sent, one value under each name, as fields ask for it."""

    def getlist(self, name: str) -> list[Any]:
        return [self[name]]


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """A Flask-WTF form that can also be filled from the payload of a socket event."""

    _refusal: Refusal | None = None

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # Flask-WTF carries no types
        def get_translations(self, _form: Any) -> None:
            """None: every validator here has words of its own, and an event has no app context to look others up in."""

    def hidden_tag(self) -> Markup:
        """The hidden fields. As WTForms draws them, which goes a long way for each of many."""
        hidden = (field for field in self if isinstance(field.widget, HiddenInput))
        return Markup("\n").join(_HIDDEN % (field.id, field.name, field._value()) for field in hidden)

    def validate_on_submit(self, extra_validators: Any = None) -> bool:
        """Whether it was sent and is valid. Sent too long after the person proved that it is them, it is refused."""
        valid: bool = super().validate_on_submit(extra_validators)
        unproved: Refusal | None = g.get("unproved")
        if unproved is not None and self.is_submitted():
            self.refuse(unproved)
            return False
        return valid

    @classmethod
    def from_event(cls, payload: dict[str, Any]) -> Self:
        """Fill and validate from an event. It needs no CSRF token, since its origin was checked at the handshake.

        Raises Invalid with the first problem in words.
        """
        wanted = {
            name: value if isinstance(value, str) else _written(value)
            for name, value in payload.items()
            if isinstance(value, str | int) and name in cls.fields()
        }
        form, valid = cls._filled(wanted)
        if not valid:
            raise Invalid(form.first_problem())
        return form

    @classmethod
    def _filled(cls, content: dict[str, Any]) -> tuple[Self, bool]:
        """A form of this class with what an event sent, and whether that is valid.

        To bind the fields of a form costs far more than to fill and validate them, so they are bound once, and each event
        has copies of them. A field that may be missing and is has nothing to validate: it is copied as it was without content.
        """
        bound, optional = cls._bound()
        form: Self = _copied(bound)
        form.form_errors = []
        fields, asked = {}, {}
        for name, field in bound._fields.items():
            own = fields[name] = form.__dict__[name] = _copied(field)
            if name in content or name not in optional:
                asked[name] = own
        form._fields = asked
        sent = _Sent(content)
        for name, own in asked.items():
            # As `process` of the form does; it would call a default that is none to see whether it can be called.
            default = unset_value if callable(own.default) else own.default
            extra = [getattr(form, f"filter_{name}")] if hasattr(cls, f"filter_{name}") else ()
            own.process(sent, default, extra)
        form.post_process(sent)
        valid: bool = form.validate()
        form._fields = fields
        return form, valid

    @classmethod
    @cache
    def _bound(cls) -> tuple[Self, frozenset[str]]:
        """A form without content, and which of its fields may be missing."""
        form = cls(formdata=MultiDict(), meta={"csrf": False})
        # These look at the form that a field belongs to. Copies keep the first one: else each event would leave a ring of
        # objects behind, which only the garbage collector takes away.
        if any(isinstance(one, FieldList | FormField) or callable(getattr(one, "choices", None)) for one in form):
            raise RuntimeError("a form with forms or with moving choices in it cannot be filled from an event yet")
        return form, frozenset(name for name in form._fields if form._may_be_missing(name))

    def _may_be_missing(self, name: str) -> bool:
        """Whether a field has nothing to say about its absence, by itself or by the first of its validators."""
        field, plain = self._fields[name], (Field.pre_validate, Field.post_validate)
        if (type(field).pre_validate, type(field).post_validate) != plain or callable(field.default):
            return False
        if field.process_errors or hasattr(self, f"validate_{name}") or hasattr(self, f"filter_{name}"):
            return False
        return not field.validators or isinstance(field.validators[0], Optional)

    @classmethod
    @cache
    def fields(cls) -> frozenset[str]:
        """The names of the fields that this form declares."""
        return frozenset(name for name in dir(cls) if hasattr(getattr(cls, name), "field_class"))

    def first_problem(self) -> str:
        """The first error, still to be put into the person's language when it is lazy."""
        problem: str = next((errors[0] for errors in self.errors.values() if errors), "")
        return problem

    def refuse(self, refusal: Refusal, *, at: Field | None = None) -> None:
        """Have the form say why it was not done, in words at this field or above all of them; what was typed stays."""
        self._refusal = refusal
        if at is None:
            self.form_errors.append(explain(refusal))
        else:
            at.errors = [explain(refusal)]

    def answer(self, page: str) -> ResponseReturnValue:
        """The page that this form was drawn on, with a status that says what became of it and when to try again."""
        if self._refusal is None:
            return page, 422 if self.errors else 200
        wait = self._refusal.retry_after
        return page, self._refusal.status, {} if wait is None else {"Retry-After": str(wait)}


def _copied(thing: Any) -> Any:
    copy = object.__new__(type(thing))
    copy.__dict__ = thing.__dict__.copy()  # at once: several times faster than copy.copy
    return copy


def _written(value: int) -> str:
    """A number, or yes or no, as a page would send it: what reads a field reads text."""
    if isinstance(value, bool):
        return "1" if value else ""
    return str(value)
