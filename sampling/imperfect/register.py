"""A rate from a sample, helped by a filed reading that is known for every unit of the register."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from .._checks import check_choice, check_columns, check_count, check_share, events_of
from .._show import Table, format_number
from ..design import Design
from ..errors import ArgumentError
from ..estimation import estimate_mean
from ..intervals import interval_korn_graubard
from ..intervals._limits import tail_of
from ..results import Interval, Result

RegisterMethod = Literal["difference", "ratio", "calibrated", "prediction-powered"]
RegisterInterval = Literal["korn-graubard", "t"]
_RESIDUAL = "_residual_of_register"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterEstimate(Result):
    """A true rate estimated with the register as the first phase.

    Parameters
    ----------
    estimate, std_error : float
        The true rate and its standard error under the design.
    interval : Interval
        Its limits, within [0, 1].
    direct, direct_std_error : float
        The same without the register.
    register_rate, sample_rate : float
        Filed rate in the register, and among the sampled units.
    coefficient : float
        How much of the register's difference is taken over.
    df : float
        Degrees of freedom of the variance.
    n : int
        Sampled units.
    method : str
        Which estimator acted.
    why : str
        A caution; empty when there is none.
    """

    estimate: float
    std_error: float
    interval: Interval
    direct: float
    direct_std_error: float
    register_rate: float
    sample_rate: float
    coefficient: float
    df: float
    n: int
    method: str
    why: str = ""

    @property
    def lower(self) -> float:
        """Lower limit of ``interval``."""
        return self.interval.lower

    @property
    def upper(self) -> float:
        """Upper limit of ``interval``."""
        return self.interval.upper

    def _table(self) -> Table:
        return Table(
            title=f"Register as first phase, {self.method}: {self.n} units sampled",
            columns=("", "rate", "std. error", "lower", "upper"),
            rows=(
                (
                    "with the register",
                    format_number(self.estimate),
                    format_number(self.std_error),
                    format_number(self.lower),
                    format_number(self.upper),
                ),
                (
                    "sample alone",
                    format_number(self.direct),
                    format_number(self.direct_std_error),
                    "",
                    "",
                ),
            ),
            notes=(self.why,) if self.why else (),
        )


def estimate_with_register(
    data: pd.DataFrame,
    variable: str,
    filed: str,
    design: Design,
    *,
    register_rate: float,
    register_size: int | None = None,
    method: RegisterMethod = "calibrated",
    interval: RegisterInterval = "korn-graubard",
    confidence: float = 0.95,
) -> RegisterEstimate:
    r"""Estimate a true rate from verified units and a filed reading known for all units.

    The filed reading may be wrong as often as it likes: the estimate stays right, and is the more
    exact the better the reading agrees with the truth. For several filed statuses take
    ``poststratify``; for each status of its own, a domain.

    Parameters
    ----------
    data : DataFrame
        One row per sampled unit.
    variable : str
        Column of zeros and ones: what was found.
    filed : str
        Column of zeros and ones: what was filed for the same unit.
    design : Design
        The columns of the design.
    register_rate : float
        Filed rate over all units of the register, in [0, 1].
    register_size : int, optional
        Units that ``register_rate`` stands on, when it is itself from a sample; the whole
        population without it.
    method : {"difference", "ratio", "calibrated", "prediction-powered"}, default "calibrated"
        - "difference": the register's rate plus the mean difference found.
        - "ratio": the register's rate times the ratio found.
        - "calibrated": by regression on the filed reading (generalised regression).
        - "prediction-powered": as "calibrated", tuned for a register that is a sample.
    interval : {"korn-graubard", "t"}, default "korn-graubard"
        Exact limits at the effective size p(1-p)/v, or t limits.
    confidence : float, default 0.95
        Of the two-sided interval.

    Returns
    -------
    RegisterEstimate
        The rate beside the sample's own.

    Raises
    ------
    ArgumentError
        A column is absent, incomplete or not of zeros and ones; or nobody in the sample was filed
        as positive under "ratio".
    LonelyUnitError
        A stratum has one sampled PSU under ``lonely_psu="raise"``.

    Notes
    -----
    :math:`\hat p = \bar y + b(\bar F - \bar f)`, b of 1 ("difference"), :math:`\bar y/\bar f`
    ("ratio"), :math:`\operatorname{cov}(y,f)/\operatorname{var} f` ("calibrated"), the same over
    1 + n/N ("prediction-powered"). The variance is that of the mean of :math:`y - bf`, and
    :math:`b^2 \bar F(1-\bar F)/N` on top for a register that is a sample. The plain
    prediction-powered mean is the difference estimator, its tuned form the regression one.

    References
    ----------
    .. [1] C.-E. Sarndal, B. Swensson, J. Wretman, *Model Assisted Survey Sampling*, Springer, 1992,
       chapter 6.
    .. [2] A. N. Angelopoulos and others, "Prediction-powered inference", *Science* 382, 2023,
       669-674.

    Examples
    --------
    >>> import pandas as pd
    >>> found = pd.DataFrame({"filed": [1, 0, 0, 0, 1] + [0] * 5, "poor": [1, 0, 1] + [0] * 7})
    >>> estimate = estimate_with_register(
    ...     found, "poor", "filed", Design(), register_rate=0.08)
    >>> round(estimate.estimate, 6)
    0.155
    """
    check_choice("method", method, get_args(RegisterMethod))
    check_choice("interval", interval, get_args(RegisterInterval))
    check_columns(data, [variable, filed])
    share = check_share("register_rate", register_rate)
    size = None if register_size is None else check_count("register_size", register_size, least=1)
    y, f = events_of(data, variable), events_of(data, filed)
    both = estimate_mean(data, [variable, filed], design, confidence=confidence)
    mean, filed_mean = both[0].estimate, both[1].estimate
    slope = _slope(y, f, design, data, size=size, method=method, means=(mean, filed_mean))
    residuals = data.assign(**{_RESIDUAL: y - slope * f})
    row = estimate_mean(residuals, _RESIDUAL, design, confidence=confidence)[0]
    scale = share / filed_mean if method == "ratio" else 1.0
    raw = mean + slope * (share - filed_mean)
    variance = (scale * row.std_error) ** 2
    if size is not None:
        variance += slope**2 * share * (1 - share) / size
    rate = min(1.0, max(0.0, raw))
    return RegisterEstimate(
        estimate=rate,
        std_error=math.sqrt(variance),
        interval=_interval(rate, raw, variance, row.n, row.df, confidence, interval),
        direct=mean,
        direct_std_error=both[0].std_error,
        register_rate=share,
        sample_rate=filed_mean,
        coefficient=slope,
        df=row.df,
        n=row.n,
        method=method,
        why="" if rate == raw else f"the estimate was {raw:.4g} before it was brought into [0, 1]",
    )


def _slope(
    y: np.ndarray,
    f: np.ndarray,
    design: Design,
    data: pd.DataFrame,
    *,
    size: int | None,
    method: RegisterMethod,
    means: tuple[float, float],
) -> float:
    mean, filed_mean = means
    if method == "difference":
        return 1.0
    if method == "ratio":
        if filed_mean == 0:
            raise ArgumentError(
                "some sampled unit must be filed as positive under 'ratio'; got none of "
                f"{len(f)}. Take 'difference' or 'calibrated'.",
                code="status-unverified",
                status="positive",
            )
        return mean / filed_mean
    if filed_mean in (0.0, 1.0):
        return 0.0
    crossed = estimate_mean(data.assign(**{_RESIDUAL: y * f}), _RESIDUAL, design)[0].estimate
    slope = (crossed - mean * filed_mean) / (filed_mean * (1 - filed_mean))
    tuned = method == "prediction-powered" and size is not None
    return slope / (1 + len(f) / size) if tuned and size else slope


def _interval(
    rate: float,
    raw: float,
    variance: float,
    n: int,
    df: float,
    confidence: float,
    form: RegisterInterval,
) -> Interval:
    if form == "korn-graubard":
        own = rate * (1 - rate) / variance if variance > 0 and 0 < rate < 1 else None
        return interval_korn_graubard(rate, n, own, int(df), confidence=confidence)
    tail = tail_of(confidence, "two-sided")
    margin = float(stats.t.isf(tail, df)) * math.sqrt(variance) if df > 0 else math.inf
    return Interval(
        lower=max(0.0, raw - margin),
        upper=min(1.0, raw + margin),
        confidence=float(confidence),
        method="t",
    )
