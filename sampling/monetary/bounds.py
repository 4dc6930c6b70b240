"""Upper bounds of a mean taint: how much of each unit of money is wrong, at most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from scipy import special

from .._checks import FloatArray, array_of, check_choice, check_count, check_fraction
from .._rounding import complement
from ..errors import ArgumentError
from ..results import Interval

BoundMethod = Literal["stringer", "stringer-poisson", "cell", "moment", "kaplan-markov"]
_SPREAD = 0.1


def bound_stringer(
    taints: Sequence[float],
    n: int,
    *,
    confidence: float = 0.95,
    method: BoundMethod = "stringer",
) -> Interval:
    r"""Upper bound of the mean taint of money units, few of which are wrong.

    Parameters
    ----------
    taints : sequence of float
        Taints that are not zero, each in (0, 1]: the error over the book value. Any order.
    n : int
        Money units drawn, those without error included.
    confidence : float, default 0.95
        Of the one-sided bound, in (0, 1).
    method : str, default "stringer"
        - "stringer", "stringer-poisson": Stringer's, with binomial or Poisson limits; safe in every
          trial known, though never proved.
        - "cell": that of Leslie, Teitlebaum and Anderson, for draws one from each cell.
        - "moment": Dworin and Grimlund's gamma, usually narrower, not proved (it held in 94.75 % of
          samples of 40 from a population with taints of .5 and 1, enumerated).
        - "kaplan-markov": proved for draws with replacement, wider.

    Returns
    -------
    Interval
        One-sided; the bound as a share of the book value.

    Raises
    ------
    ArgumentError
        A taint is outside (0, 1], or there are more than ``n``.

    Notes
    -----
    Stringer, with taints descending and :math:`p_j` the upper limit for j errors among n:
    :math:`p_0 + \sum_j (p_j - p_{j-1}) t_j`. Cell, with Poisson factors :math:`U_j`:
    :math:`u_0 = U_0`, :math:`u_j = \max(u_{j-1} + t_j,\; U_j \bar t_{1..j})`, the last over n.
    Kaplan-Markov: :math:`1.1 - (\alpha \prod_i (1.1 - t_i))^{1/n}` over all n.

    References
    ----------
    .. [1] K. W. Stringer, "Practical aspects of statistical sampling in auditing", *Proceedings of
       the Business and Economic Statistics Section, ASA*, 1963, 405-411.
    .. [2] D. A. Leslie, A. D. Teitlebaum, R. J. Anderson, *Dollar-Unit Sampling*, Copp Clark
       Pitman, 1979.
    .. [3] L. Dworin, R. A. Grimlund, "Dollar unit sampling for accounts receivable and inventory",
       *Accounting Review* 59, 1984, 218-241.
    .. [4] P. B. Stark, "Risk-limiting postelection audits: conservative P-values from common
       probability inequalities", *IEEE Transactions on Information Forensics and Security* 4, 2009,
       1005-1014.

    Examples
    --------
    >>> round(bound_stringer([1.0, 0.20000072, 0.03999931], 145).upper, 8)
    0.03478656
    >>> round(bound_stringer([], 59).upper, 6)
    0.049508
    """
    check_choice("method", method, get_args(BoundMethod))
    size = check_count("n", n, least=1)
    risk = complement(check_fraction("confidence", confidence))
    upper = mean_taint_bound(_descending(taints, size), size, risk, method)
    return Interval(
        lower=0.0, upper=upper, confidence=float(confidence), method=method, side="upper"
    )


def mean_taint_bound(taints: FloatArray, n: int, risk: float, method: BoundMethod) -> float:
    """Bound for checked taints in descending order."""
    if method == "cell":
        bound = _cell(taints, n, risk)
    elif method == "moment":
        bound = _moment(taints, n, risk)
    elif method == "kaplan-markov":
        bound = _kaplan_markov(taints, n, risk)
    else:
        limits = _limits(len(taints), n, risk, poisson=method == "stringer-poisson")
        bound = float(limits[0] + np.diff(limits) @ taints)
    return min(bound, 1.0)


def _descending(taints: Sequence[float], n: int) -> FloatArray:
    values = np.sort(array_of("taints", taints))[::-1]
    if values.ndim != 1 or not ((values > 0) & (values <= 1)).all():
        raise ArgumentError(
            "taints must be above 0 and at most 1; got "
            f"{[float(t) for t in values[~((values > 0) & (values <= 1))][:5]]}. Leave units "
            "without error out; evaluate understatements, and values of the other sign, apart.",
            code="taint-outside",
        )
    if len(values) > n:
        raise ArgumentError(
            f"taints must be those of at most n units; got {len(values)} of {n}. Give n with the "
            "units without error.",
            code="count-outside",
            name="taints",
            got=len(values),
        )
    return values


def _limits(errors: int, n: int, risk: float, *, poisson: bool) -> FloatArray:
    """Upper limits of the error rate for 0, 1, ... errors among n."""
    count = np.arange(errors + 1, dtype=np.float64)
    limits: FloatArray
    if poisson:
        limits = special.gammainccinv(count + 1, risk) / n
        return limits
    inside = count < n
    limits = np.where(
        inside, special.betainccinv(count + 1, np.where(inside, n - count, 1.0), risk), 1.0
    )
    return limits


def _cell(taints: FloatArray, n: int, risk: float) -> float:
    factors = special.gammainccinv(np.arange(len(taints) + 1) + 1.0, risk)
    bound = float(factors[0])
    for place, taint in enumerate(taints, start=1):
        spread = float(factors[place]) * float(taints[:place].mean())
        bound = max(bound + float(taint), spread)
    return bound / n


def _moment(taints: FloatArray, n: int, risk: float) -> float:
    """Gamma distribution with the first three moments of error rate times taint."""
    m = len(taints)
    mean = float(taints.mean()) if m else 0.0
    typical = 0.81 * (1 - 0.667 * math.tanh(10 * mean)) * (1 + 0.667 * math.tanh(m / 10))
    z1, z2, z3 = ((typical**k + float((taints**k).sum())) / (m + 1) for k in (1, 2, 3))
    e1 = (m + 1) / (n + 2)
    e2 = e1 * (m + 2) / (n + 3)
    e3 = e2 * (m + 3) / (n + 4)
    first = e1 * z1
    second = (e1 * z2 + (n - 1) * e2 * z1**2) / n
    third = (e1 * z3 + 3 * (n - 1) * e2 * z1 * z2 + (n - 1) * (n - 2) * e3 * z1**3) / n**2
    variance = second - first**2
    skew = third - 3 * first * second + 2 * first**3
    shape = 4 * variance**3 / skew**2
    scale = skew / (2 * variance)
    return float(first - shape * scale + scale * special.gammainccinv(shape, risk))


def _kaplan_markov(taints: FloatArray, n: int, risk: float) -> float:
    """Markov's inequality on the product of 1 - taint, each held off 0 by a tenth."""
    logs = math.log(risk) + (n - len(taints)) * math.log1p(_SPREAD)
    logs += float(np.log(1 + _SPREAD - taints).sum())
    return 1 + _SPREAD - math.exp(logs / n)
