"""Small areas made to add up to what the whole sample says directly."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal, get_args

import numpy as np
import pandas as pd

from .._checks import FloatArray, check_choice, check_columns, check_number, name_some
from ..errors import ArgumentError, NotConvergedError
from ._inputs import ByArea, named_values, refuse
from .results import BenchmarkedTotal, SmallAreaEstimate, SmallAreaEstimates

BenchmarkMethod = Literal["ratio", "difference", "raking"]
_ROUNDS = 500
_CLOSE = 1e-12


def benchmark(
    areas: SmallAreaEstimates,
    target: float | Mapping[str, Mapping[str, float]],
    sizes: ByArea,
    *,
    method: BenchmarkMethod = "ratio",
    groups: pd.DataFrame | None = None,
) -> SmallAreaEstimates:
    r"""Move small-area estimates so that their mean by size is the direct one of the whole.

    Parameters
    ----------
    areas : SmallAreaEstimates
        What is moved.
    target : float, or mapping of mappings for raking
        Direct estimate of the mean or rate over all areas; for raking the same for each level of
        each column of ``groups``.
    sizes : mapping, Series or sequence
        Units of each area in the population, above 0.
    method : {"ratio", "difference", "raking"}, default "ratio"
        One factor for all; a difference shared out by size and mean squared error, so that areas
        known well move little; or factors by each margin in turn until all hold.
    groups : DataFrame, optional
        For raking: one row for each area, indexed by area, a column for each margin.

    Returns
    -------
    SmallAreaEstimates
        Moved rows. The mean squared error grows by the square of the move, limits move with the
        estimate, chances above a threshold are dropped (they are the model's own).

    Raises
    ------
    ArgumentError
        A value is outside its domain, an area has no standard error where one is needed, a factor
        is asked of estimates that are zero, or groups and targets do not name the same.
    NotConvergedError
        Margins that contradict one another.

    Notes
    -----
    With :math:`W_t` the shares of size and :math:`D = T - \sum W_t\hat\vartheta_t`: ratio
    :math:`\hat\vartheta_t T/\sum W\hat\vartheta`; difference
    :math:`\hat\vartheta_t + D\,W_t m_t/\sum W^2 m`, m the mean squared error, which among all
    moves to T has the least :math:`\sum (\text{move})^2/m`. For a posterior mean the expected
    squared error of a moved value is the posterior variance and the square of the move, exactly;
    for the others it is what is added here. The target's own sampling error is not added.

    References
    ----------
    .. [1] J. Wang, W. A. Fuller, Y. Qu, "Small area estimation under a restriction", *Survey
       Methodology* 34, 2008, 29-36.
    .. [2] G. S. Datta, M. Ghosh, R. Steorts, J. Maples, "Bayesian benchmarking with applications
       to small area estimation", *Test* 20, 2011, 574-588.

    Examples
    --------
    >>> from sampling import beta_binomial_areas
    >>> found = beta_binomial_areas({"a": 0.0, "b": 0.04, "c": 0.01}, [100, 100, 100])
    >>> moved = benchmark(found, 0.018, {"a": 5000, "b": 2000, "c": 3000}, method="difference")
    >>> round(sum(row.estimate * size for row, size in zip(moved, (0.5, 0.2, 0.3))), 6)
    0.018
    """
    check_choice("method", method, get_args(BenchmarkMethod))
    names = tuple(row.area for row in areas)
    counts = named_values("sizes", sizes, names)
    refuse("sizes", names, counts, counts <= 0, "be above 0")
    before = np.array([row.estimate for row in areas])
    if method == "raking":
        margins = _margins(target, groups, names)
    elif isinstance(target, Mapping) or groups is not None:
        raise ArgumentError(
            f'one target is a number, without groups; got {type(target).__name__} for "{method}". '
            'Take method="raking" for several margins.',
            code="target-kind",
        )
    else:
        whole = np.ones(len(names), dtype=bool)
        margins = [("", whole, check_number("target", target, least=-np.inf))]
    after = (
        _shared_out(areas, before, counts / counts.sum(), margins[0][2])
        if method == "difference"
        else _raked(before, counts, margins)
    )
    return dataclasses.replace(
        areas,
        method=f"{areas.method}, benchmarked by {method}",
        threshold=None,
        rows=tuple(
            _moved(row, float(value), method == "difference")
            for row, value in zip(areas, after, strict=True)
        ),
        benchmarks=tuple(
            BenchmarkedTotal(
                group=name,
                target=wanted,
                before=float(np.average(before[here], weights=counts[here])),
                after=float(np.average(after[here], weights=counts[here])),
            )
            for name, here, wanted in margins
        ),
    )


_Margin = tuple[str, np.ndarray[tuple[int], np.dtype[np.bool_]], float]


def _margins(
    target: float | Mapping[str, Mapping[str, float]],
    groups: pd.DataFrame | None,
    names: tuple[str, ...],
) -> list[_Margin]:
    if not isinstance(target, Mapping) or groups is None:
        raise ArgumentError(
            "raking needs groups, and a target for each level of each of their columns; got "
            f"{type(target).__name__} and {'no ' if groups is None else ''}groups. "
            'Take method="ratio" for one target.',
            code="target-kind",
        )
    check_columns(groups, target)
    rows = groups.set_axis(groups.index.astype(str))
    absent = sorted(set(names) - set(rows.index))
    if absent or rows.index.has_duplicates:
        raise ArgumentError(
            f"groups must have one row for each area; got none or two for {name_some(absent)}. "
            "Index it by area.",
            code="keys-differ",
        )
    made: list[_Margin] = []
    for column, wanted in target.items():
        levels = rows.loc[list(names), column].astype(str).to_numpy()
        if set(levels) != {str(level) for level in wanted}:
            raise ArgumentError(
                f"target[{column!r}] must name each level of the groups; got "
                f"{name_some(wanted)} for {name_some(sorted(set(levels)))}. Name the same.",
                code="keys-differ",
                column=column,
            )
        for level, value in wanted.items():
            number = check_number(f"target[{column!r}][{level!r}]", value, least=0)
            made.append((f"{column}={level}", levels == str(level), number))
    return made


def _shared_out(
    areas: SmallAreaEstimates, before: FloatArray, shares: FloatArray, target: float
) -> FloatArray:
    without = [row.area for row in areas if row.std_error is None]
    if without:
        raise ArgumentError(
            "a difference is shared out by mean squared errors; got none for "
            f'{name_some(without)}. Take method="ratio".',
            code="std-error-missing",
            areas=tuple(without[:5]),
        )
    errors = np.array([row.std_error or 0.0 for row in areas]) ** 2
    pull = shares * errors
    if not pull.any():
        raise ArgumentError(
            "a difference is shared out by mean squared errors; got zero for every area. "
            'Take method="ratio".',
            code="std-error-missing",
        )
    moved: FloatArray = before + (target - shares @ before) * pull / float(shares @ pull)
    return moved


def _raked(before: FloatArray, counts: FloatArray, margins: list[_Margin]) -> FloatArray:
    """Factors by each margin in turn; one margin needs one round."""
    after = before.copy()
    for _ in range(_ROUNDS):
        worst = 0.0
        for name, here, wanted in margins:
            reached = float(np.average(after[here], weights=counts[here]))
            if reached == 0 and wanted != 0:
                raise ArgumentError(
                    f"a factor cannot move zero; got estimates of mean 0 in {name or 'all areas'}. "
                    'Take method="difference".',
                    code="target-kind",
                )
            if wanted != reached:
                worst = max(worst, abs(wanted - reached) / max(abs(wanted), abs(reached)))
                after[here] *= wanted / reached
        if worst <= _CLOSE or len(margins) == 1:
            return after
    raise NotConvergedError(
        f"raking must settle within {_ROUNDS} rounds; got a relative difference of {worst:.2g}. "
        "Check that the margins have the same mean over all areas.",
        rounds=_ROUNDS,
    )


def _moved(row: SmallAreaEstimate, estimate: float, by_difference: bool) -> SmallAreaEstimate:
    move = estimate - row.estimate
    lower, upper, std_error = row.lower, row.upper, row.std_error
    if lower is not None and upper is not None:
        if by_difference or row.estimate == 0:
            lower, upper = lower + move, upper + move
        else:
            low, high = lower * (estimate / row.estimate), upper * (estimate / row.estimate)
            lower, upper = min(low, high), max(low, high)
    return dataclasses.replace(
        row,
        estimate=estimate,
        lower=lower,
        upper=upper,
        std_error=None if std_error is None else float(np.hypot(std_error, move)),
        above=None,
    )
