"""Designs: which columns carry weights, strata, PSUs and frame sizes, and what they imply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ._checks import FloatArray, check_choice, check_columns, check_complete, name_some, numbers_of
from ._show import Table
from .errors import ArgumentError, FrameTooSmallError
from .results import Result

LonelyPsu = Literal["raise", "adjust", "average", "certainty", "remove"]
IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Design(Result):
    """How a sample was drawn, as names of columns and policies.

    Single-stage or ultimate-cluster designs: the first stage alone carries the variance.

    Parameters
    ----------
    weight : str, optional
        Column of weights, above 0. Without it every unit weighs the same; where ``fpc`` holds
        population counts it weighs them over the PSUs sampled in the stratum.
    strata : str, optional
        Column of strata; without it there is one.
    psu : str, optional
        Column of primary sampling units, unique over all strata; without it every row is one.
    fpc : str, optional
        Column for the first-stage finite-population correction, the same within a stratum:
        population counts of PSUs, or sampling fractions when no value exceeds 1. Without it PSUs
        count as drawn with replacement.
    lonely_psu : {"raise", "adjust", "average", "certainty", "remove"}, default "raise"
        What to do with a stratum that has one sampled PSU and is not a census: refuse; centre it
        at the mean of all PSUs; give it the mean variance of the other strata; take it as drawn
        with certainty; leave it out of the variance. The last two give the same number.

    Raises
    ------
    ArgumentError
        ``lonely_psu`` is unknown, or a column name is not text.

    Notes
    -----
    The policies are those of R ``survey`` (``survey.lonely.psu``); "adjust" centres totals as
    version 4.5 does.

    Examples
    --------
    >>> Design(weight="w", psu="village").lonely_psu
    'raise'
    """

    weight: str | None = None
    strata: str | None = None
    psu: str | None = None
    fpc: str | None = None
    lonely_psu: LonelyPsu = "raise"

    def __post_init__(self) -> None:
        check_choice("lonely_psu", self.lonely_psu, get_args(LonelyPsu))
        for name, column in self._named():
            if not isinstance(column, str):
                raise ArgumentError(
                    f"{name} must be the name of one column; got {column!r}. Give text.",
                    code="column-not-text",
                    name=name,
                    got=column,
                )

    def _named(self) -> list[tuple[str, str]]:
        pairs = (
            ("weight", self.weight),
            ("strata", self.strata),
            ("psu", self.psu),
            ("fpc", self.fpc),
        )
        return [(name, column) for name, column in pairs if column is not None]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that the design reads."""
        return tuple(column for _, column in self._named())

    def _table(self) -> Table:
        return Table(
            title="Design",
            columns=("part", "column or policy"),
            rows=(*self._named(), ("lonely_psu", self.lonely_psu)),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """A design laid over data: arrays for the arithmetic, never part of a result.

    Parameters
    ----------
    weight : array
        One weight for each row.
    psu : array of int
        For each row, the place of its PSU.
    stratum_of_psu : array of int
        For each PSU, the place of its stratum.
    psu_count : array
        Sampled PSUs in each stratum.
    open_share : array
        For each stratum, 1 less the sampling fraction of PSUs; 1 with replacement, 0 for a census.
    stratum_name : tuple of str
        One for each stratum.
    lonely_psu : str
        The design's policy.
    """

    weight: FloatArray
    psu: IntArray
    stratum_of_psu: IntArray
    psu_count: FloatArray
    open_share: FloatArray
    stratum_name: tuple[str, ...]
    lonely_psu: LonelyPsu


def lay_out(data: pd.DataFrame, design: Design) -> Layout:
    """``design`` laid over ``data``, checked.

    Raises
    ------
    ArgumentError
        A column is absent, incomplete or outside its domain, or a PSU lies in two strata.
    FrameTooSmallError
        ``fpc`` says that a stratum holds fewer PSUs than were sampled.
    """
    check_columns(data, design.columns)
    rows = len(data)
    stratum, names = _codes(data, design.strata) if design.strata else (None, ("",))
    psu = _codes(data, design.psu)[0] if design.psu else np.arange(rows, dtype=np.intp)
    if stratum is None:
        stratum = np.zeros(rows, dtype=np.intp)
    stratum_of_psu = np.empty(int(psu.max()) + 1, dtype=np.intp)
    stratum_of_psu[psu] = stratum
    split = stratum_of_psu[psu] != stratum
    if split.any():
        _refuse_split_psus(data, design, split)
    psu_count = np.bincount(stratum_of_psu, minlength=len(names)).astype(np.float64)
    size = _frame_sizes(data, design, stratum, psu_count, names) if design.fpc else None
    if design.weight:
        weight = numbers_of(data, design.weight, least=0, strict=True)
    elif size is not None:
        weight = (size / psu_count)[stratum]
    else:
        weight = np.ones(rows)
    return Layout(
        weight=weight,
        psu=psu,
        stratum_of_psu=stratum_of_psu,
        psu_count=psu_count,
        open_share=np.ones(len(names)) if size is None else 1 - psu_count / size,
        stratum_name=names,
        lonely_psu=design.lonely_psu,
    )


def _codes(data: pd.DataFrame, column: str) -> tuple[IntArray, tuple[str, ...]]:
    check_complete(data, [column])
    codes, values = pd.factorize(data[column])
    return codes.astype(np.intp), tuple(str(value) for value in values)


def _refuse_split_psus(data: pd.DataFrame, design: Design, split: npt.NDArray[np.bool_]) -> None:
    psus = data.loc[split, design.psu].unique().tolist()
    raise ArgumentError(
        f"each PSU must lie in one stratum; got {name_some(psus)} of column {design.psu!r} in "
        f"several values of {design.strata!r}. Make PSU identifiers unique over strata, or make "
        "what is not a stratum of PSUs a domain.",
        code="psu-in-two-strata",
        psus=tuple(psus[:5]),
    )


def _frame_sizes(
    data: pd.DataFrame,
    design: Design,
    stratum: IntArray,
    psu_count: FloatArray,
    names: tuple[str, ...],
) -> FloatArray:
    """Read the population count of PSUs of each stratum."""
    column = design.fpc or ""
    values = numbers_of(data, column, least=0, strict=True)
    size = np.empty(len(names))
    size[stratum] = values
    if (size[stratum] != values).any():
        bad = {names[code] for code in stratum[size[stratum] != values]}
        raise ArgumentError(
            f"column {column!r} must be the same within a stratum; it varies in "
            f"{name_some(sorted(bad))}. Give one count of PSUs for each stratum.",
            code="fpc-varies",
            column=column,
        )
    if (size <= 1).all():
        size = psu_count / size
    short = size < psu_count * (1 - 1e-12)
    if short.any():
        place = int(np.flatnonzero(short)[0])
        raise FrameTooSmallError(
            f"column {column!r} must be at least the PSUs sampled; got {size[place]:g} for "
            f"{psu_count[place]:g} sampled in stratum {names[place]!r}. "
            "Give population counts of PSUs, or sampling fractions throughout.",
            code="fpc-too-small",
            stratum=names[place],
        )
    return size
