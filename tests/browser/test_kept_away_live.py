"""Whom a reader keeps away is not named to them in an open page either: what comes in live is drawn without them."""

from playwright.sync_api import Locator, expect

from app.chat import actions as chat
from app.chat.models import ReactionKind
from app.kernel import work
from app.kernel.actor import Actor
from app.profiles.actions import blocks
from tests.browser.conftest import Visits
from tests.browser.in_a_room import DESK, Scene, Seat
from tests.server import Server


class Company(Scene):
    """Lina reads with an open page. She keeps Omar away, and not Reem."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.omar, self.reem = self.make.person(), self.make.person()
        with work.scope(self.make.house):
            for one in (self.omar, self.reem):
                chat.join_room(one, self.room)
            blocks.block(self.lina, self.omar.person_id)

    def react(self, who: Actor, seq: int, kind: ReactionKind, *, on: bool = True) -> None:
        """Through the server, so that open pages hear it."""
        socket = self.site.socket(self.make.another_session(who))
        sent = {"room": self.room.public_id, "seq": seq, "said": kind.value, "on": "1" if on else ""}
        answer = socket.call("room.react", sent)
        assert answer["ok"], answer
        socket.disconnect()


def said(seat: Seat, seq: int) -> Locator:
    return seat.page.locator(f"#m{seq} .message__said")


def test_whom_the_reader_keeps_away_is_not_named_in_reactions_that_come_in_live(
    site: Server, open_page: Visits
) -> None:
    scene = Company(site, site.factory(), open_page)
    scene.fill("First", "Second", "Third")
    seat = scene.open(scene.lina_token, width=DESK)
    nour = scene.open(scene.nour_token, width=DESK)  # who keeps nobody away, and sees when it has come
    # With somebody else: the other is named, and who is kept away is not.
    scene.react(scene.omar, 1, ReactionKind.WITH_YOU)
    scene.react(scene.reem, 1, ReactionKind.WITH_YOU)
    expect(said(seat, 1)).to_have_text(f"With you: {scene.reem.name}")
    # Alone: nothing is said at all, not even that somebody did.
    scene.react(scene.omar, 2, ReactionKind.THANK_YOU)
    expect(said(nour, 2)).to_contain_text(scene.omar.name)
    # Later frames of the same room have come, so that one has too.
    scene.react(scene.reem, 3, ReactionKind.HELPFUL)
    expect(said(seat, 3)).to_have_text(f"Helpful: {scene.reem.name}")
    expect(said(seat, 2)).to_have_count(0)
    assert scene.omar.name not in seat.page.locator("[data-messages]").inner_text()
    # One's own stands with it, and is drawn anew without the other.
    scene.react(scene.lina, 2, ReactionKind.THANK_YOU)
    expect(said(seat, 2)).to_have_text("Thank you: you")
    assert scene.omar.name not in seat.page.content()


def test_a_message_that_comes_in_live_is_folded_and_its_reactions_stand_without_whom_one_keeps_away(
    site: Server, open_page: Visits
) -> None:
    scene = Company(site, site.factory(), open_page)
    seat = scene.open(scene.lina_token, width=DESK)
    scene.say("What he says", by=scene.omar)
    expect(seat.page.locator("#m1.message--away summary")).to_have_text("From somebody you keep away")
    expect(seat.page.locator("#m1 .message__body")).to_be_hidden()
    # What answers him quotes nothing of his.
    socket = site.socket(scene.make.another_session(scene.reem))
    sent = {"room": scene.room.public_id, "client_id": "answers-him", "body": "No", "reply_to": 1}
    assert socket.call("room.post", sent)["ok"]
    socket.disconnect()
    expect(seat.page.locator("#m2 .message__quote")).to_contain_text("From somebody you keep away")
    assert scene.omar.name not in seat.page.locator("#m2").inner_text()
