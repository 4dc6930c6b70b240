"""Who may import whom: the table of the house, held against the code's own imports."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

ROWS: dict[str, int] = {
    "sampling": 1,
    "model": 2,
    "errors": 2,
    "text": 2,
    "rules": 3,
    "registers": 3,
    "drawing": 3,
    "fieldwork": 3,
    "rulings": 3,
    "conclusions": 3,
    "interchange": 4,
    "store": 4,
    "reports": 4,
    "settings": 4,
    "workflow": 5,
    "verify_draw": 5,
    "cli": 6,
    "demo": 6,
    "evaluation": 6,
    "machine": 6,
    "server": 6,
    "apps": 6,
}

BEYOND: dict[int, set[str]] = {
    1: {"numpy", "scipy", "pandas", "statsmodels"},
    2: {"babel"},
    3: {"numpy", "scipy", "pandas", "rapidfuzz"},
    4: {
        "alembic",
        "cattrs",
        "fontTools",
        "jinja2",
        "matplotlib",
        "numpy",
        "openpyxl",
        "pandas",
        "sqlalchemy",
        "xlsxwriter",
    },
    5: {"numpy"},
    6: {"numpy", "pandas", "rich", "typer"},
}

BEYOND_OF_ROOM: dict[str, set[str]] = {
    "apps": {"anywidget", "ipywidgets", "traitlets"},
    "server": {
        "argon2",
        "ipykernel",
        "jinja2",
        "jupyter_client",
        "jupyter_core",
        "jupyter_events",
        "jupyter_server",
        "nbclient",
        "nbformat",
        "tornado",
        "traitlets",
        "voila",
    },
}

# What the statistics use only where they are sent to the data.
ENGINES = {"ibis", "pyarrow"}

NEVER: dict[str, set[str]] = {
    "cli": {"store", "registers", "drawing", "conclusions", "reports", "rules", "rulings"},
    "evaluation": {"store", "registers", "drawing", "conclusions", "rules", "rulings"},
    "apps": {
        "store",
        "sampling",
        "registers",
        "drawing",
        "conclusions",
        "reports",
        "rules",
        "rulings",
        "fieldwork",
    },
    "server": {
        "store",
        "sampling",
        "registers",
        "drawing",
        "conclusions",
        "reports",
        "rules",
        "rulings",
        "fieldwork",
    },
    "demo": {
        "store",
        "sampling",
        "registers",
        "drawing",
        "conclusions",
        "reports",
        "rules",
        "rulings",
        "fieldwork",
    },
}


def _modules() -> list[tuple[str, Path]]:
    found = [("sampling", p) for p in (ROOT / "sampling").rglob("*.py")]
    package = ROOT / "audit_toolkit"
    for path in package.rglob("*.py"):
        place = path.relative_to(package).parts[0].removesuffix(".py")
        if place not in ("__init__", "__main__"):
            found.append((place, path))
    return found


def _imports(path: Path) -> set[str]:
    """Top names imported by a file: rooms of the house, or packages from outside."""
    house = path.relative_to(ROOT).with_suffix("").parts
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = ".".join(house[: len(house) - node.level])
                target = f"{base}.{node.module}" if node.module else base
            else:
                target = node.module or ""
            if target in ("audit_toolkit", "") or not node.module:
                names |= {f"{target}.{alias.name}" for alias in node.names}
            else:
                names.add(target)
    return names


def _room(name: str) -> str | None:
    parts = name.split(".")
    if parts[0] == "sampling":
        return "sampling"
    if parts[0] == "audit_toolkit" and len(parts) > 1 and parts[1] in ROWS:
        return parts[1]
    return None


def test_every_room_has_its_row():
    assert {room for room, _ in _modules()} <= set(ROWS)


@pytest.mark.parametrize(("room", "path"), _modules(), ids=lambda v: str(v).split("/")[-1])
def test_module_imports_only_its_row_and_the_rows_above(room: str, path: Path):
    for name in _imports(path):
        target = _room(name)
        if target is None or target == room:
            continue
        assert ROWS[target] <= ROWS[room], f"{path.name} ({room}) imports {name}"
        assert target not in NEVER.get(room, set()), f"{path.name} ({room}) imports {name}"


@pytest.mark.parametrize(("room", "path"), _modules(), ids=lambda v: str(v).split("/")[-1])
def test_module_uses_only_the_packages_of_its_row(room: str, path: Path):
    import sys

    if room == "store" and "migrations" in path.parts:
        return
    allowed = set().union(*(BEYOND[row] for row in range(1, ROWS[room] + 1)))
    allowed |= BEYOND_OF_ROOM.get(room, set())
    if room == "sampling" and "pushdown" in path.parts:
        allowed |= ENGINES
    if room == "sampling" and path.name == "plots.py":
        allowed |= {"matplotlib"}
    if room in ("model", "errors"):
        allowed = set()
    for name in _imports(path):
        top = name.split(".")[0]
        if top in sys.stdlib_module_names or top in ("sampling", "audit_toolkit"):
            continue
        assert top in allowed, f"{path.name} ({room}) uses {top}"


def test_statistics_reach_for_engines_in_pushdown_only():
    for room, path in _modules():
        tops = {name.split(".")[0] for name in _imports(path)}
        if room == "sampling" and "pushdown" not in path.parts:
            assert not tops & ENGINES, path.name


def test_statistics_know_nothing_of_audits():
    for room, path in _modules():
        if room == "sampling":
            assert not any(n.startswith("audit_toolkit") for n in _imports(path)), path.name


def test_commitments_and_stand_alone_check_use_the_standard_library_only():
    import sys

    for path in (ROOT / "sampling/commitment.py", ROOT / "audit_toolkit/verify_draw.py"):
        for name in _imports(path):
            top = name.split(".")[0]
            own = path.name == "commitment.py" and name == "sampling.errors"
            assert own or top in sys.stdlib_module_names, f"{path.name} uses {name}"


def test_rows_one_to_three_ask_no_clock_no_chance_no_disk():
    forbidden = {"time", "random", "secrets", "socket", "subprocess", "tempfile", "shutil"}
    for room, path in _modules():
        if ROWS[room] <= 3:
            assert not forbidden & {n.split(".")[0] for n in _imports(path)}, path.name
            text = path.read_text(encoding="utf-8")
            assert "datetime.now" not in text, path.name
            assert "default_rng()" not in text, path.name
