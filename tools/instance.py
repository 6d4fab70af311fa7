"""The steps that make an instance: key and databases by `flask instance`, the demo by `flask demo`."""

import json
from pathlib import Path

from config import Settings
from tools import stamps
from tools.bootstrap import ROOT, VENV_PYTHON, Step, run_quietly

RECORD = ".set-up.json"


def instance_steps(settings: Settings) -> list[Step]:
    """Return the steps that bring this instance up to date; only one that is made here gets the demo."""
    return [
        Step("Key and databases", lambda: _instance_needed(settings), lambda: _make_instance(settings)),
        Step("Demo members and rooms", lambda: _demo_needed(settings), lambda: _load_demo(settings)),
    ]


def demo_sign_ins(settings: Settings) -> str:
    """Return the sign-ins that were printed when the demo was loaded, or nothing where there is no demo."""
    return "" if settings.production else _record(settings).get("sign_ins", "")


def _record(settings: Settings) -> dict[str, str]:
    try:
        record = json.loads(stamps.read(settings.instance / RECORD) or "{}")
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in record.items()} if isinstance(record, dict) else {}


def _note(settings: Settings, **changed: str) -> None:
    stamps.write(settings.instance / RECORD, json.dumps(_record(settings) | changed, ensure_ascii=False))


def _made_from(settings: Settings) -> str:
    addresses = (settings.database_url, settings.keys_url, str(settings.master_key_file))
    return stamps.digest([ROOT / "migrations"], *addresses)


def _untouched(settings: Settings) -> bool:
    """Tell whether nothing of this instance exists yet: whatever somebody made by hand gets no demo."""
    files = [settings.master_key_file, *_files(settings)]
    return not any(path.exists() for path in files) and not _record(settings)


def _files(settings: Settings) -> list[Path]:
    urls = (settings.database_url, settings.keys_url)
    return [ROOT / url.removeprefix("sqlite:///") for url in urls if url.startswith("sqlite:///")]


def _instance_needed(settings: Settings) -> bool:
    if not settings.sqlite:
        return True  # a database on a server can be emptied or replaced without a trace here
    there = all(path.exists() for path in [settings.master_key_file, *_files(settings)])
    return not there or _record(settings).get("made_from") != _made_from(settings)


def _make_instance(settings: Settings) -> None:
    settings.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _untouched(settings) and not settings.production:
        _note(settings, demo="wanted")
    made_from = _made_from(settings)
    run_quietly("Key and databases", [VENV_PYTHON, "-m", "flask", "instance"])
    _note(settings, made_from=made_from)


def _demo_needed(settings: Settings) -> bool:
    if settings.production:
        return False
    return _untouched(settings) or _record(settings).get("demo") == "wanted"


def _load_demo(settings: Settings) -> None:
    run_quietly("Demo members and rooms", [VENV_PYTHON, "-m", "flask", "demo"])
    # Kept rather than asked for at each start: they are those of what was loaded, and asking takes a second.
    sign_ins = run_quietly("Demo sign-ins", [VENV_PYTHON, "-m", "flask", "demo", "--sign-ins"])
    _note(settings, demo="loaded", sign_ins=sign_ins.rstrip())
