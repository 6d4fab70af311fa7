"""Keeping one's profile: what fits, who sees it, what is refused and kept, and what a change does to the past."""

import re
from html import unescape

import pytest
from sqlalchemy import event

from app.identity import queries as identity
from app.identity.demo import load_people
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import Forbidden, Invalid, NotFound
from app.profiles import values
from app.profiles.actions import editing
from app.profiles.demo import load_profiles
from app.profiles.forms.fields import TYPED
from app.profiles.models import Audience, Field, ProfileField
from app.profiles.policy import Viewer
from app.profiles.queries import mine, viewing
from app.profiles.values import Value
from app.profiles.views.wording import LABELS
from tests.profiles.scene import CASEWORKER, EMPLOYER, MEMBER, MODERATOR, Scene

#: Something that fits each field, and as the form of that field sends it.
FITS: dict[Field, tuple[Value, dict[str, object]]] = {
    Field.PRONOUN: ("plural", {"pronoun": "plural"}),
    Field.PLACE: ({"country": "DE", "region": "Hesse"}, {"country": "DE", "region": "Hesse"}),
    Field.LANGUAGES: (["ar", "ckb", "uk"], {"common": ["ar", "ckb"], "another": "uk"}),
    Field.OFFERS: (["Tea", "خياطة"], {"phrases": "Tea\r\n\r\nخياطة\r\nTea"}),
    Field.SEEKS: (["A desk"], {"phrases": "  A   desk "}),
    Field.SKILLS: (["Welding"], {"phrases": "Welding"}),
    Field.STUDIES: ("Two years of law", {"body": "Two years of law"}),
    Field.ABOUT: ("Slow trains.\nمشي", {"body": "Slow trains.\r\nمشي"}),
}
#: Markup, direction marks that never end, and a name of a control: as somebody might type them into anything.
HOSTILE = '<script>alert(1)</script>\u202e{{ 7*7 }} " onfocus=x \u2066<bdi></dd>'


def test_nothing_about_detention_is_asked_and_no_field_for_it_exists() -> None:
    told = re.compile(r"detain|detention|prison|arrest|jail|tortur|charge|trial|release|year", re.IGNORECASE)
    assert not [field for field in Field if told.search(f"{field.value} {LABELS[field]}")]
    assert set(FITS) == set(TYPED) == set(Field) - {Field.PHOTO}


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_field_is_kept_as_it_was_typed_and_shown_with_who_sees_it(pages: Scene, language: str) -> None:
    me, other = pages.person(language=language), pages.person(language=language)
    for field, (value, sent) in FITS.items():
        address = f"/me/profile/{field.value}"
        answer = pages.open(me, address, audience="members", **sent)
        assert (answer.status_code, answer.location) == (303, "/me/profile")
        with work.scope(pages.house):
            kept = mine.my_profile(me).fields[field]
        assert (kept.value, kept.audience) == (value, Audience.MEMBERS)
        page = pages.open(me, address)
        assert page.status_code == 200
        assert re.search(r'<input[^>]*checked[^>]*value="members"', page.text)
    assert pages.sees(other, me).fields == {field: value for field, (value, _) in FITS.items()}
    for address in ("/me/profile", "/me/profile/view-as"):
        assert "Slow trains." in pages.open(me, address).text
    assert "Slow trains." in pages.open(other, f"/members/{me.public_id}").text


def test_until_somebody_chooses_only_they_see_it(pages: Scene) -> None:
    me = pages.person()
    for field in TYPED:
        page = pages.open(me, f"/me/profile/{field.value}").text
        assert re.findall(r'<input[^>]*checked[^>]*name="audience"[^>]*value="([^"]+)"', page) == ["only-me"]


def test_an_emptied_field_is_gone_with_its_words(pages: Scene) -> None:
    me, other = pages.person(about="Slow trains", offers=["Tea"]), pages.person()
    pages.open(me, "/me/profile/about", body="  ", audience="members")
    assert set(pages.sees(other, me).fields) == {Field.OFFERS}
    with work.scope(pages.house) as opened:
        assert opened.session.query(ProfileField).count() == 1


