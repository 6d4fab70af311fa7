"""Law 6 and SAFETY.md, Browser: templates ask nothing about roles, run nothing inline and load nothing from elsewhere."""

import re
from collections.abc import Iterable

import pytest
from jinja2 import nodes

from app.kernel.access import Permission, Role
from tests.house.markup import Template, names_in, template, templates
from tests.house.sources import texts

#: What a template would have to name in order to ask who somebody is.
WHO = {
    "actor",
    "current_user",
    "config",
    "g",
    "request",
    "holds",
    "permission",
    "permissions",
    "roles",
    "is_authenticated",
}
WHO |= {f"is_{role.value}" for role in Role} | {f"can_{role.value}" for role in Role} | {"role"}
#: What a role or permission is called, when it is compared with something.
ROLE_WORDS = {role.value for role in Role} | {permission.value for permission in Permission} - {"open"}
#: Attributes that make a browser fetch, send or go somewhere by itself.
LOADS = {"src", "srcset", "data", "poster", "action", "formaction", "background", "manifest", "ping"}
NAMESPACE = "http://www.w3.org/2000/svg"


def questions_about_roles(found: Iterable[Template]) -> list[str]:
    """Every place where a template names a role, a permission or whoever looks."""
    told = []
    for page in found:
        told += [page.at(line, name) for line, name in names_in(page.tree) if name in WHO]
        for compared in page.tree.find_all(nodes.Compare):
            told += [
                page.at(const.lineno, str(const.value))
                for const in compared.find_all(nodes.Const)
                if const.value in ROLE_WORDS
            ]
    return told


def unprotected(found: Iterable[Template]) -> list[str]:
    """Every place where a template leaves escaping."""
    told = []
    for page in found:
        told += [page.at(node.lineno, node.name) for node in page.tree.find_all(nodes.Filter) if node.name == "safe"]
        told += [page.at(node.lineno, "autoescape") for node in page.tree.find_all(nodes.ScopedEvalContextModifier)]
    return told


def inline(found: Iterable[Template]) -> list[str]:
    """Every inline style, handler or script: the content security policy would refuse it, and rightly."""
    told = []
    for page in found:
        for tag in page.tags:
            told += [page.at(tag.line, name) for name in tag.attributes if name.startswith("on") or name == "style"]
            told += [
                page.at(tag.line, v) for v in tag.attributes.values() if v.strip().lower().startswith("javascript:")
            ]
            if tag.name in ("style", "iframe", "object", "embed", "base") or "srcdoc" in tag.attributes:
                told.append(page.at(tag.line, f"<{tag.name}>"))
        told += [
            page.at(words.line, "inline script")
            for words in page.words
            if words.inside and words.inside[-1].name == "script" and words.text.strip()
        ]
    return told


def elsewhere(found: Iterable[Template]) -> list[str]:
    """Every address of another site that is written into a template."""
    told = []
    for page in found:
        text = re.sub(r"\{#.*?#\}", "", page.source, flags=re.DOTALL).replace(NAMESPACE, "")
        told += [page.at(1, match) for match in re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text)]
        for tag in page.tags:
            told += [page.at(tag.line, tag.attributes[name]) for name in LOADS & set(tag.attributes)
                     if tag.attributes[name].startswith(("http", "//"))]  # fmt: skip
    return told


def test_no_template_asks_about_roles() -> None:
    assert questions_about_roles(templates()) == []


def test_no_template_leaves_escaping() -> None:
    assert unprotected(templates()) == []


def test_no_template_has_anything_inline() -> None:
    assert inline(templates()) == []


def test_no_template_names_another_site() -> None:
    assert elsewhere(templates()) == []


@pytest.mark.parametrize("ending", [".css", ".js"])
def test_no_stylesheet_or_script_of_ours_names_another_site(ending: str) -> None:
    found = [
        path for path, text in texts("app/static/src", ending).items() if re.search(r"(?:https?:)?//[\w-]+\.\w", text)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("law", "planted"),
    [
        (questions_about_roles, "{% if current_user.is_moderator %}x{% endif %}"),
        (questions_about_roles, "{{ 'x' if person.role == 'member' else 'y' }}"),
        (questions_about_roles, "{% if kind == 'moderator' %}x{% endif %}"),
        (unprotected, "{{ words | safe }}"),
        (unprotected, "{% autoescape false %}{{ words }}{% endautoescape %}"),
        (inline, '<p style="color: red">x</p>'),
        (inline, '<button {% if a %}onclick="x()"{% endif %}>x</button>'),
        (inline, "<script>alert(1)</script>"),
        (inline, '<a href="javascript:x()">x</a>'),
        (elsewhere, '<script src="https://cdn.example/x.js"></script>'),
        (elsewhere, '<img src="//cdn.example/x.png">'),
    ],
)
def test_the_law_finds_what_is_planted(law: object, planted: str) -> None:
    assert callable(law)
    assert law([template("app/templates/planted.html", planted)])
