"""What invented people are made of: common names and phrases that anybody here could have written, in Arabic and in English.

These lines are public with the rest of the program. An operator who expects somebody to know them brings their own:
`flask profiles honey --from FILE`.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.profiles.models import Field
from app.profiles.values import Value


@dataclass(frozen=True, slots=True)
class Invented:
    """One invented person: the language of their pages, and what they show to members."""

    name: str
    language: str
    fields: Mapping[Field, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Stock:
    """Words of one language to draw from."""

    names: Sequence[str]
    languages: Sequence[Sequence[str]]
    offers: Sequence[str]
    seeks: Sequence[str]
    skills: Sequence[str]
    studies: Sequence[str]
    about: Sequence[str]


_PLACES = (
    ("SY", "SY-DI"),
    ("SY", "SY-HL"),
    ("SY", "SY-LA"),
    ("SY", "SY-HM"),
    ("TR", ""),
    ("TR", ""),
    ("DE", ""),
    ("DE", ""),
    ("DE", ""),
    ("LB", ""),
    ("JO", ""),
    ("NL", ""),
    ("SE", ""),
    ("FR", ""),
    ("IQ", ""),
    ("CA", ""),
)
_STOCK = {
    "ar": _Stock(
        names=(
            "رنا", "سامر", "منى", "باسل", "هدى", "عمر", "ريم", "خالد", "نهى", "وسيم", "سحر", "فادي", "ميساء", "طارق",
            "غادة", "أنس", "روعة", "مازن", "لمى", "حسام", "أم سامي", "أبو يامن", "عبير", "ماهر",
        ),
        languages=(("ar",), ("ar",), ("ar", "en"), ("ar", "tr"), ("ar", "de"), ("ar", "fr"), ("ar", "ku")),
        offers=(
            "ترجمة رسائل قصيرة", "مراجعة سيرة ذاتية", "مساعدة في الواجبات المدرسية", "مرافقة إلى الدوائر الرسمية",
            "تعليم الحاسوب للمبتدئين", "نصائح في السكن", "إصلاح الهواتف", "طبخ للمناسبات", "خياطة بسيطة",
            "حديث بالألمانية مرة في الأسبوع", "شرح الأوراق الرسمية", "رعاية أطفال لساعات",
        ),
        seeks=("عمل بدوام جزئي", "تحسين الإنجليزية", "سكن مشترك", "دورة في المحاسبة", "نصيحة حول معادلة الشهادة"),
        skills=(
            "محاسبة", "تصوير", "نجارة", "كهرباء منزلية", "تحرير نصوص", "تدريس", "تمريض", "برمجة", "تصميم", "قيادة شاحنة",
            "خط عربي", "زراعة",
        ),
        studies=("معهد متوسط للحاسوب", "كلية الآداب", "ثانوية صناعية", "هندسة مدنية، السنة الثالثة", "كلية التربية"),
        about=(
            "القهوة الصباحية والمشي مساءً.", "قراءة الروايات والاستماع إلى الراديو.", "بستنة على الشرفة وصبر طويل.",
            "كرة القدم يوم الجمعة.", "مساعدة الجيران فرح صغير.", "تعلم لغة جديدة كل بضع سنوات.",
        ),
    ),
    "en": _Stock(
        names=(
            "Rana", "Samer", "Mona", "Basel", "Huda", "Omar", "Reem", "Khaled", "Noha", "Wassim", "Sahar", "Fadi",
            "Maysa", "Tarek", "Ghada", "Anas", "Rouba", "Mazen", "Lama", "Husam", "Rami S", "Dana K", "Sami", "Joumana",
        ),
        languages=(("ar", "en"), ("en", "ar"), ("ar", "en", "de"), ("ar", "en", "tr"), ("ar", "en", "fr")),
        offers=(
            "Translating short letters", "Reading over a CV", "Help with homework", "Going along to offices",
            "Computer basics", "Advice about flats", "Repairing telephones", "Cooking for gatherings", "Simple sewing",
            "Talking German once a week", "Explaining forms", "Minding children for an hour or two",
        ),
        seeks=("Part-time work", "Better English", "A shared flat", "A course in bookkeeping", "Having a degree recognised"),
        skills=(
            "Bookkeeping", "Photography", "Carpentry", "Household wiring", "Editing", "Teaching", "Nursing",
            "Programming", "Design", "Driving a lorry", "Calligraphy", "Gardening",
        ),
        studies=("Computer institute", "Faculty of arts", "Technical school", "Civil engineering, third year", "Education"),
        about=(
            "Coffee in the morning, a walk in the evening.", "Novels and the radio.", "A balcony full of pots.",
            "Football on Fridays.", "Glad to help a neighbour.", "A new language every few years.",
        ),
    ),
}  # fmt: skip
MOST = sum(len(stock.names) for stock in _STOCK.values())


def invent(lot: random.Random) -> list[Invented]:
    """Everybody who can be made of these words, drawn by this lot: no two alike but in what many have in common."""
    named = [(name, language) for language, stock in _STOCK.items() for name in stock.names]
    lot.shuffle(named)
    return [Invented(name, language, _fields(_STOCK[language], lot)) for name, language in named]


def read(entries: Sequence[Mapping[str, Any]]) -> list[Invented]:
    """Invented people from what an operator wrote. Raises KeyError and ValueError for what no field may be."""
    return [
        Invented(
            str(entry["name"]),
            str(entry.get("language", "ar")),
            {Field(name): value for name, value in entry.items() if name not in ("name", "language")},
        )
        for entry in entries
    ]


def _fields(stock: _Stock, lot: random.Random) -> dict[Field, Value]:
    country, region = lot.choice(_PLACES)
    fields: dict[Field, Value] = {
        Field.PLACE: {"country": country, "region": region},
        Field.LANGUAGES: list(lot.choice(stock.languages)),
        Field.OFFERS: lot.sample(stock.offers, lot.randint(1, 3)),
        Field.SKILLS: lot.sample(stock.skills, lot.randint(1, 3)),
    }
    if lot.random() < 0.5:
        fields[Field.SEEKS] = [lot.choice(stock.seeks)]
    if lot.random() < 0.4:
        fields[Field.STUDIES] = lot.choice(stock.studies)
    if lot.random() < 0.4:
        fields[Field.ABOUT] = lot.choice(stock.about)
    return fields
