"""Who lives in the demo: fictional people with chosen names. Nobody here is modelled on anyone."""

from dataclasses import dataclass
from typing import Literal

from app.identity.models import Space
from app.kernel.access import Role

Form = Literal["f", "m"]
F: Form = "f"
M: Form = "m"


@dataclass(frozen=True, slots=True)
class Town:
    """Where somebody lives, in both languages. For Syria the town stands for its governorate."""

    country: str
    ar: str
    en: str


@dataclass(frozen=True, slots=True)
class Inhabitant:
    """One person of the demo.

    `form` is the grammatical form (feminine or masculine) in which they speak of themselves in Arabic, None for a
    company. `writes` are the languages that they write in, the first of which is also their setting.
    """

    name: str
    form: Form | None
    town: Town
    writes: tuple[str, ...]
    role: Role = Role.MEMBER

    @property
    def language(self) -> str:
        return self.writes[0]


AR = ("ar",)
EN = ("en",)
AR_EN = ("ar", "en")
EN_AR = ("en", "ar")

STAFF = (
    Inhabitant("Samar", F, Town("DE", "بوخوم", "Bochum"), EN_AR, Role.ADMINISTRATOR),
    Inhabitant("هالة", F, Town("TR", "غازي عنتاب", "Gaziantep"), AR_EN, Role.MODERATOR),
    Inhabitant("Mirna", F, Town("SE", "أوربرو", "Örebro"), EN_AR, Role.COORDINATOR),
    Inhabitant("Rami", M, Town("LB", "بيروت", "Beirut"), EN_AR, Role.CASEWORKER),
    Inhabitant("Dima", F, Town("DE", "كاسل", "Kassel"), EN_AR, Role.VETTER),
    Inhabitant("غسان", M, Town("TR", "أنطاكيا", "Antakya"), AR_EN, Role.VETTER),
    Inhabitant("Tilia Street Printworks", None, Town("DE", "هانوفر", "Hanover"), EN, Role.EMPLOYER),
)

MEMBERS = (
    # Syria
    Inhabitant("نور", F, Town("SY", "دمشق", "Damascus"), AR),
    Inhabitant("أبو الورد", M, Town("SY", "حمص", "Homs"), AR),
    Inhabitant("سلمى", F, Town("SY", "السويداء", "Suwayda"), AR),
    Inhabitant("عاصي", M, Town("SY", "حماة", "Hama"), AR),
    Inhabitant("زينة", F, Town("SY", "اللاذقية", "Latakia"), AR_EN),
    Inhabitant("Rojda", F, Town("SY", "القامشلي", "Qamishli"), AR),
    Inhabitant("جار النهر", M, Town("SY", "دير الزور", "Deir ez-Zor"), AR),
    Inhabitant("ياسمينة", F, Town("SY", "حلب", "Aleppo"), AR),
    Inhabitant("زيتون", M, Town("SY", "إدلب", "Idlib"), AR),
    Inhabitant("أم ربيع", F, Town("SY", "درعا", "Daraa"), AR),
    # Türkiye
    Inhabitant("هيثم", M, Town("TR", "غازي عنتاب", "Gaziantep"), AR),
    Inhabitant("Berfin", F, Town("TR", "مرسين", "Mersin"), AR_EN),
    Inhabitant("قمر", F, Town("TR", "إسطنبول", "Istanbul"), AR),
    Inhabitant("Dilovan", M, Town("TR", "أورفا", "Urfa"), AR_EN),
    # Germany
    Inhabitant("Lina", F, Town("DE", "برلين", "Berlin"), EN_AR),
    Inhabitant("أيهم", M, Town("DE", "لايبزيغ", "Leipzig"), AR),
    Inhabitant("Karim", M, Town("DE", "هامبورغ", "Hamburg"), EN_AR),
    Inhabitant("رهف", F, Town("DE", "كولونيا", "Cologne"), AR),
    Inhabitant("Şêrîn", F, Town("DE", "درسدن", "Dresden"), AR_EN),
    Inhabitant("شادي", M, Town("DE", "بريمن", "Bremen"), AR_EN),
    # Lebanon
    Inhabitant("وداد", F, Town("LB", "طرابلس", "Tripoli"), AR),
    Inhabitant("جاد", M, Town("LB", "صيدا", "Sidon"), AR_EN),
    Inhabitant("Maya", F, Town("LB", "زحلة", "Zahle"), EN_AR),
    # Jordan
    Inhabitant("لبنى", F, Town("JO", "عمّان", "Amman"), AR),
    Inhabitant("نديم", M, Town("JO", "إربد", "Irbid"), AR),
    Inhabitant("Tala", F, Town("JO", "الزرقاء", "Zarqa"), EN_AR),
    # Iraq
    Inhabitant("Azad", M, Town("IQ", "أربيل", "Erbil"), AR_EN),
    Inhabitant("Hêvî", F, Town("IQ", "دهوك", "Duhok"), AR),
    Inhabitant("سيروان", M, Town("IQ", "السليمانية", "Sulaymaniyah"), AR),
    # France
    Inhabitant("Yara", F, Town("FR", "ليون", "Lyon"), EN_AR),
    Inhabitant("ليث", M, Town("FR", "تولوز", "Toulouse"), AR),
    # The Netherlands
    Inhabitant("Adam", M, Town("NL", "أوترخت", "Utrecht"), EN),
    Inhabitant("دانة", F, Town("NL", "روتردام", "Rotterdam"), AR_EN),
    # Sweden
    Inhabitant("نسرين", F, Town("SE", "مالمو", "Malmö"), AR),
    Inhabitant("Elias", M, Town("SE", "أوبسالا", "Uppsala"), EN_AR),
    # Canada
    Inhabitant("Nadia", F, Town("CA", "مونتريال", "Montreal"), EN),
    Inhabitant("Salim", M, Town("CA", "هاليفاكس", "Halifax"), EN_AR),
    # United Kingdom
    Inhabitant("هند", F, Town("GB", "غلاسكو", "Glasgow"), AR_EN),
    # Egypt
    Inhabitant("نيروز", F, Town("EG", "الإسكندرية", "Alexandria"), AR),
    Inhabitant("شوقي", M, Town("EG", "القاهرة", "Cairo"), AR),
)

PEOPLE = STAFF + MEMBERS

#: Those who go by another name somewhere: who, in which space, by which name.
NAMES_IN_SPACES = (
    ("زيتون", Space.ROOMS, "ورق الغار"),
    ("Elias", Space.ROOMS, "Tea Glass"),
    ("جار النهر", Space.ROOMS, "ساعة متأخرة"),
    ("وداد", Space.TESTIMONIES, "نافذة شرقية"),
    ("Karim", Space.OPPORTUNITIES, "Red Bicycle"),
)


def name_in(space: Space, one: Inhabitant) -> str:
    """By which name others in a space know somebody of the demo."""
    return next((there for name, where, there in NAMES_IN_SPACES if (name, where) == (one.name, space)), one.name)
