"""One decision: what an interval or a point says about a threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from .._checks import check_choice, check_fraction, check_number
from .._show import Table, format_number
from ..composite import CompositeEstimate
from ..errors import ArgumentError
from ..results import Estimate, Estimates, Interval, ProportionEstimate, Result
from ..small_area.results import SmallAreaEstimate, SmallAreaEstimates
from .further import FurtherUnits, units_to_settle
from .tested import Tested, at_most, tested_of

Standard = Literal["evidence", "declared-level", "point"]
Direction = Literal["below", "above"]
AtThreshold = Literal["pass", "fail"]
Conclusion = Literal["pass", "fail", "inconclusive"]
Null = Literal["at-or-above-threshold", "at-or-below-threshold"]

_OF_RATES = frozenset(
    {"clopper-pearson", "wilson", "jeffreys", "mid-p", "hypergeometric", "beta-binomial"}
)

NULL_WORDS = {
    "at-or-above-threshold": "the rate is at or above {threshold:g}",
    "at-or-below-threshold": "the rate is at or below {threshold:g}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(Result):
    """What a result says about a threshold.

    Parameters
    ----------
    conclusion : {"pass", "fail", "inconclusive"}
        The decision.
    standard : {"evidence", "declared-level", "point"}
        Whether the limits, the one limit that contradicts, or the point decided.
    threshold : float
        The threshold.
    direction : {"below", "above"}
        On which side of it values pass.
    at_threshold : {"pass", "fail"}
        What a value equal to the threshold counts as.
    boundary : bool
        The deciding number (the point, or a limit that a claim rests on) equals the threshold.
    point : float or None
        The estimate; None when an interval alone was given.
    lower, upper : float or None
        The limits compared; None under the point standard.
    confidence : float or None
        Confidence of those limits; None under the point standard.
    pass_null, fail_null : {"at-or-above-threshold", "at-or-below-threshold"} or None
        What each claim rejects; None where it rejects nothing: both under the point standard, the
        pass under the declared level, which is believed until contradicted.
    pass_risk, fail_risk : float or None
        Largest chance of each claim while its null holds; None where there is none.
    attained_pass_risk, attained_fail_risk : float or None
        Chance of each conclusion when the rate is the threshold, by the effective size that the
        estimate stands on; None, with ``why`` filled, when that is not known.
    pass_p_value, fail_p_value : float or None
        P-values of the two claims, by the test that the interval inverts: a claim is made when
        its p-value is below its risk. None, with ``why`` filled, when there is no such test.
    further : FurtherUnits or None
        What would settle an inconclusive decision; None when it is settled or, with ``why``
        filled, when it is not known.
    why : str
        Why something is not known; empty when all is.
    """

    conclusion: Conclusion
    standard: Standard
    threshold: float
    direction: Direction
    at_threshold: AtThreshold
    boundary: bool
    point: float | None
    lower: float | None
    upper: float | None
    confidence: float | None
    pass_null: Null | None
    fail_null: Null | None
    pass_risk: float | None
    fail_risk: float | None
    attained_pass_risk: float | None = None
    attained_fail_risk: float | None = None
    pass_p_value: float | None = None
    fail_p_value: float | None = None
    further: FurtherUnits | None = None
    why: str = ""

    @property
    def statements(self) -> tuple[str, ...]:
        """The null of each claim and its risks, in words and numbers."""
        made = []
        for claim, null, risk, attained in (
            ("pass", self.pass_null, self.pass_risk, self.attained_pass_risk),
            ("fail", self.fail_null, self.fail_risk, self.attained_fail_risk),
        ):
            said = f"{claim} rejects nothing"
            if null is not None:
                said = f'{claim} rejects "{NULL_WORDS[null].format(threshold=self.threshold)}"'
            if risk is not None:
                said += f", wrongly with chance {risk:.1%} at most"
            if attained is not None:
                said += f"; at the threshold itself it comes out with chance {attained:.1%}"
            made.append(said)
        return tuple(made)

    def _row(self) -> dict[str, Any]:
        row = Result._row(self)
        further = row.pop("further")
        row["further_n"] = None if further is None else further.n
        return row

    def _table(self) -> Table:
        notes = list(self.statements)
        if self.boundary:
            notes.append("equal to the threshold")
        if self.further is not None:
            notes.append(_settling(self.further))
        if self.why:
            notes.append(self.why)
        numbers = (self.point, self.lower, self.upper, self.pass_p_value, self.fail_p_value)
        return Table(
            title=f"{self.conclusion}: {self.direction} {self.threshold:g}, {self.standard}",
            columns=("point", "lower", "upper", "p of pass", "p of fail"),
            rows=(tuple(format_number(value) for value in numbers),),
            notes=tuple(notes),
        )


def _settling(further: FurtherUnits) -> str:
    if further.n is None:
        return f"not settled by more units if the rate is {further.true_rate:g}: {further.why}"
    return (
        f"{further.n} more units would show it {further.towards} {further.threshold:g} with chance "
        f"{further.power:.0%} if the rate is {further.true_rate:g}"
    )


def decide(
    estimate_or_interval: Estimate | Estimates | CompositeEstimate | Interval,
    threshold: float,
    *,
    risk: float = 0.025,
    standard: Standard = "evidence",
    direction: Direction = "below",
    at_threshold: AtThreshold = "pass",
    expected_rate: float | None = None,
    power: float = 0.8,
) -> Decision:
    r"""Pass, fail or inconclusive against a threshold, with the null and the risks of each claim.

    Parameters
    ----------
    estimate_or_interval : Estimate, Estimates of one row, CompositeEstimate or Interval
        What was found. The point standard needs an estimate.
    threshold : float
        Finite; in [0, 1] for a rate.
    risk : float, default 0.025
        Of each one-sided claim, in (0, 0.5); it must agree with the interval's confidence, which is
        ``1 - 2*risk`` when two-sided. Not used by the point standard.
    standard : {"evidence", "declared-level", "point"}, default "evidence"
        "evidence" passes when the whole interval lies on the passing side, fails when it lies on
        the other, and is inconclusive between; "declared-level" fails as that does and else
        passes, which says "not contradicted"; "point" compares the estimate alone.
    direction : {"below", "above"}, default "below"
        The side on which values pass: "below" for an error rate, "above" for an approval rate.
    at_threshold : {"pass", "fail"}, default "pass"
        What an estimate equal to the threshold counts as under the point standard.
    expected_rate : float, optional
        Rate, in [0, 1], for which to reckon what would settle it; by default the estimate.
    power : float, default 0.8
        Chance, in (0, 1), with which that shall settle it.

    Returns
    -------
    Decision
        The conclusion with everything compared.

    Raises
    ------
    ArgumentError
        A value is outside its domain, the confidence does not match ``risk``, the point standard
        got an interval alone, or small-area estimates were given, which never decide.

    Notes
    -----
    Below: pass when U < threshold (rejecting "at or above"), fail when L > threshold (rejecting
    "at or below"). A limit equal to the threshold claims nothing. Equality is up to a relative
    1e-12, so that float dust decides nothing; ``boundary`` tells that it happened. The default
    risk agrees with the two-sided 95 % interval. Asking that several thresholds all pass needs no
    correction of the risk (intersection-union).

    Attained risks and p-values are binomial at the effective size n* that the interval stands on:
    for Korn and Graubard's and Clopper and Pearson's limits the p-value of a pass is
    :math:`P(X \le n^*\hat p \mid 	heta)`, below the risk just when U < threshold. For a simple
    sample that is exact up to the finite population; ``plan_of_size`` with ``population_size``
    gives the risk there too. The point rule's attained risk is what it really risks.

    References
    ----------
    .. [1] R. L. Berger, "Multiparameter hypothesis testing and acceptance sampling",
       *Technometrics* 24, 1982, 295-300.
    .. [2] ISO 2859-4, *Sampling procedures for inspection by attributes, part 4: Procedures for
       assessment of declared quality levels*, 2002 (the declared level; GB/T 2828.4).

    Examples
    --------
    >>> interval = Interval(lower=0.0, upper=0.0123, confidence=0.95, method="clopper-pearson")
    >>> decide(interval, 0.02).conclusion
    'pass'

    A point of 1.5 % from two hundred households, and how often as little comes from 2 %:

    >>> import pandas as pd
    >>> from sampling import Design, estimate_proportion
    >>> data = pd.DataFrame({"poor": [1] * 3 + [0] * 197})
    >>> row = estimate_proportion(data, "poor", Design(), icc=0.0)[0]
    >>> found = decide(row, 0.02, standard="point", at_threshold="fail")
    >>> found.conclusion, round(found.attained_pass_risk, 2)
    ('pass', 0.43)
    >>> found = decide(row, 0.02)
    >>> found.conclusion, found.further.n
    ('inconclusive', 5376)
    """
    check_choice("standard", standard, get_args(Standard))
    check_choice("direction", direction, get_args(Direction))
    check_choice("at_threshold", at_threshold, get_args(AtThreshold))
    limit = check_number("threshold", threshold, least=-math.inf)
    given = _single(estimate_or_interval)
    refuse_small_areas(given)
    if not isinstance(given, (Estimate, CompositeEstimate, Interval)):
        raise ArgumentError(
            f"a decision needs one estimate or interval; got {type(given).__name__}. "
            "Take one row of the estimates.",
            code="not-an-estimate",
            got=type(given).__name__,
        )
    _check_rate(given, limit)
    if expected_rate is not None:
        check_number("expected_rate", expected_rate, least=0, most=1)
    check_fraction("power", power)
    point = None if isinstance(given, Interval) else given.estimate
    tested, why = tested_of(given)
    tested = tested if 0 < limit < 1 else None
    if standard == "point":
        return _by_point(point, limit, direction, at_threshold, tested, why)
    interval = given if isinstance(given, Interval) else given.interval
    _check_risk(interval, risk)
    return _Limits(
        interval=interval,
        point=point,
        limit=limit,
        risk=risk,
        standard=standard,
        direction=direction,
        at_threshold=at_threshold,
        tested=tested,
        why=why,
    ).decision(_units(given), expected_rate, power)


def _single(given: Any) -> Any:
    """Give the row of estimates that have but one."""
    return given[0] if isinstance(given, Estimates) and len(given.rows) == 1 else given


def _check_rate(given: Estimate | CompositeEstimate | Interval, limit: float) -> None:
    method = given.method if isinstance(given, Interval) else ""
    rate = isinstance(given, (ProportionEstimate, CompositeEstimate)) or method in _OF_RATES
    if rate and not 0 <= limit <= 1:
        hint = f"Write {limit / 100:g}, not {limit:g}." if 1 < limit <= 100 else "Give a fraction."
        raise ArgumentError(
            f"threshold of a rate must lie between 0 and 1; got {limit:g}. {hint}",
            code="share-outside",
            name="threshold",
            got=limit,
        )


def refuse_small_areas(given: object) -> None:
    """Refuse what says of an area what other areas say."""
    if isinstance(given, (SmallAreaEstimate, SmallAreaEstimates)):
        raise ArgumentError(
            f"small-area estimates never decide an area; got {type(given).__name__}. They carry "
            "what other areas say: rank and target by them, and decide by the area's own sample.",
            code="small-area-decides",
            got=type(given).__name__,
        )


def _units(given: Estimate | CompositeEstimate | Interval) -> int:
    return 0 if isinstance(given, Interval) else given.n


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limits:
    """A decision by limits in the making."""

    interval: Interval
    point: float | None
    limit: float
    risk: float
    standard: Standard
    direction: Direction
    at_threshold: AtThreshold
    tested: Tested | None
    why: str

    def decision(self, units: int, expected_rate: float | None, power: float) -> Decision:
        high = _order(self.interval.upper, self.limit)
        low = _order(self.interval.lower, self.limit)
        passes_below = self.direction == "below"
        side: Conclusion = "inconclusive"
        if high < 0:
            side = "pass" if passes_below else "fail"
        elif low > 0:
            side = "fail" if passes_below else "pass"
        declared = self.standard == "declared-level"
        conclusion: Conclusion = "pass" if declared and side != "fail" else side
        at_or_above: Null = "at-or-above-threshold"
        at_or_below: Null = "at-or-below-threshold"
        pass_null = at_or_above if passes_below else at_or_below
        passing, failing, p_pass, p_fail = self._tests()
        if declared and failing is not None:
            passing = 1 - failing
        return Decision(
            conclusion=conclusion,
            standard=self.standard,
            threshold=self.limit,
            direction=self.direction,
            at_threshold=self.at_threshold,
            boundary=0 in (low, high),
            point=self.point,
            lower=self.interval.lower,
            upper=self.interval.upper,
            confidence=self.interval.confidence,
            pass_null=None if declared else pass_null,
            fail_null=at_or_below if passes_below else at_or_above,
            pass_risk=None if declared else self.risk,
            fail_risk=self.risk,
            attained_pass_risk=passing,
            attained_fail_risk=failing,
            pass_p_value=p_pass,
            fail_p_value=p_fail,
            further=self._further(units, expected_rate, power)
            if conclusion == "inconclusive"
            else None,
            why=self.why,
        )

    def _tests(self) -> tuple[float | None, float | None, float | None, float | None]:
        """Attained risks of pass and fail, and their p-values."""
        if self.tested is None:
            return None, None, None, None
        one, other = self.tested, self.tested.complement
        below = (
            one.pass_chance(self.limit, self.risk, one.inner(self.limit, below=True)),
            one.below(self.limit),
        )
        above = (
            other.pass_chance(1 - self.limit, self.risk, other.inner(1 - self.limit, below=True)),
            one.above(self.limit),
        )
        good, bad = (below, above) if self.direction == "below" else (above, below)
        return good[0], bad[0], good[1], bad[1]

    def _further(
        self, units: int, expected_rate: float | None, power: float
    ) -> FurtherUnits | None:
        """Units that would settle it, on the scale of the sampled part."""
        tested = self.tested
        if tested is None:
            return None
        rate = tested.events / tested.n
        if expected_rate is not None:
            rate = tested.inner(expected_rate, below=False)
        # What is unknown counts against either claim.
        limit = tested.inner(self.limit, below=rate < tested.inner(self.limit, below=True))
        if not 0 < limit < 1:
            return None
        effect = max(1.0, units / tested.n)
        return units_to_settle(
            limit,
            true_rate=rate,
            seen_n=units,
            seen_events=min(units, tested.events * units / tested.n),
            deff=effect,
            power=power,
            risk=self.risk,
            mid_p=tested.mid_p,
        )


def _order(value: float, limit: float) -> int:
    """-1, 0 or 1: ``value`` below, equal to (up to float dust) or above ``limit``."""
    if math.isclose(value, limit, rel_tol=1e-12, abs_tol=0.0):
        return 0
    return -1 if value < limit else 1


def _by_point(
    point: float | None,
    limit: float,
    direction: Direction,
    at_threshold: AtThreshold,
    tested: Tested | None,
    why: str,
) -> Decision:
    if point is None:
        raise ArgumentError(
            "the point standard needs an estimate; got an interval alone. Give the estimate.",
            code="point-missing",
        )
    side = _order(point, limit)
    passing = -1 if direction == "below" else 1
    conclusion: Conclusion = "pass" if side == passing else "fail"
    chance = None
    if tested is not None:
        chance = _point_chance(tested, limit, direction, at_threshold)
    return Decision(
        conclusion=at_threshold if side == 0 else conclusion,
        standard="point",
        threshold=limit,
        direction=direction,
        at_threshold=at_threshold,
        boundary=side == 0,
        point=point,
        lower=None,
        upper=None,
        confidence=None,
        pass_null=None,
        fail_null=None,
        pass_risk=None,
        fail_risk=None,
        attained_pass_risk=chance,
        attained_fail_risk=None if chance is None else 1 - chance,
        why=why,
    )


def _point_chance(
    tested: Tested, limit: float, direction: Direction, at_threshold: AtThreshold
) -> float:
    """Chance that the point passes when the rate is the threshold."""
    at = tested.inner(limit, below=direction == "above")
    if direction == "above":
        at = 1 - at
    reached = tested.n * at
    nearest = round(reached)
    if math.isclose(reached, nearest, rel_tol=1e-12, abs_tol=1e-12):
        most = nearest if at_threshold == "pass" else nearest - 1
    else:
        most = math.floor(reached)
    return float(at_most(np.asarray(float(most)), np.asarray(tested.n), np.asarray(at)))


def _check_risk(interval: Interval, risk: float) -> None:
    check_number("risk", risk, least=0, strict=True, most=0.5)
    sides = 2 if interval.side == "two-sided" else 1
    if not math.isclose(1 - sides * risk, interval.confidence, rel_tol=0, abs_tol=1e-9):
        raise ArgumentError(
            f"risk={risk!r} needs a {interval.side} interval of confidence "
            f"{1 - sides * risk:g}; got {interval.confidence!r}. Estimate with that confidence, or "
            f"give risk={(1 - interval.confidence) / sides:g}.",
            code="risk-confidence",
            risk=risk,
            confidence=interval.confidence,
        )
