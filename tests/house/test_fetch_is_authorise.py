"""Law 2: fetch is authorise. What one may not see is not found, and looks exactly like what never was."""

import ast
import inspect
import re
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, NamedTuple

import pytest
from flask import Flask
from sqlalchemy import Select, select

from app.chat import queries as rooms
from app.identity.models import LoginSession
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import STRANGER, Actor, Kind, system
from app.kernel.house import House
from app.profiles.policy import NOBODY, Viewer
from tests.factories import Factory
from tests.house.matrix import MISSING, form_token
from tests.house.sample import actions as letters
from tests.house.sockets import socket
from tests.house.sources import Module, calls, imports, module, modules, name_of

#: The files of a feature that may name a table in a statement. All others ask them.
SELECTING = {"policy.py", "queries.py", "actions.py", "models.py", "own_parts.py"}
#: Ways to read past the scopes.
READING = {
    "select",
    "session.get",
    "session.get_one",
    "session.query",
    "session.scalars",
    "session.scalar",
    "session.execute",
}
#: Statements on protected tables that no `visible_*` scope guards, each with what guards it instead.
REVIEWED = {
    "app/identity/queries.py find_invitation": "whoever has the code may use it",
    "app/identity/queries.py _LIVE_SESSION": "whoever has the token is its person",
    "app/identity/screen/queries.py _alive": "row numbers for the watch over sockets; shown to nobody",
    "app/identity/screen/queries.py locks_by_itself": "whether the actor's own lock is stored; shown to nobody",
    "app/identity/screen/queries.py silent_within": "row numbers for the watch over sockets; shown to nobody",
    "app/identity/spaces/queries.py person_behind": "a row number for features that let people meet; shown to nobody",
    "app/identity/spaces/queries.py has_own_name": "a yes or no for features that let people meet; shown to nobody",
    "app/identity/spaces/queries.py row_of": "one's own, for the verbs of names",
    "app/identity/spaces/queries.py is_taken_in_a_space": "a yes or no about a name, as for every chosen one",
    "app/identity/factors/queries.py credentials_of": "goes to the browser that gave the passphrase, or is signed in",
    "app/identity/factors/queries.py find_passkey": "whoever signs with the passkey is its person",
    "app/identity/factors/queries.py one_time_code_of": "compared with what was typed; shown to nobody",
    "app/notifications/queries.py _subscriptions": "row numbers of devices, for sending; shown to nobody",
    "app/moderation/actions/measures.py _begin": "what is over by now, of the person whom a measure was just decided about",
    "app/moderation/actions/measures.py _show_again": "whether words stay hidden; shown to nobody",
    "app/moderation/actions/measures.py _waiting_appeal": "answered by the action that lifts its measure",
    "app/moderation/actions/measures.py carry_out_removal": "what two moderators agreed on, by its reference",
    "app/moderation/actions/measures.py carry_out_lifting": "what two moderators agreed on, by its reference",
    "app/moderation/actions/measures.py end_over": "the hourly task; shown to nobody",
    "app/moderation/actions/reports.py _open_reports": "of an item on which the actor works, or whose report they withdrew",
    "app/moderation/queries/items.py _told_in": "of items that a scope gave",
    "app/moderation/queries/proposals.py _people_under": "whom proposals that a scope gave are about",
    "app/moderation/queries/proposals.py _proposed": "whether the same is proposed already; shown to nobody",
    "app/moderation/queries/people.py _appeals": "of measures that a scope gave",
    "app/moderation/queries/reports.py _one_in": "of an item on which the actor works; its callers ask",
    "app/moderation/queries/reports.py _open_in": "of an item on which the actor works; its callers ask",
    "app/membership/actions/forgetting.py _files": "the hourly task; shown to nobody",
    "app/membership/actions/forgetting.py _waiting": "the hourly task; shown to nobody",
    "app/membership/actions/held.py hold": "locks what the caller fetched; policy is asked after it",
    "app/membership/actions/vetting.py open_file": "who proposed what is being consented to; policy is asked before it",
    "app/membership/queries/applying.py find_by_code": "whoever has the return code is its applicant",
    "app/membership/queries/applying.py get_mine": "the id in a cookie that we signed for whoever had the code",
    "app/membership/queries/applying.py usual_days": "days alone, for the median that everybody is told",
    "app/membership/queries/branches.py get_taken_back": "asks for the permission to take measures, and not about oneself",
    "app/membership/queries/branches.py is_paused": "inside the freeze, which asked whether the actor may",
    "app/membership/queries/doors.py due_probations": "the hourly task; shown to nobody",
    "app/membership/queries/vetting.py _alike": "outcomes and days alone, inside a file that was opened",
    "app/membership/queries/vetting.py barred": "a yes or no about marks that the applicant brings",
    "app/membership/queries/vouching.py _sent": "what the actor's own ledger lists; one alone with their own mark",
    "app/membership/queries/vouching.py find_by_ask_code": "whoever has the applicant's code may be asked",
    "app/profiles/actions/editing.py ensure_profile": "the row of whoever a verb is about, made or found; shown to nobody",
    "app/profiles/actions/editing.py _field_of": "the actor's own field, to be changed; shown to nobody",
    "app/profiles/actions/directory.py _lock": "locks the profile whose terms are about to change; shown to nobody",
    "app/profiles/actions/directory.py put": "every field of the profile, to make its terms anew; shown to nobody",
    "app/profiles/actions/directory.py reindex": "the audience of the field that was just kept; shown to nobody",
    "app/profiles/actions/sweeps.py _lock_today": "the actor's own day, to be counted; shown to nobody",
    "app/profiles/actions/sweeps.py _today": "the actor's own day so far; shown to nobody",
    "app/profiles/queries/directory.py _CLOSE": "positions alone, to read those too; the search asks the scope about each",
    "app/profiles/queries/directory.py _CLOSE_PEOPLE": "whose positions these are; part of the one above",
    "app/profiles/queries/viewing.py _place_of": "where the viewer lives, for the rules alone; shown to nobody",
    "app/profiles/actions/held.py connections_between": "about two people whom the caller holds, for its verb; shown to nobody",
    "app/profiles/actions/held.py pairs_between": "about two people whom the caller holds, for its verb; shown to nobody",
    "app/profiles/actions/held.py forget": "the hourly task; shown to nobody",
    "app/profiles/actions/held.py _off_lists": "takes somebody off the lists of one of the two whom the caller holds",
    "app/profiles/actions/photo.py _hold_profile": "locks the actor's own profile",
    "app/profiles/queries/photo.py _reference": "the key of a field that a scope gave",
    "app/chat/actions/own_time.py _expire_some": "the hourly task; shown to nobody",
    "app/chat/queries/opening.py _quoted": "what messages that a scope gave answer, in the same room",
    "app/chat/actions/indexing.py ask_for_index": "the hourly task: row numbers of rooms; shown to nobody",
    "app/chat/actions/indexing.py index_room": "the job of the search index; shown to nobody",
    "app/chat/actions/indexing.py reindex": "how far a room is indexed, for a message that the caller changes",
    "app/chat/queries/here.py present_address": "where a room is published now, for a verb that already has the room",
    "app/chat/queries/search.py _people": "who goes by a name; only messages of rooms from a scope are asked for them",
    "app/chat/queries/walking.py _in_tail": "numbers in rooms from a scope; messages are opened through it",
    "app/chat/queries/reported.py around_reported": "ten messages around a reported one, for whoever works on the report",
    "app/chat/queries/reported.py picked_for_removal": "what a report encloses; the action asks if the actor may",
    "app/chat/queries/attachments.py _reported": "files of what a report is about; asked for whoever works on it",
    "app/chat/queries/outside.py _own": "out of which room the actor themselves was put, with its name",
    "app/chat/queries/outside.py _every": "the same for all of these rooms, for their archive",
    "app/chat/actions/hosting.py replace_lost_hosts": "the hourly task; shown to nobody",
    "app/chat/queries/hosting.py _wrote": "whether somebody wrote in a room that the caller holds; shown to nobody",
    "app/chat/queries/conversations.py _open_pairs": "how conversations that a scope gave stand; row numbers, shown to nobody",
    "app/chat/queries/conversations.py _blocked_in": "the actor's own blocks, of those whom a door names to them",
    "app/chat/actions/conversations.py _present": "what is between two people whom the caller holds; shown to nobody",
    "app/chat/actions/ending.py break_off": "what the actor has with somebody whom they keep away; shown to nobody",
    "app/chat/actions/ending.py take_away_words": "the actor's own words, in a conversation that they leave",
    "app/chat/actions/ending.py part_with": "ends what somebody who is erased had with others; shown to nobody",
    "app/chat/actions/ending.py end_waiting": "the hourly task; shown to nobody",
    "app/chat/actions/ending.py _empty": "the hourly task; shown to nobody",
    "app/chat/actions/ending.py _asked_in_vain": "the hourly task; shown to nobody",
    "app/chat/actions/conversations.py tell_asked": "who is asked into a room, for their notice; shown to nobody else",
    "app/chat/queries/reported.py find_for_removal": "a moderator takes a reported message away; the action asks if they may",
    "app/chat/actions/rooms.py room_key": "the key of a room that the caller holds; shown to nobody",
    "app/chat/actions/circles.py end_circles": "the hourly task; shown to nobody",
    "app/chat/queries/topics.py _key_of": "the key of the room whose topics a scope gave",
    "app/chat/queries/opening.py _topics": "public ids of the topics of messages that a scope gave",
    "app/safety/actions/drafts.py _add": "what the actor had typed at this place, to be added to; shown to nobody",
    "app/safety/actions/drafts.py _store": "what the actor had typed at this place, to be replaced; shown to nobody",
    "app/safety/actions/travel.py end_journeys": "the hourly task; shown to nobody",
    "app/safety/queries/trust.py _frozen_by": "what the actor froze themselves, of people whom a scope gave",
    "app/chat/actions/epochs.py forget_old_epochs": "the hourly task; shown to nobody",
    "app/chat/actions/rooms.py leave_all_rooms": "takes somebody who is erased out of their rooms; shown to nobody",
    "app/chat/own_parts.py erase": "what somebody who is erased wrote, to be taken away; shown to nobody",
    "app/membership/own_parts.py _applications": "that of somebody who is erased, to be emptied; shown to nobody",
    "app/membership/own_parts.py _vouches": "those of somebody who is erased, by their own mark; shown to nobody",
    "app/membership/own_parts.py export": "the actor's own application, for their archive",
    "app/moderation/own_parts.py _words_in_reports": "takes the words of somebody who is erased out; shown to nobody",
    "app/profiles/own_parts.py _photos": "those of somebody who is erased; shown to nobody",
    "app/profiles/own_parts.py erase": "what somebody who is erased kept, to be removed; shown to nobody",
    "app/safety/own_parts.py erase": "what somebody who is erased chose, to be removed; shown to nobody",
    "app/own_data/actions/archives.py _locked": "what the job of this archive makes; shown to nobody",
    "app/own_data/actions/archives.py remove_old": "the hourly task; shown to nobody",
    "app/own_data/actions/erasing.py erase_again": "whom the ledger of erasures names; shown to nobody",
    "app/own_data/queries.py asked_for": "for the job that makes it, by the id that it was given; shown to nobody",
}


