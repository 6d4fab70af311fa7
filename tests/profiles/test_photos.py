"""Photographs: brought, shown to whom one chooses, and gone for good when one takes them away."""

import re
import tempfile
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.identity import actions as identity
from app.identity.models import Cause
from app.kernel import files, work
from app.kernel.access import Permission
from app.kernel.actor import Actor, system
from app.kernel.errors import Forbidden, Invalid, NotFound
from app.kernel.files import KeptFile, pictures
from app.kernel.vault import Shredded
from app.profiles.actions import blocks, listing, photo
from app.profiles.models import Audience
from app.profiles.policy import NOBODY
from app.profiles.queries import photo as photos
from app.profiles.queries import viewing
from tests.at_once import at_once
from tests.house.matrix import MISSING, form_token
from tests.kernel import pictures as made
from tests.profiles.scene import EMPLOYER, Scene

ADDRESS = "/me/profile/photo"


def bring(scene: Scene, actor: Actor, brought: bytes | None = None, audience: Audience = Audience.MEMBERS) -> str:
    """Have somebody bring a photograph; the name of its file."""
    with work.scope(scene.house):
        photo.bring_photo(actor, made.plain() if brought is None else brought, audience=audience)
    return reference(scene, actor)


def reference(scene: Scene, actor: Actor) -> str:
    with work.scope(scene.house):
        found = photos.my_reference(actor)
    assert found is not None
    return found


def sees(scene: Scene, viewer: Actor, owner: Actor) -> bool:
    with work.scope(scene.house):
        try:
            photos.photo_of(viewing.viewer_of(viewer), owner.public_id)
        except NotFound:
            return False
        return True


def send(
    client: FlaskClient, brought: bytes, name: str = "me.jpg", to: str = ADDRESS, audience: str = "members"
) -> TestResponse:
    """Send a picture as a browser does. Put together by hand, since the test client would write it to a temporary file."""
    fields = {"csrf_token": form_token(client), "audience": audience}
    parts = [f'--edge\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{fields[key]}\r\n' for key in fields]
    parts.append(f'--edge\r\nContent-Disposition: form-data; name="picture"; filename="{name}"\r\n')
    head = "".join(parts) + "Content-Type: image/jpeg\r\n\r\n"
    body = head.encode() + brought + b"\r\n--edge--\r\n"
    return client.post(to, data=body, content_type="multipart/form-data; boundary=edge")


def on_disk(scene: Scene) -> list[str]:
    there = files.folder(scene.house)
    return sorted(path.name for path in there.iterdir()) if there.exists() else []


# --- who sees it ----------------------------------------------------------------------------------------------------------


def test_a_photograph_is_seen_by_those_to_whom_one_shows_it(scene: Scene) -> None:
    owner, member, employer = scene.person(), scene.person(), scene.person(roles=EMPLOYER)
    bring(scene, owner)
    assert sees(scene, member, owner)
    assert sees(scene, owner, owner)
    assert not sees(scene, employer, owner)
    with work.scope(scene.house), pytest.raises(NotFound):
        photos.photo_of(NOBODY, owner.public_id)
    with work.scope(scene.house):
        photo.show_photo(owner, audience=Audience.ONLY_ME)
    assert not sees(scene, member, owner)
    assert sees(scene, owner, owner)


def test_whoever_is_blocked_no_longer_sees_the_photograph(scene: Scene) -> None:
    owner, member = scene.person(), scene.person()
    bring(scene, owner)
    with work.scope(scene.house):
        blocks.block(owner, member.person_id)
    assert not sees(scene, member, owner)


def test_nobody_shows_a_photograph_to_caseworkers_alone(scene: Scene) -> None:
    owner = scene.person()
    bring(scene, owner, audience=Audience.ONLY_ME)
    with work.scope(scene.house), pytest.raises(Invalid):
        photo.show_photo(owner, audience=Audience.CASEWORKERS)


def test_on_a_journey_nobody_changes_a_photograph(scene: Scene) -> None:
    owner = scene.person()
    bring(scene, owner)
    with work.scope(scene.house):
        identity.restrict(system("test"), owner.person_id, [Permission.SETTINGS_CHANGE], cause=Cause.TRAVEL, ref="j")
    travelling = scene.make.actor(scene.tokens[owner.person_id])
    with work.scope(scene.house):
        for verb in (photo.remove_photo, lambda actor: photo.show_photo(actor, audience=Audience.MEMBERS)):
            with pytest.raises(Forbidden):
                verb(travelling)
    assert scene.open(travelling, ADDRESS).status_code == 404


