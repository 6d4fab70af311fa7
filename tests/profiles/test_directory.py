"""The directory: people who chose to be found, by what each of them shows to whoever looks, and by nothing else."""

import pytest
from flask import Flask
from sqlalchemy import select

from app.identity import actions as identity
from app.identity.models import Cause, Person, Standing
from app.kernel import work
from app.kernel.access import Permission, Role
from app.kernel.actor import system
from app.kernel.db import new_public_id
from app.kernel.house import House
from app.profiles.actions import editing
from app.profiles.models import (
    Audience,
    Block,
    Field,
    Profile,
)
from app.profiles.queries import directory, viewing
from app.profiles.queries.directory import PAGE, Search
from app.profiles.values import Value
from tests.factories import Factory
from tests.profiles.towns import TODAY, Town

#: What somebody wrote, and how somebody else types it.
SPELLINGS = [
    ("تَرْجَمَة", "ترجمه"),
    ("ترجمة", "الترجمة"),
    ("أعمال", "اعمال"),
    ("إدارة", "اداره"),
    ("آلات", "الات"),
    ("مستشفى", "مستشفي"),
    ("کتابة", "كتابه"),
    ("فلسطینی", "فلسطيني"),
    ("عــربي", "عربي"),
    ("دورة ٢٠١٩", "2019"),
    ("سنة 2020", "٢٠٢٠"),
    ("İstanbul Işık", "ıstanbul işik"),
    ("Çeviri", "ceviri"),
    ("Kurdî", "kurdi"),
    ("BOOKKEEPING", "bookkeeping"),
    ("web-design", "Design"),
]


@pytest.fixture
def town(house: House, make: Factory) -> Town:
    return Town(house, make)


@pytest.mark.one_database
def test_nobody_is_in_the_directory_who_did_not_choose_it(town: Town) -> None:
    hidden, looking = town.member(listed=False, skills=["carpentry"]), town.member()
    assert town.found(looking) == town.found(looking, "carpentry") == []
    assert town.terms(hidden) == 0, "of whoever is not in it there is nothing to find them by"
    town.list_(hidden)
    assert town.found(looking) == town.found(looking, "carpentry") == [hidden.id]
    town.list_(hidden, listed=False)
    assert town.found(looking) == town.found(looking, "carpentry") == []
    assert town.terms(hidden) == 0


def test_people_are_found_however_it_is_spelled_on_either_side(town: Town) -> None:
    looking = town.member()
    people = {kept: town.member(skills=[kept]) for kept, _typed in SPELLINGS}
    for kept, typed in SPELLINGS:
        assert people[kept].id in town.found(looking, typed), (kept, typed)
        assert people[kept].id in town.found(looking, skill=typed), (kept, typed)
        assert people[kept].id in town.found(looking, typed.upper()), (kept, typed)


@pytest.mark.one_database
def test_people_are_found_by_language_country_skill_and_offer_and_by_their_names_in_any_language(town: Town) -> None:
    looking = town.member()
    one = town.member(
        languages=["ar", "de"], place={"country": "SY", "region": "SY-HL"}, offers=["Kochen"], skills=["Nähen"]
    )
    other = town.member(languages=["ar"], place={"country": "DE", "region": ""}, offers=["Nähen"], skills=["Kochen"])
    assert town.found(looking, language="de") == town.found(looking, country="SY") == [one.id]
    assert town.found(looking, offer="kochen") == town.found(looking, skill="nahen") == [one.id]
    assert town.found(looking, skill="kochen") == [other.id]
    assert set(town.found(looking, "kochen")) == set(town.found(looking, language="ar")) == {one.id, other.id}
    assert town.found(looking, "حلب") == town.found(looking, "aleppo") == town.found(looking, "Suriye") == [one.id]
    assert town.found(looking, "german") == town.found(looking, "الألمانية") == [one.id]
    assert town.found(looking, country="DE", language="de") == [], "all must fit"


@pytest.mark.one_database
def test_a_word_of_one_field_is_none_of_another(town: Town) -> None:
    looking = town.member()
    one = town.member(languages=["de"], about="I bake, and de is no word")
    two = town.member(about="de")
    assert town.found(looking, language="de") == [one.id]
    assert town.found(looking, country="DE") == town.found(looking, offer="bake") == []
    assert two.id in town.found(looking, "de")


