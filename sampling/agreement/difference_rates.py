"""Net and gross difference rates and the index of inconsistency, with design-based intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from .._checks import FloatArray, check_fraction
from .._rounding import complement
from ..design import AnyDesign
from ..errors import ArgumentError
from ..proportion_limits import basis_of, limits_of
from ..quantity import NO_DF, Quantity
from ..results import Estimate, Estimates, Interval
from ._chance import conger_parts
from ._ratings import Ratings, read_ratings

ALL = "all categories"


def net_difference_rate(
    data: pd.DataFrame,
    first: str,
    second: str,
    design: AnyDesign | None = None,
    *,
    categories: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> Estimates:
    r"""Share in each category by the first reading less that by the second: the net error.

    Parameters
    ----------
    data : DataFrame
        One row per unit.
    first, second : str
        Columns of the reading in question (filed) and of the better one (found), complete.
    design : Design or other design, optional
        How the units were drawn; without it, independent units.
    categories : sequence, optional
        All possible values in order; without it those that occur.
    confidence : float, default 0.95
        Of the two-sided t interval.

    Returns
    -------
    Estimates
        A row for each category; they sum to 0.

    Raises
    ------
    ArgumentError, LonelyUnitError
        As for ``kappa``.

    Notes
    -----
    The mean of :math:`[x_i = k] - [y_i = k]`, a difference of two shares of the same units. Without
    a design and with few changes ``interval_paired_difference`` is better. The census bureau calls
    .01 small and .05 large.

    References
    ----------
    .. [1] U.S. Census Bureau, *Evaluating Censuses of Population and Housing*, Statistical Training
       Document ISP-TR-5, 1985, chapter 4.

    Examples
    --------
    >>> from sampling.agreement import ratings_from_table
    >>> data = ratings_from_table([[40, 10], [5, 145]], categories=["poor", "not"])
    >>> net_difference_rate(data, "first", "second").domain("poor").estimate
    0.025
    """
    found = read_ratings(data, [first, second], design, "identity", categories, complete=True)
    one, two = _indicators(found)
    at = found.mean(one - two)
    tail = complement(check_fraction("confidence", confidence)) / 2
    rows = []
    for place, name in enumerate(found.categories):
        error = math.sqrt(found.variance(one[:, place] - two[:, place] - at[place]))
        limits = _t_limits(float(at[place]), error, found.df, tail, confidence)
        rows.append(_row("net difference rate", name, float(at[place]), error, limits, found))
    return Estimates(by=("category",), rows=tuple(rows), names=found.categories)


def gross_difference_rate(
    data: pd.DataFrame,
    first: str,
    second: str,
    design: AnyDesign | None = None,
    *,
    categories: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> Estimates:
    r"""Share of units that the two readings put into different categories.

    Parameters
    ----------
    data, first, second, design, categories, confidence
        As for ``net_difference_rate``; the interval is Korn-Graubard's.

    Returns
    -------
    Estimates
        First the row "all categories", then one for each: units that one reading alone puts there.

    Raises
    ------
    ArgumentError, LonelyUnitError
        As for ``kappa``.

    Notes
    -----
    Half of it is the simple response variance of a category, and the whole the error rate of the
    first reading when the second is right.

    References
    ----------
    .. [1] U.S. Census Bureau, *Evaluating Censuses of Population and Housing*, Statistical Training
       Document ISP-TR-5, 1985, chapter 4.

    Examples
    --------
    >>> from sampling.agreement import ratings_from_table
    >>> data = ratings_from_table([[40, 10], [5, 145]], categories=["poor", "not"])
    >>> gross_difference_rate(data, "first", "second")[0].estimate
    0.075
    """
    found = read_ratings(data, [first, second], design, "identity", categories, complete=True)
    one, two = _indicators(found)
    apart = np.abs(one - two)
    events = np.column_stack([apart.max(axis=1), apart])
    tail = complement(check_fraction("confidence", confidence)) / 2
    names = (ALL, *found.categories)
    rows = [
        _share_row(name, events[:, place], found, tail, confidence)
        for place, name in enumerate(names)
    ]
    return Estimates(by=("category",), rows=tuple(rows), names=names)


def index_of_inconsistency(
    data: pd.DataFrame,
    first: str,
    second: str,
    design: AnyDesign | None = None,
    *,
    categories: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> Estimates:
    r"""Share of the variance of one answer that comes from answering, not from the units.

    Parameters
    ----------
    data, first, second, design, categories, confidence
        As for ``net_difference_rate``.

    Returns
    -------
    Estimates
        First the aggregate index, then that of each category that occurs beside others. Limits
        stop at 0.

    Raises
    ------
    ArgumentError, LonelyUnitError
        As for ``kappa``; also when every answer is in one category.

    Notes
    -----
    :math:`\mathrm{GDR}/(1 - \sum_k p_{k\cdot}p_{\cdot k})`, for one category
    :math:`\mathrm{GDR}_k / (p_{1k}(1-p_{2k}) + p_{2k}(1-p_{1k}))`: one less Cohen's kappa of the
    whole and of each category against the rest, and as unstable as it where a category is rare.
    Below .2 is low, above .5 high by the census bureau's rule.

    References
    ----------
    .. [1] M. H. Hansen, W. N. Hurwitz, L. Pritzker, "The estimation and interpretation of gross
       differences and the simple response variance", in *Contributions to Statistics*, 1964.
    .. [2] U.S. Census Bureau, *Evaluating Censuses of Population and Housing*, Statistical Training
       Document ISP-TR-5, 1985, chapter 4.

    Examples
    --------
    >>> from sampling.agreement import ratings_from_table
    >>> data = ratings_from_table([[40, 10], [5, 145]], categories=["poor", "not"])
    >>> round(index_of_inconsistency(data, "first", "second")[0].estimate, 6)
    0.206897
    """
    found = read_ratings(data, [first, second], design, "identity", categories, complete=True)
    tail = complement(check_fraction("confidence", confidence)) / 2
    tables = [found, *(_against_rest(found, place) for place in range(len(found.categories)))]
    rows = [
        row
        for name, table in zip((ALL, *found.categories), tables, strict=True)
        if (row := _index_row(name, table, tail, confidence))
    ]
    if not rows:
        raise ArgumentError(
            f"an index of inconsistency needs answers in two categories; got one in all "
            f"{len(found.rows)} units. Report the gross difference rate.",
            code="categories-few",
            got=1,
        )
    return Estimates(by=("category",), rows=tuple(rows), names=tuple(row.domain[0] for row in rows))


def _indicators(found: Ratings) -> tuple[FloatArray, FloatArray]:
    """Whether each reading puts each unit into each category."""
    levels = np.arange(len(found.categories))
    one, two = ((found.place[:, g, None] == levels) * 1.0 for g in (0, 1))
    return one, two


def _against_rest(found: Ratings, place: int) -> Ratings:
    inside = (found.place == place).astype(np.intp)
    count = np.stack([(inside == k).sum(axis=1) for k in (0, 1)], axis=1).astype(np.float64)
    return Ratings(
        rows=found.rows,
        place=inside,
        count=count,
        credit=np.eye(2),
        weight=found.weight,
        sample=found.sample,
        domains=found.domains,
        size=found.size,
        categories=("other", found.categories[place]),
        weighting="identity",
    )


def _index_row(name: str, found: Ratings, tail: float, confidence: float) -> Estimate | None:
    parts = conger_parts(found)
    if 1 - parts.chance <= 1e-12:
        return None
    error = math.sqrt(found.variance(parts.scores))
    limits = _t_limits(1 - parts.value, error, found.df, tail, confidence, least=0.0)
    return _row("index of inconsistency", name, 1 - parts.value, error, limits, found)


def _share_row(
    name: str, event: FloatArray, found: Ratings, tail: float, confidence: float
) -> Estimate:
    top, bottom = np.zeros(found.size), np.ones(found.size)
    top[found.rows] = event
    words = "gross difference rate"
    quantity = Quantity(words=words, name=name, top=top, bottom=bottom)
    basis = basis_of(found.sample, found.domains, quantity, tail)
    _, lower, upper = limits_of("korn-graubard", basis, None)
    limits = _interval(float(lower[0]), float(upper[0]), confidence, "korn-graubard")
    error = math.sqrt(float(basis.variance[0]))
    return _row(words, name, float(basis.estimate[0]), error, limits, found)


def _t_limits(
    at: float, error: float, df: int, tail: float, confidence: float, least: float = -1.0
) -> Interval:
    margin = 0.0
    if df <= 0:
        margin = math.inf
    elif error > 0:
        margin = float(stats.t.isf(tail, df)) * error
    return _interval(max(least, at - margin), at + margin, confidence, "student-t")


def _interval(lower: float, upper: float, confidence: float, method: str) -> Interval:
    return Interval(lower=lower, upper=upper, confidence=float(confidence), method=method)


def _row(
    quantity: str,
    name: str,
    at: float,
    error: float,
    limits: Interval,
    found: Ratings,
) -> Estimate:
    return Estimate(
        quantity=quantity,
        domain=(name,),
        estimate=at,
        std_error=error,
        interval=limits,
        df=found.df,
        n=len(found.rows),
        variance_method=found.sample.method,
        why="" if found.df > 0 else NO_DF,
    )
