"""The same steps for people in notebooks: one object an evaluation, tables as data frames."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from contextlib import ExitStack
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pandas as pd

from . import workflow
from .errors import OperatorError
from .machine import machine_context
from .model import (
    Case,
    CaseState,
    Discrepancy,
    DrawnHousehold,
    FrameHousehold,
    Plan,
    RegisteredHousehold,
    Results,
    VisitKind,
)
from .settings import load_settings

FINDING_COLUMNS = ("assignment_id", "household_id", "kind", "version", "outcome")


class Svg(str):
    """A figure as SVG text that a notebook shows as a picture."""

    __slots__ = ()

    def _repr_svg_(self) -> str:
        return str(self)


class Evaluation:
    """One county's evaluation in a round's store.

    Examples
    --------
    ``Evaluation.open("demo-output/round", county="900121", person="evaluator")`` opens the
    demo's first county; ``.indicators`` then is a table of its rates.
    """

    def __init__(self, store: workflow.Store, context: workflow.Context, county: str) -> None:
        self._store = store
        self._context = context
        self.county = county

    @classmethod
    def open(cls, target: str | Path, *, county: str, person: str | None = None) -> Self:
        """Open a round's store (folder or database address) for one county.

        Parameters
        ----------
        county : str
            Six-digit code of a county of the round.
        person : str, optional
            Who acts; else the person of the settings.

        Raises
        ------
        OperatorError
            There is no store, the county is not in its round, or nobody is named to act.
        """
        settings = load_settings()
        acting = person or settings.person
        if not acting:
            raise OperatorError("person-missing")
        with ExitStack() as undo:
            store = workflow.open_store(target, folder=settings.folder or None)
            undo.callback(store.close)
            round_ = workflow.show_round(store)
            if round_.county(county) is None:
                known = ", ".join(c.county_code for c in round_.counties)
                raise OperatorError("county-unknown", county=county, known=known)
            undo.pop_all()
        return cls(store, machine_context(acting), county)

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def __enter__(self) -> Self:
        """Use the evaluation in a with block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the store at the end of the block."""
        self.close()

    @property
    def register(self) -> pd.DataFrame:
        """The register as filed, one row a household."""
        rows = workflow.register_rows(self._context, self._store, county_code=self.county)
        return _table(RegisteredHousehold, rows)

    @property
    def frame(self) -> pd.DataFrame:
        """All rural households of the frozen frame."""
        rows = workflow.frame_rows(self._context, self._store, county_code=self.county)
        return _table(FrameHousehold, rows)

    @property
    def plan(self) -> Plan | None:
        """The plan in force, or None."""
        return workflow.show_plan(self._context, self._store, county_code=self.county)

    def make_plan(self, **choices: Any) -> Plan:
        """Plan anew; see `workflow.plan_county` for the choices."""
        return workflow.plan_county(self._context, self._store, county_code=self.county, **choices)

    @property
    def draw(self) -> pd.DataFrame:
        """The drawn households and reserves, in ticket order within village and stratum."""
        drawn = workflow.drawn_sample(self._context, self._store)
        here = (h for h in drawn.households if h.county_code == self.county)
        return _table(DrawnHousehold, here)

    @property
    def findings(self) -> pd.DataFrame:
        """Newest findings, one row a visit and one column a question."""
        rows = []
        for kind in VisitKind:
            for found in workflow.findings(
                self._context, self._store, county_code=self.county, kind=kind
            ):
                row: dict[str, Any] = {
                    "assignment_id": found.visit.assignment_id,
                    "household_id": found.household_id,
                    "kind": kind.value,
                    "version": found.version,
                    "outcome": found.visit.outcome,
                }
                row.update((a.question, a.value) for a in found.visit.answers)
                rows.append(row)
        return pd.DataFrame(rows, columns=None if rows else list(FINDING_COLUMNS))

    def compare(self) -> workflow.Comparison:
        """Compare filed with found and open suspected cases."""
        return workflow.compare_county(self._context, self._store, county_code=self.county)

    @property
    def comparison(self) -> pd.DataFrame:
        """Filed values that differ from found ones."""
        rows = workflow.discrepancies(self._context, self._store, county_code=self.county)
        return _table(Discrepancy, rows)

    @property
    def cases(self) -> pd.DataFrame:
        """Suspected cases with their state and the number of rulings."""
        found = workflow.cases(self._context, self._store, county_code=self.county)
        table = _table(Case, (case for case, _, _ in found))
        table["state"] = [state.value for _, state, _ in found]
        table["rulings"] = [len(rulings) for _, _, rulings in found]
        return table

    @property
    def open_cases(self) -> int:
        """Return how many cases still wait for a ruling."""
        closed = (CaseState.CONFIRMED.value, CaseState.DISMISSED.value)
        return int((~self.cases["state"].isin(closed)).sum())

    def estimate(self) -> Results:
        """Estimate all counties whose field work is closed; return this county's results."""
        everybody = workflow.estimate(self._context, self._store)
        return next(r for r in everybody if r.key.county_code == self.county)

    @property
    def results(self) -> Results:
        """The newest results."""
        return workflow.results(self._context, self._store, county_code=self.county)

    @property
    def indicators(self) -> pd.DataFrame:
        """The rates, one row a rate, unit and formula, with interval and conclusion."""
        rows = []
        for rate in self.results.indicators:
            row = {
                field.name: getattr(rate, field.name)
                for field in dataclasses.fields(rate)
                if field.name not in ("interval", "interval_nchs")
            }
            row["lower"] = None if rate.interval is None else rate.interval.lower
            row["upper"] = None if rate.interval is None else rate.interval.upper
            rows.append(row)
        return pd.DataFrame(rows)

    def outcome(self, language: str = "en") -> str:
        """Return the outcome in one sentence."""
        return workflow.sentence(
            self._context, self._store, county_code=self.county, language=language
        )

    def figure(self, name: str = "rates", language: str = "en") -> Svg:
        """Return a figure: "rates", "chances", or the name of an indicator for the round.

        Raises
        ------
        OperatorError
            There is no figure of that name.
        """
        return Svg(
            workflow.figure(
                self._context,
                self._store,
                name=name,
                county_code=self.county,
                language=language,
            )
        )

    def report(self) -> tuple[Path, ...]:
        """Write the reports; return where they are."""
        names = workflow.write_county_report(self._context, self._store, county_code=self.county)
        return tuple(self._store.reports_folder / name for name in names)


def _table(kind: type, rows: Iterable[Any]) -> pd.DataFrame:
    """Rows of one kind as a frame with plain values, its columns there even without rows."""
    fields = [field.name for field in dataclasses.fields(kind)]
    cells = [[_plain(getattr(row, name)) for name in fields] for row in rows]
    table = pd.DataFrame(cells, columns=fields)
    years = [name for name in fields if name.endswith("_year")]
    return table.astype(dict.fromkeys(years, "Int64"))  # a blank must not make 2019 into 2019.0


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return float(value) if isinstance(value, Decimal) else value
