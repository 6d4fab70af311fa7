"""How web processes add up: `python -m bench.processes` floods 1, 2 and 4 of them in turns, as they are deployed.

Each number of processes has PostgreSQL databases of its own, a Redis of its own (its channels are shared by all numbers of
one Redis) and an nginx with deploy/nginx/sanad.conf before it, over TLS. Measured are the deliveries in rooms whose people
are on all processes, and how long a session that another process has ended still hears anything. PostgreSQL is the one of
the tests (TEST_POSTGRES); its databases are dropped at the end. Writes results/processes.json.
"""

import json
import os
import shutil
import signal
import ssl
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from app.chat import actions as chat
from app.chat.cli import measuring_name
from app.identity import actions as identity
from app.identity.keeper import Sessions
from app.identity.models import Device
from app.kernel import work
from app.kernel.access import Role, granted
from app.kernel.actor import Actor, Kind, system
from app.kernel.house import House
from app.kernel.sessions import TLS_COOKIE
from app.kernel.vault import Purpose
from bench.__main__ import say
from bench.client import split_frames
from bench.directory import databases, settle
from bench.measure import BODY, IN_FLIGHT
from bench.report import surroundings
from bench.servers import FOREIGN, ROOT, CrowdProcess, Server, crowd, free_port, running
from bench.tls_crowd import HOST, TlsClient
from tests.nginx import NGINX, write_configuration

RESULTS = Path(__file__).parent / "results" / "processes.json"
NUMBERS = (1, 2, 4)
ROOMS, RECEIVERS = 4, 100
ROUNDS, SECONDS = 4, 1.5
#: The whole run ends by then, finished or not (seconds).
LONGEST = 180
#: How often a session is ended while the rooms are flooded, and how long it may hear anything afterwards (seconds).
ENDED = 20
ALLOWED = 1.0


@dataclass(frozen=True, slots=True)
class Group:
    """So many processes that serve one instance, and whoever is signed in there."""

    number: int
    server: Server
    house: House
    web: list[psutil.Process]
    others: list[psutil.Process]
    #: Sessions of people who are not in the crowd.
    tokens: list[str]

    def cpu_seconds(self) -> tuple[float, float]:
        """CPU time so far of the web processes, and of nginx and Redis."""
        return _cpu(self.web), _cpu(self.others)


def _cpu(processes: list[psutil.Process]) -> float:
    family = [member for process in processes for member in (process, *process.children(recursive=True))]
    return float(sum(sum(member.cpu_times()[:2]) for member in family))


# --- what is started ----------------------------------------------------------------------------------------------------


