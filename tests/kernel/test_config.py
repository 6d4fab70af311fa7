"""The settings: what is refused, in one line that says how to mend it, and what follows from what was set."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import create_app
from app.kernel.vault import Keyring
from config import Mode, Unsafe, check_key_file, read_settings
from tests.server import ROOT

POSTGRES = "postgresql+psycopg://sanad@db.example/"
PRODUCTION = {"APP_ENV": "production", "ADDRESS": "https://sanad.example"}


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"APP_ENV": "live"}, "APP_ENV must be one of development, test, production, not 'live'"),
        ({"APP_ENV": ""}, "APP_ENV must be one of"),
        ({"APP_ENV": "production", "ADDRESS": "http://sanad.example"}, "ADDRESS must begin with https://"),
        ({"APP_ENV": "production"}, "ADDRESS must begin with https://"),
        ({"APP_ENV": "production", "ADDRESS": "http://onion.example"}, "ADDRESS must begin with https://"),
        ({**PRODUCTION, "LIMITS": "off"}, "LIMITS=off is for measuring only"),
        ({"ADDRESS": "sanad.example"}, "ADDRESS must look like https://example.org"),
        ({"ADDRESS": ""}, "ADDRESS must look like"),
        ({"ADDRESS": "ftp://sanad.example"}, "ADDRESS must look like"),
        ({"ADDRESS": "https://sanad.example/house"}, "ADDRESS must look like"),
        ({"ADDRESS": "https://sanad.example?a=b"}, "ADDRESS must look like"),
        ({"ADDRESS": "https://somebody@sanad.example"}, "ADDRESS must look like"),
        ({"ADDRESS": "https://sanad.example:99999"}, "ADDRESS must look like"),
        ({"ADDRESS": "https://["}, "ADDRESS must look like"),
        ({"ADDRESS": "https://sanad.example; script-src *"}, "ADDRESS must look like"),
        ({"ADDRESS": "https://sanad.example\r\nSet-Cookie: a=b"}, "ADDRESS must look like"),
        ({"PORT": "eighty"}, "PORT must be a number from 1 to 65535, not 'eighty'"),
        ({"PORT": "0"}, "PORT must be a number"),
        ({"PORT": "65536"}, "PORT must be a number"),
        ({"PORT": "-1"}, "PORT must be a number"),
        ({"PORT": "²"}, "PORT must be a number"),
        ({"PORT": ""}, "PORT must be a number"),
        ({"DATABASE_URL": POSTGRES + "a", "KEYS_URL": POSTGRES + "a"}, "KEYS_URL must be another database"),
        ({"DATABASE_URL": "mysql://a"}, "database addresses begin with"),
        ({"KEYS_URL": "postgresql://a"}, "database addresses begin with"),
        ({"PROCESSES": "2"}, "PROCESSES above 1 needs DATABASE_URL"),
        ({"PROCESSES": "2", "DATABASE_URL": POSTGRES + "a", "KEYS_URL": POSTGRES + "b"}, "PROCESSES above 1 needs REDIS_URL"),
        ({"PROCESSES": "many"}, "PROCESSES must be a whole number from 1"),
        ({"PROCESSES": "0"}, "PROCESSES must be a whole number from 1"),
        ({"TRUSTED_PROXIES": "all"}, "TRUSTED_PROXIES must be a whole number from 0"),
        ({"TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES must be a whole number from 0"),
        ({"EXIT_URL": "javascript:alert(1)"}, "EXIT_URL must be a whole address"),
        ({"EXIT_URL": ""}, "EXIT_URL must be a whole address"),
        ({"EXIT_URL": "https://example.org/\r\nX: y"}, "EXIT_URL must be a whole address"),
        ({"LANGUAGES": "ar,xx"}, "LANGUAGES must be some of ar,en"),
        ({"LANGUAGES": ""}, "LANGUAGES must be some of"),
        ({"ASYNC_ENGINE": "gevent"}, "ASYNC_ENGINE must be eventlet"),
    ],
)  # fmt: skip
def test_an_unsafe_setting_is_refused_in_one_line(tmp_path: Path, environment: dict[str, str], told: str) -> None:
    with pytest.raises(Unsafe) as refusal:
        read_settings({"SANAD_INSTANCE": str(tmp_path), **environment})
    assert told in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "place", ["data/master.key", "data/deep/down/master.key", "keys/master.key", "secrets/../data/master.key"]
)
def test_the_key_never_lies_where_backups_are_taken(tmp_path: Path, place: str) -> None:
    with pytest.raises(Unsafe, match="MASTER_KEY_FILE must lie outside"):
        read_settings({"SANAD_INSTANCE": str(tmp_path), "MASTER_KEY_FILE": str(tmp_path / place)})


def test_a_link_into_the_data_folder_does_not_hide_the_key(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "apart").symlink_to(tmp_path / "data")
    with pytest.raises(Unsafe, match="MASTER_KEY_FILE must lie outside"):
        read_settings({"SANAD_INSTANCE": str(tmp_path), "MASTER_KEY_FILE": str(tmp_path / "apart" / "master.key")})


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o601, 0o777])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    key = tmp_path / "master.key"
    Keyring.create(key)
    check_key_file(key)
    key.chmod(mode)
    with pytest.raises(Unsafe, match="can be read by others: chmod 600"):
        check_key_file(key)


@pytest.mark.parametrize(
    "words",
    [
        "", "not a key", "{}", "null", "[]", '"key"', '{"secret": ""}', '{"secret": "eA=="}',
        '{"secret": "eA==", "masters": {}}', "\ud800",
    ],
)  # fmt: skip
def test_a_damaged_key_is_refused_before_anything_is_opened_with_it(tmp_path: Path, words: str) -> None:
    settings = read_settings({"SANAD_INSTANCE": str(tmp_path), "APP_ENV": "test", "ASYNC_ENGINE": "threading"})
    settings.master_key_file.parent.mkdir()
    settings.master_key_file.write_bytes(words.encode("utf-8", "surrogatepass"))
    settings.master_key_file.chmod(0o600)
    with pytest.raises(Unsafe, match="is damaged: restore it"):
        create_app(settings)


def test_half_a_key_is_refused(tmp_path: Path) -> None:
    key = tmp_path / "master.key"
    Keyring.create(key)
    key.write_text(key.read_text()[:60])
    with pytest.raises(Unsafe, match="is damaged"):
        check_key_file(key)


def test_a_missing_key_is_refused_with_the_command_that_makes_one(tmp_path: Path) -> None:
    settings = read_settings({"SANAD_INSTANCE": str(tmp_path), "APP_ENV": "test", "ASYNC_ENGINE": "threading"})
    with pytest.raises(Unsafe, match="run `flask init`"):
        create_app(settings)
    assert list(tmp_path.rglob("*.sqlite3*")) == [], "nothing was opened without it"


def test_a_new_key_is_closed_to_others_from_the_first_moment(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Keyring.create(tmp_path / "secrets" / "master.key")
    finally:
        os.umask(before)
    assert (tmp_path / "secrets" / "master.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    assert len(json.loads((tmp_path / "secrets" / "master.key").read_text())["masters"]) == 1


def test_what_is_not_set_is_a_safe_instance_on_this_machine() -> None:
    settings = read_settings({})
    assert settings.mode is Mode.DEVELOPMENT
    assert (settings.host, settings.port, settings.address) == ("127.0.0.1", 5000, "http://127.0.0.1:5000")
    assert settings.instance == ROOT / "instance"
    assert settings.sqlite
    assert settings.limits
    assert settings.proxies == 0
    assert (settings.idle_seconds, settings.absolute_seconds) == (3600, 86_400)
    assert (settings.staff_idle_seconds, settings.staff_absolute_seconds) == (900, 43_200)
    assert (settings.event_bytes, settings.form_bytes) == (8192, 262_144)
    assert not settings.tls


@pytest.mark.parametrize(
    ("environment", "hosts"),
    [
        ({}, {"127.0.0.1", "localhost"}),
        ({"ADDRESS": "http://house.example:8000"}, {"127.0.0.1", "localhost", "house.example"}),
        (PRODUCTION, {"sanad.example"}),
        ({**PRODUCTION, "TRUSTED_HOSTS": "sanad.example, www.sanad.example,"}, {"sanad.example", "www.sanad.example"}),
    ],
)
def test_only_hosts_of_ours_are_trusted(environment: dict[str, str], hosts: set[str]) -> None:
    assert set(read_settings(environment).trusted_hosts) == hosts


@pytest.mark.parametrize(
    "address",
    ["https://sanad.example", "https://sanad.example/", "http://abcdefgh.onion", "https://[2001:db8::7]:8443"],
)
def test_production_is_reached_over_tls_or_an_onion(address: str) -> None:
    settings = read_settings({"APP_ENV": "production", "ADDRESS": address})
    assert settings.production
    assert settings.tls == address.startswith("https")
    assert settings.address == address.rstrip("/")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("0.0.0.0", "http://127.0.0.1:5000"),
        ("::1", "http://[::1]:5000"),
        ("10.0.0.7", "http://10.0.0.7:5000"),
    ],
)
def test_an_address_is_made_of_the_host_where_none_is_set(host: str, address: str) -> None:
    assert read_settings({"HOST": host}).address == address


def test_several_processes_share_a_database_and_redis() -> None:
    grown = {"DATABASE_URL": POSTGRES + "a", "KEYS_URL": POSTGRES + "b", "REDIS_URL": "redis://127.0.0.1/0"}
    assert read_settings({**grown, "PROCESSES": "4"}).processes == 4


def test_settings_do_not_change_once_they_are_read() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        read_settings({}).port = 1  # type: ignore[misc]  # what is tried is what must fail


@pytest.mark.parametrize("command", [["wsgi.py"], ["-m", "flask", "doctor"]])
def test_whoever_starts_it_reads_one_line_and_no_traceback(tmp_path: Path, command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        env={"PATH": os.environ["PATH"], "SANAD_INSTANCE": str(tmp_path), "PORT": "eighty"},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "sanad: PORT must be a number from 1 to 65535, not 'eighty'\n"
