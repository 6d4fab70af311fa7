"""The gateway: WebSocket only, exact Origin, the session read again on every event, unknown events refused.

HTTP guards do not run for socket events, so everything that a page request passes is passed here again: session,
permission, budget, form (in the handler) and policy (in the action).
"""

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flask import Flask
from flask_socketio import SocketIO
from werkzeug.http import parse_cookie

from app.kernel import work
from app.kernel.access import check_declared
from app.kernel.actor import STRANGER, Actor
from app.kernel.errors import Invalid, Locked, NotFound, Refusal, SignedOut, TooMany, Unavailable, trail
from app.kernel.house import House
from app.kernel.i18n import LANGUAGE_COOKIE, explain
from app.kernel.limits import Budget
from app.kernel.live.events import Events, Payload, SocketEvent
from app.kernel.live.packets import RESERVED
from app.kernel.live.relay import make_socket_options
from app.kernel.sessions import SessionKeeper, Silence, note_visit, session_cookie

log = logging.getLogger(__name__)

EVENT_BUDGET = Budget("events", "80 per 10 second")
#: Events that no client of ours sends, for each session.
ODD_BUDGET = Budget("odd-events", "20 per 10 second")
#: Whoever sends more than that is read this much later (seconds): refusing alone would cost as much as they like to send.
FLOOD_PAUSE = 1.0
CONNECT_BUDGET = Budget("sockets", "60 per minute")
#: Sockets that one session may have open at once: tabs, and the old one of a tab that is reconnecting.
SOCKETS_PER_SESSION = 12
#: How often ended sessions are looked for, and how far back: covers clocks that differ and commits that took a while.
WATCH_SECONDS = 0.5
WATCH_BACK_SECONDS = 10.0
#: How often sessions that merely ran out of time are looked for among the open sockets.
EXPIRY_SECONDS = 15.0


class Flood(TooMany):
    """More events than a person causes."""


class Published(NamedTuple):
    """An event for everybody who listens at an address."""

    address: str
    event: str
    payload: Payload


@dataclass(slots=True)
class OpenSocket:
    """One open connection: which session it speaks for and what it listens to."""

    sid: str
    token: str
    session_id: int
    language: str
    gateway: "Gateway"
    heard: dict[str, str] = field(default_factory=dict)

    def listen(self, thing: str, address: str) -> None:
        """Receive what is published about `thing` at this address from now on, and no longer at its earlier one."""
        if self.heard.get(thing) == address:
            return
        self.leave(thing)
        self.heard[thing] = address
        self.gateway.socketio.server.enter_room(self.sid, address)

    def leave(self, thing: str) -> None:
        """Hear nothing more about `thing`."""
        earlier = self.heard.pop(thing, None)
        if earlier is not None:
            self.gateway.socketio.server.leave_room(self.sid, earlier)


