"""Golden numbers, loaded with their origin or not at all, and the shared reference runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

GOLDEN = Path(__file__).parent / "golden"
NEEDED = {
    "software": {"tool", "runtime", "made_on"},
    "published": {"citation", "locator", "read_on"},
    "by-hand": {"derivation", "checked_by"},
}


@dataclass(frozen=True, slots=True)
class GoldenCase:
    folder: Path
    values: dict[str, Any]
    rtol: float

    def approx(self, name: str) -> Any:
        """The value of that name, to be compared within the case's tolerance."""
        return pytest.approx(self.values[name], rel=self.rtol, abs=0)


def load_golden(name: str) -> GoldenCase:
    folder = GOLDEN / name
    doc = json.loads((folder / "expected.json").read_text("utf-8"))
    source = doc["source"]
    missing = NEEDED[source["kind"]] - source.keys()
    assert not missing, f"golden case {name}: source lacks {sorted(missing)}"
    if source["kind"] == "software":
        assert list(folder.glob("recipe.*")), f"golden case {name}: no recipe file"
    if source["kind"] == "by-hand":
        assert (folder / source["derivation"]).exists(), f"golden case {name}: no derivation"
    return GoldenCase(folder, doc["values"], doc["tolerance"]["rtol"])


def shared_folder() -> Path:
    """The folder of reference runs beside the checkout; skips the test where it is absent."""
    folder = Path(__file__).parents[2] / "shared"
    if not (folder / "golden").is_dir():
        pytest.skip("the folder of shared reference runs does not lie beside the checkout")
    return folder


@cache
def shared_cases(section: str) -> dict[str, dict[str, Any]]:
    """Cases of one section of the shared reference runs, by their id."""
    text = (shared_folder() / "golden" / f"{section}.json").read_text("utf-8")
    return {case["id"]: case for case in json.loads(text)["cases"]}
