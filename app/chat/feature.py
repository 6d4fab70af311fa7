"""Rooms, as they are listed in app/features.py."""

from flask import url_for
from flask_babel import gettext

from app.chat import actions, jobs, policy, queries
from app.chat.actions import circles, ending, hosting, inviting, picked, private, putting_out
from app.chat.actions.changing import TAKEN_OUT
from app.chat.actions.posting import MENTIONED
from app.chat.cli import bench_seed
from app.chat.demo import load_rooms
from app.chat.live import events
from app.chat.own_parts import part as own_part
from app.chat.policy import conversations
from app.chat.queries import attachments, reported
from app.chat.queries.conversations import waiting_requests
from app.chat.views import door
from app.chat.views.shown import name_of
from app.identity.models import Space
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import N_
from app.kernel.feature import DraftKind, Feature, Hideable, MeEntry, NavEntry, Need, NoticeKind, Reportable
from app.kernel.signals import Words, kept_away, words_handled


def needs(actor: Actor) -> list[Need]:
    """Who asks to talk, and unread messages, as a line each on Home."""
    found = []
    if asked := waiting_requests(actor):
        found.append(Need(gettext("Somebody asks you to talk"), url_for("chat.conversations"), asked))
    if unread := queries.unread_total(actor):
        found.append(Need(gettext("Messages you have not read"), url_for("chat.rooms"), unread))
    return found


def with_member(actor: Actor, person: str, connected: bool) -> list[Need]:
    """What one may do with somebody on their page: ask them to talk, or go on where they talk already."""
    if not conversations.can_ask(actor, connected=connected):
        return []
    return [Need(gettext("Write to them"), url_for("chat.ask_member", person=person))]


def break_off(actor: Actor, *, person_id: int, met_in: Space | None) -> None:
    """What two people have by the names by which one now keeps the other away."""
    ending.break_off(actor, person_id, met_in=met_in)


def handle_words(actor: Actor, *, person_id: int, how: Words) -> None:
    """What a measure says of a person's messages."""
    if how is not Words.KEEP:
        actions.handle_words(actor, person_id, how)


def rooms_to_hide(actor: Actor) -> list[tuple[str, str]]:
    """The rooms that the actor may know of, their own first."""
    lines = queries.rooms(actor)
    return [(line.room.public_id, name_of(line.room, line.with_names, line.title)) for line in lines]


def message_url(ref: str) -> str:
    """The page of a message, by how it is named outside its room."""
    room, _, seq = ref.partition(".")
    return url_for("chat.message", room=room, seq=int(seq))


words_handled.connect(handle_words)
kept_away.connect(break_off)

feature = Feature(
    name="chat",
    own_data=(own_part,),
    door=door,
    events=events,
    tasks={
        "chat.forget": jobs.forget,
        "chat.expire": jobs.expire,
        "chat.index": jobs.index,
        "chat.index-all": jobs.index_all,
        "chat.forget-files": jobs.forget_files,
        "chat.end-waiting": jobs.end_waiting,
        private.TELL: jobs.tell_asked,
        circles.END: jobs.end_circles,
        "chat.forget-pauses": jobs.forget_pauses,
        "chat.replace-lost-hosts": jobs.replace_lost_hosts,
    },
    hourly=(
        "chat.forget",
        "chat.expire",
        circles.END,
        "chat.forget-pauses",
        "chat.replace-lost-hosts",
        "chat.index-all",
        "chat.end-waiting",
        "chat.forget-files",
    ),
    commands=(bench_seed,),
    needs=needs,
    with_member=with_member,
    demo=load_rooms,
    hideable=(Hideable(policy.ROOM, N_("Rooms"), rooms_to_hide),),
    notices=(
        NoticeKind(
            MENTIONED,
            N_("You are named in a room"),
            url=lambda ref: url_for("chat.room", room=ref),
            access=Permission.ROOMS_USE,
            about=policy.ROOM,
        ),
        NoticeKind(
            inviting.ASKED,
            N_("You are asked into a room"),
            url=lambda ref: url_for("chat.room", room=ref),
            access=Permission.ROOMS_USE,
            about=policy.ROOM,
        ),
        NoticeKind(
            hosting.PAUSED,
            N_("Your writing in a room is paused for a while"),
            url=lambda ref: url_for("chat.room", room=ref),
            access=Permission.ROOMS_USE,
            about=policy.ROOM,
        ),
        NoticeKind(
            putting_out.PUT_OUT,
            N_("You are not in a room any more"),
            url=lambda ref: url_for("chat.outside", room=ref),
            access=Permission.ROOMS_USE,
            about=policy.ROOM,
        ),
        NoticeKind(
            putting_out.LET_IN,
            N_("You may come into a room again"),
            url=lambda ref: url_for("chat.room", room=ref),
            access=Permission.ROOMS_USE,
            about=policy.ROOM,
        ),
        NoticeKind(
            hosting.HOSTS,
            N_("You are a host of a room"),
            url=lambda ref: url_for("chat.about", room=ref),
            access=Permission.ROOMS_USE,
            about=policy.ROOM,
        ),
        NoticeKind(
            TAKEN_OUT,
            N_("A message of yours was taken out of a room"),
            url=message_url,
            access=Permission.ROOMS_USE,
            about=policy.ROOM,
        ),
        NoticeKind(
            private.ASKED,
            N_("Somebody wants to talk with you"),
            url=lambda _ref: url_for("chat.conversations"),
            # While somebody travels nobody asks, as far as one sees: see `policy.conversations.shows_requests`.
            access=Permission.HIDDEN_SEE,
            about=policy.ROOM,
        ),
        NoticeKind(
            private.ACCEPTED,
            N_("Somebody whom you asked to talk has accepted"),
            url=lambda ref: url_for("chat.room", room=ref),
            access=Permission.ROOMS_USE,
            about=policy.ROOM,
        ),
        NoticeKind(
            private.WROTE,
            N_("Somebody wrote to you in a conversation"),
            url=lambda ref: url_for("chat.room", room=ref),
            access=Permission.ROOMS_USE,
            about=policy.ROOM,
        ),
    ),
    drafts=(
        DraftKind(
            policy.ROOM,
            N_("In a room"),
            endpoints=("chat.post", "chat.keep_draft", "chat.bring", "chat.take_file_back"),
            part="room",
            url=lambda ref: url_for("chat.room", room=ref),
        ),
    ),
    reportable=(
        Reportable(
            "message",
            N_("A message"),
            find=queries.find_reported,
            context=queries.around_reported,
            remove=actions.remove_message,
            files=attachments.reported_files,
            open_file=attachments.open_reported,
        ),
        Reportable(
            "picked",
            N_("Messages of a conversation"),
            find=reported.find_picked,
            context=lambda _ref: (),
            remove=picked.remove_picked,
            files=attachments.reported_files,
            open_file=attachments.open_reported,
        ),
    ),
    me=(
        MeEntry(
            "chat.private_names",
            N_("Private names"),
            N_("Names and words that you are warned of before they go out in a room."),
            Permission.ROOMS_USE,
            order=49,
        ),
    ),
    navigation=(NavEntry("chat.rooms", N_("Rooms"), Permission.ROOMS_USE, order=10),),
)