# --- replacing and taking away ----------------------------------------------------------------------------------------------


def test_a_new_photograph_takes_the_place_of_the_old_one(scene: Scene) -> None:
    owner = scene.person()
    first = bring(scene, owner)
    second = bring(scene, owner, made.plain("PNG"))
    scene.house.queue.sweep()
    assert on_disk(scene) == [second]
    with work.scope(scene.house), pytest.raises(NotFound):
        files.open(first)


def test_after_it_was_taken_away_its_file_cannot_be_opened(scene: Scene) -> None:
    owner, member = scene.person(), scene.person()
    name = bring(scene, owner)
    copy = (files.folder(scene.house) / name).read_bytes()
    with work.scope(scene.house) as opened:
        key_id = opened.session.scalars(select(KeptFile.key_id)).one()
        photo.remove_photo(owner)
    scene.house.queue.sweep()
    assert on_disk(scene) == []
    assert not sees(scene, member, owner)
    assert not sees(scene, owner, owner)
    with work.scope(scene.house):
        with pytest.raises(Shredded):
            scene.house.vault.open(key_id, files.store._place(name), copy)
        with pytest.raises(NotFound):
            photo.remove_photo(owner)


def test_of_two_photographs_brought_at_once_one_stays_and_the_other_leaves_nothing(scene: Scene) -> None:
    owner = scene.person()
    bring(scene, owner, audience=Audience.ONLY_ME)
    tries: list[Callable[[], Any]] = [
        partial(photo.bring_photo, owner, made.plain(kind), audience=Audience.MEMBERS) for kind in ("PNG", "GIF")
    ]
    told = at_once(scene.house, tries)
    assert told == [None, None]
    scene.house.queue.sweep()
    assert on_disk(scene) == [reference(scene, owner)]
    with work.scope(scene.house) as opened:
        assert opened.session.scalar(select(func.count()).select_from(KeptFile)) == 1


# --- pages ------------------------------------------------------------------------------------------------------------------


def test_a_member_brings_shows_and_takes_away_a_photograph_by_pages_alone(pages: Scene) -> None:
    owner, member = pages.person("Nour"), pages.person()
    client, address = pages.client(owner), f"/members/{owner.public_id}/photo"
    assert "we advise against it" in client.get(ADDRESS).text
    assert send(client, made.talkative_jpeg(), "IMG_20260101_Homs.jpg").status_code == 303
    assert address in client.get(ADDRESS).text
    seen = pages.open(member, address)
    assert seen.status_code == 200
    assert Image.open(BytesIO(seen.data), formats=["JPEG"]).size == (200, 200)
    assert len(seen.data) <= 20 * 1024
    assert made.CANARY.encode() not in seen.data
    assert address in pages.open(member, f"/members/{owner.public_id}").text
    # Without a new picture only who sees it is changed.
    assert send(client, b"", "", audience="only-me").status_code == 303
    assert pages.open(member, address).status_code == 404
    assert address not in pages.open(owner, "/me/profile").text
    gone = client.post(f"{ADDRESS}/remove", data={"csrf_token": form_token(client)})
    assert gone.status_code == 303
    assert pages.open(owner, address).status_code == 404


def test_the_picture_is_given_so_that_no_browser_keeps_or_runs_it(pages: Scene) -> None:
    owner = pages.person()
    bring(pages, owner)
    headers = pages.open(owner, f"/members/{owner.public_id}/photo").headers
    assert headers["Content-Type"] == "image/jpeg"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_missing_hidden_and_nobodys_photographs_look_the_same(pages: Scene) -> None:
    shown, hidden, member = pages.person(about="Hello"), pages.person(about="Hello"), pages.person()
    bring(pages, hidden, audience=Audience.ONLY_ME)
    ids = (hidden.public_id, shown.public_id, MISSING)
    answers = [pages.open(member, f"/members/{id}/photo") for id in ids]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({answer.headers["Content-Type"] for answer in answers}) == 1
    bodies = {without_token(answer.text).replace(id, "ID") for answer, id in zip(answers, ids, strict=True)}
    assert len(bodies) == 1


