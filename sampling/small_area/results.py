"""Results of small-area estimation: for ranking and targeting, never for a decision."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from .._checks import check_choice
from .._show import Table, format_number
from ..errors import ArgumentError
from ..results import Result

PURPOSE = "for ranking, targeting and second waves; never decides an area"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallAreaEstimate(Result):
    """What a model says of one area; ``decide`` refuses it.

    Parameters
    ----------
    area : str
        The area.
    direct : float or None
        Estimate from the area's own sample; None where nothing was sampled.
    estimate : float
        Estimate with what the other areas lend.
    std_error : float or None
        Root of the mean squared error, or standard deviation of the posterior; None, with ``why``
        filled, where the error has a bias that the sample does not show.
    lower, upper : float or None
        Limits under the model; None where ``std_error`` is.
    weight : float or None
        Share of the direct estimate in the estimate, the rest being the model's; None where the
        estimate is no such mixture.
    above : float or None
        Chance, under the model, that the area's value exceeds the threshold asked for; None when
        none was asked for, and after benchmarking.
    why : str
        Why something does not exist; empty when all does.
    """

    area: str
    direct: float | None
    estimate: float
    std_error: float | None
    lower: float | None
    upper: float | None
    weight: float | None
    above: float | None = None
    why: str = ""

    def _table(self) -> Table:
        return _table_of("Small area", (self,), (PURPOSE,))


@dataclass(frozen=True, slots=True, kw_only=True)
class FayHerriotFit(Result):
    """Fitted area-level model.

    Parameters
    ----------
    area_variance : float
        Variance A of areas around the regression, on the scale of the model.
    method : str
        How A was estimated.
    asked : str
        Which method was asked for; the adjusted one acts where another gives zero.
    transform : str
        Scale of the model: "none" or "arcsine".
    terms : tuple of str
        Intercept and covariates.
    coefficients, std_errors : tuple of float
        One for each term.
    log_likelihood : float
        Of the sampled areas, at the estimates.
    areas : int
        Sampled areas.
    """

    area_variance: float
    method: str
    asked: str
    transform: str
    terms: tuple[str, ...]
    coefficients: tuple[float, ...]
    std_errors: tuple[float, ...]
    log_likelihood: float
    areas: int

    @property
    def aic(self) -> float:
        """Akaike's criterion, the variance counted as a parameter."""
        return 2 * (len(self.terms) + 1 - self.log_likelihood)

    @property
    def bic(self) -> float:
        """Schwarz's criterion, the variance counted as a parameter."""
        return (len(self.terms) + 1) * math.log(self.areas) - 2 * self.log_likelihood

    def _table(self) -> Table:
        title = f"Fay-Herriot, {self.method}: area variance {self.area_variance:.4g}"
        return _terms(title, self.terms, self.coefficients, self.std_errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class BetaBinomialFit(Result):
    """Fitted hierarchical beta-binomial.

    Parameters
    ----------
    rate : float
        Posterior mean of the rate around which areas lie, covariates at their mean.
    icc, icc_lower, icc_upper : float
        Posterior mean and limits of the correlation of units within an area.
    terms : tuple of str
        Intercept and covariates.
    coefficients, std_errors : tuple of float
        Posterior mean and standard deviation of each on the log odds; the intercept belongs to
        covariates at their mean.
    areas : int
        Sampled areas.
    """

    rate: float
    icc: float
    icc_lower: float
    icc_upper: float
    terms: tuple[str, ...]
    coefficients: tuple[float, ...]
    std_errors: tuple[float, ...]
    areas: int

    def _table(self) -> Table:
        title = f"Beta-binomial areas: rate {self.rate:.4g}, correlation {self.icc:.4g}"
        return _terms(title, self.terms, self.coefficients, self.std_errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedErrorFit(Result):
    """Fitted unit-level model with an effect of each area.

    Parameters
    ----------
    area_variance, unit_variance : float
        Variances of areas, and of units within one.
    terms : tuple of str
        Intercept and covariates.
    coefficients, std_errors : tuple of float
        One for each term.
    log_likelihood : float
        Restricted log-likelihood at the estimates.
    areas, n : int
        Sampled areas and units.
    """

    area_variance: float
    unit_variance: float
    terms: tuple[str, ...]
    coefficients: tuple[float, ...]
    std_errors: tuple[float, ...]
    log_likelihood: float
    areas: int
    n: int

    def _table(self) -> Table:
        title = (
            f"Nested errors: variance of areas {self.area_variance:.4g}, "
            f"of units {self.unit_variance:.4g}"
        )
        return _terms(title, self.terms, self.coefficients, self.std_errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkedTotal(Result):
    """One direct value that the areas were made to reproduce.

    Parameters
    ----------
    group : str
        Areas that it is for; empty for all.
    target, before, after : float
        The direct value, and the areas' mean by their shares before and after.
    """

    group: str
    target: float
    before: float
    after: float

    def _table(self) -> Table:
        return Table(
            title="Benchmark",
            columns=("group", "target", "before", "after"),
            rows=((self.group, *map(format_number, (self.target, self.before, self.after))),),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallAreaEstimates(Result):
    """Estimates of many small areas by one model; ``decide`` refuses them.

    Parameters
    ----------
    method : str
        The model, or the estimator.
    confidence : float or None
        Of each area's limits; None when there are none.
    threshold : float or None
        What ``above`` speaks of.
    rows : tuple of SmallAreaEstimate
        In the order given.
    fit : FayHerriotFit, BetaBinomialFit, NestedErrorFit or None
        The fitted model; None for estimators without one.
    benchmarks : tuple of BenchmarkedTotal
        What the estimates were made to reproduce; empty when nothing.
    why : str
        Which rule acted and why; empty when all is as asked.
    """

    method: str
    confidence: float | None
    threshold: float | None
    rows: tuple[SmallAreaEstimate, ...]
    fit: FayHerriotFit | BetaBinomialFit | NestedErrorFit | None = None
    benchmarks: tuple[BenchmarkedTotal, ...] = ()
    why: str = ""

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[SmallAreaEstimate]:
        return iter(self.rows)

    def __getitem__(self, place: int) -> SmallAreaEstimate:
        return self.rows[place]

    def of(self, area: object) -> SmallAreaEstimate:
        """Row of an area.

        Raises
        ------
        ArgumentError
            No such area.
        """
        for row in self.rows:
            if row.area == str(area):
                return row
        raise ArgumentError(
            f"area must be one of the {len(self.rows)} estimated ones; got {area!r}. "
            "Take one of their names.",
            code="domain-unknown",
            got=area,
        )

    def ranked(
        self, by: Literal["estimate", "above"] = "estimate"
    ) -> tuple[SmallAreaEstimate, ...]:
        """Rows with the highest first; equal ones by the name of the area.

        Raises
        ------
        ArgumentError
            By the chance above a threshold where none was asked for.
        """
        check_choice("by", by, ("estimate", "above"))
        if by == "estimate":
            return tuple(sorted(self.rows, key=lambda row: (-row.estimate, row.area)))
        chances = [(row.above, row) for row in self.rows]
        known = [(-above, row.area, row) for above, row in chances if above is not None]
        if len(known) < len(chances):
            raise ArgumentError(
                "ranking by the chance above a threshold needs that chance; got estimates without. "
                "Estimate with threshold=, and rank before benchmarking.",
                code="threshold-missing",
            )
        return tuple(row for *_, row in sorted(known, key=lambda one: one[:2]))

    def to_frame(self) -> pd.DataFrame:
        """One row for each area at full precision."""
        return pd.DataFrame([row._row() for row in self.rows])

    def _table(self) -> Table:
        notes = [PURPOSE, *([self.why] if self.why else [])]
        notes += [
            f"benchmark {one.group or 'of all areas'}: {one.target:.6g}, before {one.before:.6g}"
            for one in self.benchmarks
        ]
        return _table_of(f"{len(self.rows)} small areas, {self.method}", self.rows, tuple(notes))


def _table_of(title: str, rows: tuple[SmallAreaEstimate, ...], notes: tuple[str, ...]) -> Table:
    return Table(
        title=title,
        columns=("area", "direct", "estimate", "std. error", "lower", "upper", "above"),
        rows=tuple(
            (
                row.area,
                format_number(row.direct),
                format_number(row.estimate),
                format_number(row.std_error),
                format_number(row.lower),
                format_number(row.upper),
                format_number(row.above),
            )
            for row in rows
        ),
        notes=notes,
    )


def _terms(
    title: str, terms: tuple[str, ...], values: tuple[float, ...], errors: tuple[float, ...]
) -> Table:
    return Table(
        title=title,
        columns=("term", "coefficient", "std. error"),
        rows=tuple(
            (term, format_number(value), format_number(error))
            for term, value, error in zip(terms, values, errors, strict=True)
        ),
    )
