"""The live room as people use it: real browsers, a real server, and networks that misbehave."""

import re

import pytest
from playwright.sync_api import Dialog, expect

from app.chat import actions as chat
from app.chat import queries
from app.identity import actions as identity
from app.kernel import work
from app.kernel.live.gateway import SOCKETS_PER_SESSION
from app.kernel.sessions import PLAIN_COOKIE
from tests.browser.conftest import Visits
from tests.browser.in_a_room import DESK, Scene, Wire
from tests.server import ROOT, Server, wait_for

MOST_ELEMENTS = 800
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
AXE_FINDS = """part => axe.run(part).then(({ violations }) => violations
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes[0].html}`))"""


@pytest.fixture
def scene(site: Server, open_page: Visits) -> Scene:
    return Scene(site, site.factory(), open_page)


def test_two_people_see_each_other_at_once_each_in_their_language(scene: Scene) -> None:
    nour, lina = scene.open(scene.nour_token, language="ar"), scene.open(scene.lina_token, width=DESK)
    assert nour.page.locator("html").get_attribute("dir") == "rtl"
    assert lina.page.locator("html").get_attribute("dir") == "ltr"
    nour.write("مساء الخير")
    lina.sees("مساء الخير")
    lina.write("Good evening, يا نور")
    nour.sees("مساء الخير", "Good evening, يا نور")
    expect(nour.page.locator(".message").first).to_have_class("message message--own")
    expect(lina.page.locator(".message").first).to_have_class("message")
    expect(lina.page.locator("[data-announcer]")).to_contain_text("1 new message")
    assert nour.page.input_value("#body") == ""
    scene.holds("مساء الخير", "Good evening, يا نور")


def test_what_is_written_offline_waits_visibly_and_goes_out_once_in_order(scene: Scene) -> None:
    scene.fill(*(f"earlier {number}" for number in range(20)))
    scene.has_read(scene.lina, 20)
    lina = scene.open(scene.lina_token)
    lina.context.set_offline(True)
    expect(lina.page.locator("[data-connection]")).to_contain_text("You are offline.")
    wait_for(lina.is_at_end, what="the notice not to cover the newest line")
    for text in ("one", "two", "three"):
        lina.write(text)
    expect(lina.page.locator(".message--pending")).to_have_count(3)
    expect(lina.page.locator(".message__state").first).to_contain_text("Not sent yet")
    scene.say("meanwhile")
    lina.context.set_offline(False)
    lina.sees("meanwhile", "one", "two", "three")
    lina.is_live()
    scene.holds("meanwhile", "one", "two", "three")


def test_a_text_whose_answer_is_lost_is_stored_and_shown_once(scene: Scene) -> None:
    wire = Wire()
    lina = scene.open(scene.lina_token, wire=wire)
    wire.lose_broadcasts(1)
    wire.lose_answers(1)
    lina.write("only once")
    lina.sees("only once", seconds=30)
    scene.holds("only once")
    assert len(scene.bodies()) == 1
    assert len(set(wire.posts())) == 1


def test_lost_and_doubled_frames_leave_the_order_whole(scene: Scene) -> None:
    wire = Wire()
    lina = scene.open(scene.lina_token, wire=wire)
    wire.lose_broadcasts(2)
    wire.echo_broadcasts(2)
    scene.say("a", "b", "c", "d")
    lina.sees("a", "b", "c", "d")
    assert len(lina.texts()) == 4


def test_a_server_that_is_killed_and_comes_back_loses_nothing(scene: Scene) -> None:
    nour, lina = scene.open(scene.nour_token, language="ar"), scene.open(scene.lina_token, width=DESK)
    lina.write("before")
    nour.sees("before")
    scene.site.kill()
    lina.write("during")
    nour.write("أيضاً")
    expect(lina.page.locator("[data-connection]")).to_be_visible()
    scene.site.start()
    for seat in (nour, lina):
        expect(seat.page.locator("[data-client-id]")).to_have_count(0, timeout=40_000)
        seat.is_live()
    for seat in (nour, lina):  # once both are back: each waits for its own moment to try again
        expect(seat.page.locator(".message[data-seq]")).to_have_count(3, timeout=40_000)
    assert nour.texts() == lina.texts()
    assert sorted(lina.texts()) == sorted(["before", "during", "أيضاً"])
    assert len(scene.bodies()) == 3


def test_a_refused_text_can_be_edited_or_tried_again_and_holds_nobody_up(scene: Scene) -> None:
    wire = Wire()
    lina = scene.open(scene.lina_token, wire=wire)
    wire.refuse_next("invalid", "That does not fit.")
    lina.write("crooked")
    lina.write("straight")
    failed = lina.page.locator(".message--failed")
    expect(failed).to_contain_text("Not sent. That does not fit.")
    wait_for(lambda: lina.texts() == ["straight", "crooked"], what="the later text to pass the refused one")
    lina.page.fill("#body", "being written")
    failed.locator("[data-mend=edit]").click()
    assert lina.page.input_value("#body") == "being written\n\ncrooked"
    assert lina.texts() == ["straight"]
    wire.refuse_next("invalid", "That does not fit.")
    lina.write("again")
    lina.page.locator(".message--failed [data-mend=again]").click()
    lina.sees("straight", "again")
    scene.holds("straight", "again")


