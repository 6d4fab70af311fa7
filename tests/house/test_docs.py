"""The documents say what is there: variables, files, functions, links and sign-ins are looked up, not believed."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from app.identity.demo import PASSPHRASE, SIGN_INS
from tests.house.sources import ROOT

IMAGE_BYTES = 80 * 1024
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
#: What begins like this in a document is a path of the project. Placeholders and globs are not.
FOLDERS = ("app/", "bench/", "deploy/", "docs/", "migrations/", "tests/", "tools/", ".ci/")
FILES = ("config.py", "wsgi.py", "pyproject.toml", "package.json", "uv.lock", "Makefile")
#: The feature that docs/new-feature adds as an example, which is not in the house.
EXAMPLE = re.compile(r"^(app|tests|app/templates)/notices/")
#: Made by building, by measuring, or by whoever runs an instance.
MADE_LATER = ("app/static/dist", "bench/results", "deploy/.env", "deploy/tls")


def documents() -> list[Path]:
    """Every document that people read."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/*.md"), *ROOT.glob("bench/*.md")])


def read(name: str) -> str:
    return (ROOT / name).read_text()


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one of the same level."""
    return re.split(r"^## ", text.split(f"\n## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def variables_read(source: str) -> set[str]:
    """The names of the environment variables that a program asks for."""
    return {
        node.args[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "get"
        and ast.unparse(node.func.value) in {"env", "os.environ"}
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def paths_named(text: str) -> Iterator[str]:
    """Every path of the project in code spans: whole ones only, without what a reader is to fill in."""
    for span in CODE.findall(FENCE.sub("", text)):
        for word in span.split():
            path = word.rstrip(".,:;")
            ours = path.startswith(FOLDERS) or path in FILES
            if ours and not (re.search(r"[*<>@{]", path) or EXAMPLE.match(path) or path.startswith(MADE_LATER)):
                yield path


def heads(text: str) -> set[str]:
    """The anchors of a document's headings, as the usual readers of Markdown make them."""
    lines = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def broken_links(document: Path) -> list[str]:
    """Relative links that lead nowhere, and anchors without a heading."""
    broken = []
    for link in LINK.findall(FENCE.sub("", document.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / unquote(path)).resolve() if path else document
        if not target.exists() or (anchor and anchor not in heads(target.read_text())):
            broken.append(f"{document.relative_to(ROOT)}: {link}")
    return broken


def test_every_variable_that_the_program_reads_is_explained_and_no_other() -> None:
    table = section(read("docs/operations.md"), "Environment")
    explained = set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE))
    assert explained == variables_read(read("config.py")) | variables_read(read("wsgi.py"))


def test_every_variable_in_the_examples_of_deployment_exists() -> None:
    used = set(re.findall(r"^([A-Z_]+)=", read("deploy/environment.example"), re.MULTILINE))
    assert used
    assert used <= variables_read(read("config.py"))


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_that_a_document_names_is_there(document: Path) -> None:
    named = set(paths_named(document.read_text()))
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_between_documents_leads_somewhere(document: Path) -> None:
    assert broken_links(document) == []


def test_every_function_in_the_walk_through_a_request_is_where_it_says() -> None:
    steps = re.findall(r"^\| `([^`]+)` \| `(\w+)` \|", read("docs/request-flow.md"), re.MULTILINE)
    assert len(steps) > 30
    missing = []
    for path, name in steps:
        source = read(path)
        found = re.search(rf"(def|class) {name}\b" if path.endswith(".py") else rf"\b(class {name}\b|{name}\()", source)
        missing += [] if found else [f"{path} {name}"]
    assert missing == []


def test_the_example_feature_is_checked_against_names_that_exist() -> None:
    """Every name that the example imports from the house is there, so that it can still be followed."""
    code = re.findall(r"^```python\n(.*?)^```", read("docs/new-feature.md"), re.MULTILINE | re.DOTALL)
    imports = re.findall(r"^from ((?:app|tests)\.[\w.]+|app) import ([\w, ]+)$", "\n".join(code), re.MULTILINE)
    asked = {(module, name.split(" as ")[0].strip()) for module, names in imports for name in names.split(",")}
    ours = sorted((module, name) for module, name in asked if ".notices" not in module and name != "notices")
    assert len(ours) > 20
    assert [f"{module}.{name}" for module, name in ours if not _exists(module, name)] == []


def test_every_table_is_in_the_page_about_a_seized_disk() -> None:
    tables = set(re.findall(r'__tablename__ = "(\w+)"', "".join(p.read_text() for p in (ROOT / "app").rglob("*.py"))))
    told = section(read("docs/safety.md"), "What a seized disk shows")
    assert tables == set(re.findall(r"^\| `(\w+)`", told, re.MULTILINE))


def test_the_readme_lists_everyone_whom_one_can_sign_in_as() -> None:
    table = section(read("README.md"), "Sign in to the demonstration")
    assert set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)) == set(SIGN_INS)
    assert f"`{PASSPHRASE}`" in table


def test_every_decision_is_listed_and_says_what_it_costs() -> None:
    pages = sorted(path for path in (ROOT / "docs" / "decisions").glob("*.md") if path.name != "README.md")
    listed = LINK.findall(read("docs/decisions/README.md"))
    assert listed == [page.name for page in pages]
    for number, page in enumerate(pages, 1):
        text = page.read_text()
        assert page.name.startswith(f"{number:04}-")
        assert text.startswith(f"# {number}. ")
        assert [word for word in ("Context.", "Choice.", "Cost.", "Revisit") if f"**{word}" not in text] == []


def test_pictures_are_small_and_each_is_shown() -> None:
    pictures = sorted((ROOT / "docs" / "images").glob("*.png"))
    assert pictures
    assert [picture.name for picture in pictures if picture.stat().st_size > IMAGE_BYTES] == []
    assert [picture.name for picture in pictures if f"docs/images/{picture.name}" not in read("README.md")] == []


def test_the_licence_is_whole() -> None:
    text = read("LICENSE")
    assert text.split()[:8] == ["GNU", "AFFERO", "GENERAL", "PUBLIC", "LICENSE", "Version", "3,", "19"]
    assert "END OF TERMS AND CONDITIONS" in text
    assert "How to Apply These Terms to Your New Programs" in text
    assert 34_000 < len(text) < 35_000


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see `app/chat/views.py`", ["app/chat/views.py"]),
        ("see `app/templates/<feature>/`, `tests/*.py` and `app/notices/views.py`", []),
        ("`make test ARGS=x` and `tests/server.py`.", ["tests/server.py"]),
        ("```\ncp app/nothing.py .\n```", []),
    ],
)
def test_paths_are_found_in_documents(text: str, found: list[str]) -> None:
    assert list(paths_named(text)) == found


def test_variables_are_found_in_a_program() -> None:
    assert variables_read('a = env.get("ONE"); b = os.environ.get("TWO", ""); c = other.get("THREE")') == {"ONE", "TWO"}


def _exists(module: str, name: str) -> bool:
    path = ROOT / Path(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    if not file.exists():
        return False
    return (path / name).exists() or (path / f"{name}.py").exists() or bool(re.search(rf"\b{name}\b", file.read_text()))