def readers_past_the_queries(sources: Iterable[Module]) -> list[str]:
    """Every statement in a view, an event, a job, a form or a command."""
    found = []
    for source in sources:
        if source.file in SELECTING or source.path.startswith("app/kernel/") or "/demo/" in source.path:
            continue
        for call, name in calls(source):
            if name in READING or any(name.endswith(f".{way}") for way in READING) or ".query." in f"{name}.":
                found.append(source.at(call, name))
        found += [
            source.at(node, "imports sqlalchemy") for node, name, _ in imports(source) if name.startswith("sqlalchemy")
        ]
    return found


def protected(sources: Iterable[Module]) -> set[str]:
    """Every model that some policy has a `visible_*` scope for."""
    return {
        ast.unparse(node.returns).removeprefix("Select[").removesuffix("]")
        for source in sources
        if source.file == "policy.py"
        for node in source.walk(ast.FunctionDef)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("visible_") and node.returns is not None
    }


def unscoped(sources: Iterable[Module], models: set[str]) -> set[str]:
    """Every function or constant with a select on a protected model that no scope of a policy is part of."""
    found = set()
    for source in sources:
        if source.file not in ("queries.py", "actions.py", "own_parts.py"):
            continue
        for part in source.tree.body:
            named = {
                name_of(arg).partition(".")[0]
                for call in ast.walk(part)
                if isinstance(call, ast.Call) and name_of(call) == "select"
                for arg in call.args
            }
            if named & models and "policy." not in ast.unparse(part):
                found.add(f"{source.path} {_called(part)}")
    return found