def test_somebody_too_fast_is_told_and_waited_for(scene: Scene) -> None:
    wire = Wire()
    lina = scene.open(scene.lina_token, wire=wire)
    wire.refuse_next("too_many", "Too fast.", retry_after=4)
    lina.write("quick")
    expect(lina.page.locator(".message--pending")).to_contain_text(re.compile(r"by itself in [2-4] seconds\."))
    lina.sees("quick")
    assert len(set(wire.posts())) == 1


def test_an_ended_session_stops_the_room_and_a_new_one_of_the_same_person_goes_on(scene: Scene) -> None:
    lina = scene.open(scene.lina_token)
    lina.page.fill("#body", "half a thought")
    with work.scope(scene.make.house):
        identity.sign_out(scene.lina)
    expect(lina.page.locator("[data-way=sign-in]")).to_be_visible()
    assert lina.page.locator("#body").get_attribute("readonly") is not None
    assert lina.page.input_value("#body") == "half a thought"
    again = scene.make.another_session(scene.lina)
    lina.context.add_cookies([{"name": PLAIN_COOKIE, "value": again, "url": scene.site.address}])
    lina.looks_again()
    lina.is_live()
    lina.page.click("[data-send]")
    lina.sees("half a thought")


def test_what_waits_never_goes_out_under_another_name(scene: Scene) -> None:
    lina = scene.open(scene.lina_token)
    lina.context.set_offline(True)
    expect(lina.page.locator("[data-connection]")).to_contain_text("You are offline.")
    lina.write("by her alone")
    expect(lina.page.locator(".message--pending")).to_have_count(1)
    lina.context.add_cookies([{"name": PLAIN_COOKIE, "value": scene.nour_token, "url": scene.site.address}])
    lina.context.set_offline(False)
    expect(lina.page.locator(".message--failed")).to_contain_text("Not sent.")
    assert scene.bodies() == []


def test_the_room_goes_on_for_the_others_when_somebody_leaves(scene: Scene) -> None:
    third = scene.make.token()
    samira = scene.make.actor(third)
    with work.scope(scene.make.house):
        chat.join_room(samira, queries.get_room(samira, scene.room.public_id))
    leaving, lina = scene.open(third), scene.open(scene.lina_token)
    leaving.leaves()
    scene.say("still here?")
    lina.sees("still here?")


def test_a_removed_member_is_told_and_keeps_what_they_wrote(scene: Scene) -> None:
    lina, elsewhere = scene.open(scene.lina_token), scene.open(scene.lina_token)
    lina.page.fill("#body", "kept")
    elsewhere.leaves()
    expect(lina.page.locator("[data-connection]")).to_contain_text("This room is not open to you any more.")
    assert lina.page.input_value("#body") == "kept"
    scene.say("among us")
    assert lina.texts() == []


def test_the_page_opens_at_the_unread_line_which_stays(scene: Scene) -> None:
    scene.fill(*(f"line {number}" for number in range(40)))
    scene.has_read(scene.lina, 20)
    lina = scene.open(scene.lina_token)
    unread = lina.page.locator("#unread")
    expect(unread).to_be_in_viewport()
    newest = lina.page.locator("[data-jump=newest]")
    scene.say("one more")
    expect(newest).to_have_text("1 new message")
    expect(unread).to_be_in_viewport()
    newest.click()
    wait_for(lina.is_at_end, what="the end")
    assert lina.page.locator("#unread + .message").get_attribute("data-seq") == "21"
    lina.page.locator("[data-jump=unread]").click()
    expect(unread).to_be_in_viewport()


def test_a_long_evening_keeps_the_page_small_and_in_order(scene: Scene) -> None:
    scene.fill(*(f"early {number}" for number in range(60)))
    scene.has_read(scene.lina, 60)
    lina = scene.open(scene.lina_token, width=DESK)
    lina.context.set_offline(True)
    scene.fill(*(f"late {number}" for number in range(250)))
    lina.context.set_offline(False)
    lina.sees("late 248", "late 249", seconds=30)
    assert lina.elements() <= MOST_ELEMENTS
    shown = lina.page.locator(".message").evaluate_all("lines => lines.map((line) => Number(line.dataset.seq))")
    assert shown == list(range(shown[0], 311)), "none is missing and none is out of place"
    older = lina.page.locator("[data-older]")
    expect(older).to_have_attribute("href", re.compile(rf"\?before={shown[0]}$"))
    wait_for(lina.is_at_end, what="the end to stay in sight")


