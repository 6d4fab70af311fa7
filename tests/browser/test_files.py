"""Files in a live room: attached, sent without words, and opened only when somebody asks for them."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Request, expect

from tests.browser.conftest import Visits
from tests.browser.in_a_room import DESK, Scene
from tests.kernel import documents, pictures, sounds
from tests.server import Server, wait_for

FILE = re.compile(r"/files/[\w-]{16}$")


@pytest.fixture
def scene(site: Server, open_page: Visits) -> Scene:
    return Scene(site, site.factory(), open_page)


def test_files_travel_with_a_message_and_are_loaded_when_somebody_asks(scene: Scene, tmp_path: Path) -> None:
    for name, brought in (
        ("a.jpg", pictures.plain(size=(900, 600))),
        ("b.wav", sounds.sound("wav", seconds=2)),
        ("c.pdf", documents.plain(2)),
        ("d.pdf", b"MZ no document"),
    ):
        (tmp_path / name).write_bytes(brought)
    nour, lina = scene.open(scene.nour_token, language="ar"), scene.open(scene.lina_token, width=DESK)
    asked: list[str] = []

    def note(request: Request) -> None:
        if FILE.search(request.url) and request.method == "GET":
            asked.append(request.resource_type)

    lina.page.on("request", note)
    nour.page.fill("#body", "كلمات")
    nour.page.click(".attach__more summary")
    attach = nour.page.locator("[data-bring]")
    attach.click()
    expect(nour.page.locator("#file-error")).to_be_visible()
    nour.page.set_input_files("#file", tmp_path / "d.pdf")
    attach.click()
    expect(nour.page.locator("#file-error")).to_contain_text("لا يمكن أخذه")
    nour.page.fill("#described", "البئر")
    nour.page.set_input_files("#file", tmp_path / "a.jpg")
    nour.page.press("#described", "Enter")
    expect(nour.page.locator(".attach .file")).to_have_count(1)
    assert not nour.page.locator(".attach__more").get_attribute("open")
    for number, name in enumerate(("b.wav", "c.pdf"), start=2):
        nour.page.click(".attach__more summary")
        nour.page.set_input_files("#file", tmp_path / name)
        attach.click()
        expect(nour.page.locator(".attach .file")).to_have_count(number)
    nour.page.locator(".attach [data-take-back]").nth(2).click()
    expect(nour.page.locator(".attach .file")).to_have_count(2)
    assert nour.page.input_value("#body") == "كلمات", "what is typed stays"
    nour.page.fill("#body", "")
    nour.page.click("[data-send]")
    line = lina.page.locator(".message")
    expect(line.locator(".file__open")).to_have_text(
        [re.compile(r"Picture, \d+ KB"), re.compile(r"Sound, 0:02, \d+ KB")]
    )
    expect(nour.page.locator(".attach .file")).to_have_count(0)
    assert asked == []
    line.locator(".file__open").first.click()
    picture = line.get_by_role("img", name="البئر")
    expect(picture).to_be_visible()
    wait_for(lambda: picture.evaluate("one => one.naturalWidth") == 900, what="the picture")
    line.locator(".file__open").nth(1).click()
    sound = line.locator("audio")
    assert sound.evaluate("one => [one.preload, one.readyState, one.controls]") == ["none", 0, True]
    assert asked == ["image"]
    sound.evaluate("one => { one.muted = true; return one.play(); }")
    wait_for(lambda: sound.evaluate("one => one.currentTime > 0"), what="the sound")
    line.locator(".file__open").first.click()
    expect(picture).to_have_count(0)
