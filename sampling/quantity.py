"""Rows of results: quantities over domains, with t intervals, covariance and design effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from ._checks import FloatArray, check_choice, check_fraction
from ._rounding import complement
from .errors import ArgumentError
from .results import DeffReference, Estimate, Estimates, Interval
from .sample import Domains, Part, Sample, TotalsSample, point_estimates, values_of
from .totals import ClusterTotals, Squares

# Rows up to which their covariance costs little to work out and to keep.
_FEW_ROWS = 10

MeanInterval = Literal["student-t", "normal"]
NO_DF = "no degrees of freedom: in each stratum only one PSU has a case"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Quantity:
    """What one estimate is of: its words and its columns of values."""

    words: str
    name: str
    top: FloatArray
    bottom: FloatArray | None
    squares: Squares | None = None


def t_estimates(
    sample: Sample,
    domains: Domains,
    quantities: Sequence[Quantity],
    *,
    confidence: float,
    interval: MeanInterval,
    deff: DeffReference | None,
    joint: bool | None,
) -> Estimates:
    """Rows with intervals: every quantity over every domain, and their covariance when joint."""
    tail = complement(check_fraction("confidence", confidence)) / 2
    check_choice("interval", interval, get_args(MeanInterval))
    if deff is not None:
        check_choice("deff", deff, get_args(DeffReference))
    df, census = sample.df(domains), sample.census(domains)
    count = sample.counts(domains).astype(int)
    quantile = stats.t.isf(tail, np.inf if interval == "normal" else np.maximum(df, 1))
    quantile = np.broadcast_to(quantile, df.shape)
    rows: list[Estimate] = []
    names: list[str] = []
    for quantity in quantities:
        estimate = point_estimates(sample, domains, quantity.top, quantity.bottom)
        variance = sample.variances(domains, quantity.top, quantity.bottom)
        error = np.sqrt(variance)
        factors = design_effects(sample, domains, quantity, variance, deff)
        for place, label in enumerate(domains.labels):
            margin, why = float(quantile[place] * error[place]), factors[place][1]
            if df[place] <= 0 and not census[place]:
                margin, why = np.inf, "; ".join(text for text in (why, NO_DF) if text)
            elif error[place] == 0:
                margin = 0.0
            at = float(estimate[place])
            limits = Interval(
                lower=at - margin,
                upper=at + margin,
                confidence=float(confidence),
                method=interval,
            )
            rows.append(
                Estimate(
                    quantity=quantity.words,
                    domain=label,
                    estimate=at,
                    std_error=float(error[place]),
                    interval=limits,
                    df=int(df[place]),
                    n=int(count[place]),
                    deff=factors[place][0],
                    deff_reference=deff,
                    variance_method=sample.method,
                    why=why,
                )
            )
            parts = ([quantity.name] if len(quantities) > 1 or not label else []) + list(label)
            names.append(", ".join(parts))
    if joint is None:
        few = 1 < len(rows) <= _FEW_ROWS
        joint = few or (len(quantities) > 1 and len(domains) == 1)
    covariance = _joint(sample, domains, quantities) if joint else None
    return Estimates(by=domains.by, rows=tuple(rows), names=tuple(names), covariance=covariance)


def _joint(
    sample: Sample, domains: Domains, quantities: Sequence[Quantity]
) -> tuple[tuple[float, ...], ...]:
    """Covariance of every quantity over every domain, in the order of the rows."""
    places = [domains.rows(place) for place in range(len(domains))]
    matrix = sample.covariance(
        [
            Part(
                rows=rows,
                top=quantity.top[rows],
                bottom=None if quantity.bottom is None else quantity.bottom[rows],
            )
            for quantity in quantities
            for rows in places
        ]
    )
    return tuple(tuple(float(value) for value in row) for row in matrix)


def design_effects(
    sample: Sample,
    domains: Domains,
    quantity: Quantity,
    variance: FloatArray,
    reference: DeffReference | None,
) -> list[tuple[float | None, str]]:
    """For each domain, variance over that of simple random sampling, or None and why."""
    if reference is None:
        return [(None, "")] * len(domains)
    population, count = sample.population(domains), sample.counts(domains)
    if isinstance(sample, TotalsSample):
        spread = _spread_of_totals(sample, domains, quantity, population)
    else:
        spread = _spread(sample, domains, quantity, population)
    found: list[tuple[float | None, str]] = []
    for n, size, part, own in zip(count, population, spread, variance, strict=True):
        if n < 2 or not part > 0:
            found.append((None, "no design effect: the variable does not vary"))
        elif reference == "with-replacement":
            found.append((float(own / (part / (n - 1))), ""))
        elif size <= n:
            why = "no design effect without replacement: weights sum to the sample size"
            found.append((None, why))
        else:
            found.append((float(own / (part / (n - 1) * (1 - n / size))), ""))
    return found


def _spread(
    sample: Sample, domains: Domains, quantity: Quantity, population: FloatArray
) -> FloatArray:
    """Weighted mean square of the linearised variable, as of a mean."""
    weight, top, bottom, code = sample.weight, quantity.top, quantity.bottom, domains.code
    total = domains.sums(weight * top)
    if bottom is None:
        centred = (top - (total / population)[code]) * population[code]
    else:
        below = domains.sums(weight * bottom)
        centred = (top - (total / below)[code] * bottom) / below[code] * population[code]
    return domains.sums(weight * centred**2) / population


def _spread_of_totals(
    sample: TotalsSample, domains: Domains, quantity: Quantity, population: FloatArray
) -> FloatArray:
    """Return the same of squares that were summed where the rows are."""
    squares = quantity.squares
    if squares is None:
        raise ArgumentError(
            f"the design effect of {quantity.words} needs squares that the totals do not hold. "
            "Name the pair in cluster_totals(ratios=[(numerator, denominator)]).",
            code="totals-without-products",
        )
    below = population if quantity.bottom is None else domains.sums(quantity.bottom)
    parts = (domains.sums(part) for part in (squares.ee, squares.ex, squares.xx))
    residual = squares.about(domains.sums(quantity.top) / below, *parts)
    scale = population**2 if quantity.bottom is None else (population / below) ** 2
    spread: FloatArray = residual * scale / population
    return spread


def mean_of(sample: Sample, data: pd.DataFrame | ClusterTotals, name: str) -> Quantity:
    """Mean of a column."""
    words = f"mean of {name}"
    if isinstance(data, ClusterTotals):
        found = data.variable(name)
        return Quantity(
            words=words, name=name, top=found.total, bottom=data.weight, squares=found.squares
        )
    top = values_of(sample, data, name)
    return Quantity(words=words, name=name, top=top, bottom=np.ones(len(data)))


def total_of(sample: Sample, data: pd.DataFrame | ClusterTotals, name: str) -> Quantity:
    """Total of a column."""
    words = f"total of {name}"
    if isinstance(data, ClusterTotals):
        found = data.variable(name)
        return Quantity(words=words, name=name, top=found.total, bottom=None, squares=found.squares)
    return Quantity(words=words, name=name, top=values_of(sample, data, name), bottom=None)


def ratio_of(
    sample: Sample, data: pd.DataFrame | ClusterTotals, above: str, below: str
) -> Quantity:
    """Ratio of two columns."""
    words, name = f"ratio of {above} to {below}", f"{above}/{below}"
    if isinstance(data, ClusterTotals):
        top, bottom = data.variable(above).total, data.variable(below).total
        squares = data.pairs.get((above, below))
        return Quantity(words=words, name=name, top=top, bottom=bottom, squares=squares)
    top, bottom = values_of(sample, data, above), values_of(sample, data, below)
    return Quantity(words=words, name=name, top=top, bottom=bottom)
