"""Intervals for a proportion that stand on an effective sample size."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import stats

from .._checks import FloatArray, array_of, check_choice, check_count, check_number, check_share
from ..errors import ArgumentError
from ..results import Interval
from ._limits import beta_limits, make_interval, tail_of

Cap = Literal["sample-size", "none"]


def korn_graubard_limits(
    proportion: npt.ArrayLike, n_star: npt.ArrayLike, *, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    r"""Clopper-Pearson limits at effective sample sizes, for whole arrays.

    Parameters
    ----------
    proportion : array-like
        Estimated proportions in [0, 1], any shape.
    n_star : array-like
        Effective sample sizes, at least 0, need not be whole; shape that broadcasts with
        ``proportion``.
    confidence : float, default 0.95
        Of the two-sided interval.

    Returns
    -------
    tuple of two arrays
        Lower and upper limits, in the broadcast shape.

    Raises
    ------
    ArgumentError
        A value is outside its domain.

    Notes
    -----
    With :math:`x = n^* p`, :math:`L = B^{-1}(\alpha/2; x, n^*-x+1)`, 0 when x is 0, and
    :math:`U = B^{-1}(1-\alpha/2; x+1, n^*-x)`, 1 when x is n*. An effective size of 0 gives [0, 1].

    References
    ----------
    .. [1] E. L. Korn, B. I. Graubard, "Confidence intervals for proportions with small expected
       number of positive counts estimated from survey data", *Survey Methodology* 24, 1998,
       193-201.

    Examples
    --------
    >>> lower, upper = korn_graubard_limits([0.0, 0.01], 122.4489796)
    >>> upper.round(6).tolist()
    [0.029677, 0.047712]
    """
    p = array_of("proportion", proportion)
    size = array_of("n_star", n_star)
    if not ((p >= 0) & (p <= 1)).all():
        raise ArgumentError(
            "proportion must lie between 0 and 1 throughout; got "
            f"{p[~((p >= 0) & (p <= 1))].flat[0]!r}. Give fractions.",
            code="share-outside",
            name="proportion",
        )
    if not ((size >= 0) & np.isfinite(size)).all():
        raise ArgumentError(
            "n_star must be finite and at least 0 throughout; got "
            f"{size[~((size >= 0) & np.isfinite(size))].flat[0]!r}. Give effective sizes.",
            code="number-outside",
            name="n_star",
        )
    tail = tail_of(confidence, "two-sided")
    return beta_limits(size * p, size * (1 - p), tail)


def interval_korn_graubard(
    proportion: float,
    n: int,
    n_effective: float | None,
    df: int,
    *,
    confidence: float = 0.95,
    cap: Cap = "sample-size",
) -> Interval:
    r"""Korn-Graubard interval for a proportion from a complex sample, by its own variance.

    Parameters
    ----------
    proportion : float
        Estimated proportion, in [0, 1].
    n : int
        Units in the sample, at least 1 (at least 2 when ``proportion`` is neither 0 nor 1).
    n_effective : float or None
        p(1-p)/v, before any adjustment; None when the variance v is 0.
    df : int
        Degrees of freedom of the variance, at least 0.
    confidence : float, default 0.95
        Of the two-sided interval.
    cap : {"sample-size", "none"}, default "sample-size"
        Whether the adjusted effective size may exceed ``n``.

    Returns
    -------
    Interval
        Limits in [0, 1].

    Raises
    ------
    ArgumentError
        A value is outside its domain.

    Notes
    -----
    :math:`n^* = n_e (t_{n-1}/t_{df})^2`, at most n under the cap; n itself when p is 0 or 1. Else,
    without degrees of freedom n* is 0 and the limits are 0 and 1, and with variance 0 n* is n. The
    capped form is that of the NCHS standards, the other R ``svyciprop(method="beta")``. Few PSUs
    with events make the own variance, and so the interval, too small.

    References
    ----------
    .. [1] E. L. Korn, B. I. Graubard, *Survey Methodology* 24, 1998, 193-201.
    .. [2] J. D. Parker and others, *National Center for Health Statistics Data Presentation
       Standards for Proportions*, Vital and Health Statistics, series 2, no. 175, 2017.

    Examples
    --------
    >>> interval = interval_korn_graubard(0.02, 300, 150.0, 20)
    >>> round(interval.lower, 5), round(interval.upper, 5)
    (0.00362, 0.06064)
    """
    check_choice("cap", cap, get_args(Cap))
    size = korn_graubard_size(proportion, n, n_effective, df, confidence=confidence, cap=cap)
    lower, upper = korn_graubard_limits(proportion, size, confidence=confidence)
    method = "korn-graubard" if cap == "sample-size" else "korn-graubard-uncapped"
    return make_interval(float(lower), float(upper), confidence, method, "two-sided")


def korn_graubard_size(
    proportion: float,
    n: int,
    n_effective: float | None,
    df: int,
    *,
    confidence: float,
    cap: Cap,
) -> float:
    """Effective size n* of ``interval_korn_graubard``; same parameters."""
    p = check_share("proportion", proportion)
    n = check_count("n", n, least=1 if p in (0, 1) else 2)
    df = check_count("df", df, least=0)
    tail = tail_of(confidence, "two-sided")
    if p in (0, 1):
        return float(n)
    if df == 0:
        return 0.0
    if n_effective is None:
        return float(n)
    own = check_number("n_effective", n_effective, least=0, strict=True)
    size = own * (float(stats.t.isf(tail, n - 1)) / float(stats.t.isf(tail, df))) ** 2
    return min(float(n), size) if cap == "sample-size" else size
