"""One form class for pages and socket events: the same fields and validators say what is valid in both."""

from functools import cache
from typing import Any, Self

from flask import g
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Field

from app.kernel.errors import Invalid, Refusal
from app.kernel.i18n import explain


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """A Flask-WTF form that can also be filled from the payload of a socket event."""

    _refusal: Refusal | None = None

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # Flask-WTF carries no types
        def get_translations(self, _form: Any) -> None:
            """None: every validator here has words of its own, and an event has no app context to look others up in."""

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
            name: value for name, value in payload.items() if isinstance(value, str | int) and name in cls.fields()
        }
        form = cls(formdata=MultiDict(wanted), meta={"csrf": False})
        if not form.validate():
            raise Invalid(form.first_problem())
        return form

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