def _called(part: ast.stmt) -> str:
    if isinstance(part, ast.FunctionDef | ast.ClassDef):
        return part.name
    return ast.unparse(part.targets[0]) if isinstance(part, ast.Assign) else ""


def test_views_events_jobs_and_forms_ask_the_queries() -> None:
    assert readers_past_the_queries(modules()) == []


def test_every_statement_on_a_protected_model_has_its_scope_or_was_reviewed() -> None:
    assert unscoped(modules(), protected(modules())) == set(REVIEWED)


@pytest.mark.parametrize(
    "planted",
    [
        "select(Room)",
        "work.session().get(Room, 1)",
        "session.query(Room)",
        "Room.query.all()",
        "from sqlalchemy import text",
    ],
)
def test_the_law_finds_a_view_that_reads_by_itself(planted: str) -> None:
    assert readers_past_the_queries([module("app/chat/views.py", planted)])


def test_the_law_finds_a_query_without_a_scope() -> None:
    planted = (
        "def get_room(actor, id):\n    return work.session().scalars(select(Room).where(Room.public_id == id)).one()"
    )
    assert unscoped([module("app/chat/queries.py", planted)], {"Room"}) == {"app/chat/queries.py get_room"}


# --- what people find ---------------------------------------------------------------------------------------------------