class Gateway:
    """The one place that talks to Socket.IO."""

    def __init__(self, house: House, sessions: SessionKeeper, events: Iterable[Events]) -> None:
        self._house = house
        self._sessions = sessions
        self._events: dict[str, SocketEvent] = {}
        for event in (event for group in events for event in group):
            if event.name in self._events or event.name in RESERVED:
                raise RuntimeError(f"the socket event {event.name} is taken")
            self._events[event.name] = event
        self._open: dict[str, OpenSocket] = {}
        self._watching = False
        self._app: Flask | None = None
        self.socketio = SocketIO()

    def attach(self, app: Flask) -> None:
        """Put the socket server in front of the app."""
        self._app = app
        self.socketio.init_app(app, **make_socket_options(self._house))
        server = self.socketio.server
        server.on("connect", self._connect)
        server.on("disconnect", self._disconnect)
        for event in self._events.values():
            server.on(event.name, self._door(event))
        server.on("*", self._unknown)
        answered = {name for handlers in server.handlers.values() for name in handlers} - RESERVED
        check_declared("socket event", answered, {name: event.access for name, event in self._events.items()})
        self._house.closing.append(self._stop_watching)

    @property
    def declared(self) -> dict[str, SocketEvent]:
        """Every event a client may send, for the access matrix."""
        return dict(self._events)

    def emit(self, published: list[Published]) -> None:
        """Send to everybody listening, in every process. Called only by `publish`, after a commit."""
        by_address: dict[str, list[tuple[str, Payload]]] = {}
        for address, event, payload in published:
            by_address.setdefault(address, []).append((event, payload))
        for address, events in by_address.items():
            try:
                self.socketio.server.manager.emit_all(events, room=address)
            except Exception as error:
                # Whoever misses a frame finds the message in the database: see the catch-up in docs/architecture.
                log.error("publishing %s failed\n%s", events[0][0], trail(error))

    def end_sessions(self, session_ids: Iterable[int]) -> None:
        """Tell and disconnect the open sockets of these sessions in this process. Others find out by their watch."""
        self.silence(dict.fromkeys(session_ids, Silence.ENDED))

    def silence(self, sessions: Mapping[int, Silence]) -> None:
        """The same for sessions that were ended or locked: a page that shows something leaves it when it hears why."""
        for socket in [socket for socket in self._open.values() if socket.session_id in sessions]:
            self._open.pop(socket.sid, None)
            said = f"session.{sessions[socket.session_id]}"
            try:
                self.socketio.server.emit(said, {}, to=socket.sid, ignore_queue=True)
                self.socketio.server.disconnect(socket.sid, ignore_queue=True)
            except Exception as error:
                log.error("a socket did not close\n%s", trail(error))

    # --- doors ------------------------------------------------------------------------------------------------------

    def _connect(self, sid: str, environ: dict[str, Any], _auth: Any = None) -> bool:
        settings = self._house.settings
        if environ.get("HTTP_ORIGIN") != settings.address:
            return False
        cookies = _cookies(environ.get("HTTP_COOKIE", ""))
        token = cookies.get(session_cookie(settings.tls))
        actor = self._let_in(token) if token else STRANGER
        if not token or actor.session_id is None:
            return False
        language = actor.language or cookies.get(LANGUAGE_COOKIE, "")
        if language not in settings.languages:
            language = settings.languages[0]
        self._open[sid] = OpenSocket(sid, token, actor.session_id, language, self)
        self._start_watching()
        _forget_headers(environ)
        return True

    def _let_in(self, token: str) -> Actor:
        """Whoever may open one more socket with this token; STRANGER where nobody may."""
        try:
            with work.scope(self._house):
                actor = self._sessions.recognise(token)
                if actor.session_id is not None:
                    self._house.budgets.spend(CONNECT_BUDGET, actor.public_id)
                if actor.is_locked:
                    return STRANGER
        except Refusal:
            return STRANGER
        except Exception as error:
            # The library would write a traceback for everyone who comes back while the database is away.
            log.warning("a socket was not let in (%s)", type(error).__name__)
            return STRANGER
        open_here = [socket for socket in self._open.values() if socket.session_id == actor.session_id]
        return actor if len(open_here) < SOCKETS_PER_SESSION else STRANGER

    def _disconnect(self, sid: str, _reason: str = "") -> None:
        self._open.pop(sid, None)

    def _door(self, event: SocketEvent) -> Any:
        def enter(sid: str, payload: Any = None, *rest: Any) -> Payload:
            socket = self._open.get(sid)
            if socket is None:
                return self._refused(SignedOut(), self._house.settings.languages[0])
            try:
                if rest or not isinstance(payload, dict):
                    self._spend(ODD_BUDGET, str(socket.session_id))
                    raise Invalid
                with work.scope(self._house):
                    actor = self._recheck(socket, event)
                    answer = {"ok": True, **event.handler(actor, payload, socket)}
                    if event.by_hand:
                        note_visit(self._sessions, actor)
                    return answer
            except (SignedOut, Locked) as refusal:
                why = Silence.LOCKED if isinstance(refusal, Locked) else Silence.ENDED
                self.silence({socket.session_id: why})
                return self._refused(refusal, socket.language)
            except Flood as refusal:
                return self._refuse_late(refusal, socket)
            except Refusal as refusal:
                return self._refused(refusal, socket.language)
            except Exception as error:
                log.error("event %s failed\n%s", event.name, trail(error))
                return self._refused(Unavailable(), socket.language)

        return enter

    def _recheck(self, socket: OpenSocket, event: SocketEvent) -> Actor:
        actor = self._sessions.recognise(socket.token)
        if actor.session_id is None:
            raise SignedOut
        if actor.is_locked:
            raise Locked
        self._spend(EVENT_BUDGET, actor.public_id)
        if not actor.holds(event.access):
            raise NotFound
        return actor

    def _unknown(self, event: str, sid: str, *_payload: Any) -> Payload:
        socket = self._open.get(sid)
        if socket is None:
            return self._refused(SignedOut(), self._house.settings.languages[0])
        try:
            self._spend(ODD_BUDGET, str(socket.session_id))
        except Flood as refusal:
            return self._refuse_late(refusal, socket)
        return self._refused(Invalid(), socket.language)

    def _spend(self, budget: Budget, whose: str) -> None:
        try:
            self._house.budgets.spend(budget, whose)
        except TooMany as refusal:
            raise Flood(retry_after=refusal.retry_after) from None

    def _refuse_late(self, refusal: Refusal, socket: OpenSocket) -> Payload:
        """Refuse, and read this socket's next event later. Events of one socket come one by one: nobody else waits."""
        self.socketio.sleep(FLOOD_PAUSE)
        return self._refused(refusal, socket.language)

    def _refused(self, refusal: Refusal, language: str) -> Payload:
        assert self._app is not None
        with self._app.app_context():
            error: Payload = {"code": refusal.code, "text": explain(refusal, language)}
        if refusal.retry_after is not None:
            error["retry_after"] = refusal.retry_after
        return {"ok": False, "error": error}

    # --- the watch --------------------------------------------------------------------------------------------------

    def _start_watching(self) -> None:
        if not self._watching:
            self._watching = True
            self.socketio.start_background_task(self._watch)

    def _stop_watching(self) -> None:
        self._watching = False

    def _watch(self) -> None:
        """End sockets whose session was ended or locked anywhere: here, in another process, with Redis or without."""
        next_expiry, well = time.monotonic() + EXPIRY_SECONDS, True
        while True:
            self.socketio.sleep(WATCH_SECONDS)
            if not self._watching:
                return
            try:
                with work.scope(self._house):
                    if silent := self._sessions.silent_within(WATCH_BACK_SECONDS):
                        self.silence(silent)
                    if time.monotonic() > next_expiry:
                        next_expiry = time.monotonic() + EXPIRY_SECONDS
                        self.silence(self._sessions.silent({s.session_id for s in self._open.values()}))
            except Exception as error:
                if well:  # said once, not twice a second for as long as the database is away
                    log.error("the watch over sessions fails\n%s", trail(error))
                well = False
            else:
                well = True


def publish(address: str, event: str, payload: Payload) -> None:
    """Send to an address once the current action is committed. Addresses are random and never leave the program."""
    work.current().gather(work.house().live.emit, Published(address, event, payload))


def _forget_headers(environ: dict[str, Any]) -> None:
    """Empty the description of a request that lives as long as its socket, but for what its server needs at the end."""
    kept = {
        name: value
        for name, value in environ.items()
        if name.startswith(("eventlet.", "wsgi.", "REQUEST_METHOD", "PATH_"))
    }
    environ.clear()
    environ.update(kept)


def _cookies(header: str) -> dict[str, str]:
    """As pages read them: a neighbour's odd cookie must not hide ours."""
    return dict(parse_cookie(header))