def test_a_refused_form_keeps_what_was_typed_and_says_what_would_fit(pages: Scene) -> None:
    me = pages.person()
    typed = "a line that is rather long " * 30
    answer = pages.open(me, "/me/profile/about", body=typed, audience="companions")
    assert answer.status_code == 422
    assert typed.strip() in answer.text
    assert "Use at most 600 letters." in answer.text
    assert re.findall(r'<input[^>]*checked[^>]*value="([^"]+)"', answer.text) == ["companions"]


REFUSED: tuple[tuple[Field, dict[str, object]], ...] = (
    (Field.PRONOUN, {"pronoun": "whatever"}),
    (Field.PLACE, {"country": "XX"}),
    (Field.PLACE, {"country": "DE", "region": "x" * 41}),
    (Field.PLACE, {"country": "SY", "region": "Near the bakery"}),
    (Field.PLACE, {"country": "SY", "governorate": "SY-XX"}),
    (Field.LANGUAGES, {"common": ["klingon"]}),
    (Field.LANGUAGES, {"common": ["ar", "ku", "ckb", "syr", "hy", "tr", "en", "de", "fr", "nl", "sv", "es", "it"]}),
    (Field.OFFERS, {"phrases": "x" * 61}),
    (Field.SKILLS, {"phrases": "\n".join(f"skill {n}" for n in range(9))}),
    (Field.STUDIES, {"body": "x" * 401}),
)


def test_what_does_not_fit_is_refused_in_words_and_nothing_is_kept(pages: Scene) -> None:
    me = pages.person()
    for field, sent in REFUSED:
        answer = pages.open(me, f"/me/profile/{field.value}", audience="members", **sent)
        assert answer.status_code == 422, (field, sent)
        assert "Something needs another look" in answer.text
    with work.scope(pages.house):
        assert mine.my_profile(me).fields == {}


def test_an_audience_that_is_none_and_a_list_of_somebody_elses_are_refused(pages: Scene) -> None:
    me, other = pages.person(), pages.person()
    theirs = pages.list_of(other, "Theirs", me)
    assert pages.open(me, "/me/profile/about", body="Hello", audience="everybody").status_code == 422
    nobody = pages.open(me, "/me/profile/about", body="Hello", audience="chosen")
    assert (nobody.status_code, "Choose at least one of your lists" in nobody.text) == (422, True)
    assert pages.open(me, "/me/profile/about", body="Hello", audience="chosen", lists=theirs).status_code == 404
    with work.scope(pages.house):
        assert mine.my_profile(me).fields == {}


def test_markup_and_direction_marks_are_words_like_others(pages: Scene) -> None:
    me, other = pages.person(), pages.person()
    for field, sent in (
        (Field.PLACE, {"country": "DE", "region": HOSTILE[:40]}),
        (Field.OFFERS, {"phrases": HOSTILE[:60]}),
        (Field.SEEKS, {"phrases": HOSTILE[:60]}),
        (Field.SKILLS, {"phrases": HOSTILE[:60]}),
        (Field.STUDIES, {"body": HOSTILE}),
        (Field.ABOUT, {"body": HOSTILE}),
    ):
        assert pages.open(me, f"/me/profile/{field.value}", audience="members", **sent).status_code == 303
    pages.list_of(me, "<script>alert(1)</script>", other)
    for who, address in (
        (me, "/me/profile"),
        (me, "/me/profile/about"),
        (me, "/me/profile/place"),
        (me, "/me/profile/view-as"),
        (other, f"/members/{me.public_id}"),
    ):
        page = pages.open(who, address)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", page.text)
        assert "49" not in re.sub(r'value="[^"]*"', "", unescape(page.text).partition("<main")[2])


# --- where somebody lives -----------------------------------------------------------------------------------------------


def test_inside_syria_only_the_country_is_kept_unless_a_governorate_is_chosen(pages: Scene) -> None:
    me = pages.person()
    pages.open(me, "/me/profile/place", country="SY", audience="only-me")
    with work.scope(pages.house):
        assert mine.my_profile(me).fields[Field.PLACE].value == {"country": "SY", "region": ""}
    pages.open(me, "/me/profile/place", country="SY", governorate="SY-HI", audience="only-me")
    with work.scope(pages.house):
        assert mine.my_profile(me).fields[Field.PLACE].value == {"country": "SY", "region": "SY-HI"}
    page = pages.open(me, "/me/profile").text
    assert "Homs" in page
    assert "Syria" in page


