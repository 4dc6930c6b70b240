"""Designs laid over data: the arrays that the arithmetic of variances works on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ._checks import FloatArray, check_columns, check_complete, name_some, numbers_of
from .design import Design, LonelyDomain, LonelyPsu, Pps, names_of
from .errors import ArgumentError, FrameTooSmallError
from .projection import Projection, read_projections

IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stage:
    """One stage of selection.

    Parameters
    ----------
    unit : array of int
        For each row, the place of its unit.
    stratum_of_unit : array of int
        For each unit, the place of its stratum; strata of later stages lie within one earlier unit.
    count, open_share : array
        For each stratum: units sampled, and 1 less the sampling fraction (1 with replacement).
    scale : array
        For each stratum, the chance with which the earlier stages chose its unit: what the variance
        of this stage is multiplied by.
    name : tuple of str
        One for each stratum.
    """

    unit: IntArray
    stratum_of_unit: IntArray
    count: FloatArray
    open_share: FloatArray
    scale: FloatArray
    name: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unequal:
    """First-stage selection with unequal probabilities.

    Parameters
    ----------
    form : str
        The variance asked for.
    prob : array
        Inclusion probability of each PSU.
    joint : array or None
        Their joint probabilities.
    square_sum : float or None
        Sum over the frame of squared inclusion probabilities.
    """

    form: Pps
    prob: FloatArray
    joint: FloatArray | None
    square_sum: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """A design laid over data: arrays for the arithmetic, never part of a result.

    Parameters
    ----------
    weight : array
        One weight for each row; 0 for a row without an answer.
    stages : tuple of Stage
        The stages that add to the variance, first first.
    unequal : Unequal or None
        How the PSUs were drawn, when with unequal probabilities.
    projections : tuple of Projection
        Adjustments of weights, last first.
    lonely_psu, lonely_domain : str
        The design's policies.
    """

    weight: FloatArray
    stages: tuple[Stage, ...]
    unequal: Unequal | None
    projections: tuple[Projection, ...]
    lonely_psu: LonelyPsu
    lonely_domain: LonelyDomain

    @property
    def psu(self) -> IntArray:
        """For each row, the place of its PSU."""
        return self.stages[0].unit

    @property
    def stratum_of_psu(self) -> IntArray:
        """For each PSU, the place of its stratum."""
        return self.stages[0].stratum_of_unit

    @property
    def psu_count(self) -> FloatArray:
        """Sampled PSUs in each stratum."""
        return self.stages[0].count

    @property
    def open_share(self) -> FloatArray:
        """For each stratum, 1 less the sampling fraction of PSUs."""
        return self.stages[0].open_share

    @property
    def stratum_name(self) -> tuple[str, ...]:
        """One for each stratum."""
        return self.stages[0].name


def lay_out(data: pd.DataFrame, design: Design) -> Layout:
    """``design`` laid over ``data``, checked.

    Raises
    ------
    ArgumentError
        A column is absent, incomplete or outside its domain, or a PSU lies in two strata.
    FrameTooSmallError
        ``fpc`` says that a stratum holds fewer units than were sampled.
    """
    check_columns(data, design.columns)
    stages, unequal, inverse = _stages(data, design)
    projections = read_projections(data, design.adjustments)
    if design.weight:
        # Nonrespondents weigh 0, and linear calibration without bounds may go below.
        zero = any(adjustment.responded for adjustment in design.adjustments)
        below = any(adjustment.method == "linear" for adjustment in design.adjustments)
        weight = numbers_of(data, design.weight, least=None if below else 0, strict=not zero)
    else:
        weight = inverse
    return Layout(
        weight=weight,
        stages=stages,
        unequal=unequal,
        projections=projections,
        lonely_psu=design.lonely_psu,
        lonely_domain=design.lonely_domain,
    )


def _stages(
    data: pd.DataFrame, design: Design
) -> tuple[tuple[Stage, ...], Unequal | None, FloatArray]:
    """Stages that add to the variance, unequal probabilities, and weights by all frame sizes."""
    rows = len(data)
    sizes: list[str | None] = list(names_of(design.fpc))
    if design.inclusion_prob:
        sizes.insert(0, None)
    units: list[str | None] = list(design.units) or [None]
    if len(sizes) == len(units) + 1:
        units.append(None)
    strata = [*names_of(design.strata), *[None] * len(units)]
    counted = min(len(units), max(1, len(sizes) + 1)) if sizes else 1
    parent = np.zeros(rows, dtype=np.intp)
    parent_name: tuple[str, ...] = ("",)
    chance = np.ones(rows)
    inverse = np.ones(rows)
    stages: list[Stage] = []
    unequal: Unequal | None = None
    for k in range(counted):
        stratum, names = _strata(data, strata[k], parent, parent_name, first=k == 0)
        unit = _units(data, design, units[k], parent, stratum, first=k == 0)
        stratum_of_unit = np.empty(int(unit.max()) + 1, dtype=np.intp)
        stratum_of_unit[unit] = stratum
        count = np.bincount(stratum_of_unit, minlength=len(names)).astype(np.float64)
        scale = np.empty(len(names))
        scale[stratum] = chance
        share = np.zeros(len(names))
        if k == 0 and design.inclusion_prob:
            unequal = _unequal(data, design, unit)
            fraction = unequal.prob[unit]
        else:
            column = sizes[k] if k < len(sizes) else None
            if column:
                size = _frame_sizes(data, column, stratum, count, names)
                share = count / size
                inverse = inverse / share[stratum]
            fraction = share[stratum]
        if k == 0 and design.inclusion_prob:
            inverse = inverse / fraction
        stages.append(
            Stage(
                unit=unit,
                stratum_of_unit=stratum_of_unit,
                count=count,
                open_share=1 - share,
                scale=scale,
                name=names,
            )
        )
        chance = chance * fraction
        parent, parent_name = unit, ()
    return tuple(stages), unequal, inverse


def _strata(
    data: pd.DataFrame,
    column: str | None,
    parent: IntArray,
    parent_name: tuple[str, ...],
    *,
    first: bool,
) -> tuple[IntArray, tuple[str, ...]]:
    """Stratum of each row at a stage, and the names of the strata."""
    if first:
        if column is None:
            return parent, parent_name
        codes, index = _codes(data, column)
        return codes, _names(index)
    if column is None:
        return parent, tuple(str(place + 1) for place in range(int(parent.max()) + 1))
    inner, index = _codes(data, column)
    values = _names(index)
    pair, codes = np.unique(parent * len(values) + inner, return_inverse=True)
    names = tuple(f"{key // len(values) + 1}/{values[key % len(values)]}" for key in pair.tolist())
    return codes.astype(np.intp), names


def _units(
    data: pd.DataFrame,
    design: Design,
    column: str | None,
    parent: IntArray,
    stratum: IntArray,
    *,
    first: bool,
) -> IntArray:
    """Find the unit of each row at a stage."""
    if column is None:
        return np.arange(len(data), dtype=np.intp)
    unit = _codes(data, column)[0]
    if not first:
        # Identifiers of later stages need be unique only within the unit before.
        keys = np.stack([parent, stratum, unit])
        return np.unique(keys, axis=1, return_inverse=True)[1].ravel().astype(np.intp)
    stratum_of_unit = np.empty(int(unit.max()) + 1, dtype=np.intp)
    stratum_of_unit[unit] = stratum
    split = stratum_of_unit[unit] != stratum
    if split.any():
        _refuse_split_psus(data, column, names_of(design.strata)[0], split)
    return unit


def _codes(data: pd.DataFrame, column: str) -> tuple[IntArray, pd.Index]:
    check_complete(data, [column])
    codes, values = pd.factorize(data[column])
    return codes.astype(np.intp, copy=False), values


def _names(values: pd.Index) -> tuple[str, ...]:
    return tuple(str(value) for value in values)


def _refuse_split_psus(data: pd.DataFrame, column: str, strata: str, split: BoolArray) -> None:
    psus = data.loc[split, column].unique().tolist()
    raise ArgumentError(
        f"each PSU must lie in one stratum; got {name_some(psus)} of column {column!r} in "
        f"several values of {strata!r}. Make PSU identifiers unique over strata, or make "
        "what is not a stratum of PSUs a domain.",
        code="psu-in-two-strata",
        psus=tuple(psus[:5]),
    )


def _unequal(data: pd.DataFrame, design: Design, psu: IntArray) -> Unequal:
    """Inclusion probabilities of PSUs, checked against the joint ones."""
    column = design.inclusion_prob or ""
    values = numbers_of(data, column, least=0, strict=True)
    prob = np.empty(int(psu.max()) + 1)
    prob[psu] = values
    split = bool((prob[psu] != values).any())
    if split or (values > 1).any():
        raise ArgumentError(
            f"column {column!r} must hold one inclusion probability in (0, 1] for each PSU; the "
            f"largest is {values.max():g}{', and PSUs have several' if split else ''}. Give "
            "probabilities, not counts or weights.",
            code="inclusion-prob",
            column=column,
        )
    joint = None
    if design.joint_probs is not None:
        joint = np.asarray(design.joint_probs, dtype=np.float64)
        if len(joint) != len(prob) or not np.allclose(np.diag(joint), prob, rtol=1e-6, atol=0):
            raise ArgumentError(
                f"joint_probs must have the {len(prob)} inclusion probabilities of column "
                f"{column!r} on its diagonal, in the order in which PSUs first appear; got "
                f"{len(joint)} rows. Put rows and columns in the order of the data.",
                code="joint-probs",
                psus=len(prob),
                got=len(joint),
            )
    return Unequal(form=design.pps, prob=prob, joint=joint, square_sum=design.frame_square_sum)


def _frame_sizes(
    data: pd.DataFrame,
    column: str,
    stratum: IntArray,
    count: FloatArray,
    names: tuple[str, ...],
) -> FloatArray:
    """Read the population count of units of each stratum."""
    values = numbers_of(data, column, least=0, strict=True)
    size = np.empty(len(names))
    size[stratum] = values
    if (size[stratum] != values).any():
        bad = {names[code] for code in stratum[size[stratum] != values]}
        raise ArgumentError(
            f"column {column!r} must be the same within a stratum; it varies in "
            f"{name_some(sorted(bad))}. Give one count of units for each stratum.",
            code="fpc-varies",
            column=column,
        )
    if (size <= 1).all():
        size = count / size
    short = size < count * (1 - 1e-12)
    if short.any():
        place = int(np.flatnonzero(short)[0])
        raise FrameTooSmallError(
            f"column {column!r} must be at least the units sampled; got {size[place]:g} for "
            f"{count[place]:g} sampled in stratum {names[place]!r}. "
            "Give population counts of units, or sampling fractions throughout.",
            code="fpc-too-small",
            stratum=names[place],
        )
    return size
