"""A dated, named rule set: thresholds, lines, criteria, steps, codes, questionnaire, as values.

``status`` marks where a number comes from: "V" read in a document, "M" ours or not confirmed;
every "M" that acted is shown as an assumption in the report.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Document and clause that a rule rests on, and how sure that is."""

    document: str
    clause: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Limit of one rate. ``limit`` is decimal text; ``strict`` means "below", else "not above".

    ``direction`` "below": the rate must lie under the limit; "above": over it.
    """

    indicator: str
    unit: str
    direction: str
    strict: bool
    limit: str
    limit_west: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class PovertyLine:
    """Poverty line of one year, yuan per person and year."""

    year: int
    amount: int
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StabilityTest:
    """Named parameters of "stably above the line"; the texts give no numbers, so all are "M".

    Empty text switches a part off. ``one_off_share_max`` and ``margin`` are decimal text;
    ``previous_year`` and ``shock`` are "yes" or "".
    """

    one_off_share_max: str
    previous_year: str
    shock: str
    margin: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One condition of household exit; a household failing any is not out of poverty."""

    code: str
    rule: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a procedure, in order. ``min_days`` is the length asked of a public notice.

    ``same_day`` tells that the step may fall on the day of the one before it.
    """

    code: str
    level: str
    order: int
    min_days: int
    needs_document: bool
    source: Source
    same_day: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeCode:
    """How a visit ended. ``next_step`` is what the rules ask for: "finish", "retry", "replace"."""

    code: str
    responded: bool
    next_step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question. ``kind``: count, yuan, choice or yes-no.

    ``low`` and ``high`` are hard limits (decimal text, empty for none), ``soft_high`` asks back.
    ``only_if`` is "question=value|value" or empty; ``income_sign`` is "+", "-" or "".
    """

    code: str
    section: str
    kind: str
    options: tuple[str, ...]
    low: str
    high: str
    soft_high: str
    only_if: str
    income_sign: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far the value found may lie from the value filed without being a discrepancy.

    ``below`` and ``above`` are shares of the filed value's size, ``floor`` an absolute amount that
    widens a bound which is not 0; all decimal text. The bounds themselves are allowed.
    """

    item: str
    below: str
    above: str
    floor: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """Everything that the rules say, as data."""

    rule_set_id: str
    dated: str
    title_zh: str
    title_en: str
    reading: str
    western_provinces: tuple[str, ...]
    thresholds: tuple[Threshold, ...]
    poverty_lines: tuple[PovertyLine, ...]
    stability: StabilityTest
    criteria: tuple[Criterion, ...]
    steps: tuple[Step, ...]
    household_steps_min_share: str
    outcome_codes: tuple[OutcomeCode, ...]
    replacement_reasons: tuple[str, ...]
    questions: tuple[Question, ...]
    approval_questions: tuple[str, ...]
    plan_icc: str
    sha256: str
    tolerances: tuple[Tolerance, ...] = ()

    def threshold(self, indicator: str) -> Threshold | None:
        """Return the threshold of a rate, or None where it decides nothing."""
        return next((t for t in self.thresholds if t.indicator == indicator), None)

    def limit(self, indicator: str, province_code: str) -> str | None:
        """Return the limit of a rate in a province (two-digit code) as decimal text."""
        rule = self.threshold(indicator)
        if rule is None:
            return None
        return rule.limit_west if province_code in self.western_provinces else rule.limit

    def poverty_line(self, year: int) -> PovertyLine | None:
        """Return the line of a year; never interpolated."""
        return next((line for line in self.poverty_lines if line.year == year), None)

    def outcome(self, code: str) -> OutcomeCode | None:
        """Return the outcome code, or None where the rule set has none such."""
        return next((o for o in self.outcome_codes if o.code == code), None)

    def tolerance(self, item: str) -> Tolerance | None:
        """Return the tolerance of a compared item, or None where only equal values agree."""
        return next((t for t in self.tolerances if t.item == item), None)
