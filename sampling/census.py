"""How complete a census or register is: a second listing, matched to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import pandas as pd
from scipy import stats

from ._checks import check_choice, check_number
from ._show import Table, format_number
from .design import AnyDesign
from .errors import ArgumentError
from .intervals._limits import tail_of
from .proportions import estimate_proportion
from .results import Estimate, Interval, Result

DualMethod = Literal["chapman", "lincoln-petersen"]
Counts = float | Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class DualSystem(Result):
    """Size of a population listed twice.

    Parameters
    ----------
    population : float
        Estimated number of units.
    std_error : float
        Its standard error.
    interval : Interval
        Its limits; never below the units seen.
    listed, second, matched : float
        Units rightly in the first list, in the second, and in both.
    gross_omission : float or None
        Share of the second list that the first one lacks; None when the second is empty.
    net_undercount : float
        Share of the population by which the first list, wrong entries included, falls short.
    strata : tuple of DualSystem
        Each stratum by itself; empty when there is one.
    stratum : str
        Name of the stratum.
    method : str
        Which estimator acted.
    """

    population: float
    std_error: float
    interval: Interval
    listed: float
    second: float
    matched: float
    gross_omission: float | None
    net_undercount: float
    strata: tuple[DualSystem, ...] = ()
    stratum: str = ""
    method: str

    @property
    def coverage(self) -> float:
        """Share of the population that is rightly in the first list."""
        return self.listed / self.population

    def _table(self) -> Table:
        rows = (*self.strata, self) if self.strata else (self,)
        return Table(
            title=f"Dual-system estimate, {self.method}, {self.interval.confidence:.0%} interval",
            columns=(
                "stratum",
                "first",
                "second",
                "both",
                "population",
                "lower",
                "upper",
                "omitted",
                "net undercount",
            ),
            rows=tuple(
                (
                    row.stratum or "all",
                    format_number(row.listed, 1),
                    format_number(row.second, 1),
                    format_number(row.matched, 1),
                    format_number(row.population, 1),
                    format_number(row.interval.lower, 1),
                    format_number(row.interval.upper, 1),
                    format_number(row.gross_omission),
                    format_number(row.net_undercount),
                )
                for row in rows
            ),
        )


def dual_system(
    first: Counts,
    second: Counts,
    matched: Counts,
    *,
    erroneous: Counts = 0,
    method: DualMethod = "chapman",
    confidence: float = 0.95,
) -> DualSystem:
    r"""Estimate how many units there are from two lists and how many stand in both.

    The chance of standing in one list must not depend on standing in the other; within strata (of
    filed status, township, migration) it may differ between them.

    Parameters
    ----------
    first : float or mapping
        Units in the first list (the census or register); by stratum in a mapping.
    second : float or mapping
        Units in the second one (the check), complete in its areas.
    matched : float or mapping
        Units in both.
    erroneous : float or mapping, default 0
        Wrong entries of the first list: not there, entered twice, of another place.
    method : {"chapman", "lincoln-petersen"}, default "chapman"
        Chapman's is nearly unbiased with few matches and never fails without one.
    confidence : float, default 0.95
        Of the two-sided interval, in (0, 1).

    Returns
    -------
    DualSystem
        The whole, with each stratum.

    Raises
    ------
    ArgumentError
        A count is outside its domain, more are matched than listed, strata differ, or none are
        matched under "lincoln-petersen".

    Notes
    -----
    With :math:`N_1` right entries of the first list, :math:`N_2` of the second, M in both:
    :math:`N_1 N_2/M`, variance :math:`N_1N_2(N_1-M)(N_2-M)/M^3`; Chapman's
    :math:`(N_1+1)(N_2+1)/(M+1) - 1`, variance
    :math:`(N_1+1)(N_2+1)(N_1-M)(N_2-M)/((M+1)^2(M+2))`. Limits are log-normal for the units in
    neither list, so that they stay above the units seen.

    References
    ----------
    .. [1] D. G. Chapman, "Some properties of the hypergeometric distribution with applications to
       zoological sample censuses", *University of California Publications in Statistics* 1, 1951,
       131-160.
    .. [2] G. A. F. Seber, *The Estimation of Animal Abundance*, 2nd edition, Griffin, 1982, section
       3.1.
    .. [3] A. Chao, "Estimating population size for sparse data in capture-recapture experiments",
       *Biometrics* 45, 1989, 427-438 (limits).

    Examples
    --------
    >>> found = dual_system(950, 100, 93)
    >>> round(found.population, 1), round(found.gross_omission, 2)
    (1020.8, 0.07)
    """
    check_choice("method", method, get_args(DualMethod))
    counts = {
        name: _counts(name, value)
        for name, value in (
            ("first", first),
            ("second", second),
            ("matched", matched),
            ("erroneous", erroneous),
        )
    }
    keys = list(counts["first"])
    if counts["erroneous"] == {"": 0.0}:
        counts["erroneous"] = dict.fromkeys(keys, 0.0)
    for name, by in counts.items():
        if by.keys() != counts["first"].keys():
            raise ArgumentError(
                f"{name} must name the strata of first; got {sorted(by)[:5]} and "
                f"{sorted(keys)[:5]}. Give every count of every stratum.",
                code="keys-differ",
                name=name,
            )
    tail = tail_of(confidence, "two-sided")
    parts = [
        _stratum(key, {name: by[key] for name, by in counts.items()}, method, confidence, tail)
        for key in keys
    ]
    return parts[0] if len(parts) == 1 else _whole(parts, counts, method, confidence, tail)


def _counts(name: str, value: Counts) -> dict[str, float]:
    by = dict(value) if isinstance(value, Mapping) else {"": value}
    if not by:
        raise ArgumentError(
            f"{name} must have at least one stratum; got none. Give a count.",
            code="keys-differ",
            name=name,
        )
    label = {key: name if key == "" else f"{name}[{key!r}]" for key in by}
    return {str(key): check_number(label[key], number, least=0) for key, number in by.items()}


def _stratum(
    key: str, counts: dict[str, float], method: DualMethod, confidence: float, tail: float
) -> DualSystem:
    one, two, both = counts["first"] - counts["erroneous"], counts["second"], counts["matched"]
    if both > min(one, two) or one < 0:
        raise ArgumentError(
            "matched must not exceed the right entries of either list; got "
            f"{both:g} of {one:g} and {two:g}{f' in stratum {key!r}' if key else ''}. Check the "
            "matching.",
            code="matched-too-many",
            stratum=key,
        )
    if method == "chapman":
        size = (one + 1) * (two + 1) / (both + 1) - 1
        variance = (one + 1) * (two + 1) * (one - both) * (two - both)
        variance /= (both + 1) ** 2 * (both + 2)
    elif both == 0:
        raise ArgumentError(
            "matched must be above 0 under 'lincoln-petersen'; got 0"
            f"{f' in stratum {key!r}' if key else ''}. Take 'chapman', or join strata.",
            code="matched-none",
            stratum=key,
        )
    else:
        size, variance = one * two / both, one * two * (one - both) * (two - both) / both**3
    return DualSystem(
        population=size,
        std_error=math.sqrt(variance),
        interval=_limits(size, variance, one + two - both, confidence, tail),
        listed=one,
        second=two,
        matched=both,
        gross_omission=1 - both / two if two else None,
        net_undercount=(size - counts["first"]) / size if size else 0.0,
        stratum=key,
        method=method,
    )


def _whole(
    parts: list[DualSystem],
    counts: dict[str, dict[str, float]],
    method: str,
    confidence: float,
    tail: float,
) -> DualSystem:
    size = math.fsum(part.population for part in parts)
    variance = math.fsum(part.std_error**2 for part in parts)
    seen = math.fsum(part.listed + part.second - part.matched for part in parts)
    two = math.fsum(part.second for part in parts)
    both = math.fsum(part.matched for part in parts)
    return DualSystem(
        population=size,
        std_error=math.sqrt(variance),
        interval=_limits(size, variance, seen, confidence, tail),
        listed=math.fsum(part.listed for part in parts),
        second=two,
        matched=both,
        gross_omission=1 - both / two if two else None,
        net_undercount=(size - math.fsum(counts["first"].values())) / size if size else 0.0,
        strata=tuple(parts),
        method=method,
    )


def _limits(size: float, variance: float, seen: float, confidence: float, tail: float) -> Interval:
    """Log-normal limits of the units never seen."""
    unseen = size - seen
    if unseen <= 0 or variance <= 0:
        lower = upper = size
    else:
        z = float(stats.norm.isf(tail))
        spread = math.exp(z * math.sqrt(math.log1p(variance / unseen**2)))
        lower, upper = seen + unseen / spread, seen + unseen * spread
    return Interval(
        lower=lower, upper=upper, confidence=float(confidence), method="log-normal of the unseen"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRates(Result):
    """How well a census matches its check, from samples, and what that says of its size.

    Parameters
    ----------
    match, omission : Estimate
        Shares of the check's units that the census has, and lacks.
    erroneous : Estimate
        Share of the census's sampled entries that are wrong.
    population, std_error : float or None
        Dual-system estimate of the population, and its standard error; None without a count.
    interval : Interval or None
        Its normal limits.
    census : float or None
        Entries of the census.
    insufficient : float
        Entries of the census that hold too little to be matched.
    """

    match: Estimate
    omission: Estimate
    erroneous: Estimate
    population: float | None = None
    std_error: float | None = None
    interval: Interval | None = None
    census: float | None = None
    insufficient: float = 0.0

    @property
    def net_undercount(self) -> float | None:
        """Share of the population by which the census falls short; None without a count."""
        if self.population is None or self.census is None:
            return None
        return (self.population - self.census) / self.population

    def _table(self) -> Table:
        rows = [
            (
                name,
                format_number(row.estimate),
                format_number(row.std_error),
                format_number(row.lower),
                format_number(row.upper),
            )
            for name, row in (
                ("matched", self.match),
                ("omitted", self.omission),
                ("erroneous", self.erroneous),
            )
        ]
        notes: tuple[str, ...] = ()
        if self.population is not None and self.interval is not None:
            notes = (
                f"population {format_number(self.population, 1)} "
                f"({format_number(self.interval.lower, 1)} to "
                f"{format_number(self.interval.upper, 1)}), net undercount "
                f"{format_number(self.net_undercount)}",
            )
        return Table(
            title="Match rates of a census and its check",
            columns=("", "rate", "std. error", "lower", "upper"),
            rows=tuple(rows),
            notes=notes,
        )


def match_rates(
    check: pd.DataFrame,
    matched: str,
    entries: pd.DataFrame,
    erroneous: str,
    *,
    check_design: AnyDesign,
    entries_design: AnyDesign,
    census: float | None = None,
    insufficient: float = 0.0,
    confidence: float = 0.95,
) -> MatchRates:
    r"""Match, omission and erroneous-inclusion rates with design-based limits.

    Parameters
    ----------
    check : DataFrame
        One row for each unit found by the check (the P sample).
    matched : str
        Its column of ones and zeros: whether the census has the unit.
    entries : DataFrame
        One row for each sampled entry of the census (the E sample).
    erroneous : str
        Its column of ones and zeros: whether the entry is wrong.
    check_design, entries_design : Design
        How each was sampled.
    census : float, optional
        All entries of the census, to estimate the population.
    insufficient : float, default 0
        Entries that hold too little to be matched, and were not in ``entries``.
    confidence : float, default 0.95
        Of each two-sided interval, in (0, 1).

    Returns
    -------
    MatchRates
        The rates, and the population where ``census`` is given.

    Raises
    ------
    ArgumentError
        A column is absent, incomplete or not of zeros and ones; or nothing was matched and a
        population is asked for.

    Notes
    -----
    :math:`\hat N = (C - I)\,\frac{1-\hat e}{\hat m}` with C entries, I insufficient ones, the
    erroneous rate e and the match rate m. Its relative variance adds those of both rates, as if
    the samples were independent; taken in the same areas, wrong entries and failed matches go
    together, and the variance is then too large. Rates have Korn and Graubard's limits.

    References
    ----------
    .. [1] H. Hogan, "The 1990 post-enumeration survey: operations and results", *JASA* 88, 1993,
       1047-1060.

    Examples
    --------
    >>> import pandas as pd
    >>> from sampling import Design
    >>> p = pd.DataFrame({"in_census": [1] * 95 + [0] * 5})
    >>> e = pd.DataFrame({"wrong": [1] * 3 + [0] * 97})
    >>> found = match_rates(p, "in_census", e, "wrong", check_design=Design(),
    ...                     entries_design=Design(), census=10_000)
    >>> round(found.population), round(found.net_undercount, 4)
    (10211, 0.0206)
    """
    tail = tail_of(confidence, "two-sided")
    match = estimate_proportion(check, matched, check_design, confidence=confidence)[0]
    missing = check.assign(**{matched: 1 - check[matched]})
    omission = estimate_proportion(missing, matched, check_design, confidence=confidence)[0]
    wrong = estimate_proportion(entries, erroneous, entries_design, confidence=confidence)[0]
    size = error = limits = None
    if census is not None:
        entered = check_number("census", census, least=0, strict=True)
        poor = check_number("insufficient", insufficient, least=0, most=entered)
        if match.estimate == 0:
            raise ArgumentError(
                "some unit of the check must be matched to estimate a population; got none of "
                f"{match.n}. Check the matching.",
                code="matched-none",
            )
        right = 1 - wrong.estimate
        if right <= 0:
            raise ArgumentError(
                "some entry of the census must be right to estimate a population; got none of "
                f"{wrong.n}. Check what counts as erroneous.",
                code="right-none",
            )
        size = (entered - poor) * right / match.estimate
        relative = (match.std_error / match.estimate) ** 2
        relative += (wrong.std_error / right) ** 2 if right else 0.0
        error = size * math.sqrt(relative)
        margin = float(stats.norm.isf(tail)) * error
        limits = Interval(
            lower=max(0.0, size - margin),
            upper=size + margin,
            confidence=float(confidence),
            method="normal",
        )
    return MatchRates(
        match=match,
        omission=omission,
        erroneous=wrong,
        population=size,
        std_error=error,
        interval=limits,
        census=None if census is None else float(census),
        insufficient=float(insufficient),
    )
