"""Files in rooms: brought, sent with a message, opened by those who read it, and gone with its words."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.chat import actions, own_parts, queries
from app.chat.actions import attaching
from app.chat.models import Attachment, Epoch, Room
from app.chat.queries import attachments
from app.identity.models import Person, Standing
from app.kernel import files, work
from app.kernel.access import Permission, Role
from app.kernel.actor import Actor, system
from app.kernel.db import new_public_id, now
from app.kernel.errors import Forbidden, Invalid, NotFound, TooMany
from app.kernel.files import FileKind, KeptFile
from app.kernel.house import House
from app.kernel.signals import Words
from app.kernel.vault import Shredded
from app.moderation import actions as moderation
from app.moderation.models import Category, QueueItem
from app.safety.actions import travel
from tests.at_once import outcomes
from tests.chat.talk import Talks
from tests.factories import Factory
from tests.house.matrix import form_token
from tests.kernel import documents, pictures, sounds

NAME = "IMG-Canary-of-a-name.jpg"
MODERATOR = (Role.MODERATOR, Role.MEMBER)


def bring(house: House, actor: Actor, room: str, described: str = "", *, through: bool = False) -> str:
    """A file that waits for the actor's next message in a room; returns its public id.

    Made by the program `through` which people's files go, or else as if it had been.
    """
    with work.scope(house):
        here = queries.get_here(actor, room)
        before = {one.id for one in attachments.waiting(actor, here)}
        if through:
            attaching.bring_file(actor, here, pictures.plain(), described=described)
        else:
            made = files.Made(b"a picture", FileKind.JPEG, 0, width=320, height=200)
            attaching._keep_file(actor, here, files.write(made.plain, made.kind), made, described)
        (one,) = {one.id for one in attachments.waiting(actor, here)} - before
        return one


def send(house: House, actor: Actor, room: str, *ids: str, body: str = "", client_id: str = "") -> queries.Words:
    with work.scope(house):
        here = queries.get_here(actor, room)
        return actions.post_message(actor, here, client_id=client_id or new_public_id(), body=body, files=ids)


def opens(house: House, actor: Actor, room: str, file: str) -> bytes | None:
    """What somebody gets who asks for a file; None where there is nothing for them."""
    with work.scope(house):
        try:
            return attachments.open_file(actor, queries.get_inside(actor, room), file)[0]
        except NotFound:
            return None


def left(house: House) -> tuple[int, int, int]:
    """Attachments, files in the database, and files on the disk, once all jobs are done."""
    house.queue.sweep()
    with work.scope(house) as opened:
        rows, kept = (
            opened.session.scalar(select(func.count()).select_from(one)) or 0 for one in (Attachment, KeptFile)
        )
    there = files.folder(house)
    return rows, kept, len(list(there.iterdir())) if there.exists() else 0


def file_of(house: House, public_id: str) -> tuple[str, bytes]:
    """Key and sealed bytes of an attachment, as whoever copied the disk has them."""
    with work.scope(house) as opened:
        name = opened.session.scalars(select(Attachment.file).where(Attachment.public_id == public_id)).one()
        return files.keys_of([name])[name], (files.folder(house) / name).read_bytes()


# --- the page -----------------------------------------------------------------------------------------------------------


@pytest.mark.one_database
def test_without_a_script_a_file_is_brought_sent_and_opened_and_its_name_is_nowhere(
    house: House, make: Factory, client: FlaskClient
) -> None:
    nour, lina = make.token(), make.person()
    room = make.room(make.actor(nour), lina).public_id
    address = f"/rooms/{room}"
    make.sign_in(client, nour)
    token = form_token(client)
    picture = (BytesIO(pictures.talkative_jpeg()), NAME)
    form = {"csrf_token": token, "file": picture, "described": "The well", "body": "Half a sentence"}
    assert client.post(f"{address}/files", data=form).headers["Location"] == f"{address}#attach"
    page = client.get(address).text
    assert "Goes with your next message" in page
    assert "Half a sentence" in page, "what was typed is kept"
    assert re.search(r'data-width="320" data-height="200">Picture, 1 KB</a>\s*<span[^>]*>The well</span>', page)
    found = re.search(r'name="files" value="([\w-]{16})"', page)
    assert found
    file = found.group(1)
    posted = {"csrf_token": token, "client_id": new_public_id(), "body": "", "files": file}
    assert client.post(f"{address}/messages", data=posted).status_code == 303
    with work.scope(house):
        (sent,) = queries.newest(lina, queries.get_room(lina, room)).words
        frame = sent.frame()
    assert [(one["id"], one["kind"], one["described"]) for one in frame["files"]] == [(file, "picture", "The well")]
    page = client.get(address).text
    assert page.count(f'href="{address}/files/{file}"') == 1
    assert 'name="files" value=""' in page
    assert "<img" not in page, "nothing is loaded by itself"
    answer = client.get(f"{address}/files/{file}")
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="file.jpeg"'
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox")
    assert (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert pictures.CANARY.encode() not in answer.data
    everything = b"".join(one.read_bytes() for one in house.settings.instance.rglob("*") if one.is_file())
    for canary in (NAME, "The well", pictures.CANARY):
        assert canary.encode() not in everything


@pytest.mark.one_database
def test_a_document_and_a_sound_say_how_long_they_are_and_a_sound_is_given_in_pieces(
    house: House, make: Factory, client: FlaskClient
) -> None:
    nour = make.token()
    me = make.actor(nour)
    room = make.room(me).public_id
    make.sign_in(client, nour)
    with work.scope(house):
        here = queries.get_here(me, room)
        attaching.bring_file(me, here, documents.plain(3))
        attaching.bring_file(me, here, sounds.sound("wav", seconds=2))
        paper, tone = attachments.waiting(me, here)
    send(house, me, room, paper.id, tone.id)
    page = client.get(f"/rooms/{room}").text
    assert re.search(r"Document, 3 pages, \d+ KB", page)
    assert re.search(r"Sound, 0:02, \d+ KB", page)
    whole = client.get(f"/rooms/{room}/files/{tone.id}")
    piece = client.get(f"/rooms/{room}/files/{tone.id}", headers={"Range": "bytes=0-3"})
    assert (piece.status_code, piece.data, whole.data[:4]) == (206, b"OggS", b"OggS")
    assert piece.headers["Content-Range"] == f"bytes 0-3/{len(whole.data)}"
    assert client.get(f"/rooms/{room}/files/{paper.id}").mimetype == "application/pdf"


@pytest.mark.one_database
def test_what_is_refused_says_why_and_keeps_what_was_typed(house: House, make: Factory, client: FlaskClient) -> None:
    nour = make.token()
    me = make.actor(nour)
    address = f"/rooms/{make.room(me).public_id}"
    make.sign_in(client, nour)
    token = form_token(client)

    def post(to: str, **form: object) -> tuple[int, str]:
        answer = client.post(f"{address}/{to}", data={"csrf_token": token, "body": "My words", **form})
        return answer.status_code, answer.text

    status, page = post("files", file=(BytesIO(b"MZ an invoice"), "invoice.pdf.exe"), described="Typed too")
    assert status == 422
    for words in ("This is no file that we can take", "My words", "Typed too"):
        assert words in page
    status, part = post("files?part", file=(BytesIO(b""), ""))
    assert (status, "Choose a file first." in part, "<html" in part) == (422, True, False)
    status, page = post("messages", client_id=new_public_id(), file=NAME)
    assert status == 422
    assert "is not attached yet" in page
    assert NAME not in page
    status, page = post("messages", client_id=new_public_id(), files=new_public_id())
    assert status == 422
    assert "A file that was to go with it is not here any more." in page
    assert "My words" in page
    for wrong in ("x" * 200, "a b", ",".join(new_public_id() for _ in range(5))):
        assert post("messages", client_id=new_public_id(), files=wrong)[0] == 422
    answer = client.post(f"{address}/messages", data={"csrf_token": token, "client_id": new_public_id(), "body": " "})
    assert "Write something first." in answer.text
    file = bring(house, me, address.removeprefix("/rooms/"))
    status, part = post(f"files/{file}/take-back?part")
    assert (status, 'name="files" value=""' in part) == (200, True)
    assert left(house) == (0, 0, 0)


# --- who sees it --------------------------------------------------------------------------------------------------------


def test_a_file_is_there_for_those_who_read_its_message_and_for_as_long_as_they_do(house: House, make: Factory) -> None:
    nour, lina, stranger, new, hidden = make.person(), make.person(), make.person(), make.person(), make.token()
    room, other = make.room(nour, lina, new, make.actor(hidden)).public_id, make.room(nour, stranger).public_id
    file = bring(house, nour, room)
    assert opens(house, nour, room, file) == b"a picture"
    assert opens(house, lina, room, file) is None, "nobody else sees it before it is sent"
    words = send(house, nour, room, file)
    assert opens(house, lina, room, file) == b"a picture"
    assert opens(house, stranger, room, file) is None
    assert opens(house, nour, other, file) is None, "in another room there is no such file"
    assert opens(house, stranger, other, file) is None
    assert opens(house, lina, room, "x") is None
    newcomer = replace(new, permissions=new.permissions - {Permission.ROOMS_ALL})
    assert opens(house, newcomer, room, file) is None
    far = make.actor(hidden)
    with work.scope(house):
        travel.choose_hidden(far, [f"room:{room}"])
        travel.set_out(far, until=now() + timedelta(days=3), peers=[])
    assert opens(house, make.actor(hidden), room, file) is None, "who travels hides the files with the room"
    with work.scope(house):
        actions.leave_room(lina, queries.get_room(lina, room))
    assert opens(house, lina, room, file) is None
    with work.scope(house):
        actions.handle_words(system("test"), nour.person_id, Words.HIDE)
    assert opens(house, new, room, file) is None, "hidden words hide what belongs to them"
    with work.scope(house):
        actions.handle_words(system("test"), nour.person_id, Words.SHOW)
    assert opens(house, new, room, file) == b"a picture"
    assert words.files[0].id == file


def test_a_file_goes_with_one_message_of_whoever_brought_it_into_that_room(house: House, make: Factory) -> None:
    nour, lina = make.person(), make.person()
    room, other = make.room(nour, lina).public_id, make.room(nour, lina).public_id
    file = bring(house, nour, room, "Bread")
    for actor, where in ((lina, room), (nour, other)):
        with pytest.raises(attachments.FilesGone):
            send(house, actor, where, file)
    assert send(house, nour, room, file, client_id="the-first-try").files[0].described == "Bread"
    again = send(house, nour, room, file, client_id="the-first-try")
    assert (again.seq, [one.id for one in again.files]) == (1, [file]), "a retry is the same message"
    with pytest.raises(attachments.FilesGone):
        send(house, nour, room, file)
    with work.scope(house) as opened:
        assert opened.session.scalars(select(Room.last_seq).where(Room.public_id == room)).one() == 1
        assert queries.get_message(lina, queries.get_room(lina, room), 1).files == again.files


def test_of_many_messages_that_want_the_same_file_at_once_one_gets_it(house: House, make: Factory) -> None:
    nour = make.person()
    room = make.room(nour).public_id
    file = bring(house, nour, room)
    here = _here(house, nour, room)
    told = outcomes(
        house,
        [
            lambda: actions.post_message(nour, here, client_id=new_public_id(), body="x", files=[file]),
        ]
        * 6,
    )
    assert sorted(told) == ["done"] + ["invalid"] * 5


def _here(house: House, actor: Actor, room: str) -> queries.Here:
    with work.scope(house):
        return queries.get_here(actor, room)


# --- who may bring one --------------------------------------------------------------------------------------------------


def test_who_may_not_send_links_or_not_write_brings_no_file(
    house: House, make: Factory, client: FlaskClient, talks: Talks
) -> None:
    nour, token = make.person(), make.token()
    room = make.room(nour, make.actor(token), for_newcomers=True).public_id
    newcomer = talks.without(make.actor(token), Permission.LINKS_SEND)
    make.sign_in(client, make.another_session(newcomer))
    assert "Attach a file" not in client.get(f"/rooms/{room}").text
    form = {"csrf_token": form_token(client), "file": (BytesIO(pictures.plain()), NAME)}
    assert client.post(f"/rooms/{room}/files", data=form).status_code == 404
    silent = replace(nour, permissions=nour.permissions - {Permission.ROOMS_POST})
    for actor, wanted in ((newcomer, Forbidden), (silent, Forbidden), (make.person(), NotFound)):
        with pytest.raises(wanted), work.scope(house):
            attaching.bring_file(actor, queries.get_here(actor, room), pictures.plain())


def test_in_a_conversation_files_wait_until_the_other_has_accepted(talks: Talks) -> None:
    nour, hazim = talks.person(), talks.person()
    room = talks.ask(nour, hazim)
    for actor in (nour, hazim):
        with pytest.raises((Forbidden, NotFound)):
            bring(talks.house, actor, room, through=True)
    talks.accept(hazim, room)
    file = bring(talks.house, hazim, room, through=True)
    send(talks.house, hazim, room, file)
    assert opens(talks.house, nour, room, file)
    assert opens(talks.house, talks.person(roles=MODERATOR), room, file) is None
    talks.leave(hazim, room, take_words=True)
    assert left(talks.house) == (0, 0, 0)


def test_four_files_wait_at_most_and_budgets_end(house: House, make: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    nour = make.person()
    room = make.room(nour).public_id
    waiting = [bring(house, nour, room) for _ in range(4)]
    for through in (True, False):
        with pytest.raises(Invalid, match="Four files"):
            bring(house, nour, room, through=through)
    send(house, nour, room, *waiting)
    with pytest.raises(Invalid):  # what is no file costs nothing
        _bring_bytes(house, nour, room, b"nonsense")
    monkeypatch.setattr(files, "made_anew", lambda *_: files.Made(b"made", FileKind.JPEG, 0, width=1, height=1))
    monkeypatch.setattr(attaching, "MOST_FILES", 1000)
    for _ in range(20):
        _bring_bytes(house, nour, room, pictures.plain("PNG"))
    with pytest.raises(TooMany):
        _bring_bytes(house, nour, room, pictures.plain("PNG"))
    heavy = make.person()
    other = make.room(heavy).public_id
    four = pictures.plain("PNG").ljust(4 * 2**20, b"\0")
    for _ in range(9):
        _bring_bytes(house, heavy, other, four)
    with pytest.raises(TooMany):
        _bring_bytes(house, heavy, other, four)


def _bring_bytes(house: House, actor: Actor, room: str, brought: bytes) -> None:
    with work.scope(house):
        attaching.bring_file(actor, queries.get_here(actor, room), brought)


# --- going --------------------------------------------------------------------------------------------------------------


def removed(house: House, nour: Actor, room: str, seq: int) -> None:
    actions.remove_message(system_moderator(house), queries.reference(room, seq), "Harm")


def system_moderator(house: House) -> Actor:
    return Factory(house).person(roles=MODERATOR)


def withdrawn(house: House, nour: Actor, room: str, seq: int) -> None:
    actions.withdraw_message(nour, queries.get_room(nour, room), seq)


def forgotten(house: House, nour: Actor, room: str, seq: int) -> None:
    with work.current().writing():
        for epoch in work.session().scalars(select(Epoch)):
            epoch.last_on = now().date() - timedelta(days=400)
    actions.forget_old_epochs(system("test"))


def erased(house: House, nour: Actor, room: str, seq: int) -> None:
    with work.current().writing():
        keys = list(own_parts.erase(system("test"), nour.person_id))
    house.vault.shred(keys)


def erased_after_removal(house: House, nour: Actor, room: str, seq: int) -> None:
    with work.current().writing():
        actions.handle_words(system("test"), nour.person_id, Words.DELETE)
        work.session().get_one(Person, nour.person_id).standing = Standing.CLOSED
        keys = list(own_parts.erase(system("test"), nour.person_id))
    house.vault.shred(keys)


@pytest.mark.parametrize("go", [removed, withdrawn, forgotten, erased, erased_after_removal])
def test_when_its_words_go_the_file_goes_and_its_key_is_shredded(
    house: House, make: Factory, go: Callable[[House, Actor, str, int], None]
) -> None:
    nour, lina = make.person(), make.person()
    room = make.room(nour, lina).public_id
    file = bring(house, nour, room, "Bread")
    key_id, copy = file_of(house, file)
    seq = send(house, nour, room, file, body="See").seq
    waits = bring(house, nour, room) if go in (erased, erased_after_removal) else ""
    kept = send(house, lina, room, bring(house, lina, room)).files[0].id if go is not forgotten else ""
    with work.scope(house):
        go(house, nour, room, seq)
    assert left(house) == ((1, 1, 1) if kept else (0, 0, 0)), waits
    assert opens(house, lina, room, file) is None
    if kept:
        assert opens(house, lina, room, kept) == b"a picture"
    with pytest.raises(Shredded):
        house.vault.open(key_id, files.store._place(file), copy)


def test_what_nobody_sends_goes_after_a_day_and_what_was_sent_stays(house: House, make: Factory) -> None:
    nour = make.person()
    room = make.room(nour).public_id
    send(house, nour, room, bring(house, nour, room))
    bring(house, nour, room, "Not sent")
    with work.scope(house):
        assert attaching.forget_unsent(system("test")) == 0
        assert attaching.forget_unsent(system("test"), at=now() + timedelta(hours=25)) == 1
        with pytest.raises(Forbidden):
            attaching.forget_unsent(nour)
    assert left(house) == (1, 1, 1)


def test_what_somebody_takes_along_holds_their_files(house: House, make: Factory) -> None:
    nour, lina = make.person(), make.person()
    room = make.room(nour, lina).public_id
    send(house, nour, room, bring(house, nour, room, "Bread"), body="See")
    send(house, lina, room, bring(house, lina, room, "Not hers"))
    with work.scope(house):
        (message,) = dict(own_parts.export(nour))["messages"]
    (file,) = message["files"]
    assert (file["kind"], file["described"]) == ("picture", "Bread")
    assert file["content"].startswith("data:image/jpeg;base64,")


# --- reports ------------------------------------------------------------------------------------------------------------


def test_moderators_open_a_file_through_the_report_on_it_and_in_no_other_way(
    house: House, make: Factory, client: FlaskClient
) -> None:
    nour, lina = make.person(), make.person()
    moderator, idle = make.token(roles=MODERATOR), make.token(roles=MODERATOR)
    room = make.room(nour, lina).public_id
    file = bring(house, lina, room, "A threat")
    seq = send(house, lina, room, file).seq
    with work.scope(house) as opened:
        moderation.report(
            nour, "message", queries.reference(room, seq), category=Category.HARASSMENT, says="Look", hopes="Peace"
        )
        item = opened.session.scalars(select(QueueItem)).one()
        moderation.claim(make.actor(moderator), item)
        item_id = item.public_id
    address = f"/queue/{item_id}/files/{file}"
    make.sign_in(client, idle)
    assert client.get(address).status_code == 404, "whoever does not work on it"
    make.sign_in(client, moderator)
    page = client.get(f"/queue/{item_id}").text
    assert f'href="{address}"' in page
    assert page.count("A threat") > 1, "enclosed, and beside the file"
    assert client.get(address).data == b"a picture"
    assert client.get(f"/rooms/{room}/files/{file}").status_code == 404
    other = bring(house, lina, room)
    send(house, lina, room, other)
    assert client.get(f"/queue/{item_id}/files/{other}").status_code == 404, "only what was reported"
    with work.scope(house):
        actions.remove_message(make.actor(moderator), queries.reference(room, seq), "Harm")
    assert client.get(address).status_code == 404
    assert "Files that belong to it" not in client.get(f"/queue/{item_id}").text
