"""One county's field work as it stands in a transaction, each part worked out once."""

from __future__ import annotations

from functools import cached_property

from ..fieldwork import compare, inspector_error
from ..model import (
    Assignment,
    AssignmentState,
    Case,
    CaseState,
    Discrepancy,
    Finding,
    FrameHousehold,
    InspectorError,
    Judgement,
    RuleSet,
    Ruling,
    StepFault,
    StepRecord,
    Stratum,
    VisitKind,
)
from ..rules import judge
from ..rulings import (
    case_state,
    check_county_steps,
    check_household_steps,
    count_complete,
    open_cases,
    rulings_on,
)
from ..store import Transaction
from .access import current_draw, require_round, require_rules

Judged = dict[str, tuple[Finding, Judgement]]
NO_STEP = ""
"""Step of a record that a later file has left over."""

CaseRow = tuple[Case, CaseState, tuple[Ruling, ...]]


class CountyFacts:
    """What is stored about one county, and what follows from it by the rules."""

    def __init__(self, tx: Transaction, county_code: str) -> None:
        self._tx = tx
        self.county_code = county_code
        self.rules: RuleSet = require_rules(tx)
        self.exit_year = require_round(tx).exit_year

    @cached_property
    def assignments(self) -> tuple[Assignment, ...]:
        """The county's assignments as they stand."""
        return self._tx.all(Assignment, county=self.county_code)

    @cached_property
    def households(self) -> dict[str, FrameHousehold]:
        """The county's drawn households and reserves, by household id."""
        drawn = {
            h.household_id
            for h in current_draw(self._tx).households
            if h.county_code == self.county_code
        }
        return {
            u.household.household_id: u.household
            for u in self._tx.frame_units(self.county_code)
            if u.household.household_id in drawn
        }

    @cached_property
    def first_findings(self) -> tuple[Finding, ...]:
        """Newest finding of every first visit."""
        return self._tx.findings(self.county_code, VisitKind.FIRST)

    @cached_property
    def first(self) -> Judged:
        """First visits that were answered, with their judgements, by household."""
        return self._judged(self.first_findings)

    @cached_property
    def revisit(self) -> Judged:
        """Blind revisits that were answered, with their judgements, by household."""
        return self._judged(self._tx.findings(self.county_code, VisitKind.REVISIT))

    @cached_property
    def discrepancies(self) -> tuple[Discrepancy, ...]:
        """Filed values that differ from what first visits found."""
        filed = {r.household_id: r for r in self._tx.register(self.county_code)}
        return tuple(
            item
            for household_id, (finding, judgement) in sorted(self.first.items())
            for item in compare(
                self.households[household_id],
                filed.get(self.households[household_id].register_id or ""),
                finding.visit,
                judgement,
                self.rules,
                exit_year=self.exit_year,
            )
        )

    @cached_property
    def cases(self) -> tuple[CaseRow, ...]:
        """Suspected cases with their state and the rulings on their present grounds."""
        by_case: dict[str, list[Ruling]] = {}
        for ruling in self._tx.all(Ruling, county=self.county_code):
            by_case.setdefault(ruling.case_id, []).append(ruling)
        return tuple(
            (case, case_state(given), given)
            for case in self._tx.all(Case, county=self.county_code)
            if is_suspected(case)
            for given in [rulings_on(case, by_case.get(case.case_id, ()))]
        )

    @cached_property
    def ruled(self) -> tuple[tuple[Case, CaseState], ...]:
        """Suspected cases with their state."""
        return tuple((case, state) for case, state, _ in self.cases)

    def suspected(self) -> tuple[Case, ...]:
        """Return the cases that the newest findings give, opened by a comparison or not."""
        return open_cases(self.county_code, self.households, self.first, self.revisit)

    @cached_property
    def checked_exited(self) -> tuple[str, ...]:
        """Visited exited households, whose step logs are checked."""
        return tuple(
            sorted(
                f.household_id
                for f in self.first_findings
                if Stratum.of(self.households[f.household_id].status) is Stratum.EXITED
            )
        )

    @cached_property
    def step_faults(self) -> tuple[StepFault, ...]:
        """All faults of the county's step log and of the checked households' logs."""
        kept = self._tx.all(StepRecord, county=self.county_code)
        records = tuple(r for r in kept if r.step != NO_STEP)
        return (
            *check_county_steps(records, self.county_code, self.rules),
            *check_household_steps(
                records, self.checked_exited, self.rules, county_code=self.county_code
            ),
        )

    @property
    def complete_households(self) -> int:
        """How many of the checked households have a whole step log."""
        return count_complete(self.checked_exited, self.step_faults)

    @property
    def inspector_error(self) -> InspectorError:
        """First visits against blind revisits."""
        both = sorted(self.first.keys() & self.revisit.keys())
        pairs = [(self.first[h][1], self.revisit[h][1]) for h in both]
        return inspector_error(self.county_code, pairs)

    @property
    def response(self) -> tuple[tuple[str, int], ...]:
        """How often each outcome code ended a first visit, with the replaced beside."""
        counts: dict[str, int] = {}
        for finding in self.first_findings:
            counts[finding.visit.outcome] = counts.get(finding.visit.outcome, 0) + 1
        replaced = sum(a.state is AssignmentState.REPLACED for a in self.assignments)
        return (*sorted(counts.items()), ("replaced", replaced))

    def _judged(self, findings: tuple[Finding, ...]) -> Judged:
        pairs: Judged = {}
        for finding in findings:
            outcome = self.rules.outcome(finding.visit.outcome)
            if outcome is not None and outcome.responded:
                judgement = judge(finding.visit, self.rules, exit_year=self.exit_year)
                pairs[finding.household_id] = (finding, judgement)
        return pairs


def is_suspected(case: Case) -> bool:
    """Tell whether a visit still says what the case says; a correction may withdraw it."""
    return case.first_says or bool(case.revisit_says)
