"""Taking in register and roster, matching them, and freezing the frame."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..errors import RegisterError, WrongStageError
from ..interchange import read_table
from ..model import (
    Action,
    FrameHousehold,
    Freeze,
    MatchDecision,
    MatchProblem,
    ProblemList,
    RawTable,
    RegisteredHousehold,
    Removal,
)
from ..registers import (
    check_register,
    check_roster,
    frame_households,
    freeze_frame,
    match_lists,
    read_decisions,
)
from ..store import Store, Transaction
from .access import authorise, record, refuse_after_freeze, require_round
from .context import Context

SALT_BYTES = 16


def check_register_file(
    context: Context,
    store: Store,
    path: Path,
    *,
    county_code: str,
    column_map: Mapping[str, str] | None = None,
) -> ProblemList:
    """Return every problem of a register file; nothing is imported."""
    with store.reading() as tx:
        authorise(tx, context, Action.IMPORT_LISTS, county_code)
        round_ = require_round(tx)
    table = read_table(path, list_name="register")
    return check_register(table, round_, county_code=county_code, column_map=column_map)[1]


def import_register(
    context: Context,
    store: Store,
    path: Path,
    *,
    county_code: str,
    column_map: Mapping[str, str] | None = None,
) -> int:
    """Return how many households were imported; with any problem nothing is.

    Raises
    ------
    RegisterError
        Holds every problem by row and column.
    """
    with store.transaction() as tx:
        table = _read_for_import(tx, context, path, county_code, list_name="register")
        rows, problems = check_register(
            table, require_round(tx), county_code=county_code, column_map=column_map
        )
        _refuse_problems(path, problems)
        tx.save_register(county_code, rows)
        _record_import(tx, context, "import-register", path, county_code, table, len(rows))
    return len(rows)


def import_roster(
    context: Context,
    store: Store,
    path: Path,
    *,
    county_code: str,
    column_map: Mapping[str, str] | None = None,
) -> int:
    """Return how many roster households were imported; with any problem nothing is.

    Raises
    ------
    RegisterError
        Holds every problem by row and column.
    """
    with store.transaction() as tx:
        table = _read_for_import(tx, context, path, county_code, list_name="roster")
        rows, problems = check_roster(
            table, require_round(tx), county_code=county_code, column_map=column_map
        )
        _refuse_problems(path, problems)
        tx.save_roster(county_code, rows)
        _record_import(tx, context, "import-roster", path, county_code, table, len(rows))
    return len(rows)


def _read_for_import(
    tx: Transaction, context: Context, path: Path, county_code: str, *, list_name: str
) -> RawTable:
    """Cells of a list that this person may still take in."""
    authorise(tx, context, Action.IMPORT_LISTS, county_code)
    refuse_after_freeze(tx)
    return read_table(path, list_name=list_name)


def _refuse_problems(path: Path, problems: ProblemList) -> None:
    if problems:
        raise RegisterError("list-refused", problems=problems, file=path.name)


def _record_import(
    tx: Transaction,
    context: Context,
    kind: str,
    path: Path,
    county_code: str,
    table: RawTable,
    households: int,
) -> None:
    record(
        tx,
        context,
        kind,
        county_code=county_code,
        subject=path.name,
        sha256=table.sha256,
        households=households,
    )


def match(context: Context, store: Store, *, county_code: str) -> tuple[MatchProblem, ...]:
    """Return the matching problems of a county, each to be decided before the freeze."""
    with store.reading() as tx:
        authorise(tx, context, Action.SEE_LISTS, county_code)
        return match_lists(tx.register(county_code), tx.roster(county_code))


def decide_matches(
    context: Context, store: Store, path: Path, *, county_code: str
) -> tuple[MatchDecision, ...]:
    """Record the decisions of a file (columns problem_id, decision, reason).

    Raises
    ------
    RegisterError
        A decision is unknown, given twice, without reason, or for no known problem.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.DECIDE_MATCHES, county_code)
        refuse_after_freeze(tx)
        problems = match_lists(tx.register(county_code), tx.roster(county_code))
        decisions, faults = read_decisions(read_table(path, list_name="decisions"), problems)
        _refuse_problems(path, faults)
        tx.append_many([(d, d.problem_id, county_code) for d in decisions])
        for decision in decisions:
            record(
                tx,
                context,
                "decide-match",
                county_code=county_code,
                subject=decision.problem_id,
                decision=decision.decision,
                reason=decision.reason,
            )
    return decisions


def freeze(context: Context, store: Store) -> Freeze:
    """Freeze both lists of all counties; return root, counts and digests.

    Raises
    ------
    WrongStageError
        Already frozen, or a county lacks its register or roster.
    OperatorError
        A matching problem has no decision yet.
    """
    with store.transaction() as tx:
        authorise(tx, context, Action.FREEZE)
        refuse_after_freeze(tx)
        households: list[FrameHousehold] = []
        registered: list[RegisteredHousehold] = []
        removals: list[Removal] = []
        for county in require_round(tx).counties:
            code = county.county_code
            register, roster = tx.register(code), tx.roster(code)
            if not register or not roster:
                raise WrongStageError("list-missing", county=code)
            problems = match_lists(register, roster)
            kept, removed = frame_households(
                register, roster, problems, tx.all(MatchDecision, county=code)
            )
            households += kept
            registered += register
            removals += removed
        secret = context.secret_bytes(SALT_BYTES * (len(households) + 1))
        salts = [secret[i : i + SALT_BYTES] for i in range(0, len(secret), SALT_BYTES)]
        frozen, units = freeze_frame(
            households, registered, removals, salts=salts[1:], code_salt=salts[0]
        )
        tx.save_frame(units)
        tx.append(frozen)
        record(
            tx,
            context,
            "freeze",
            subject=frozen.root,
            units=frozen.unit_count,
            public_frame_sha256=frozen.public_frame_sha256,
            removals=len(frozen.removals),
        )
    return frozen