def test_whoever_moves_inside_is_set_to_only_themselves_and_may_choose_again(pages: Scene) -> None:
    me, other = pages.person(place={"country": "TR", "region": ""}), pages.person()
    pages.enlist(me)
    first = pages.open(me, "/me/profile/place", country="SY", audience="members")
    assert first.status_code == 422
    assert re.findall(r'<input[^>]*checked[^>]*value="([^"]+)"', first.text) == ["only-me"]
    assert pages.sees(other, me).fields[Field.PLACE] == {"country": "TR", "region": ""}
    assert pages.open(me, "/me/profile/place", country="SY", audience="only-me").status_code == 303
    assert Field.PLACE not in pages.sees(other, me).fields
    assert pages.open(me, "/me/profile/place", country="SY", audience="members").status_code == 303


def test_countries_and_languages_are_named_in_the_readers_language(pages: Scene) -> None:
    me = pages.person(place={"country": "SY", "region": "SY-HI"}, languages=["ckb", "de"])
    arabic, english = pages.person(language="ar"), pages.person(language="en")
    told = pages.open(english, f"/members/{me.public_id}").text
    assert all(word in told for word in ("Syria", "Homs", "Central Kurdish", "German"))
    told = pages.open(arabic, f"/members/{me.public_id}").text
    assert all(word in told for word in ("سوريا", "حمص", "الألمانية"))
    for language in ("ar", "en"):
        assert {code for code, _ in values.countries(language)} == values.country_codes()
        assert len({name for _, name in values.languages(language)}) > 150


def test_members_of_an_excluded_country_see_nothing_and_are_not_told(pages: Scene) -> None:
    me = pages.person("Amal", about="Slow trains", place={"country": "DE", "region": ""})
    pages.enlist(me)
    there, elsewhere = pages.person(), pages.person()
    pages.keep(there, Field.PLACE, {"country": "TR", "region": ""})
    pages.keep(elsewhere, Field.PLACE, {"country": "NL", "region": ""})
    unsaid = pages.person()
    assert pages.open(me, "/me/profile/countries", countries=["LB"], another="TR").status_code == 303
    with work.scope(pages.house):
        assert mine.my_profile(me).excluded == ["LB", "TR"]
    assert pages.open(there, f"/members/{me.public_id}").status_code == 404
    assert pages.open(unsaid, f"/members/{me.public_id}").status_code == 404
    assert "Slow trains" in pages.open(elsewhere, f"/members/{me.public_id}").text
    assert "Nobody in Lebanon and Türkiye" in pages.open(me, "/me/profile").text
    assert pages.open(me, "/me/profile/countries", countries=["LB"], another="").status_code == 303
    assert "Slow trains" in pages.open(there, f"/members/{me.public_id}").text
    assert pages.open(me, "/me/profile/countries", countries=["LB", "??"]).status_code == 422


# --- who sees it, in words ----------------------------------------------------------------------------------------------


def test_the_people_on_a_list_are_named_while_they_are_few(pages: Scene) -> None:
    me = pages.person("Amal")
    friends = [pages.person(f"{word} Friend") for word in ("Alma", "Bana", "Cana", "Dana", "Fara", "Gala", "Hana")]
    for friend in friends:
        pages.connect(me, friend)
    few, many = pages.list_of(me, "Choir", *friends[:2]), pages.list_of(me, "Course", *friends)
    pages.keep(me, Field.ABOUT, "For the choir", Audience.CHOSEN, [few])
    page = pages.open(me, "/me/profile").text
    assert "<bdi>Choir</bdi>" in page
    assert "Alma Friend" in page
    assert "Bana Friend" in page
    assert "Course" not in page
    pages.keep(me, Field.ABOUT, "For the course", Audience.CHOSEN, [many])
    page = pages.open(me, "/me/profile").text
    assert "7 people" in page
    assert "Alma Friend" not in page


