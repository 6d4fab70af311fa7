"""Who applies in the demo: fictional people, each in another state."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Applicant:
    """Somebody who applies. Without `brings` it stays a draft; a voucher without words is only asked.

    `answers` are those of vetters, by name: whether they say yes, and their reason.
    """

    name: str
    language: str
    known_by: tuple[str, ...] = ()
    brings: str = ""
    offers: str = ""
    country: str = ""
    vouches: tuple[tuple[str, str], ...] = ()
    answers: dict[str, tuple[bool, str]] = field(default_factory=dict)
    told: str = ""
    asked_by: str = ""
    question: str = ""


#: Members who were here before anybody was vouched for.
FOUNDERS = ("نور", "أبو الورد", "سلمى", "عاصي", "Lina", "أيهم", "Karim", "وداد", "لبنى", "Azad")
#: From whom a branch is frozen, and the two who vouched for them.
BRANCH = ("شوقي", "سلمى", "Azad")

APPLICANTS = (
    Applicant("سوسن", "ar", ("نور",)),
    Applicant(
        "أم يزن",
        "ar",
        ("نور", "جارتي وداد"),
        "أبحث عن نساء أتحدث معهن، وعن دورة لغة أتابعها من البيت.",
        "أجيد الخياطة، وأحب أن أعلّمها.",
        "لبنان",
        (("وداد", "جارتي منذ ست سنوات، وأثق بها."), ("نور", "")),
    ),
    Applicant(
        "Hozan",
        "en",
        ("Karim",),
        "I look for work as an electrician, and for people who need no explanations.",
        "Repairs of all kinds.",
        "Germany",
        (
            ("Karim", "We worked on the same building site for two years."),
            ("Lina", "My neighbour. Quiet and reliable."),
        ),
        {"Dima": (True, "Both vouchers know him from daily life, independently of each other.")},
    ),
    Applicant(
        "روان",
        "ar",
        ("أيهم", "لبنى"),
        "أريد أن أكمل دراستي، ولا أعرف من أين أبدأ.",
        "",
        "ألمانيا",
        (("أيهم", "درسنا معاً قبل سنوات."), ("لبنى", "صديقة قريبة من أختي.")),
        asked_by="غسان",
        question="أي لغة تناسبك للدورات، وهل عندك وقت في المساء؟",
    ),
    Applicant(
        "Faris Haddad",
        "en",
        ("Karim", "Azad"),
        "A friend told me about this place.",
        "",
        "France",
        (("Azad", "We met twice."), ("أبو الورد", "أعرفه من بعيد.")),
        {
            "Dima": (False, "Neither voucher can say much about him."),
            "غسان": (False, "اللقاءات أقل من أن تكفي لقرار."),
        },
        told="Those who spoke for you had met you only a few times. Get to know each other, and come back.",
    ),
    Applicant(
        "FARIS HADDAD",
        "en",
        ("Yara",),
        "I want to find people from my home town.",
        "Translation from French.",
        "France",
        (("سلمى", "التقينا في دورة الترجمة."), ("عاصي", "جار قديم لأهلي.")),
    ),
)

#: A member on the tenth day.
JUDI = Applicant("Judi", "ar", vouches=(("عاصي", ""), ("Lina", "")))
