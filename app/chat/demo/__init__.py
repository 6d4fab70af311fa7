"""Fictional rooms for `flask demo`: three rooms, who is in them, and weeks of conversation."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from types import MappingProxyType

from app.chat import actions
from app.chat.demo.conversations import load_conversations
from app.chat.demo.kinds import load_kinds
from app.chat.demo.schedule import Company, Message, Weeks
from app.chat.demo.script import read_scripts
from app.identity.demo import SETTLED, Inhabitant, inhabitants
from app.kernel.access import Role
from app.kernel.actor import system
from app.kernel.db import now
from app.safety.demo import load_journeys

SEED = 2017
#: Who hosts the rooms in which everybody is.
HOST = "هالة"
#: So many members came during the last weeks; the others were here before.
NEWCOMERS = 11
#: Whoever has something unread has not written since so long.
AWAY = timedelta(hours=40)


@dataclass(frozen=True, slots=True)
class Plan:
    """One room of the demo. `absent` are members who have not joined it; `share` is how many of the others have."""

    script: str
    name_ar: str
    name_en: str
    about_ar: str
    about_en: str
    keep_days: int
    for_newcomers: bool
    days: int
    rhythm: MappingProxyType[str, float]
    unread: MappingProxyType[str, int]
    share: float = 1.0
    absent: tuple[str, ...] = ()


PLANS = (
    Plan(
        script="welcome",
        name_ar="غرفة الاستقبال",
        name_en="Welcome room",
        about_ar="لمن وصل حديثاً ولمن يستقبل. أسئلة عن الموقع وعن الأوراق والبدايات. لا أحد يُسأل هنا عمّا مضى.",
        about_en="For those who arrive and those who greet them. Questions about this place, papers and beginnings. "
        "Nobody is asked about the past here.",
        keep_days=30,
        for_newcomers=True,
        days=29,
        rhythm=MappingProxyType({"morning": 1.1, "any": 2.2, "evening": 2.2, "night": 0.2}),
        unread=MappingProxyType({"نور": 12}),
    ),
    Plan(
        script="work",
        name_ar="عمل ودراسة",
        name_en="Work and study",
        about_ar="فرص عمل ودورات ومنح وسير ذاتية ولغات. نشارك ما جرّبناه، ويقرأ بعضنا لبعض قبل الإرسال.",
        about_en="Jobs, courses, scholarships, CVs and languages. We share what we tried, and read each other's "
        "drafts.",
        keep_days=180,
        for_newcomers=False,
        days=57,
        rhythm=MappingProxyType({"morning": 0.5, "any": 1.8, "evening": 1.8, "night": 0.0}),
        unread=MappingProxyType({"Lina": 7}),
        share=0.75,
        absent=("نور",),
    ),
    Plan(
        script="evening",
        name_ar="كلام المساء",
        name_en="Evening talk",
        about_ar="كلام خفيف آخر النهار: طبخ وشعر ونباتات ونكات. ومن جافاه النوم يجد هنا رفقة.",
        about_en="Light talk at the end of the day: cooking, poems, plants, small jokes. Whoever cannot sleep finds "
        "company.",
        keep_days=90,
        for_newcomers=False,
        days=57,
        rhythm=MappingProxyType({"morning": 0.0, "any": 0.5, "evening": 2.9, "night": 1.0}),
        unread=MappingProxyType({"نور": 4, "Lina": 3}),
        share=0.8,
        absent=("أبو الورد",),
    ),
)


def load_rooms() -> None:
    """Open the rooms, put people into them and let the last weeks have happened."""
    rng, moment = Random(SEED), now()  # noqa: S311  # fiction that must come out the same each time, no secret
    people = {one: number for number, one in inhabitants().items() if one.role in (Role.MEMBER, Role.MODERATOR)}
    arrived = arrivals(list(people), rng, moment)
    for plan in PLANS:
        company = company_of(plan, list(people), arrived, rng, moment)
        messages = compose(plan, company, rng, moment)
        room = actions.open_room(
            system("demo"),
            name_ar=plan.name_ar,
            name_en=plan.name_en,
            about_ar=plan.about_ar,
            about_en=plan.about_en,
            keep_days=plan.keep_days,
            for_newcomers=plan.for_newcomers,
        )
        actions.import_messages(system("demo"), room, [(people[said.author], said.words, said.at) for said in messages])
        read = reading(plan, company, messages, rng)
        actions.import_members(
            system("demo"),
            room,
            [(people[one], read[one], joined_on(one, arrived, moment)) for one in company.people],
            hosts={people[one] for one in company.people if one.name == HOST},
        )
    load_kinds(moment)
    load_conversations({one.name: number for one, number in people.items()}, moment)
    load_journeys()


def arrivals(people: list[Inhabitant], rng: Random, moment: datetime) -> dict[str, datetime]:
    """Who came during the last four weeks, and when, earliest first."""
    settled = {name for plan in PLANS for name in plan.unread} | {"أبو الورد", "هالة"}
    names = rng.sample([one.name for one in people if one.name not in settled], NEWCOMERS)
    first = moment.replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=27)
    return {
        name: first + timedelta(days=place * 25 // NEWCOMERS, minutes=rng.randint(0, 300))
        for place, name in enumerate(names)
    }


def company_of(
    plan: Plan, people: list[Inhabitant], arrived: dict[str, datetime], rng: Random, moment: datetime
) -> Company:
    """Who is in a room. Everybody we sign in as is, unless named as absent."""
    certain = {"هالة", "نور", "Lina", "أبو الورد"}
    inside = [
        one for one in people if one.name not in plan.absent and (one.name in certain or rng.random() < plan.share)
    ]
    return Company(inside, arrived, plan.unread, moment - AWAY)


def compose(plan: Plan, company: Company, rng: Random, moment: datetime) -> list[Message]:
    """What was said in a room until now, oldest first."""
    threads, talks = read_scripts(plan.script)
    return Weeks(threads, talks, company, plan.rhythm, rng).compose(plan.days, moment)


def reading(plan: Plan, company: Company, messages: list[Message], rng: Random) -> dict[Inhabitant, int]:
    """How far each has read: to the end or some messages short of it, but never short of what they wrote themselves."""
    wrote = {said.author: number for number, said in enumerate(messages, start=1)}
    read = {}
    for one in company.people:
        behind = plan.unread.get(one.name, rng.choice((0, 0, 0, rng.randint(1, 40))))
        read[one] = max(len(messages) - behind, wrote.get(one, 0))
    return read


def joined_on(one: Inhabitant, arrived: dict[str, datetime], moment: datetime) -> date:
    """The day on which somebody joined the rooms."""
    return arrived.get(one.name, moment - SETTLED).date()
