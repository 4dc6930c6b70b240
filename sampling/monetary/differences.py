"""Error of a book total from a sample of items: difference, ratio, regression, mean per unit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from .._checks import FloatArray, check_choice, check_columns, check_count, numbers_of
from .._show import Table, format_number
from ..errors import ArgumentError
from ..intervals._limits import tail_of
from ..results import Interval, Result, Side

DifferenceMethod = Literal["difference", "ratio", "regression", "mean-per-unit"]
_LEAST_ERRORS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceEstimate(Result):
    """A true total, and the error of the book total, from a sample of items.

    Parameters
    ----------
    audited_total, std_error : float
        Estimated true total of all items, and its standard error.
    error : float
        Book total less the true one: above 0 when the books say too much.
    interval : Interval
        Limits of ``error``.
    book_total : float
        Book value of all items.
    n, population_size : int
        Items sampled, and all.
    errors : int
        Sampled items with an error.
    method : str
        Which estimator acted.
    why : str
        A caution; empty when there is none.
    """

    audited_total: float
    std_error: float
    error: float
    interval: Interval
    book_total: float
    n: int
    population_size: int
    errors: int
    method: str
    why: str = ""

    def _table(self) -> Table:
        return Table(
            title=f"Error of a book total of {format_number(self.book_total, 2)}, {self.method}",
            columns=("items", "with error", "error", "std. error", "lower", "upper"),
            rows=(
                (
                    f"{self.n} of {self.population_size}",
                    format_number(self.errors),
                    format_number(self.error, 2),
                    format_number(self.std_error, 2),
                    format_number(self.interval.lower, 2),
                    format_number(self.interval.upper, 2),
                ),
            ),
            notes=(self.why,) if self.why else (),
        )


def difference_estimator(
    data: pd.DataFrame,
    book: str,
    audited: str,
    *,
    book_total: float | Mapping[str, float],
    population_size: int | Mapping[str, int],
    strata: str | None = None,
    method: DifferenceMethod = "difference",
    confidence: float = 0.95,
    side: Side = "two-sided",
) -> DifferenceEstimate:
    r"""Estimate the error of a book total from a simple or stratified sample of items.

    Parameters
    ----------
    data : DataFrame
        One row for each sampled item.
    book, audited : str
        Columns of amounts, as booked and as found.
    book_total : float or mapping
        Book value of all items; by stratum when there are strata.
    population_size : int or mapping
        How many items there are; by stratum when there are strata.
    strata : str, optional
        Column of the stratum of each item.
    method : {"difference", "ratio", "regression", "mean-per-unit"}, default "difference"
        In strata the ratio and the regression are fitted in each.
    confidence : float, default 0.95
        In (0, 1); of the single limit when one-sided.
    side : {"two-sided", "upper", "lower"}, default "two-sided"
        Which limits of the error are wanted.

    Returns
    -------
    DifferenceEstimate
        The error with t limits, n - H degrees of freedom (one less a stratum for "regression").

    Raises
    ------
    ArgumentError
        A stratum has fewer than two sampled items (three for "regression") or is not in the
        totals, or more items were sampled than there are.

    Notes
    -----
    With f = n/N and residuals e, :math:`v = N^2(1-f)s_e^2/n`: e = a ("mean-per-unit"), a - b
    ("difference"), :math:`a - \hat R b` ("ratio"), and those of the line with divisor n - 2
    ("regression"). With few errors the t limits cover much less than they say: below 15 errors the
    result says so; draw units of money instead (``evaluate_monetary``).

    References
    ----------
    .. [1] W. G. Cochran, *Sampling Techniques*, 3rd edition, Wiley, 1977, chapters 5 to 7.
    .. [2] J. Neter, J. K. Loebbecke, *Behavior of Major Statistical Estimators in Sampling
       Accounting Populations*, AICPA, 1975 (how t limits fail with few errors).

    Examples
    --------
    >>> import pandas as pd
    >>> items = pd.DataFrame({"book": [100.0, 200, 300, 400], "found": [100.0, 180, 300, 360]})
    >>> found = difference_estimator(items, "book", "found", book_total=25_000, population_size=100)
    >>> found.error, round(found.std_error, 1)
    (1500.0, 938.1)
    """
    check_choice("method", method, get_args(DifferenceMethod))
    check_columns(data, [book, audited, *([strata] if strata else [])])
    b, a = numbers_of(data, book), numbers_of(data, audited)
    names = data[strata].astype(str).to_numpy() if strata else np.full(len(data), "")
    totals, sizes = _by_stratum(book_total), _by_stratum(population_size)
    if not set(names) <= totals.keys() or totals.keys() != sizes.keys():
        raise ArgumentError(
            "book_total and population_size must name the same strata, and all of the data's; got "
            f"{sorted(totals)[:5]}, {sorted(sizes)[:5]} and "
            f"{sorted({str(name) for name in names})[:5]}. Give both "
            "for every stratum.",
            code="keys-differ",
        )
    found = variance = 0.0
    df = 0
    for name, size in sizes.items():
        here = names == name
        count = check_count("population_size", int(size), least=1)
        part = _stratum(a[here], b[here], totals[name], count, name, method)
        found, variance, df = found + part[0], variance + part[1], df + part[2]
    total = math.fsum(totals.values())
    errors = int((a != b).sum())
    error = total - found
    return DifferenceEstimate(
        audited_total=found,
        std_error=math.sqrt(variance),
        error=error,
        interval=_limits(error, math.sqrt(variance), df, confidence, side, method),
        book_total=total,
        n=len(data),
        population_size=sum(int(size) for size in sizes.values()),
        errors=errors,
        method=method,
        why=f"only {errors} errors: t limits cover less than they say"
        if errors < _LEAST_ERRORS and method != "mean-per-unit"
        else "",
    )


def _by_stratum(value: float | Mapping[str, float]) -> dict[str, float]:
    if isinstance(value, Mapping):
        return {str(key): float(number) for key, number in value.items()}
    return {"": float(value)}


def _stratum(
    a: FloatArray, b: FloatArray, book_total: float, size: int, name: str, method: str
) -> tuple[float, float, int]:
    """Total, variance and degrees of freedom of one stratum."""
    n = len(a)
    least = 3 if method == "regression" else 2
    if n < least or n > size:
        raise ArgumentError(
            f"each stratum must have {least} to all of its items sampled; got {n} of {size}"
            f"{f' in stratum {name!r}' if name else ''}. Sample more, or join strata.",
            code="stratum-too-small",
            stratum=name,
            got=n,
        )
    used = 1
    if method == "mean-per-unit":
        total, residual = size * float(a.mean()), a - a.mean()
    elif method == "difference":
        shift = a - b
        total, residual = book_total + size * float(shift.mean()), shift - shift.mean()
    elif method == "ratio":
        ratio = float(a.sum() / b.sum())
        total, residual = ratio * book_total, a - ratio * b
    else:
        spread = b - b.mean()
        slope = float(spread @ a / (spread @ spread)) if spread.any() else 0.0
        total = size * float(a.mean()) + slope * (book_total - size * float(b.mean()))
        residual, used = a - a.mean() - slope * spread, 2
    variance = size**2 * (1 - n / size) * float(residual @ residual) / (n - used) / n
    return total, variance, n - used


def _limits(
    error: float, se: float, df: int, confidence: float, side: Side, method: str
) -> Interval:
    margin = float(stats.t.isf(tail_of(confidence, side), df)) * se
    return Interval(
        lower=-math.inf if side == "upper" else error - margin,
        upper=math.inf if side == "lower" else error + margin,
        confidence=float(confidence),
        method=f"{method}, student-t",
        side=side,
    )
