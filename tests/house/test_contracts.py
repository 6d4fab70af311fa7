"""The law of imports: the contracts of pyproject.toml hold, and they speak of every feature in the order of features.py."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from app.features import FEATURES
from tests.house.sources import ROOT, imports, module, modules

#: What a feature may consist of, from the bottom to the top of the table in the architecture.
ROOMS = ("models", "policy", "queries", "actions", "forms", "views", "live", "jobs", "cli", "feature")


def contracts() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    return found


def lint(*options: str) -> "subprocess.CompletedProcess[str]":
    """Run the linter in a process of its own: in ours it would switch every logger off."""
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [str(program), "--no-cache", *options], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_every_contract_is_kept() -> None:
    found = lint()
    assert found.returncode == 0, found.stdout


def test_a_broken_contract_is_found(tmp_path: Path) -> None:
    config = tmp_path / "contracts.toml"
    config.write_text(
        '[tool.importlinter]\nroot_packages = ["app"]\n[[tool.importlinter.contracts]]\nname = "No"\ntype = "forbidden"\n'
        'source_modules = ["app.chat"]\nforbidden_modules = ["app.identity"]\n'
    )
    assert "0 kept, 1 broken" in lint("--config", str(config)).stdout


def test_features_stand_in_the_contract_in_the_order_in_which_they_may_know_each_other() -> None:
    layers = next(contract["layers"] for contract in contracts() if "app.kernel" in contract.get("layers", ()))
    expected = ["app.features", *(f"app.{feature.name}" for feature in reversed(FEATURES)), "app.kernel"]
    assert layers == expected


def test_every_folder_of_the_app_is_the_kernel_or_a_listed_feature() -> None:
    folders = {path.parent.name for path in (ROOT / "app").glob("*/__init__.py")}
    assert folders == {"kernel", *(feature.name for feature in FEATURES)}


@pytest.mark.parametrize("feature", [feature.name for feature in FEATURES])
def test_every_feature_of_several_rooms_has_a_contract_that_names_each_of_its_files(feature: str) -> None:
    files = {path.stem for path in (ROOT / "app" / feature).glob("*.py")} - {"__init__"}
    for folder in (ROOT / "app" / feature).glob("*/__init__.py"):
        inside = {path.stem for path in folder.parent.glob("*.py")} - {"__init__"}
        # A room that grew into a folder is one room; a folder of rooms is named room by room.
        rooms = {f"{folder.parent.name}.{name}" for name in inside}
        files |= rooms if inside & {"models", "actions", "views"} else {folder.parent.name}
    if not files & {"models", "policy", "queries", "actions"}:
        return  # a feature that only shows pages has nothing to keep apart
    layers: list[str] = next((c["layers"] for c in contracts() if c.get("containers") == [f"app.{feature}"]), [])
    named = [name.strip(" ()") for layer in layers for name in layer.split("|")]
    assert sorted(named) == sorted(files)
    ranks = {name: len(layers) - rank for rank, layer in enumerate(layers) for name in map(str.strip, layer.split("|"))}
    in_order = [ranks[name] for name in ROOMS if name in ranks and name not in ("views", "live", "jobs", "cli")]
    assert in_order == sorted(in_order), "the contract allows what the table of the architecture does not"


def strangers_to_the_kernel() -> list[str]:
    """Imports of a feature's module inside the kernel, also where the linter does not look: inside functions and for types."""
    features = {feature.name for feature in FEATURES}
    return [
        source.at(node, name)
        for source in modules("app/kernel")
        for node, name, _ in imports(source)
        if name.startswith("app.") and name.split(".")[1] in {*features, "features"}
    ]


def test_the_kernel_knows_no_feature() -> None:
    assert strangers_to_the_kernel() == []


def test_nobody_but_wsgi_names_the_engine() -> None:
    engines = {"eventlet", "gevent", "greenlet"}
    found = [
        source.at(node) for source in modules() for node, name, _ in imports(source) if name.split(".")[0] in engines
    ]
    assert found == []
    assert "eventlet" in {name for _, name, _ in imports(module("wsgi.py", (ROOT / "wsgi.py").read_text()))}
