"""The NCHS standards: whether a proportion may be published, by its Korn-Graubard interval."""

from __future__ import annotations

from .intervals import interval_korn_graubard, korn_graubard_size
from .results import Interval, NchsPresentation, NchsVerdict

LEAST_N = 30
WIDEST = 0.30
NARROW = 0.05
WIDEST_RELATIVE = 1.30
LEAST_DF = 8


def nchs_presentation(
    proportion: float,
    n: int,
    n_effective: float | None,
    df: int,
    *,
    confidence: float = 0.95,
) -> NchsPresentation:
    r"""Verdict of the NCHS standards on publishing a proportion, with their interval.

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
        Of the interval; the standards speak of 0.95.

    Returns
    -------
    NchsPresentation
        ``verdict`` and why.

    Raises
    ------
    ArgumentError
        A value is outside its domain.

    Notes
    -----
    Suppress when n or the effective size is below 30, when the interval is 0.30 wide or more, or
    when it is wider than 0.05 and than 130 % of the proportion. What remains goes to a
    statistician for review when df is below 8 or the proportion is 0 or 1; it carries a note when
    the interval, wider than 0.05, is wider than 130 % of the complement 1 - p. Rare events nearly
    always pass by the width alone: this is no standard of decisions.

    References
    ----------
    .. [1] J. D. Parker and others, *National Center for Health Statistics Data Presentation
       Standards for Proportions*, Vital and Health Statistics, series 2, no. 175, 2017.

    Examples
    --------
    >>> found = nchs_presentation(0.01, 300, 300.0, 299)
    >>> found.verdict, round(found.width, 4), round(found.relative_width, 2)
    ('present', 0.0269, 2.69)
    """
    interval = interval_korn_graubard(proportion, n, n_effective, df, confidence=confidence)
    size = korn_graubard_size(
        proportion, n, n_effective, df, confidence=confidence, cap="sample-size"
    )
    return presentation_of(proportion, n, size, df, interval)


def presentation_of(
    p: float, n: int, n_used: float, df: float, interval: Interval
) -> NchsPresentation:
    """Verdict on an interval that is there; ``n_used`` is the size that it stands on."""
    verdict, reason = _verdict(p, n, n_used, df, interval.upper - interval.lower)
    return NchsPresentation(
        proportion=p, n=n, n_used=n_used, df=df, interval=interval, verdict=verdict, reason=reason
    )


def _verdict(p: float, n: int, n_used: float, df: float, width: float) -> tuple[NchsVerdict, str]:
    if min(n, n_used) < LEAST_N:
        return "suppress", f"fewer than {LEAST_N} units or effective units"
    if width >= WIDEST:
        return "suppress", f"interval at least {WIDEST:g} wide"
    if width > NARROW and width > WIDEST_RELATIVE * p:
        return "suppress", f"interval wider than {WIDEST_RELATIVE:.0%} of the proportion"
    if p in (0, 1):
        return "review", "no events" if p == 0 else "events only"
    if df < LEAST_DF:
        return "review", f"fewer than {LEAST_DF} degrees of freedom"
    if width > NARROW and width > WIDEST_RELATIVE * (1 - p):
        return "present-with-note", f"interval wider than {WIDEST_RELATIVE:.0%} of the complement"
    narrow = f"interval at most {NARROW:g} wide"
    return "present", narrow if width <= NARROW else "interval narrow enough for the proportion"
