"""A room on bad networks, over breaks, and on a phone that is searched."""

import re
from collections.abc import Mapping

import pytest
from playwright.sync_api import Dialog, expect
from sqlalchemy import select, update

from app.chat import actions as chat
from app.chat import queries
from app.chat.models import Room, RoomMember, RoomState
from app.kernel import work
from app.kernel.access import Role
from app.kernel.sessions import PLAIN_COOKIE
from app.safety.actions import lock
from tests.browser.conftest import Visits
from tests.browser.in_a_room import DESK, Scene, Seat, Wire, slow_down
from tests.server import Server, wait_for

WAITING = ".message--pending .message__state"


@pytest.fixture
def scene(site: Server, open_page: Visits) -> Scene:
    return Scene(site, site.factory(), open_page)


def on_the_device(seat: Seat) -> Mapping[str, str]:
    """All that the browser stores for the site, but cookies."""
    stored: dict[str, str] = seat.page.evaluate("({ ...localStorage, ...sessionStorage })")
    return stored


def choose_to_keep(seat: Seat, *, wished: bool = True) -> None:
    more = seat.page.locator("details:has([data-keep])")
    if more.get_attribute("open") is None:
        more.locator("summary").click()
    more.locator("[data-keep]").set_checked(wished)
    more.locator("summary").click()


def change(scene: Scene, **values: object) -> None:
    """Change the room behind everybody's back."""
    with work.scope(scene.make.house) as opened, opened.writing():
        opened.session.execute(update(Room).where(Room.public_id == scene.room.public_id).values(**values))


def test_two_languages_one_slow_phone_offline_and_back(scene: Scene) -> None:
    lina = scene.open(scene.lina_token, width=DESK)
    nour = scene.approach(scene.nour_token, language="ar")
    slow_down(nour.page)
    nour.is_live()
    nour.write("مساء الخير")
    lina.sees("مساء الخير")
    expect(nour.page.locator(WAITING)).to_have_count(0)  # an answer that is lost is asked for as long as a socket lives
    nour.context.set_offline(True)
    for text in ("أولاً", "ثانياً"):
        nour.write(text)
    expect(nour.page.locator(".message__state")).to_have_text([re.compile("لم تُرسَل بعد")] * 2)
    scene.say("meanwhile", "and more", by=scene.lina)
    nour.context.set_offline(False)
    nour.sees("meanwhile", "and more", "أولاً", "ثانياً")
    lina.sees("meanwhile", "and more", "أولاً", "ثانياً")
    scene.holds("مساء الخير", "meanwhile", "and more", "أولاً", "ثانياً")
    said = nour.page.locator("[data-announcer]")
    expect(said).to_contain_text("رسالتان جديدتان")
    # Coming back once more says nothing of them again.
    nour.page.evaluate("document.querySelector('[data-announcer]').replaceChildren()")
    nour.context.set_offline(True)
    expect(said).not_to_be_empty()
    nour.context.set_offline(False)
    nour.is_live()
    expect(said).not_to_contain_text("رسال")


