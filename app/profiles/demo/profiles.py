"""What the people of the demo keep of themselves, and whom they know. Nobody here is modelled on anyone."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.profiles.models import Audience, Field
from app.profiles.values import Value

ME, CASE, PAIR, CHOSEN, ALL = Audience
PRONOUN, PLACE, LANGUAGES, OFFERS, SEEKS, SKILLS, STUDIES, ABOUT, _PHOTO = Field

Kept = Mapping[Field, tuple[Value, Audience]]


@dataclass(frozen=True, slots=True)
class Shown:
    """One profile. A field whose audience is CHOSEN is seen by the list `chosen`, made of people that they know.

    Where they live, the languages they write in and how to address them is known of everybody (app/identity/demo).
    """

    name: str
    kept: Kept
    listed: bool = True
    list_name: str = ""
    chosen: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    #: Who sees where they live; nobody inside Syria is shown by default.
    place: Audience | None = None
    region: str = ""
    more_languages: tuple[str, ...] = field(default=())


PROFILES = (
    Shown(
        "نور",
        {
            OFFERS: (["مراجعة نصوص عربية", "رفقة في الأيام الصعبة"], ALL),
            SEEKS: (["دورة تصميم عن بعد", "عمل من البيت"], CASE),
            SKILLS: (["خط عربي", "تحرير"], ALL),
            ABOUT: ("القراءة قبل النوم، وقهوة بالهيل، وحديث هادئ.", CHOSEN),
            STUDIES: ("أدب عربي، السنة الثالثة.", ME),
        },
        list_name="القريبات",
        chosen=("سلمى", "وداد"),
    ),
    Shown(
        "أبو الورد",
        {
            OFFERS: (["زراعة البلكون", "تصليح أدوات كهربائية"], ALL),
            SEEKS: (["سكن أهدأ"], CASE),
            ABOUT: ("كل صباح في الحديقة الصغيرة خلف البيت.", PAIR),
        },
        listed=False,
    ),
    Shown(
        "سلمى",
        {OFFERS: (["تعليم الحياكة"], CHOSEN), SKILLS: (["حياكة", "طبخ"], ALL), SEEKS: (["أحد للحديث"], PAIR)},
        list_name="صديقات",
        chosen=("نور",),
        excludes=("TR",),
    ),
    Shown("زينة", {LANGUAGES: (["ar", "en", "fr"], ALL), OFFERS: (["محادثة بالفرنسية"], ALL), STUDIES: ("لغات.", ALL)}),
    Shown(
        "ياسمينة",
        {SKILLS: (["محاسبة"], ALL), SEEKS: (["عمل بدوام جزئي", "معادلة شهادة"], ALL), ABOUT: ("أسكن مع أختي.", ME)},
    ),
    Shown(
        "Lina",
        {
            OFFERS: (["Help with letters from offices", "German conversation", "Reading CVs"], ALL),
            SKILLS: (["Translation", "Teaching"], ALL),
            SEEKS: (["Somebody to go running with"], ALL),
            STUDIES: ("Linguistics, and later a certificate in teaching.", ALL),
            ABOUT: ("I like slow trains and fast answers.\nWrite to me in Arabic, English or German.", ALL),
        },
        more_languages=("de",),
        region="Berlin",
    ),
    Shown(
        "Karim",
        {
            OFFERS: (["Advice on apprenticeships", "Bicycle repair"], ALL),
            SKILLS: (["Electrical work", "Carpentry"], ALL),
            ABOUT: ("Harbours, tea, and a choir on Thursdays.", CHOSEN),
        },
        more_languages=("de",),
        list_name="Choir",
        chosen=("Lina", "شادي"),
    ),
    Shown(
        "أيهم",
        {SEEKS: (["عمل في البرمجة", "من يراجع سيرتي"], ALL), SKILLS: (["برمجة", "شبكات"], ALL)},
        more_languages=("de",),
    ),
    Shown(
        "رهف",
        {OFFERS: (["رعاية أطفال بعد الظهر"], ALL), SEEKS: (["تحسين الألمانية"], ALL), ABOUT: ("أم لطفلين.", CHOSEN)},
        list_name="جارات",
        chosen=("Lina",),
        excludes=("SY",),
    ),
    Shown(
        "Şêrîn",
        {OFFERS: (["Kurmanji lessons"], ALL), SKILLS: (["Photography", "Editing"], ALL)},
        more_languages=("ku", "de"),
    ),
    Shown("شادي", {SKILLS: (["عود", "تدريس الموسيقى"], ALL), OFFERS: (["درس عود"], ALL)}, more_languages=("de",)),
    Shown(
        "Berfin",
        {SKILLS: (["Nursing"], ALL), SEEKS: (["Recognition of my diploma"], CASE)},
        more_languages=("ku", "tr"),
    ),
    Shown("هيثم", {OFFERS: (["ترجمة من التركية"], ALL), SEEKS: (["ترخيص عمل"], CASE)}, more_languages=("tr",)),
    Shown(
        "وداد",
        {
            OFFERS: (["خياطة", "وصفات للأيام القليلة المال"], ALL),
            SEEKS: (["مدرسة للأولاد"], CASE),
            ABOUT: ("بيت على البحر في الذاكرة، وآخر على التل.", CHOSEN),
        },
        list_name="أهل الدار",
        chosen=("نور",),
        place=CHOSEN,
    ),
    Shown("لبنى", {SKILLS: (["تمريض", "إسعاف أولي"], ALL), OFFERS: (["شرح الوصفات الطبية"], ALL)}),
    Shown("Azad", {OFFERS: (["Mentoring for newcomers"], ALL), SKILLS: (["Accounting"], ALL)}, more_languages=("ku",)),
    Shown(
        "Yara",
        {
            OFFERS: (["French lessons", "A sofa for two nights"], CHOSEN),
            SKILLS: (["Law"], ALL),
            STUDIES: ("Law, unfinished, and not for want of wanting.", PAIR),
        },
        more_languages=("fr",),
        list_name="Close",
        chosen=("Lina",),
    ),
    Shown(
        "Adam", {SKILLS: (["Web design"], ALL), OFFERS: (["A website for a small shop"], ALL)}, more_languages=("nl",)
    ),
    Shown("هند", {OFFERS: (["مرافقة إلى المواعيد"], ALL), SEEKS: (["مجموعة قراءة"], ALL)}),
    Shown(
        "Nadia",
        {ABOUT: ("Winters are long here; letters help.", ALL)},
        more_languages=("fr",),
    ),
)

#: Who asked whom, and with which words; they are connected.
CONNECTED = (
    ("نور", "سلمى", "من بعد دورة القراءة."),
    ("نور", "وداد", ""),
    ("Lina", "Karim", "We met at the choir."),
    ("Lina", "رهف", ""),
    ("Lina", "Yara", "Lyon is not that far."),
    ("Karim", "شادي", ""),
    ("Lina", "أيهم", "مراجعة السيرة الذاتية متى تريد."),
)
#: Who asked whom and has no answer yet.
ASKED = (("Adam", "Lina", "Would you read a text of mine?"), ("هند", "نور", "قرأت أنك تحبين الخط."))
#: Mentors and their mentees, who are connected.
PAIRS = (("Lina", "أيهم"),)
#: Who keeps whom away.
BLOCKED = (("رهف", "Adam"),)
