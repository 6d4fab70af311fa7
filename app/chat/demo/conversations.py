"""Conversations of a few for `flask demo`: one with life in it, requests that wait, one that was declined, groups."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.chat.actions.furnishing import Seat, furnish_conversation
from app.chat.models import Membership
from app.identity.models import Space
from app.kernel.actor import system

ASKED, IN, DECLINED = Membership.ASKED, Membership.IN, Membership.DECLINED


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation. Each of `said` is who, how many minutes before the demo is loaded, and what, in order.

    Whoever is named first began it. `unread` belongs to whoever is named second.
    """

    people: tuple[tuple[str, Membership], ...]
    said: tuple[tuple[str, int, str], ...]
    title: str = ""
    space: Space | None = None
    unread: int = 0


HOUR, DAY = 60, 24 * 60
TALKS = (
    Talk(
        people=(("سلمى", IN), ("نور", IN)),
        said=(
            ("سلمى", 12 * DAY, "مساء الخير نور. ما زلت أفكر بما قلته عن الخط في دورة القراءة."),
            ("نور", 12 * DAY - 40, "مساء النور! سعيدة أن الفكرة وصلت. أي خط تحبين أكثر؟"),
            ("سلمى", 12 * DAY - 55, "الرقعة، لأنها تشبه كلام الناس. والديواني حين يكون عندي وقت."),
            ("نور", 11 * DAY, "عندي كراسة تدريب قديمة. سأصف لك التمارين كل يوم جمعة، واحداً واحداً."),
            ("سلمى", 11 * DAY - 20, "هذا أجمل خبر في الأسبوع."),
            (
                "نور",
                6 * DAY,
                "التمرين الأول:\n\n1. سطر من حرف الألف، ببطء.\n2. سطر من الباء، والنقطة آخر شيء.\n3. كلمة *باب* عشر مرات.",
            ),
            ("سلمى", 5 * DAY, "كتبت كلمة باب حتى صار عندي شارع كامل من الأبواب."),
            ("نور", 5 * DAY - 12, "ضحكت من قلبي. الأسبوع القادم نفتحها واحداً واحداً."),
            ("سلمى", 5 * HOUR, "وصلت إلى حرف العين وتعثرت. هل من نصيحة؟"),
            ("سلمى", 5 * HOUR - 3, "ولا داعي للعجلة، الجمعة تكفي."),
        ),
        unread=2,
    ),
    Talk(
        people=(("ياسمينة", IN), ("نور", ASKED)),
        said=(
            (
                "ياسمينة",
                DAY,
                "مرحباً نور. قرأت ما كتبته عن نباتات الشرفة، وعندي ريحانة تصفرّ أوراقها. هل يناسبك أن أسألك عنها هنا؟",
            ),
        ),
    ),
    Talk(
        people=(("هيثم", IN), ("نور", DECLINED)),
        said=(("هيثم", 9 * DAY, "مرحباً. عندي مشروع صغير وأبحث عن رأي في اسمه."),),
    ),
    Talk(
        people=(("سلمى", IN), ("زينة", IN), ("نور", ASKED)),
        said=(
            ("سلمى", 2 * DAY, "أهلاً زينة. هنا نقرأ فصلاً كل أسبوع، على مهل."),
            ("زينة", 2 * DAY - 30, "على مهل هي الكلمة التي أحتاجها."),
        ),
        title="قراءة على مهل",
    ),
    Talk(
        people=(("Lina", IN), ("Karim", IN), ("Yara", IN), ("رهف", ASKED)),
        said=(
            ("Lina", 8 * DAY, "Karim, Yara: you both asked me about the spring concert, so here we are."),
            ("Yara", 8 * DAY - 25, "I can bring the notes for the second voice. I found them in a box."),
            ("Karim", 8 * DAY - 90, "I cannot sing, but I carry chairs very well."),
            ("Lina", 7 * DAY, "Chairs are half of a concert."),
            ("Yara", DAY, "Rehearsal on Saturday? Late afternoon suits me."),
        ),
        title="Spring concert",
        unread=1,
    ),
    Talk(
        people=(("Elias", IN), ("Lina", ASKED)),
        said=(("Elias", 7 * HOUR, "Hello Lina. Your list of evening courses helped me. May I ask how you chose one?"),),
        space=Space.ROOMS,
    ),
)


def load_conversations(people: Mapping[str, int], moment: datetime) -> None:
    """Everything above, for these people (row numbers by their names)."""
    for talk in TALKS:
        messages = [(people[who], words, moment - timedelta(minutes=ago)) for who, ago, words in talk.said]
        seats = [
            Seat(people[name], state, talk.unread if place == 1 else 0)
            for place, (name, state) in enumerate(talk.people)
        ]
        furnish_conversation(
            system("demo"),
            seats,
            messages,
            on=messages[0][2].date(),
            space=talk.space,
            title=talk.title,
            group=bool(talk.title),
        )