@pytest.mark.one_database
def test_whoever_types_only_signs_finds_nobody_and_not_everybody(town: Town) -> None:
    looking, _one = town.member(), town.member(skills=["carpentry"])
    assert town.found(looking, "?!؟ …") == []


# --- what is hidden -----------------------------------------------------------------------------------------------------

CANARIES: dict[Field, Value] = {
    Field.OFFERS: ["zqofferxw"],
    Field.SEEKS: ["zqseekxw"],
    Field.SKILLS: ["zqskillxw"],
    Field.STUDIES: "zqstudyxw",
    Field.ABOUT: "zqaboutxw",
    Field.PLACE: {"country": "FR", "region": "zqregionxw"},
    Field.LANGUAGES: ["fi"],
}
#: What empties a field that is no list.
NOTHING: dict[Field, Value] = {Field.STUDIES: "", Field.ABOUT: "", Field.PLACE: {}}


def searches(what: Field) -> list[Search]:
    """Every way to look for the value above in this field."""
    word = {Field.PLACE: "zqregionxw", Field.LANGUAGES: "Finnish"}.get(what) or "".join(CANARIES[what])
    own = {
        Field.PLACE: Search(country="FR"),
        Field.LANGUAGES: Search(language="fi"),
        Field.SKILLS: Search(skill=word),
        Field.OFFERS: Search(offer=word),
    }
    # "Openly" is said by everybody to everybody: one word that is seen does not lead to another that is not.
    return [Search(word), Search(f"openly {word}"), *([own[what]] if what in own else [])]


@pytest.mark.parametrize("audience", Audience)
def test_a_field_leads_to_its_person_exactly_those_who_see_it(town: Town, audience: Audience) -> None:
    owner, plain, mentee, chosen, blocked, excluded, unknown = (town.make.person() for _ in range(7))
    for one in (plain, mentee, chosen, blocked):
        town.show(one, Field.PLACE, {"country": "SE", "region": ""}, Audience.ONLY_ME)
    town.show(excluded, Field.PLACE, {"country": "TR", "region": ""}, Audience.ONLY_ME)
    town.pair(owner, mentee)
    town.store(Block(person_id=blocked.person_id, blocked_id=owner.person_id, since=TODAY))
    friends = town.list_of(owner, chosen, blocked, excluded)
    with work.scope(town.house):
        editing.exclude_countries(owner, countries=["TR"])
    town.list_(owner)
    for what, value in CANARIES.items():
        others = [other for other in CANARIES if other is not what]
        for other in others:
            town.show(owner, other, NOTHING.get(other, []))
        town.show(owner, Field.SKILLS if what is not Field.SKILLS else Field.OFFERS, ["openly"])
        town.show(owner, what, value, audience, *([friends] if audience is Audience.CHOSEN else []))
        found_by = set()
        for looking in (plain, mentee, chosen, blocked, excluded, unknown):
            with work.scope(town.house):
                viewer = viewing.viewer_of(looking)
                card = viewing.cards(viewer, [owner.person_id]).get(owner.person_id)
                sees = card is not None and what in card.fields
                openly = card is not None and len(card.fields) > sees
                for asked in searches(what):
                    expected = sees and (openly or not asked.words.startswith("openly"))
                    found = directory.search(viewer, asked).person_ids
                    assert (owner.id in found) == expected, (what, audience, asked)
            found_by |= {looking.id} if sees else set()
        assert found_by == {
            Audience.MEMBERS: {plain.id, mentee.id, chosen.id},
            Audience.COMPANIONS: {mentee.id},
            Audience.CHOSEN: {chosen.id},
        }.get(audience, set())


@pytest.mark.one_database
def test_what_was_changed_hidden_or_emptied_leads_nobody_any_more(town: Town) -> None:
    looking, owner = town.member(), town.member(skills=["carpentry"])
    town.show(owner, Field.SKILLS, ["pottery"])
    assert town.found(looking, "carpentry") == []
    assert town.found(looking, "pottery") == [owner.id]
    town.show(owner, Field.SKILLS, ["pottery"], Audience.ONLY_ME)
    assert town.found(looking, "pottery") == []
    assert town.terms(owner) == 0, "what nobody can find by is not kept to find by"
    town.show(owner, Field.SKILLS, ["pottery"])
    town.show(owner, Field.SKILLS, [])
    assert town.found(looking, "pottery") == []


