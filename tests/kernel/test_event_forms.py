"""A form is filled from an event by copies of fields that were bound once: nothing of one event reaches another."""

import gc
from typing import Any

import pytest
from wtforms import BooleanField, FieldList, StringField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from app.kernel.errors import Invalid
from app.kernel.web import Form

pytestmark = pytest.mark.one_database


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
    gc.collect()
    gc.disable()
    try:
        for _ in range(50):
            NoteForm.from_event({"words": "one"})
        assert gc.collect() < 50
    finally:
        gc.enable()


def test_forms_within_forms_are_not_for_events() -> None:
    class Lists(Form):
        many = FieldList(StringField())

    with pytest.raises(RuntimeError, match="forms"):
        Lists.from_event({"many": "x"})
