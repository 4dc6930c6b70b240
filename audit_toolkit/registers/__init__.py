"""From a list's cells to a frozen frame: understand, check, match, freeze.

columns     which columns a list has, what its headers may be called, the user's column map
normalise   one cell: its text made regular, and what it means or why it means nothing
validate    register, roster and step log: every problem by row and column
match       what joins the two lists, and what has to be decided about it
decisions   the sheet in which it is decided
frame       the households that come of both lists and the decisions
freeze      canonical rows, root, opaque codes, the public frame, a household's proof
"""

from .columns import ColumnSpec, read_column_map
from .decisions import decision_sheet, read_decisions
from .frame import frame_households
from .freeze import (
    HouseholdProof,
    freeze_frame,
    household_proof,
    public_frame_csv,
    village_counts,
)
from .match import match_lists
from .validate import check_register, check_roster, check_steps

__all__ = [
    "ColumnSpec",
    "HouseholdProof",
    "check_register",
    "check_roster",
    "check_steps",
    "decision_sheet",
    "frame_households",
    "freeze_frame",
    "household_proof",
    "match_lists",
    "public_frame_csv",
    "read_column_map",
    "read_decisions",
    "village_counts",
]