@pytest.fixture
def theirs(app: Flask, house: House, make: Factory) -> dict[str, str]:
    """Public ids of things that belong to somebody else."""
    other = make.person()
    room = make.room(other)
    message = make.message(other, room, "Between ourselves")
    with work.scope(house) as opened:
        session = opened.session.scalars(
            select(LoginSession.public_id).where(LoginSession.id == other.session_id)
        ).one()
        letter = letters.write_letter(other, "For nobody else").public_id
    return {"room": room.public_id, "session": session, "letter": letter, "message": message.id}


def asked(app: Flask, token: str, request: str, id: str) -> tuple[int, str]:
    """The status and the page, without what differs in every answer and without the id itself."""
    method, address = request.split()
    client = app.test_client()
    client.set_cookie("sanad", token)
    form = {"csrf_token": form_token(client), "body": "Hello", "client_id": "AAAAAAAA"} if method == "POST" else None
    answer = client.open(address.format(id), method=method, data=form)
    page = re.sub(r'name="csrf_token" value="[^"]*"', "", answer.get_data(as_text=True))
    return answer.status_code, page.replace(id, "ID")


class Question(NamedTuple):
    role: Role
    request: str
    thing: str


@pytest.mark.parametrize(
    "question",
    [
        Question(Role.MEMBER, "GET /letters/{}", "letter"),
        Question(Role.MEMBER, "POST /me/sessions/{}/end", "session"),
        Question(Role.MODERATOR, "POST /me/sessions/{}/end", "session"),
        Question(Role.MEMBER, "POST /rooms/{}/messages", "room"),
        Question(Role.ADMINISTRATOR, "GET /rooms/{}", "room"),
        Question(Role.CASEWORKER, "POST /rooms/{}/join", "room"),
        Question(Role.EMPLOYER, "GET /rooms/{}", "room"),
        Question(Role.MEMBER, "POST /people/invitations/{}/withdraw", "session"),
        Question(Role.MEMBER, "GET /rooms/{}", "message"),
    ],
    ids=" ".join,
)
def test_a_thing_of_others_looks_like_one_that_never_was(
    app: Flask, make: Factory, theirs: dict[str, str], question: Question
) -> None:
    token = make.token(roles=(question.role,))
    hidden = asked(app, token, question.request, theirs[question.thing])
    assert hidden[0] == 404
    assert hidden == asked(app, token, question.request, MISSING)


