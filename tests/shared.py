"""What makes thousands of tests in one process affordable: what each would make anew is made once for all of them."""

import gc
from types import CodeType
from typing import Any

from argon2 import PasswordHasher
from babel.support import Translations
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule
from werkzeug.routing.matcher import State, StateMachineMatcher

from app.identity import passphrases
from app.kernel.db import engines

#: What hashes in the program, for tests of that itself.
REAL_HASHES = {"_hasher": passphrases._hasher, "_nobody": passphrases._nobody}


def share() -> None:
    """Have every application of this process share what does not depend on its instance."""
    _compile_each_rule_once()
    _lay_ways_once()
    _compile_each_statement_once()
    _read_each_catalogue_once()
    _hash_lightly()


def look_for_less_garbage() -> None:
    """What is there now stays to the end: it is not looked through again and again, as in wsgi.py."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _compile_each_rule_once() -> None:
    """Werkzeug reads each address of each application, and compiles two functions for it: much of what making one takes.

    Every test has an application of its own, with the same addresses. What is made of one depends on nothing else, so
    later applications take what the first one made.
    """
    compile_anew = Rule.compile
    made: dict[object, Rule] = {}

    def compile_once(rule: Rule) -> None:
        key = (rule.rule, rule.subdomain, rule.merge_slashes, repr(rule.defaults))
        like = made.setdefault(key, rule)
        if like is rule:
            compile_anew(rule)
            return
        rule._parts, rule._trace, rule._converters = like._parts, like._trace, like._converters
        rule.arguments |= like.arguments
        for name in ("_build", "_build_unknown"):
            setattr(rule, name, getattr(like, name).__func__.__get__(rule, None))

    Rule.compile = compile_once  # type: ignore[assignment, method-assign]


def _lay_ways_once() -> None:
    """What finds the rule for an address is made of all rules, and is the same for the same rules."""
    add_now, sort_now = StateMachineMatcher.add, StateMachineMatcher.update
    laid: dict[object, State] = {}

    def add_later(ways: StateMachineMatcher, rule: Rule) -> None:
        vars(ways).setdefault("rules", []).append(rule)

    def lay_once(ways: StateMachineMatcher) -> None:
        rules: list[Rule] = vars(ways).get("rules", [])
        key = tuple(
            (rule.rule, rule.endpoint, rule.subdomain, frozenset(rule.methods or ()), repr(rule.defaults))
            for rule in rules
        )
        if key not in laid:
            ways._root = laid[key] = State()
            for rule in rules:
                add_now(ways, rule)
            sort_now(ways)
        ways._root = laid[key]

    StateMachineMatcher.add = add_later  # type: ignore[assignment, method-assign]
    StateMachineMatcher.update = lay_once  # type: ignore[assignment, method-assign]


#: Kept compiled in each worker.
STATEMENTS = 10_000


def _compile_each_statement_once() -> None:
    """SQLAlchemy keeps what it made of a statement for each engine, and every test has engines of its own.

    All engines of one kind of database are set up alike here, so that what one has compiled serves the others.
    """
    first: dict[str, Engine] = {}

    def create_engine_like_the_first(url: str, **options: Any) -> Engine:
        engine = create_engine(url, **options)
        like = first.get(engine.dialect.name)
        if like and like.dialect.server_version_info:
            # Its own dialect would ask each database once more what the first one knows.
            vars(engine.dialect)["initialize"] = _known
            engine.dialect, engine._compiled_cache = like.dialect, like._compiled_cache
        else:  # one that never met its database does not know yet what to say to it
            engine._compiled_cache = LRUCache(STATEMENTS)
            first[engine.dialect.name] = engine
        return engine

    vars(engines)["create_engine"] = create_engine_like_the_first


def _known(_connection: Connection) -> None: ...


def _read_each_catalogue_once() -> None:
    """Flask-Babel reads the catalogues for each application."""
    load_anew = Translations.load
    read: dict[object, Any] = {}

    def load_once(folder: str, locales: list[Any], domain: str | None = None) -> Any:
        key = (folder, *map(str, locales), domain)
        if key not in read:
            read[key] = load_anew(folder, locales, domain)
        return read[key]

    Translations.load = load_once  # type: ignore[assignment, method-assign]


def _hash_lightly() -> None:
    """Hashes that resist guessing take half of what a test takes in which somebody only signs in or applies.

    Servers and commands under test hash as always, and so does a test with `real_hashes`.
    """
    light = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    vars(passphrases).update(_hasher=light, _nobody=light.hash("nobody has this passphrase"))


class _Compiled(BytecodeCache):
    """Templates that an application of some earlier test has compiled."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._code[bucket.key, bucket.checksum] = bucket.code


COMPILED = _Compiled()