def test_a_mentor_is_named_and_whoever_has_none_is_told_so(pages: Scene) -> None:
    me, mentor = pages.person("Amal"), pages.person("Basima")
    pages.keep(me, Field.ABOUT, "Between us", Audience.COMPANIONS)
    assert "At present you have none, so nobody sees it." in pages.open(me, "/me/profile").text
    pages.connect(me, mentor)
    pages.pair(mentor, me)
    assert "<bdi>Basima</bdi>" in pages.open(me, "/me/profile").text
    assert "Between us" in pages.open(mentor, f"/members/{me.public_id}").text


def test_a_change_says_what_it_does_to_the_past(pages: Scene) -> None:
    me = pages.person(about="Slow trains")
    pages.open(me, "/me/profile/about", body="Slow trains", audience="only-me")
    assert "Fewer people see it from now on; who saw it before may remember it." in pages.open(me, "/me/profile").text
    pages.open(me, "/me/profile/about", body="Slow trains", audience="members")
    page = pages.open(me, "/me/profile").text
    assert "Saved." in page
    assert "Fewer people" not in page


def test_the_narrower_audience_holds_from_the_next_look(scene: Scene) -> None:
    me, other = scene.person(about="Slow trains", offers=["Tea"]), scene.person()
    assert Field.ABOUT in scene.sees(other, me).fields
    scene.keep(me, Field.ABOUT, "Slow trains", Audience.COMPANIONS)
    assert set(scene.sees(other, me).fields) == {Field.OFFERS}
    scene.keep(me, Field.OFFERS, ["Tea"], Audience.ONLY_ME)
    with pytest.raises(NotFound):
        scene.sees(other, me)


# --- who may, and when --------------------------------------------------------------------------------------------------


def without(actor: Actor, *withheld: Permission) -> Actor:
    return Actor(actor.kind, actor.public_id, id=actor.id, permissions=actor.permissions - set(withheld))


def test_while_travelling_nothing_is_changed_and_nothing_of_it_is_there(scene: Scene) -> None:
    me = scene.person(about="Slow trains")
    away = without(me, Permission.SETTINGS_CHANGE, Permission.HIDDEN_SEE)
    with work.scope(scene.house):
        assert mine.my_profile(away).fields == {}
        with pytest.raises(Forbidden):
            editing.set_field(away, Field.ABOUT, value="Other", audience=Audience.MEMBERS)
        with pytest.raises(Forbidden):
            editing.exclude_countries(away, countries=["DE"])
        assert mine.my_profile(me).fields[Field.ABOUT].value == "Slow trains"


def test_whoever_keeps_no_profile_finds_no_page_of_one(pages: Scene) -> None:
    other, outsider = pages.person(about="Slow trains"), pages.person(roles=EMPLOYER)
    for address in ("/me/profile", "/me/profile/about", "/me/profile/view-as", f"/members/{other.public_id}"):
        assert pages.open(outsider, address).status_code == 404


def test_fields_that_are_none_are_not_there(pages: Scene) -> None:
    me = pages.person()
    for name in ("detention", "name", "Place"):
        assert pages.open(me, f"/me/profile/{name}").status_code == 404


def test_of_two_first_uses_at_once_there_is_one_profile(scene: Scene) -> None:
    me = scene.person()
    one, other = scene.profile_of(me), scene.profile_of(me)
    assert (one.id, one.key_id) == (other.id, other.key_id)


def test_a_value_that_does_not_fit_is_refused_by_the_verb_itself(scene: Scene) -> None:
    me = scene.person()
    for field, value in (
        (Field.PRONOUN, ["x"]),
        (Field.OFFERS, "x"),
        (Field.LANGUAGES, [1]),
        (Field.PLACE, {"country": "XX"}),
    ):
        with work.scope(scene.house), pytest.raises(Invalid):
            editing.set_field(me, field, value=value, audience=Audience.MEMBERS)  # type: ignore[arg-type]


def test_many_people_are_read_with_as_many_questions_as_one(scene: Scene) -> None:
    me = scene.person()
    others = [scene.person(about=f"Words of number {number}").person_id for number in range(12)]

    def questions(people: list[int]) -> int:
        asked: list[str] = []

        def note(*said: object) -> None:
            asked.append(str(said[2]))

        with work.scope(scene.house):
            viewer = viewing.viewer_of(me)
            event.listen(scene.house.databases.data, "before_cursor_execute", note)
            assert len(viewing.cards(viewer, people)) == len(people)
            event.remove(scene.house.databases.data, "before_cursor_execute", note)
        return len(asked)

    assert questions(others) == questions(others[:1]) <= 4


