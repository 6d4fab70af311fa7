"""A form is filled from an event by copies of fields that were bound once: nothing of one event reaches another."""

import gc
from typing import Any

import pytest
from flask_wtf import FlaskForm
from wtforms import BooleanField, FieldList, HiddenField, StringField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from app.kernel.errors import Invalid
from app.kernel.web import Form

pytestmark = pytest.mark.one_database


class HiddenForm(Form):
    ref = HiddenField(validators=[Optional()])
    words = StringField()
    kind = HiddenField()


class NoteForm(Form):
    words = StringField(validators=[InputRequired("Write something."), Length(max=10, message="Too long.")])
    note = StringField(validators=[Optional(), Length(max=3, message="Too long a note.")], default="none")
    agreed = BooleanField()
    sort = StringField()

    def validate_sort(self, field: StringField) -> None:
        if self.agreed.data and not field.data:
            raise ValidationError("Of which sort?")


def test_what_one_event_said_is_not_in_the_next() -> None:
    first = NoteForm.from_event({"words": "one", "note": "abc"})
    first.note.data = "changed"
    first.note.errors = ["wrong"]
    second = NoteForm.from_event({"words": "two"})
    assert (first.words.data, second.words.data) == ("one", "two")
    assert second.note.data != "changed"
    assert not second.note.errors
    assert [field.name for field in second] == ["words", "note", "agreed", "sort"]


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ({}, "Write something."),
        ({"words": "far too many words"}, "Too long."),
        ({"words": "one", "note": "four"}, "Too long a note."),
        ({"words": "one", "agreed": "y"}, "Of which sort?"),
    ],
)
def test_every_validator_speaks_of_what_is_there_and_of_what_must_be(payload: dict[str, Any], problem: str) -> None:
    with pytest.raises(Invalid, match=problem):
        NoteForm.from_event(payload)


def test_an_event_says_what_a_page_says() -> None:
    sent = NoteForm.from_event({"words": "one"})
    assert {"words": "one", "agreed": False, "sort": None}.items() <= sent.data.items()


def test_an_event_leaves_nothing_behind_for_the_garbage_collector() -> None:
    NoteForm.from_event({"words": "one"})
    # Of an earlier test a browser may still be open here and leave something: not three times.
    assert min(garbage_of(50) for _ in range(3)) < 50


def garbage_of(events: int) -> int:
    """Objects that only the garbage collector finds after so many events."""
    gc.collect()
    gc.disable()
    try:
        for _ in range(events):
            NoteForm.from_event({"words": "one"})
        return gc.collect()
    finally:
        gc.enable()


def test_forms_within_forms_are_not_for_events() -> None:
    class Lists(Form):
        many = FieldList(StringField())

    with pytest.raises(RuntimeError, match="forms"):
        Lists.from_event({"many": "x"})


def test_hidden_fields_stand_on_a_page_as_their_library_draws_them() -> None:
    form = HiddenForm(formdata=None, ref='"><script>', words="seen", meta={"csrf": False})
    assert form.hidden_tag() == FlaskForm.hidden_tag(form)
    assert "<script>" not in form.hidden_tag()
    assert form.hidden_tag().count("<input") == 2
