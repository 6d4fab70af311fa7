"""Packing an archive: a README, a page that any telephone shows, and the same as JSON. Nothing in it asks a network."""

import io
import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, FileSystemLoader

from app.kernel.db import now
from app.kernel.i18n import direction, spoken
from app.own_data.wording import KEYS, README

TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
STYLE = Path(__file__).with_name("page.css")
Content = Mapping[str, tuple[str, Mapping[str, Any]]]


def packed(content: Content, language: str) -> bytes:
    """A zip of everything. `content` is by the name of a part its label and what it holds."""
    day = now().date().isoformat()
    lines = [spoken(line, language) % {"day": day} for line in README]
    page = (
        _pages(language)
        .get_template("own_data/archive.html")
        .render(
            language=language,
            direction=direction(language),
            readme=lines,
            parts=[(spoken(label, language), holds) for label, holds in content.values()],
        )
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", "\n\n".join(lines) + "\n")
        archive.writestr("index.html", page)
        archive.writestr(STYLE.name, STYLE.read_text())
        for name, (_label, holds) in content.items():
            archive.writestr(f"json/{name}.json", orjson.dumps(holds, option=orjson.OPT_INDENT_2))
    return buffer.getvalue()


@cache
def _pages(language: str) -> Environment:
    """Templates as the worker draws them, which has no request."""
    pages = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    pages.globals["_"] = lambda text: spoken(text, language)
    pages.filters["called"] = partial(_called, language)
    pages.filters["said"] = _said
    return pages


def _called(language: str, key: str) -> str:
    return spoken(KEYS[key], language) if key in KEYS else key.replace("_", " ")


def _said(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return value.isoformat() if isinstance(value, date) else str(value)