def test_a_reader_further_up_is_not_moved_however_much_arrives(scene: Scene) -> None:
    scene.fill(*(f"early {number}" for number in range(60)))
    scene.has_read(scene.lina, 60)
    lina = scene.open(scene.lina_token)
    first = lina.page.locator("#m11")
    first.scroll_into_view_if_needed()
    expect(first).to_be_in_viewport()
    scene.fill(*(f"late {number}" for number in range(250)))
    scene.say("last")
    newest = lina.page.locator("[data-jump=newest]")
    expect(newest).to_have_text("251 new messages")
    expect(first).to_be_in_viewport()
    assert lina.elements() <= MOST_ELEMENTS
    newest.click()
    lina.sees("late 249", "last")
    wait_for(lina.is_at_end, what="the end")
    assert lina.elements() <= MOST_ELEMENTS


def test_a_page_without_scripts_reads_writes_and_refreshes(scene: Scene) -> None:
    lina = scene.open(scene.lina_token, javascript=False)
    lina.page.fill("#body", "by page")
    lina.page.get_by_role("button", name="Send").click()
    expect(lina.page.locator("#m1")).to_contain_text("by page")
    scene.say("answer")
    lina.page.get_by_role("link", name="Refresh to see new messages").click()
    expect(lina.page.locator(".message__body")).to_have_text(["by page", "answer"])
    lina.page.get_by_role("button", name="Send").click()
    expect(lina.page.locator("#body-error")).to_be_visible()


def test_where_no_socket_gets_through_texts_go_by_the_page(scene: Scene) -> None:
    others = [scene.site.socket(scene.lina_token) for _ in range(SOCKETS_PER_SESSION)]
    lina = scene.approach(scene.lina_token)
    lina.write("around the wall")
    expect(lina.page.locator("[data-way=refresh]")).to_be_visible()
    expect(lina.page.locator(".message__state")).to_contain_text("Sent.")
    scene.holds("around the wall")
    for other in others:
        other.disconnect()
    lina.looks_again()
    lina.is_live()
    lina.sees("around the wall")
    assert len(lina.texts()) == 1


def test_keys_direction_and_length_are_the_writers_choice(scene: Scene) -> None:
    lina = scene.open(scene.lina_token)
    field = lina.page.locator("#body")
    field.fill("first")
    field.press("Enter")
    assert field.input_value() == "first\n"
    field.press("Control+Enter")
    lina.sees("first")
    lina.page.click("details:has([data-enter-sends]) summary")
    lina.page.check("[data-enter-sends]")
    field.fill("second")
    field.press("Shift+Enter")
    field.type("line")
    field.press("Enter")
    lina.sees("first", "second\nline")
    lina.page.select_option("[data-direction]", "rtl")
    assert field.get_attribute("dir") == "rtl"
    lina.write("ع" * 4001)
    expect(lina.page.locator("#body-error")).to_be_visible()
    assert len(field.input_value()) == 4001


def test_leaving_with_unsent_words_asks_but_the_exit_never_does(scene: Scene) -> None:
    lina = scene.open(scene.lina_token)
    asked: list[str] = []

    def note(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    lina.page.on("dialog", note)
    lina.page.fill("#body", "typed")
    lina.page.reload()
    assert asked == ["beforeunload"]
    lina.page.fill("#body", "typed")
    # A page of our own stands in for the neutral site.
    lina.page.locator("[data-exit]").evaluate("form => { form.dataset.exit = '/healthz' }")
    lina.page.locator("[data-exit] button").click()
    lina.page.wait_for_url("**/healthz")
    assert asked == ["beforeunload"]


def test_the_keyboard_does_everything_and_the_focus_is_never_lost(scene: Scene) -> None:
    scene.fill("one", "two", "three")
    wire = Wire()
    lina = scene.approach(scene.lina_token, width=DESK, wire=wire, bypass_csp=True, clock=True)
    lina.is_live()
    page, keys = lina.page, lina.page.keyboard

    def at(selector: str) -> None:
        expect(page.locator(selector)).to_be_focused()

    page.locator("#m2 .message__link").focus()
    keys.press("Tab")
    at("#m2 .message__menu")
    keys.press("Enter")
    at("#m2 .menu__item:first-child")
    page.add_script_tag(path=AXE)
    assert page.evaluate(AXE_FINDS, "[data-room]") == []
    keys.press("End")
    keys.press("ArrowUp")  # the last but one
    keys.press("Enter")
    expect(page.locator("[data-announcer]")).to_contain_text("Kept unread from there")
    wire.sent.clear()  # a slow reader's page may have counted all of it as read before
    assert page.locator("#unread + .message").get_attribute("data-seq") == "2"
    at("#m2 .message__menu")

    # Its words are taken away under the reader's hands: the line has the focus, and Tab goes on from there.
    nour = scene.open(scene.nour_token, javascript=False)
    nour.page.goto(f"/rooms/{scene.room.public_id}/messages/2/withdraw")
    nour.page.locator("main form button.button--danger").click()
    expect(page.locator("#m2")).to_contain_text("Withdrawn by whoever wrote it.")
    assert page.evaluate("document.activeElement.closest('#m2') !== null")

    # What is written and goes out leaves the focus where one writes; what was kept unread stays so.
    page.focus("#body")
    scene.say("four")
    lina.sees("four")
    at("#body")
    page.clock.fast_forward(10_000)
    scene.say("five")
    lina.sees("five")
    assert not [frame for frame in wire.sent if '"room.read"' in frame]
