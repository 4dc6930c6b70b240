"""The result of every coefficient of agreement."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from .._checks import check_fraction
from .._rounding import complement
from .._show import Table, format_number
from ..results import Interval, Result
from ._chance import Parts
from ._ratings import Ratings

NO_CHANCE = "chance alone agrees always: every rating is in one category"
FLEISS = "multinomial, Fleiss, Cohen and Everitt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement(Result):
    """Agreement of raters, corrected for chance.

    Parameters
    ----------
    coefficient : str
        Its name.
    estimate : float or None
        (observed - chance) / (1 - chance); None, with ``why`` filled, when chance agrees always.
    std_error : float or None
        Under the design; None as for ``estimate``.
    null_std_error : float or None
        When agreement is chance alone; Cohen's kappa without a design has it.
    interval : Interval or None
        Its limits, the upper one at most 1; None as for ``estimate``.
    observed, chance : float
        Observed agreement, and that expected by chance.
    n, raters : int
        Units rated at least once, and raters.
    categories : tuple of str
        Categories in their order.
    weighting : str
        Agreement weights: "identity", "linear", "quadratic" or "custom".
    df : int or float
        Degrees of freedom.
    variance_method : str
        How the variance was got.
    why : str
        Why something does not exist.
    """

    coefficient: str
    estimate: float | None
    std_error: float | None
    null_std_error: float | None = None
    interval: Interval | None
    observed: float
    chance: float
    n: int
    raters: int
    categories: tuple[str, ...]
    weighting: str
    df: float
    variance_method: str
    why: str = ""

    def _table(self) -> Table:
        limits = self.interval
        return Table(
            title=f"{self.coefficient}, {self.raters} raters, {self.weighting} weights",
            columns=("estimate", "std. error", "lower", "upper", "observed", "chance", "n"),
            rows=(
                (
                    format_number(self.estimate),
                    format_number(self.std_error),
                    format_number(None if limits is None else limits.lower),
                    format_number(None if limits is None else limits.upper),
                    format_number(self.observed),
                    format_number(self.chance),
                    str(self.n),
                ),
            ),
            notes=(self.why,) if self.why else (),
        )


def agreement_of(
    name: str,
    found: Ratings,
    parts: Parts,
    confidence: float,
    *,
    multinomial: bool = False,
    epsilon: float = 0.0,
    limits: Interval | None = None,
) -> Agreement:
    """Make the result of one coefficient: t limits or, for a table of counts, normal ones."""
    tail = complement(check_fraction("confidence", confidence)) / 2
    value, error, null = None, None, None
    df: float = math.inf if multinomial else found.df
    exists = 1 - parts.chance > 1e-12
    if exists:
        value, scores = parts.value, parts.scores
        variance = float(scores @ scores) / len(scores) ** 2
        error = math.sqrt(variance if multinomial else found.variance(scores))
        null = _null_error(found, parts) if multinomial else None
        value = value if epsilon == 0 else 1 - (1 - epsilon) * (1 - value)
        limits = limits or _limits(value, error, df, tail, confidence)
    return Agreement(
        coefficient=name,
        estimate=value,
        std_error=error,
        null_std_error=null,
        interval=limits if exists else None,
        observed=1 - (1 - epsilon) * (1 - parts.observed),
        chance=parts.chance,
        n=len(found.rows),
        raters=found.place.shape[1],
        categories=found.categories,
        weighting=found.weighting,
        df=df,
        variance_method=FLEISS if multinomial else found.sample.method,
        why="" if exists else NO_CHANCE,
    )


def _limits(value: float, error: float, df: float, tail: float, confidence: float) -> Interval:
    quantile = float(stats.t.isf(tail, df)) if df > 0 else math.inf
    margin = quantile * error if error > 0 else 0.0
    return Interval(
        lower=value - margin,
        upper=min(1.0, value + margin),
        confidence=float(confidence),
        method="normal" if math.isinf(df) else "student-t",
    )


def _null_error(found: Ratings, parts: Parts) -> float:
    """Give the standard error of kappa when the two readings are independent."""
    levels = np.arange(len(found.categories))
    one, two = (found.mean((found.place[:, g, None] == levels) * 1.0) for g in (0, 1))
    apart = found.credit - (found.credit @ two)[:, None] - (found.credit.T @ one)[None, :]
    spread = float(one @ apart**2 @ two) - parts.chance**2
    return math.sqrt(spread / len(found.rows)) / (1 - parts.chance)
