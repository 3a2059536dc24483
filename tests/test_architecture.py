"""The import rule of the house, held by walking every import: who may know whom."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("app", "serve", "settings", "api", "callbacks", "dashboard", "widgets", "services", "pulseboard_hooks", "demo")

# What a room may import of the others, by prefix; its own modules always. The longest prefix that fits decides.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "app": ("api", "callbacks", "dashboard", "widgets", "services", "settings", "serve"),
    "serve": ("services", "settings"),
    "settings": ("services.errors",),
    "api": ("widgets", "services", "settings"),
    # Callbacks ask the gate of the API who is calling.
    "callbacks": ("api.auth", "dashboard", "widgets", "services", "settings"),
    "dashboard": ("widgets", "services.metrics", "services.errors", "services.clock"),
    "widgets": ("services.metrics", "services.errors", "services.clock", "services.validation"),
    "services": ("services", "settings"),
    "pulseboard_hooks": (),
    # The simulation is a client like any other: nothing imports it.
    "demo": ("services.importing", "services.errors", "settings"),
    "services.hooks": ("pulseboard_hooks",),
    "services.importing": ("services", "settings", "pulseboard_hooks"),
    # Pure: no store, no service.
    "services.errors": (),
    "services.clock": (),
    "services.validation": ("services.errors",),
    "services.access.scope": ("services.errors",),
    "services.access.tokens": (),
    "services.events.values": ("services.clock",),
    "services.events.event_types": ("services.events.values",),
    "services.events.ordinary": ("services.events.values", "services.events.event_types"),
    "services.events.schemas": (
        "services.errors", "services.events.values", "services.events.event_types", "services.events.ordinary",
    ),
    "services.events.facts": ("services.errors", "services.clock", "services.events.schemas"),
    "services.events.plain_orders": (
        "services.errors", "services.events.event_types", "services.events.facts", "services.events.schemas",
        "services.events.values",
    ),
    "services.events.decoding": ("services.errors",),
    "services.metrics.catalogue": (),
    "services.metrics.query": ("services.metrics.catalogue",),
    "services.metrics.answer": ("services.clock", "services.metrics.catalogue"),
    "services.metrics.business_time": ("services.clock", "services.errors", "services.metrics.wall_clock"),
    "services.metrics.ranges": (
        "services.clock", "services.metrics.answer", "services.metrics.business_time", "services.metrics.catalogue",
        "services.metrics.query", "services.metrics.wall_clock",
    ),
    "services.dashboards.schemas": (),
    "services.dashboards.defaults": ("services.access.scope",),
    # Stores know tables, pure modules and no service.
    "services.storage": (
        "services.clock", "services.errors", "services.metrics.catalogue", "services.events.facts",
        "services.metrics.contributions",
    ),
}  # fmt: skip

NEVER_IN = {
    "services": ("dash", "plotly", "flask", "dash_mantine_components", "dash_ag_grid", "werkzeug"),
    "pulseboard_hooks": ("dash", "plotly", "flask", "sqlalchemy", "pydantic"),
    "widgets": ("flask", "sqlalchemy", "httpx", "requests", "redis"),
    "dashboard": ("flask", "sqlalchemy", "httpx", "requests", "redis"),
    "api": ("sqlalchemy",),
    "callbacks": ("sqlalchemy",),
}
SQL_LIVES_IN = ("services.storage", "services.metrics")
# Where a connection is named, or an error of the store is understood, without any SQL text.
NAMES_CONNECTIONS = (
    "services.events.acceptance", "services.events.booking", "services.events.dead_letters",
    "services.events.processing", "services.events.processor", "services.events.retries", "services.events.writer",
    "services.access", "services.dashboards.saved", "services.jobs",
)  # fmt: skip


def _files() -> Iterator[tuple[str, Path]]:
    for room in ROOMS:
        for path in sorted([*ROOT.glob(f"{room}.py"), *(ROOT / room).rglob("*.py")]):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield module, path


def _imports(path: Path, module: str) -> Iterator[str]:
    """Every module that the file imports, also inside functions and for types alone."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports by dots"
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def _within(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def _rule(module: str) -> str:
    return max((prefix for prefix in MAY_IMPORT if _within(module, prefix)), key=len)


FILES = list(_files())


@pytest.mark.parametrize(("module", "path"), FILES, ids=[module for module, _ in FILES])
def test_a_module_imports_only_what_its_room_may(module: str, path: Path) -> None:
    rule = _rule(module)
    for name in _imports(path, module):
        if not any(_within(name, room) for room in ROOMS) or _within(name, rule):
            continue
        allowed = any(_within(name, prefix) for prefix in MAY_IMPORT[rule])
        assert allowed, f"{module} must not import {name}; see MAY_IMPORT[{rule!r}]"


@pytest.mark.parametrize(("room", "packages"), NEVER_IN.items())
def test_a_room_never_imports_what_is_not_its_business(room: str, packages: tuple[str, ...]) -> None:
    for module, path in FILES:
        if _within(module, room):
            for name in _imports(path, module):
                assert not any(_within(name, package) for package in packages), f"{module} imports {name}"


def test_sql_lives_in_storage_and_metrics_alone() -> None:
    for module, path in FILES:
        if not _within(module, "services") or any(_within(module, room) for room in SQL_LIVES_IN):
            continue
        for name in _imports(path, module):
            if not _within(name, "sqlalchemy"):
                continue
            assert any(_within(module, known) for known in NAMES_CONNECTIONS), f"{module} imports {name}"
            kind = name.removeprefix("sqlalchemy.")
            assert kind == "Connection" or kind.startswith(("engine", "exc")), f"{module} imports {name}"


def test_pandas_stays_where_files_come_in() -> None:
    for module, path in FILES:
        if any(_within(name, "pandas") for name in _imports(path, module)):
            assert _within(module, "services.importing"), f"{module} imports pandas"


def test_no_widget_imports_another() -> None:
    types = {path.stem for module, path in FILES if _within(module, "widgets") and "Widget(" in path.read_text()}
    types -= {"contract", "board", "__init__"}
    assert len(types) == 10
    for kind in types:
        for name in _imports(ROOT / "widgets" / f"{kind}.py", kind):
            parts = name.split(".")
            assert not (parts[0] == "widgets" and parts[1] in types - {kind}), f"{kind} imports {name}"


def test_deliberate_errors_come_from_one_page() -> None:
    for module, path in FILES:
        if module == "services.errors" or not _within(module, "services"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
                assert not any(base.endswith(("Error", "Exception")) for base in bases), f"{module}.{node.name}"