# --- caseworkers --------------------------------------------------------------------------------------------------------


def test_a_caseworker_sees_what_is_shown_to_caseworkers_once_they_say_what_for(pages: Scene) -> None:
    me = pages.person("Amal")
    pages.keep(me, Field.SEEKS, ["A flat"], Audience.CASEWORKERS)
    pages.keep(me, Field.ABOUT, "Not for them", Audience.COMPANIONS)
    caseworker = pages.person(roles=CASEWORKER)
    page = pages.open(caseworker, f"/members/{me.public_id}")
    assert (page.status_code, "A flat" in page.text, "Amal" in page.text) == (200, False, False)
    refused = pages.open(caseworker, f"/members/{me.public_id}/look", purpose="")
    assert (refused.status_code, "A flat" in refused.text) == (422, False)
    shown = pages.open(caseworker, f"/members/{me.public_id}/look", purpose="Housing for the winter")
    assert shown.status_code == 200
    assert "A flat" in shown.text
    assert "Not for them" not in shown.text
    assert "Housing for the winter" in pages.open(me, "/me/looked").text


def test_without_a_look_that_is_noted_there_is_nothing_and_of_nothing_no_look_is_noted(pages: Scene) -> None:
    me, caseworker = pages.person(about="For members"), pages.person(roles=CASEWORKER)
    hidden = pages.open(caseworker, f"/members/{me.public_id}/look", purpose="Housing for the winter")
    missing = pages.open(caseworker, "/members/AAAAAAAAAAAAAAAA/look", purpose="Housing for the winter")
    assert (hidden.status_code, missing.status_code) == (404, 404)
    assert "Housing" not in pages.open(me, "/me/looked").text


def test_before_the_purpose_a_caseworker_cannot_tell_who_is_there(pages: Scene) -> None:
    me, caseworker = pages.person(), pages.person(roles=CASEWORKER)
    pages.keep(me, Field.SEEKS, ["A flat"], Audience.CASEWORKERS)

    def asked(public_id: str) -> str:
        page = pages.open(caseworker, f"/members/{public_id}").text
        return re.sub(r'name="csrf_token"[^>]*', "", page).replace(public_id, "ID")

    assert asked(me.public_id) == asked("AAAAAAAAAAAAAAAA")


def test_nobody_else_looks_as_a_caseworker(pages: Scene) -> None:
    me = pages.person()
    pages.keep(me, Field.SEEKS, ["A flat"], Audience.CASEWORKERS)
    for roles in (MEMBER, MODERATOR, EMPLOYER):
        answer = pages.open(pages.person(roles=roles), f"/members/{me.public_id}/look", purpose="Curious about it")
        assert answer.status_code == 404


# --- reporting, and the demo ---------------------------------------------------------------------------------------------


def test_a_profile_is_reported_with_the_words_that_the_reporter_sees(pages: Scene) -> None:
    me, other = pages.person("Amal", offers=["Insults of all kinds"]), pages.person()
    pages.keep(me, Field.ABOUT, "Not for them", Audience.COMPANIONS)
    page = pages.open(other, f"/report/profile/{me.public_id}")
    assert page.status_code == 200
    assert "Insults of all kinds" in page.text
    assert "Not for them" not in page.text
    assert pages.open(me, f"/report/profile/{me.public_id}").status_code == 404
    pages.block(me, other)
    assert pages.open(other, f"/report/profile/{me.public_id}").status_code == 404


def test_the_demo_has_every_audience_in_use(pages: Scene) -> None:
    with work.scope(pages.house) as opened, opened.writing():
        load_people()
        load_profiles()
    with work.scope(pages.house) as opened:
        used = {row.audience for row in opened.session.query(ProfileField)}
        kept = {row.field for row in opened.session.query(ProfileField)}
        names = identity.names_of([one.id for one in identity.demo_people()])
        lina = next(number for number, (_, name) in names.items() if name == "Lina")
        shown = viewing.cards(Viewer(peer=True, member=True, country_index=b"x"), [lina])[lina]
    assert used == set(Audience)
    assert kept == set(TYPED)
    assert len(shown.fields) >= 6
