"""The sources as the laws read them: each file parsed once, each finding named by its place."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
#: The rooms of a feature (docs/architecture.md, Layout).
ROOMS = {f"{room}.py" for room in ("models", "policy", "queries", "actions", "forms", "views", "live", "jobs", "cli")}


@dataclass(frozen=True)
class Module:
    """One Python file. `path` is relative to the root, such as "app/chat/views.py"."""

    path: str
    text: str
    tree: ast.Module

    @property
    def file(self) -> str:
        """Its room, such as actions.py: its own name, or that of the folder when a room grew into one.

        So app/moderation/actions/queue.py and app/identity/factors/actions.py are both read as actions.
        """
        *folders, name = self.path.split("/")
        if name in ROOMS:
            return name
        return next((f"{folder}.py" for folder in folders if f"{folder}.py" in ROOMS), name)

    def at(self, node: ast.AST, what: str = "") -> str:
        """Where a finding is, as editors and people read it."""
        return f"{self.path}:{getattr(node, 'lineno', 1)} {what}".rstrip()

    def walk(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        return (node for node in ast.walk(self.tree) if isinstance(node, kinds))


def module(path: str, text: str) -> Module:
    """A module from its text, for showing that a law finds what it is there for."""
    return Module(path, text, ast.parse(text))


@cache
def modules(folder: str = "app") -> tuple[Module, ...]:
    """Every Python file below a folder."""
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found, f"no Python files below {folder}: the laws would hold for nothing"
    return tuple(module(str(path.relative_to(ROOT)), path.read_text()) for path in found)


@cache
def texts(folder: str, ending: str) -> dict[str, str]:
    """Path and text of every file with this ending below a folder."""
    found = {str(path.relative_to(ROOT)): path.read_text() for path in sorted((ROOT / folder).rglob(f"*{ending}"))}
    assert found, f"no {ending} files below {folder}: the laws would hold for nothing"
    return found


def name_of(node: ast.AST) -> str:
    """The dotted name of an expression, such as "work.session" for both `work.session` and `work.session()`."""
    if isinstance(node, ast.Call):
        return name_of(node.func)
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def calls(source: Module) -> Iterator[tuple[ast.Call, str]]:
    """Every call with the name that is called."""
    for node in source.walk(ast.Call):
        assert isinstance(node, ast.Call)
        yield node, name_of(node)


def imports(source: Module) -> Iterator[tuple[ast.stmt, str, str]]:
    """Every import as (statement, module, name); the name is empty for `import module`."""
    for node in source.walk(ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node, node.module or "", alias.name) for alias in node.names)