def test_two_words_of_which_one_is_hidden_find_nobody(town: Town) -> None:
    looking, owner = town.member(), town.member(skills=["carpentry"])
    town.show(owner, Field.ABOUT, "prison", Audience.ONLY_ME)
    town.show(owner, Field.STUDIES, "Homs", Audience.COMPANIONS)
    assert town.found(looking, "carpentry prison") == town.found(looking, "Homs carpentry") == []
    assert town.found(looking, "Homs", skill="carpentry") == []


def test_people_who_blocked_each_other_are_not_there_for_each_other(town: Town) -> None:
    one, other, third = (town.member(skills=["pottery"]) for _ in range(3))
    town.store(Block(person_id=one.person_id, blocked_id=other.person_id, since=TODAY))
    assert town.found(one) == town.found(one, "pottery") == [third.id]
    assert town.found(other) == town.found(other, "pottery") == [third.id]
    assert set(town.found(third)) == set(town.found(third, "pottery")) == {one.id, other.id}


@pytest.mark.one_database
def test_a_newcomer_in_probation_finds_nobody_and_an_employer_has_no_directory(town: Town, app: Flask) -> None:
    town.member(skills=["pottery"])
    newcomer = town.make.token()
    with work.scope(town.house):
        number = town.make.actor(newcomer).person_id
        identity.restrict(
            system("test"), number, [Permission.DIRECTORY_USE], cause=Cause.PROBATION, ref=new_public_id()
        )
    assert town.found(town.make.actor(newcomer)) == town.found(town.make.actor(newcomer), "pottery") == []
    for token in (newcomer, town.make.token(roles=(Role.EMPLOYER,))):
        client = app.test_client()
        town.make.sign_in(client, token)
        assert client.get("/directory").status_code == 404


@pytest.mark.one_database
def test_nobody_finds_themselves(town: Town) -> None:
    me = town.member(skills=["pottery"])
    assert town.found(me) == town.found(me, "pottery") == []


@pytest.mark.one_database
def test_a_removed_member_is_not_found(town: Town) -> None:
    looking, gone = town.member(), town.member(skills=["pottery"])
    with work.scope(town.house) as opened, opened.writing():
        opened.session.get_one(Person, gone.person_id).standing = Standing.CLOSED
    assert town.found(looking) == town.found(looking, "pottery") == []


# --- pages --------------------------------------------------------------------------------------------------------------


def test_page_after_page_shows_everybody_once_in_an_order_that_was_drawn_by_lot(town: Town) -> None:
    looking = town.member()
    people = [town.member(skills=["pottery"], offers=["pottery", "openly"]) for _ in range(2 * PAGE + 5)]
    for words in ("", "pottery", "pottery openly"):
        pages = list(town.pages(looking, words))
        assert [len(page) for page in pages] == [PAGE, PAGE, 5]
        read = [number for page in pages for number in page]
        assert sorted(read) == sorted(one.person_id for one in people)
        assert read != sorted(read), "not in the order in which they came"
        assert list(town.pages(looking, words)) == pages


def test_whoever_comes_or_goes_meanwhile_moves_nobody_to_another_page(town: Town) -> None:
    looking = town.member()
    people = [town.member(skills=["pottery"]) for _ in range(PAGE + 5)]
    before = [number for page in town.pages(looking) for number in page]
    pages = town.pages(looking)
    first = next(pages)
    gone = next(one for one in people if one.person_id == first[0])
    town.list_(gone, listed=False)
    come = town.member()
    rest = [number for page in pages for number in page]
    assert [number for number in first + rest if number != come.id] == before
    with work.scope(town.house) as opened:
        order = opened.session.scalars(select(Profile.person_id).where(Profile.listed).order_by(Profile.position))
        assert [number for page in town.pages(looking) for number in page] == [n for n in order if n != looking.id]


def test_the_rarest_word_leads_and_the_others_are_asked_for(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "SAMPLE", 2)
    looking = town.member()
    for _ in range(5):
        town.member(skills=["common"])
    rare = town.member(skills=["common", "rare"])
    common, seldom = Search("common").terms, Search("rare").terms
    with work.scope(town.house):
        assert directory._rarest_first([*common(), *seldom()], -1) == [*seldom(), *common()]
        assert directory._rarest_first([*seldom(), *common()], -1) == [*seldom(), *common()]
    assert town.found(looking, "common rare") == town.found(looking, "rare common") == [rare.id]
