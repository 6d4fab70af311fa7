"""Every page that somebody lands on, by who opens it: for what must hold on all of them."""

from app.chat.models import RoomKind
from app.kernel.access import Role
from tests.chat.opening import open_room
from tests.factories import Factory
from tests.house.matrix import things_of_others
from tests.moderation.scene import Scene

STRANGERS = (
    "/",
    "/about",
    "/safety",
    "/help",
    "/sign-in",
    "/sign-in/lost",
    "/join",
    "/apply",
    "/apply/return",
)
MEMBERS = (
    "/",
    "/rooms",
    "/rooms/new",
    "/rooms/new/invited",
    "/rooms/new/circle",
    "/me",
    "/me/sessions",
    "/me/passphrase",
    "/me/second-step",
    "/me/recovery-codes",
    "/me/prove",
    "/me/notices",
    "/me/standing",
    "/me/reports",
    "/me/vouching",
    "/me/doors",
    "/me/people",
    "/me/lists",
    "/me/blocks",
    "/me/profile",
    "/me/profile/pronoun",
    "/me/profile/place",
    "/me/profile/languages",
    "/me/profile/offers",
    "/me/profile/about",
    "/me/profile/countries",
    "/me/profile/view-as",
    "/me/travel",
    "/me/travel/begin",
    "/me/lock",
    "/me/lock/code",
    "/me/trusted",
    "/me/trusted/new",
    "/me/drafts",
    "/me/private-names",
    "/me/looked",
    "/me/data",
    "/me/data/erase",
    "/notices",
    "/moderation/log",
)
MODERATORS = ("/queue", "/people", "/proposals", "/record", "/moderation/figures", "/queue/limit")
ADMINISTRATORS = ("/people/invitations", "/emergency")


def lived_in(make: Factory, member: str, language: str) -> dict[str | None, list[str]]:
    """Something of everything, and for the token of each kind of person the pages that they open in this language."""
    scene = Scene(make.house, make)
    moderator = make.token("هالة", roles=(Role.MODERATOR,), language=language)
    things = things_of_others(make.house, make)
    scene.claim(make.actor(moderator), scene.item("report"))
    rooms = [open_room(make.house, make.actor(moderator), kind=kind) for kind in (RoomKind.INVITED, RoomKind.CIRCLE)]
    report = scene.report(make.actor(member), make.person())
    return {
        None: list(STRANGERS),
        member: [*MEMBERS, f"/me/reports/{report.public_id}", f"/report/person/{things['person']}"],
        moderator: [
            *MODERATORS,
            f"/queue/{things['item']}",
            f"/people/{things['person']}",
            f"/people/{things['person']}/branch",
            f"/appeals/{things['appeal']}",
            f"/measures/{things['measure']}/lift",
            f"/proposals/{things['proposal']}",
            f"/applications/{things['application']}",
            f"/probations/{things['probation']}",
            f"/freezes/{things['freeze']}",
            f"/rooms/{rooms[0]}",
            *(f"/rooms/{rooms[0]}/{page}" for page in ("ask", "close", "pause")),
            *(f"/rooms/{rooms[1]}/{page}" for page in ("about", "topics", "circle", "circle/end", "settings", "order")),
        ],
        make.token("Samar", roles=(Role.ADMINISTRATOR,), language=language): list(ADMINISTRATORS),
    }
