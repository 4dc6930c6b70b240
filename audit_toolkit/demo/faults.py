"""A register with faults in its cells, to show how an import is refused."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from ..interchange import write_csv

ROWS = 60
MISSING_COLUMN = "water_safe"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedFault:
    """One fault: the file's own row (the header is row 1), its column, and what stands there."""

    row: int
    column: str
    got: str


_CELLS = (
    (3, "status", "脱贫啦"),
    (5, "members", "-3"),
    (8, "members", "４"),
    (11, "wage_income", "１２０００"),
    (14, "transfer_income", "1,2OO"),
    (17, "operation_income", "约八千"),
    (20, "head_name", ""),
    (23, "village_code", "90012110020"),
    (26, "housing_grade", "E"),
    (29, "exit_year", "2031"),
    (32, "identified_year", "去年"),
    (35, "insured_count", "40"),
    (38, "cause", "12"),
    (41, "net_income_pc", "99999.00"),
    (44, "production_cost", "-500"),
)


def write_faulty_register(register: Path, out: Path) -> tuple[PlantedFault, ...]:
    """Write the first rows of a sound register to ``out`` with faults; return what was planted.

    Wrong codes, numbers that are none, full-width digits, negative and impossible counts, a blank
    head, a household id that comes twice, and a column that is missing (told as row 1).
    """
    with register.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))[:ROWS]
    planted = [PlantedFault(row=1, column=MISSING_COLUMN, got="")]
    for row, column, got in _CELLS:
        lines[row - 2][column] = got
        planted.append(PlantedFault(row=row, column=column, got=got))
    twice = lines[0]["household_id"]
    lines[48]["household_id"] = twice
    planted.append(PlantedFault(row=50, column="household_id", got=twice))
    headers = [name for name in lines[0] if name != MISSING_COLUMN]
    write_csv(out, headers, ([line[name] for name in headers] for line in lines))
    return tuple(planted)
