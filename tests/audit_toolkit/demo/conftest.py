"""One world for all tests of the demo, and its lists as the toolkit reads them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from audit_toolkit.demo.world import make_world
from audit_toolkit.model import County, Round

SEED = "a world for tests"


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    make_world(folder, seed=SEED, wrong_villages=2)
    return folder


@pytest.fixture(scope="session")
def world_round(world: Path) -> Round:
    told = json.loads((world / "round.json").read_text(encoding="utf-8"))
    return Round(
        province_code=told["province_code"],
        exit_year=told["exit_year"],
        round_name=told["round_name"],
        institution=told["institution"],
        counties=tuple(
            County(county_code=c["county_code"], name=c["name"]) for c in told["counties"]
        ),
        rule_set_id=told["rule_set_id"],
    )


@pytest.fixture(scope="session")
def codes(world_round: Round) -> list[str]:
    return [c.county_code for c in world_round.counties]


@pytest.fixture(scope="session")
def truths(world: Path, codes: list[str]) -> dict[str, list[dict[str, str]]]:
    return {code: read_rows(world / "truth" / f"{code}_truth.csv") for code in codes}


@pytest.fixture(scope="session")
def rates(world: Path) -> dict[str, dict]:
    return json.loads((world / "truth" / "rates.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def rows_of() -> Callable[[Path], list[dict[str, str]]]:
    return read_rows


@pytest.fixture(scope="session")
def headers_of() -> Callable[[Path], tuple[str, ...]]:
    return lambda path: tuple(read_rows(path)[0])


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