@pytest.mark.parametrize("event", ["letter.read", "room.open", "room.since", "room.post", "room.read"])
def test_an_event_about_a_thing_of_others_is_answered_like_one_about_nothing(
    app: Flask, make: Factory, theirs: dict[str, str], event: str
) -> None:
    thing = event.partition(".")[0]

    def answer(id: str) -> dict[str, Any]:
        payload = {thing: id, "since": 0, "seq": 1, "body": "Hello", "client_id": "AAAAAAAA"}
        with socket(app, make.token()) as client:
            found: dict[str, Any] = client.emit(event, payload, callback=True)
            return found

    hidden = answer(theirs[thing])
    assert hidden == answer(MISSING)
    assert hidden["error"]["code"] == "not_found"


def scopes() -> list[Callable[..., Select[Any]]]:
    """Every `visible_*` of every policy."""
    policies = [import_module(s.path.removesuffix(".py").replace("/", ".")) for s in modules() if s.file == "policy.py"]
    return [scope for policy in policies for name, scope in vars(policy).items() if name.startswith("visible_")]


def nobodies(scope: Callable[..., Select[Any]]) -> tuple[object, ...]:
    """Those who have nothing here, as this scope knows whoever looks: an actor, or the viewer of a profile."""
    if "viewer" in inspect.signature(scope).parameters:
        return NOBODY, Viewer(person_id=2**40)
    return STRANGER, system("test"), Actor(Kind.PERSON, "someone", id=2**40)


@pytest.mark.parametrize("scope", scopes(), ids=lambda scope: scope.__name__)
def test_whoever_has_nothing_here_sees_nothing_in_any_scope(
    house: House, make: Factory, theirs: dict[str, str], scope: Callable[..., Select[Any]]
) -> None:
    make.invitation(Role.CASEWORKER)
    with work.scope(house) as opened:
        for nobody in nobodies(scope):
            assert list(opened.session.execute(scope(nobody))) == []


def test_a_member_who_is_not_in_a_room_reads_no_message_of_it_even_past_its_door(
    house: House, make: Factory, theirs: dict[str, str]
) -> None:
    outsider = make.person()
    with work.scope(house):
        room = rooms.get_room(outsider, theirs["room"])
        assert rooms.newest(outsider, room).words == []
        assert rooms.since(outsider, room, after=0).words == []


def test_whoever_is_not_in_a_room_sees_its_door_and_none_of_its_words(
    app: Flask, make: Factory, theirs: dict[str, str]
) -> None:
    client = app.test_client()
    make.sign_in(client, make.token())
    for address in ("", "?around=1", "?before=99"):
        page = client.get(f"/rooms/{theirs['room']}{address}")
        assert page.status_code == 200
        assert "Between ourselves" not in page.get_data(as_text=True)
        assert theirs["message"] not in page.get_data(as_text=True)


def test_the_owner_finds_what_others_do_not(app: Flask, house: House, make: Factory) -> None:
    token = make.token()
    with work.scope(house):
        letter = letters.write_letter(make.actor(token), "Mine")
    assert asked(app, token, "GET /letters/{}", letter.public_id) == (200, "Mine")
    with socket(app, token) as client:
        assert client.emit("letter.read", {"letter": letter.public_id}, callback=True) == {"ok": True, "words": "Mine"}