@contextmanager
def group(number: int) -> Iterator[Group]:
    """So many processes on an instance of their own, all gone at the end of the block."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        data, keys = stack.enter_context(databases())
        redis_port, port = free_port(), free_port()
        redis = stack.enter_context(running(_redis(redis_port, folder), dict(os.environ), redis_port, core=None))
        shared = {
            "DATABASE_URL": data,
            "KEYS_URL": keys,
            "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
            "PROCESSES": str(number),
            "ADDRESS": f"https://{HOST}",
            "TRUSTED_PROXIES": "1",
        }
        instance = folder / "instance"
        app = settle(instance, **shared)
        house: House = app.extensions["house"]
        stack.callback(house.close)
        rooms, tokens = seed(house, RECEIVERS + ENDED)
        kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        environ = kept | shared | {"APP_ENV": "test", "SANAD_INSTANCE": str(instance), "LIMITS": "off"}
        web, ports = [], []
        for _ in range(number):
            ports.append(free_port())
            command = [sys.executable, "wsgi.py"]
            web.append(stack.enter_context(running(command, environ | {"PORT": str(ports[-1])}, ports[-1], core=None)))
        command = _nginx(folder, port, ports)
        nginx = stack.enter_context(running(command, dict(os.environ), port, core=None))
        stack.callback(_end_workers, nginx)
        cookies = [f"{TLS_COOKIE}={token}" for token in tokens]
        address = f"https://127.0.0.1:{port}"
        server = Server(f"{number} processes", address, " ".join(rooms), cookies, nginx, "bench.tls_crowd")
        yield Group(number, server, house, web, [nginx, redis], tokens[RECEIVERS:])


def _redis(port: int, folder: Path) -> list[str]:
    program = shutil.which("redis-server")
    if program is None:
        raise SystemExit("redis-server is missing: apt-get install redis-server")
    return [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]


def _nginx(folder: Path, port: int, upstreams: list[int]) -> list[str]:
    """The command that starts nginx as tests do, for more connections and any number of processes."""
    if NGINX is None:
        raise SystemExit("nginx is missing: apt-get install nginx-light")
    write_configuration(folder, port, free_port(), [upstreams[0], upstreams[-1]])
    main = folder / "nginx.conf"
    main.write_text(main.read_text().replace("worker_connections 64", "worker_connections 2048"))
    upstream = folder / "upstream.conf"
    lines = upstream.read_text().splitlines()
    first = next(line for line in lines if line.strip().startswith("server "))
    places = [first.replace(f":{upstreams[0]} ", f":{each} ") for each in upstreams]
    others = [line for line in lines if not line.strip().startswith("server ")]
    end = others.index("}")
    upstream.write_text("\n".join([*others[:end], *places, *others[end:]]) + "\n")
    return [NGINX, "-p", str(folder), "-c", str(main)]


def _end_workers(nginx: psutil.Process) -> None:
    """A master that is killed leaves its workers, so it is asked to end them first."""
    try:
        workers = nginx.children()
        nginx.terminate()
        nginx.wait(5)
        psutil.wait_procs(workers, 5)
    except psutil.Error:
        """It has ended already, or is killed now."""


def seed(house: House, people: int) -> tuple[list[str], list[str]]:
    """Rooms with everybody in one of them by turns of `RECEIVERS / ROOMS`; returns their public ids and a token of each."""
    tokens = []
    with work.scope(house) as opened, opened.writing():
        rooms = [
            chat.open_room(system("bench"), name_ar=f"قياس {number}", name_en=f"Measuring {number}")
            for number in range(ROOMS)
        ]
        house.vault.reserve_keys(Purpose.PERSON, people)
        for number in range(people):
            person = identity.add_person(measuring_name(number), "!", roles=(Role.MEMBER,), demo=True)
            tokens.append(identity.begin_session(person.id, device=Device.OTHER))
            actor = Actor(Kind.PERSON, person.public_id, id=person.id, permissions=granted([Role.MEMBER]))
            chat.join_room(actor, rooms[_room_of(number)])
        return [room.public_id for room in rooms], tokens


def _room_of(number: int) -> int:
    return number // (RECEIVERS // ROOMS) if number < RECEIVERS else number % ROOMS


# --- measuring ----------------------------------------------------------------------------------------------------------


def flood(group: Group, people: CrowdProcess, seconds: float) -> dict[str, float]:
    """Deliveries per second of wall time, of CPU of the web processes, and of CPU with nginx and Redis."""
    (web, others), began = group.cpu_seconds(), time.monotonic()
    done = people.order("flood", seconds=seconds, in_flight=IN_FLIGHT, body=BODY)
    taken = time.monotonic() - began
    (web_now, others_now) = group.cpu_seconds()
    web, others = web_now - web, others_now - others
    delivered = done["delivered"]
    return {"per_s": delivered / taken, "per_web_cpu_s": delivered / web, "per_cpu_s": delivered / (web + others)}


def check_spread(group: Group) -> None:
    """Raises RuntimeError unless nginx has given every process about as many of the sockets."""
    share = RECEIVERS / group.number
    for process in group.web:
        port = next(one.laddr.port for one in process.net_connections("tcp") if one.status == psutil.CONN_LISTEN)
        sockets = [
            one
            for one in process.net_connections("tcp")
            if one.status == psutil.CONN_ESTABLISHED and one.laddr.port == port
        ]
        if not share * 0.8 <= len(sockets) <= share * 1.2:
            raise RuntimeError(f"{len(sockets)} of {RECEIVERS} sockets are on one of {group.number} processes")


def revocation(group: Group, people: CrowdProcess) -> dict[str, Any]:
    """Milliseconds from the command that ends a session, given in another process, to the last message heard and to the end.

    All rooms are flooded meanwhile.
    """
    stopping = threading.Event()
    problems: list[BaseException] = []

    def keep_flooding() -> None:
        try:
            while not stopping.is_set():
                people.order("flood", seconds=1.0, in_flight=IN_FLIGHT, body=BODY)
        except BaseException as problem:
            problems.append(problem)

    flooding = threading.Thread(target=keep_flooding, daemon=True)
    flooding.start()
    try:
        found = [_end_one(group, place, token) for place, token in enumerate(group.tokens)]
    finally:
        stopping.set()
        flooding.join(60)
    if problems:
        raise problems[0]
    last, end = [one[0] for one in found], [one[1] for one in found]
    return {"times": len(found), "last_message_ms": _middle_and_most(last), "disconnected_ms": _middle_and_most(end)}


def _end_one(group: Group, place: int, token: str) -> tuple[float, float]:
    room = group.server.room.split()[place % ROOMS]
    line = TlsClient(group.server.address, f"{TLS_COOKIE}={token}", room)
    try:
        answer = line.ask("room.open", {"room": room, "since": None})
        if not answer.get("ok"):
            raise RuntimeError(f"the room did not open: {answer}")
        with work.scope(group.house):
            actor = Sessions().recognise(token)
        heard: list[float] = []
        _listen(line, heard, until=1)
        ending = threading.Thread(target=_sign_out, args=(group.house, actor))
        began = time.monotonic()
        ending.start()
        _listen(line, heard)
        ended = time.monotonic()
        ending.join()
    finally:
        line.close()
    return max(0.0, heard[-1] - began) * 1000, (ended - began) * 1000


def _sign_out(house: House, actor: Actor) -> None:
    with work.scope(house):
        identity.sign_out(actor)


def _listen(line: TlsClient, heard: list[float], until: int = 0) -> None:
    """Note when each message came, until so many have come or, without a number, until the connection has ended."""

    def found(message: bytes) -> None:
        if message.startswith(b'42["room.message"'):
            heard.append(time.monotonic())

    line.sock.settimeout(10)  # far more than is allowed: whoever still hears then is a defect, and ends the run
    while not until or len(heard) < until:
        try:
            part = line.sock.recv(65536)
        except (ConnectionError, ssl.SSLEOFError):
            return
        if not part:
            return
        line.buffer = split_frames(line.buffer + part, found)


def _middle_and_most(values: list[float]) -> dict[str, float]:
    return {"p50": round(statistics.median(values), 1), "max": round(max(values), 1)}


# --- the run ------------------------------------------------------------------------------------------------------------


def measure(groups: list[Group], crowds: dict[int, CrowdProcess]) -> dict[str, Any]:
    """All numbers of processes in turns: medians, and the lowest and highest round."""
    rounds: dict[int, list[dict[str, float]]] = {group.number: [] for group in groups}
    for turn in range(-1, ROUNDS):  # the first is not counted
        for group in groups[:: 1 if turn % 2 else -1]:
            found = flood(group, crowds[group.number], 1.0 if turn < 0 else SECONDS)
            if turn >= 0:
                rounds[group.number].append(found)
    alone = {name: statistics.median(one[name] for one in rounds[1]) for name in rounds[1][0]}
    result: dict[str, Any] = {}
    for number, all_found in rounds.items():
        result[str(number)] = {}
        for name, of_one in alone.items():
            values = [found[name] for found in all_found]
            middle = statistics.median(values)
            spread = [round(min(values)), round(max(values))]
            result[str(number)][name] = {"median": round(middle), "spread": spread, "times": round(middle / of_one, 2)}
    return result


def main() -> None:
    for ending in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(ending, _stopped)
    signal.alarm(LONGEST)
    began = time.monotonic()
    result: dict[str, Any] = surroundings()
    result |= {"receivers": RECEIVERS, "rooms": ROOMS, "rounds": ROUNDS, "seconds": SECONDS}
    result["load_before"] = round(os.getloadavg()[0], 1)
    with ExitStack() as stack:
        groups, crowds = [], {}
        for number in NUMBERS:
            say(f"starting {number} web processes")
            groups.append(stack.enter_context(group(number)))
            crowds[number] = stack.enter_context(crowd(groups[-1].server, RECEIVERS))
            check_spread(groups[-1])
        say(f"flooding {ROOMS} rooms of {RECEIVERS // ROOMS} people")
        result["processes"] = measure(groups, crowds)
        for each in groups:
            if each.number == 1:
                continue  # that a session is ended in another process is what several are measured for
            say(f"ending {ENDED} sessions on {each.number} processes, meanwhile flooded")
            result["processes"][str(each.number)]["session_ended"] = revocation(each, crowds[each.number])
    signal.alarm(0)
    result["took_seconds"] = round(time.monotonic() - began)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    late = _print(result)
    print(f"\nwritten to {RESULTS.relative_to(ROOT)} after {result['took_seconds']} s")
    if late:
        raise SystemExit(f"a session that had ended still heard something after {ALLOWED:.0f} s")


def _stopped(number: int, _frame: FrameType | None) -> None:
    """End as usual, so that everything that was started ends too."""
    sys.exit(f"ended by {signal.Signals(number).name}")


def _print(result: dict[str, Any]) -> bool:
    """Print the table. Returns whether somebody was heard for too long."""
    names = {"per_s": "a second", "per_web_cpu_s": "CPU s of web", "per_cpu_s": "CPU s with nginx, Redis"}
    print(f"\n{'deliveries per':12}" + "".join(f"{words:>32}" for words in names.values()))
    late = False
    for number, found in result["processes"].items():
        cells = []
        for name in names:
            figures = found[name]
            low, high = figures["spread"]
            cells.append(f"{figures['median']:,} ({low:,}-{high:,}) {figures['times']:.2f}x")
        print(f"{number:>14}" + "".join(f"{cell:>32}" for cell in cells))
    for number, found in result["processes"].items():
        if ended := found.get("session_ended"):
            last, end = ended["last_message_ms"], ended["disconnected_ms"]
            print(
                f"session ended, {number} processes, {ended['times']} times, ms: last message p50 {last['p50']}, most "
                f"{last['max']}; disconnected p50 {end['p50']}, most {end['max']}"
            )
            late = late or last["max"] > ALLOWED * 1000
    return late


if __name__ == "__main__":
    main()
