"""Law 4: one door to crypto, to sanitising, to limits, to Redis."""

from collections.abc import Iterable

import pytest

from tests.house.sources import Module, calls, imports, module, modules

#: Each library, and the one place that may import it. A folder ends with a slash.
DOORS = {
    "cryptography": ("app/kernel/vault/",),
    "hashlib": ("app/kernel/vault/",),
    "hmac": ("app/kernel/vault/",),
    "argon2": ("app/identity/passphrases.py",),
    "zxcvbn": ("app/identity/passphrases.py",),
    "nh3": ("app/kernel/text/",),
    "bleach": ("app/kernel/text/",),
    "markdown_it": ("app/kernel/text/",),
    "limits": ("app/kernel/limits.py",),
    "redis": ("app/kernel/",),
    "random": (
        "app/identity/demo/",
        "app/chat/demo/",
        "app/profiles/honey.py",
        "app/profiles/actions/honey.py",
        "app/profiles/cli.py",
    ),  # fiction only: whatever must not be guessed comes from `secrets`
    "alembic": ("app/kernel/",),
    "flask_alembic": ("app/kernel/",),
    "pickle": (),
    "pyrage": ("app/kernel/vault/",),
    "subprocess": (
        "app/kernel/files/making.py",  # what opens files of people knows no key and may end at any time
        "app/kernel/backup/copies.py",  # PostgreSQL's own programs copy and restore its databases
    ),
    "xml": (),
    "yaml": (),
}
#: What may be taken from `secrets`, which makes tokens and nothing else here.
TOKENS = {"secrets.token_urlsafe", "secrets.choice", "secrets.randbelow"}
#: Calls that switch a protection off, and where they may stand.
SHARP = {
    "Markup": (
        "app/kernel/text/render.py",
        "app/kernel/i18n.py",  # our own texts; what is put into them is escaped
        "app/kernel/web/context.py",  # a template of ours that is drawn once; Jinja has escaped it
        "app/kernel/web/forms.py",  # a hidden field; its value is escaped
        "app/home/styleguide.py",  # draws our own template once more
    ),
    "Markup.unescape": (),
    "render_template_string": (),
    "eval": (),
    "exec": (),
    "__import__": (),
}


def stray_doors(sources: Iterable[Module]) -> list[str]:
    """Every import of a library outside its place, and every sharp call."""
    found = []
    for source in sources:
        for node, imported, _name in imports(source):
            library = imported.partition(".")[0]
            if library in DOORS and not source.path.startswith(DOORS[library] or ("nowhere",)):
                found.append(source.at(node, f"imports {library}"))
        for call, name in calls(source):
            if name.startswith("secrets.") and name not in TOKENS:
                found.append(source.at(call, name))
            if name in SHARP and source.path not in SHARP[name]:
                found.append(source.at(call, name))
    return found


def test_each_sharp_library_is_imported_in_one_place() -> None:
    assert stray_doors(modules()) == []


@pytest.mark.parametrize(
    "line",
    [
        "from cryptography.fernet import Fernet",
        "import hashlib",
        "import random",
        "import nh3",
        "from markupsafe import Markup\nMarkup(words)",
        "import secrets\nsecrets.SystemRandom()",
    ],
)
def test_the_law_finds_a_second_door(line: str) -> None:
    assert stray_doors([module("app/chat/views.py", line)])