def test_what_waits_is_lost_with_the_page_unless_its_writer_chose_otherwise(scene: Scene) -> None:
    wire, asked = Wire(), list[str]()

    def note(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    scene.fill("a question")
    lina = scene.open(scene.lina_token, wire=wire)
    lina.page.on("dialog", note)
    wire.swallows = True
    lina.write("in memory alone")
    expect(lina.page.locator(".message--pending")).to_have_count(1)
    assert on_the_device(lina) == {}
    lina.page.reload()
    assert asked == ["beforeunload"]
    lina.is_live()
    expect(lina.page.locator("[data-client-id]")).to_have_count(0)

    choose_to_keep(lina)
    lina.write("kept one")
    lina.write("kept two")
    lina.page.locator("#m1 .message__menu").click()
    lina.page.get_by_role("menuitem", name="Answer").click()
    lina.page.locator("details:has(#note) summary").click()
    lina.page.fill("#note", "about doors")
    lina.page.fill("#body", "half a thought")
    lina.page.reload()
    assert asked == ["beforeunload"], "nothing would be lost, so nothing is asked"
    expect(lina.page.locator("[data-client-id] .message__body")).to_have_text(["kept one", "kept two"])
    assert lina.page.input_value("#body") == "half a thought"
    expect(lina.page.locator("#note")).to_be_visible()
    expect(lina.page.locator("[data-answering]")).to_contain_text("a question")
    wire.swallows = False
    lina.page.reload()
    lina.sees("kept one", "kept two")
    scene.holds("a question", "kept one", "kept two")
    assert len(scene.bodies()) == 3
    lina.page.click("[data-send]")
    last = lina.page.locator(".message").last
    expect(last.locator(".message__quote")).to_contain_text("a question")
    expect(last.locator(".message__fold")).to_contain_text("about doors")
    assert list(on_the_device(lina)) == ["keep"], "what was sent is not on the device any more"

    wire.swallows = True
    lina.write("thought better of it")
    wait_for(lambda: len(on_the_device(lina)) == 2, what="the text to be kept beside the choice")
    choose_to_keep(lina, wished=False)
    assert on_the_device(lina) == {}


def test_what_is_kept_goes_at_every_way_out_and_never_to_somebody_else(scene: Scene) -> None:
    wire = Wire()
    wire.swallows = True
    room = f"/rooms/{scene.room.public_id}"

    def waits() -> Seat:
        """Lina, with a text that waits and is kept."""
        seat = scene.open(scene.make.another_session(scene.lina), wire=wire)
        choose_to_keep(seat)
        seat.write("hers alone")
        expect(seat.page.locator(".message--pending")).to_have_count(1)
        assert "hers alone" in str(on_the_device(seat))
        return seat

    lina = waits()  # somebody else comes in with the same browser
    lina.context.add_cookies([{"name": PLAIN_COOKIE, "value": scene.nour_token, "url": scene.site.address}])
    lina.page.goto(room)
    assert "hers alone" not in str(on_the_device(lina))
    assert "hers alone" not in lina.page.content()

    lina = waits()
    lina.page.goto("/me")
    lina.page.get_by_role("button", name="Sign out").last.click()
    expect(lina.page.get_by_role("link", name="Sign in").first).to_be_visible()
    assert on_the_device(lina) == {}

    with work.scope(scene.make.house):
        lock.set_code(scene.lina, "48261", minutes=5)
    lina = waits()
    lina.page.locator("[data-lock] button").click()
    lina.page.wait_for_url("**/lock**")
    assert list(on_the_device(lina)) == ["keep"]
    lina.page.fill("[name=code]", "48261")
    lina.page.locator("main form button").click()
    # What waited was given to the server before, and stands where one writes.
    expect(lina.page.locator("#body")).to_have_value("hers alone")

    lina = waits()  # the exit clears the device even where nobody answers it
    lina.page.goto("/rooms")
    lina.page.route("**/exit", lambda route: route.abort())
    lina.page.locator("[data-exit]").evaluate("form => { form.dataset.exit = '/healthz' }")
    lina.page.locator("[data-exit] button").click()
    lina.page.wait_for_url("**/healthz")
    assert on_the_device(lina) == {}
    assert scene.bodies() == []


def test_after_a_long_absence_the_reader_chooses_where_to_go_on(scene: Scene) -> None:
    scene.fill("early", "to be taken away")
    scene.has_read(scene.lina, 2)
    lina = scene.open(scene.lina_token, width=DESK)
    lina.context.set_offline(True)
    scene.fill(*(f"late {number}" for number in range(320)))
    with work.scope(scene.make.house):
        moderator = scene.make.person(roles=(Role.MODERATOR,))
        chat.remove_message(moderator, queries.reference(scene.room.public_id, 2), "It names somebody.")
    lina.context.set_offline(False)
    away = lina.page.locator("[data-gap]")
    expect(away).to_contain_text("You were away: 320 messages are not shown here.")
    expect(lina.page.locator("[data-announcer]")).to_contain_text("You were away: 320")
    expect(lina.page.locator("#m2")).not_to_contain_text("to be taken away")
    scene.say("now")
    lina.sees("now")
    assert lina.page.locator(".message[data-seq]").count() == 3
    with work.scope(scene.make.house) as opened:
        read = select(RoomMember.read_seq).where(
            RoomMember.room_id == scene.room.id, RoomMember.person_id == scene.lina.id
        )
        assert opened.session.scalars(read).one() == 2, "what was never shown is not taken for read"
    expect(away.locator("[data-first]")).to_have_attribute("href", re.compile(r"\?after=2$"))
    away.locator("[data-first]").click()
    expect(lina.page.locator(".message").first).to_contain_text("late 0")


def test_a_slow_room_counts_down_and_a_closed_one_keeps_the_words(scene: Scene) -> None:
    lina = scene.open(scene.lina_token)
    change(scene, slow_seconds=6)
    lina.write("first")
    lina.write("second")
    waiting = lina.page.locator(WAITING)
    expect(waiting).to_contain_text(re.compile(r"by itself in [2-6] seconds\."))
    # Looked at in the page itself, for it stands there no longer than it says.
    lina.page.wait_for_function(
        "waiting => document.querySelector(waiting)?.textContent.includes('by itself in 1 second.')", arg=WAITING
    )
    lina.sees("first", "second")
    assert "by itself" not in lina.page.locator("[data-announcer]").inner_text()

    change(scene, slow_seconds=0, state=RoomState.CLOSED)
    lina.write("too late")
    expect(lina.page.locator(".message--failed")).to_contain_text("Nobody writes in this room at present.")
    why = lina.page.locator("[data-why]")
    expect(why).to_contain_text("Nobody writes in this room at present.")
    lina.page.fill("#body", "half a thought")
    lina.page.press("#body", "Control+Enter")
    assert lina.page.input_value("#body") == "half a thought"
    expect(lina.page.locator("[data-send]")).to_be_disabled()
    change(scene, state=RoomState.OPEN)
    lina.looks_again()
    expect(why).to_be_hidden()
    lina.page.locator("[data-mend=again]").click()
    lina.page.click("[data-send]")
    lina.sees("too late", "half a thought")
    wait_for(lina.is_at_end, what="the newest words to be in sight")
