"""Two readings of the same units with two answers: do they flip more one way than the other."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import optimize, stats

from .._checks import (
    FloatArray,
    check_choice,
    check_columns,
    check_complete,
    check_count,
    check_fraction,
    events_of,
)
from .._rounding import complement
from .._show import Table, format_number
from ..errors import ArgumentError
from ..layout import IntArray
from ..results import Interval, Result

McnemarMethod = Literal["mid-p", "exact", "asymptotic", "corrected"]
ClusteredMethod = Literal["sign-flip", "obuchowski"]
NO_FLIPS = "no unit changed: nothing to test"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipTest(Result):
    """A test that changes from one reading to the other go both ways alike.

    Parameters
    ----------
    method : str
        How the p value was got.
    only_first, only_second : int
        Units with the event by the first reading only, and by the second only.
    statistic : float or None
        Chi-square; None for exact forms or, with ``why`` filled, when nothing changed.
    df : int or None
        Degrees of freedom of the statistic.
    p_value : float
        Two-sided; 1 when nothing changed.
    psus : int or None
        PSUs of a clustered form; None for independent units.
    why : str
        Why something does not exist.
    """

    method: str
    only_first: int
    only_second: int
    statistic: float | None
    df: int | None
    p_value: float
    psus: int | None = None
    why: str = ""

    def _table(self) -> Table:
        return Table(
            title=f"Do changes go both ways alike? {self.method}",
            columns=("only first", "only second", "chi-square", "p"),
            rows=(
                (
                    str(self.only_first),
                    str(self.only_second),
                    format_number(self.statistic),
                    format_number(self.p_value),
                ),
            ),
            notes=(self.why,) if self.why else (),
        )


def mcnemar(only_first: int, only_second: int, *, method: McnemarMethod = "mid-p") -> FlipTest:
    r"""McNemar's test on the two counts of units that changed.

    For households within villages ``mcnemar_clustered`` is the one to use.

    Parameters
    ----------
    only_first, only_second : int
        Units with the event by the first reading only, b, and by the second only, c.
    method : {"mid-p", "exact", "asymptotic", "corrected"}, default "mid-p"
        "mid-p" counts half the chance of what was seen; "exact" all of it (conservative);
        "asymptotic" is chi-square and "corrected" that with the continuity correction.

    Returns
    -------
    FlipTest
        With the two-sided p value.

    Raises
    ------
    ArgumentError
        A count is negative or the method unknown.

    Notes
    -----
    Given b + c, b is binomial with chance 1/2. Exact: :math:`\min(1, 2P(X \le \min(b, c)))`; mid-p
    takes :math:`P(X = b)` off it. Chi-square :math:`(b-c)^2/(b+c)`, corrected
    :math:`(|b-c|-1)^2/(b+c)`, at least 0 inside.

    References
    ----------
    .. [1] M. W. Fagerland, S. Lydersen, P. Laake, "The McNemar test for binary matched-pairs data:
       mid-p and asymptotic are better than exact conditional", *BMC Medical Research Methodology*
       13, 2013, 91.

    Examples
    --------
    >>> [round(mcnemar(10, 2, method=method).p_value, 6) for method in ("mid-p", "exact")]
    [0.022461, 0.038574]
    """
    b = check_count("only_first", only_first)
    c = check_count("only_second", only_second)
    check_choice("method", method, get_args(McnemarMethod))
    n, statistic, df, p_value = b + c, None, None, 1.0
    if n and method in ("mid-p", "exact"):
        both = 2 * float(stats.binom.cdf(min(b, c), n, 0.5))
        p_value = min(1.0, both - (method == "mid-p") * float(stats.binom.pmf(b, n, 0.5)))
    elif n:
        gap = max(0, abs(b - c) - (method == "corrected"))
        statistic, df = gap**2 / n, 1
        p_value = float(stats.chi2.sf(statistic, df))
    return FlipTest(
        method=method,
        only_first=b,
        only_second=c,
        statistic=statistic,
        df=df,
        p_value=p_value,
        why="" if n else NO_FLIPS,
    )


def mcnemar_clustered(
    data: pd.DataFrame,
    first: str,
    second: str,
    *,
    psu: str,
    method: ClusteredMethod = "sign-flip",
) -> FlipTest:
    r"""McNemar's test when units of a PSU (village) change together.

    Parameters
    ----------
    data : DataFrame
        One row per unit.
    first, second : str
        Columns of the two readings, 0 or 1 (or true-false), complete.
    psu : str
        Column of the PSU, complete.
    method : {"sign-flip", "obuchowski"}, default "sign-flip"
        "sign-flip" turns the balance of whole PSUs round, exactly: right for any number of PSUs,
        but without power below six that changed. "obuchowski" is a chi-square for many PSUs.

    Returns
    -------
    FlipTest
        With the two-sided p value.

    Raises
    ------
    ArgumentError
        A column is absent, incomplete or no event, or there is one PSU.

    Notes
    -----
    With :math:`d_v` the units of PSU v with the event by the first reading only less those by the
    second only: sign-flip is :math:`P(|\sum \pm d_v| \ge |\sum d_v|)` over all signs, by
    convolution; Obuchowski's form is :math:`\frac{m-1}{m} (\sum d_v)^2 / \sum d_v^2` for m PSUs.
    Units count alike; with weights test the mean of the difference by ``compare_to_value``.

    References
    ----------
    .. [1] N. A. Obuchowski, "On the comparison of correlated proportions for clustered data",
       *Statistics in Medicine* 17, 1998, 1495-1507.
    .. [2] R. A. Fisher, *The Design of Experiments*, Oliver and Boyd, 1935, section 21.

    Examples
    --------
    >>> data = pd.DataFrame(
    ...     {"village": [1, 1, 2, 2, 3, 3, 4, 4], "filed": [1] * 8, "found": [0, 0, 0, 1] * 2}
    ... )
    >>> mcnemar_clustered(data, "filed", "found", psu="village").p_value
    0.125
    """
    check_choice("method", method, get_args(ClusteredMethod))
    check_columns(data, [first, second, psu])
    check_complete(data, [psu])
    one, two = events_of(data, first), events_of(data, second)
    code, names = pd.factorize(data[psu])
    if len(names) < 2:
        raise ArgumentError(
            f"a clustered test needs two PSUs; got {len(names)}. Use mcnemar for single units.",
            code="psus-few",
            got=len(names),
        )
    balance = np.bincount(code, one - two, minlength=len(names))
    square, statistic, df = float(balance @ balance), None, None
    p_value = 1.0
    if method == "obuchowski" and square:
        statistic, df = (1 - 1 / len(names)) * float(balance.sum()) ** 2 / square, 1
        p_value = float(stats.chi2.sf(statistic, df))
    elif square:
        p_value = sign_flip_p(np.rint(balance).astype(np.intp))
    b, c = int((one > two).sum()), int((two > one).sum())
    return FlipTest(
        method=method,
        only_first=b,
        only_second=c,
        statistic=statistic,
        df=df,
        p_value=p_value,
        psus=len(names),
        why="" if b + c else NO_FLIPS,
    )


def sign_flip_p(balance: IntArray) -> float:
    """Chance that signed whole numbers sum to as much as they do, either way, signs being even.

    Examples
    --------
    >>> sign_flip_p(np.array([2, 1, 1, 0]))
    0.25
    """
    sizes = np.abs(balance[balance != 0])
    chances: FloatArray = np.ones(1)
    for size in sizes.tolist():
        grown = np.zeros(len(chances) + 2 * size)
        grown[: len(chances)] += chances / 2
        grown[2 * size :] += chances / 2
        chances = grown
    reached = np.abs(np.arange(len(chances)) - sizes.sum()) >= abs(int(balance.sum()))
    return min(1.0, float(chances[reached].sum()))


def symmetry_test(data: pd.DataFrame, first: str, second: str) -> FlipTest:
    r"""Bowker's test that changes between any two categories go both ways alike.

    Parameters
    ----------
    data : DataFrame
        One row per unit, taken as independent.
    first, second : str
        Columns of the two readings, any number of categories, complete.

    Returns
    -------
    FlipTest
        ``only_first`` counts units whose category comes earlier by the first reading. ``df`` counts
        pairs of categories between which a unit changed; R counts all and gives NaN with an empty
        pair.

    Raises
    ------
    ArgumentError
        A column is absent or incomplete.

    Notes
    -----
    :math:`\sum_{k<l} (n_{kl}-n_{lk})^2/(n_{kl}+n_{lk})`. With two categories it is McNemar's.

    References
    ----------
    .. [1] A. H. Bowker, "A test for symmetry in contingency tables", *Journal of the American
       Statistical Association* 43, 1948, 572-574.

    Examples
    --------
    >>> data = pd.DataFrame({"a": [1] * 10 + [2] * 4, "b": [2] * 8 + [1] * 2 + [1] * 2 + [2] * 2})
    >>> symmetry_test(data, "a", "b").statistic
    3.6
    """
    check_columns(data, [first, second])
    check_complete(data, [first, second])
    code, names = pd.factorize(pd.concat([data[first], data[second]]), sort=True)
    one, two = code[: len(data)], code[len(data) :]
    q = len(names)
    counts = np.bincount(one * q + two, minlength=q * q).reshape(q, q).astype(np.float64)
    above = np.triu_indices(q, 1)
    up, down = counts[above], counts.T[above]
    some = up + down > 0
    df = int(some.sum())
    statistic = float(((up - down)[some] ** 2 / (up + down)[some]).sum()) if df else None
    return FlipTest(
        method="bowker",
        only_first=int(up.sum()),
        only_second=int(down.sum()),
        statistic=statistic,
        df=df or None,
        p_value=1.0 if statistic is None else float(stats.chi2.sf(statistic, df)),
        why="" if df else NO_FLIPS,
    )


def interval_paired_difference(
    only_first: int, only_second: int, n: int, *, confidence: float = 0.95
) -> Interval:
    r"""Tango's score interval for the difference of two proportions of the same units.

    Parameters
    ----------
    only_first, only_second : int
        Units with the event by the first reading only, b, and by the second only, c.
    n : int
        All units, at least b + c.
    confidence : float, default 0.95
        Of the two-sided interval.

    Returns
    -------
    Interval
        Limits of the first proportion less the second, in [-1, 1]; a width above 0 even when no
        unit changed.

    Raises
    ------
    ArgumentError
        A value is outside its domain.

    Notes
    -----
    The :math:`\delta` with :math:`(b-c-n\delta)^2 \le z^2 n(2\tilde q+\delta(1-\delta))`,
    :math:`\tilde q` the likeliest chance of "second only" when the difference is :math:`\delta`.
    Units are independent: for clusters give ``net_difference_rate`` a design.

    References
    ----------
    .. [1] T. Tango, "Equivalence test and confidence interval for the difference in proportions for
       the paired-sample design", *Statistics in Medicine* 17, 1998, 891-908.

    Examples
    --------
    >>> interval = interval_paired_difference(12, 5, 100)
    >>> round(interval.lower, 4), round(interval.upper, 4)
    (-0.0119, 0.1574)
    """
    size = check_count("n", n, least=1)
    b = check_count("only_first", only_first, most=size)
    c = check_count("only_second", only_second, most=size - b)
    z = float(stats.norm.isf(complement(check_fraction("confidence", confidence)) / 2))
    at = (b - c) / size

    def excess(delta: float) -> float:
        return (b - c - size * delta) ** 2 - z * z * size * _tango_spread(b, c, size, delta)

    lower, upper = (_end(excess, at, end) for end in (-1.0, 1.0))
    return Interval(lower=lower, upper=upper, confidence=float(confidence), method="tango")


def _tango_spread(b: int, c: int, n: int, delta: float) -> float:
    linear = -b - c + (2 * n - b + c) * delta
    constant = -c * delta * (1 - delta)
    root = math.sqrt(max(0.0, linear**2 - 8 * n * constant))
    return max(0.0, 2 * (root - linear) / (4 * n) + delta * (1 - delta))


def _end(excess: Callable[[float], float], at: float, end: float) -> float:
    # At the estimate itself the spread may be 0 when no unit changed.
    start = at + 1e-9 * (end - at)
    if at == end or excess(end) <= 0:
        return end
    return float(optimize.brentq(excess, start, end, xtol=1e-15, rtol=8.9e-16))
