"""Bring the catalogues up to date with the sources: `python -m tools.catalogue`.

Collects every message id from code and templates and merges them into app/translations/*/LC_MESSAGES/messages.po. What
is new comes out untranslated, what is gone is dropped, nothing is guessed; tests/house refuses whatever is incomplete.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CATALOGUES = ROOT / "app" / "translations"
#: gettext's usual order of the six Arabic forms: zero, one, two, few, many, other. Babel's own differs in two of them.
ARABIC_PLURALS = "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);"
#: Header lines that say nothing, or change with the clock.
NOISE = ('"Report-Msgid', '"POT-Creation', '"PO-Revision', '"Last-Translator', '"Language-Team', '"Generated-By')
KEYWORDS = ("_l", "N_", "ngettext:1,2")


def collect(template: Path) -> None:
    """Write every message id of the sources into a template."""
    wanted = [part for keyword in KEYWORDS for part in ("-k", keyword)]
    options = ["-F", "babel.cfg", *wanted, "--no-location", "--sort-output", "--omit-header"]
    _pybabel("extract", *options, "-o", str(template), ".")


def merge(template: Path, language: str) -> None:
    """Bring one language's catalogue up to date with the template."""
    catalogue = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    options = ["--no-fuzzy-matching", "--ignore-obsolete", "-N", "-w", "120"]
    _pybabel("update", *options, "-i", str(template), "-o", str(catalogue), "-l", language)
    kept = [
        f'"Plural-Forms: {ARABIC_PLURALS}\\n"\n' if language == "ar" and line.startswith('"Plural-Forms') else line
        for line in catalogue.read_text().splitlines(keepends=True)
        if not line.startswith(NOISE)
    ]
    catalogue.write_text("".join(kept).lstrip())


def _pybabel(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "babel.messages.frontend", "-q", *words], cwd=ROOT, check=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "messages.pot"
        collect(template)
        for language in sorted(entry.name for entry in CATALOGUES.iterdir() if entry.is_dir()):
            merge(template, language)


if __name__ == "__main__":
    main()