def test_in_light_data_mode_and_without_a_photograph_a_letter_stands_in_its_place(pages: Scene) -> None:
    owner, member = pages.person("نور", about="Hello"), pages.person()
    address = f"/members/{owner.public_id}"
    assert '<span class="avatar" aria-hidden="true"><bdi>ن</bdi></span>' in pages.open(member, address).text
    bring(pages, owner)
    client = pages.client(member)
    assert f'src="{address}/photo"' in client.get(address).text
    client.set_cookie("data_mode", "light")
    light = client.get(address).text
    assert f"{address}/photo" not in light
    assert "<bdi>ن</bdi></span>" in light


@pytest.mark.parametrize(
    ("brought", "words"),
    [
        (made.SVG, pictures.UNKNOWN),
        (made.HTML, pictures.UNKNOWN),
        (b"", pictures.EMPTY),
        (made.gif_bomb(), pictures.TOO_LARGE),
        (made.plain()[:300], pictures.BROKEN),
        (bytes(5 * 1024 * 1024 + 1), pictures.TOO_HEAVY),
    ],
    ids=["svg", "html", "nothing", "bomb", "truncated", "heavy"],
)
def test_what_is_refused_is_refused_in_words_beside_the_picture(pages: Scene, brought: bytes, words: str) -> None:
    client = pages.client(pages.person())
    answer = send(client, brought, "me.jpg" if brought else "")
    assert answer.status_code == 422
    assert 'id="picture-error"' in answer.text
    assert words in answer.text
    assert on_disk(pages) == []


@pytest.mark.parametrize(
    "name",
    [
        "x" * 300 + ".jpg",
        "../../../../etc/passwd",
        "/etc/passwd",
        "a\0b.jpg",
        "صورة.svg",
        "me.php",
        "CON",
        "\u202egpj.exe",
    ],
)
def test_the_name_that_a_picture_comes_with_means_nothing(pages: Scene, name: str) -> None:
    owner = pages.person()
    assert send(pages.client(owner), made.plain(), name).status_code == 303
    assert on_disk(pages) == [reference(pages, owner)]
    assert len(on_disk(pages)[0]) == 16


def test_far_more_than_is_taken_is_refused_before_it_is_read(pages: Scene) -> None:
    answer = send(pages.client(pages.person()), bytes(6 * 1024 * 1024))
    assert answer.status_code == 413
    assert "This file is larger than we can take" in answer.text


def test_no_other_route_and_nobody_else_may_send_so_much(pages: Scene) -> None:
    brought = made.plain() + bytes(400 * 1024)
    for someone in (None, pages.person(roles=EMPLOYER)):
        client = pages.client(someone)
        assert send(client, brought).status_code == 413
    assert send(pages.client(pages.person()), brought, to="/me/names/rooms").status_code == 413


def test_a_picture_on_its_way_in_never_lies_on_the_disk(pages: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_about: Any, **_more: Any) -> None:
        raise AssertionError("a temporary file would hold the picture in the clear")

    for way in ("TemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, way, refuse)
    monkeypatch.setattr("werkzeug.formparser.TemporaryFile", refuse, raising=False)
    noise = made.encoded(Image.effect_noise((1600, 1200), 90).convert("RGB"), "JPEG", quality=95)
    assert len(noise) > 600 * 1024
    assert send(pages.client(pages.person()), noise).status_code == 303


def test_a_photograph_wants_a_list_when_it_is_for_chosen_people(pages: Scene) -> None:
    client = pages.client(pages.person())
    answer = send(client, made.plain(), audience="chosen")
    assert answer.status_code == 422
    assert "Choose at least one of your lists" in answer.text
    assert on_disk(pages) == []


def test_a_card_in_the_directory_has_the_photograph_of_those_who_show_it(pages: Scene) -> None:
    shown, hidden, member = pages.person("Olive", about="Hello"), pages.person("Quince", about="Hello"), pages.person()
    bring(pages, shown)
    bring(pages, hidden, audience=Audience.ONLY_ME)
    with work.scope(pages.house):
        for one in (shown, hidden):
            listing.set_listed(one, listed=True)
    page = pages.open(member, "/directory").text
    assert f"/members/{shown.public_id}/photo" in page
    assert f"/members/{hidden.public_id}/photo" not in page


def without_token(page: str) -> str:
    return re.sub(r'name="csrf_token" value="[^"]*"', "", page)
