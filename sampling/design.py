"""Designs: which columns carry weights, stages and frame sizes, and their policies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

import numpy as np

from ._checks import check_choice, check_number
from ._show import Table
from .errors import ArgumentError
from .results import Result

LonelyPsu = Literal["raise", "adjust", "average", "certainty", "remove"]
LonelyDomain = Literal["whole-sample", "domain"]
Pps = Literal["brewer", "hartley-rao", "overton", "sen-yates-grundy", "horvitz-thompson"]
Columns = str | Sequence[str] | None
AdjustmentMethod = Literal[
    "poststratification", "raking", "linear", "logit", "nonresponse-classes", "propensity"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment(Result):
    """One adjustment of weights that the variance of every later estimate knows of.

    Made by ``poststratify``, ``rake``, ``calibrate`` and ``adjust_nonresponse``; rarely by hand.

    Parameters
    ----------
    method : str
        Name of the adjustment.
    cells : tuple of tuple of str
        Each inner tuple names the columns whose crossed values make one set of categories.
    numbers : tuple of str
        Numeric columns among the auxiliary variables.
    intercept : bool
        Whether a constant is one of them.
    weight : str
        Column of the weights before the adjustment; what the regression of the variance weighs by.
    spread : str or None
        Column that the variance of the study variable is thought to be proportional to.
    responded : str or None
        Column that tells who answered; the variance is then that of two phases, the second with
        the classes of ``cells`` (or the propensity of ``numbers``).
    """

    method: AdjustmentMethod
    cells: tuple[tuple[str, ...], ...] = ()
    numbers: tuple[str, ...] = ()
    intercept: bool = False
    weight: str
    spread: str | None = None
    responded: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that the adjustment reads."""
        named = [name for cell in self.cells for name in cell]
        named += [*self.numbers, self.weight, self.spread or "", self.responded or ""]
        return tuple(dict.fromkeys(name for name in named if name))

    def _table(self) -> Table:
        cells = "; ".join(" x ".join(cell) for cell in self.cells)
        return Table(
            title=f"Adjustment: {self.method}",
            columns=("cells", "numbers", "weights before"),
            rows=((cells or "-", ", ".join(self.numbers) or "-", self.weight),),
        )


class AnyDesign:
    """What every ``estimate_*`` function takes: a design, replicate weights, two phases."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Design(AnyDesign, Result):
    """How a sample was drawn, as names of columns and policies.

    One column name for a design of one stage; a list of names, first stage first, for more.

    Parameters
    ----------
    weight : str, optional
        Column of weights, above 0. Without it a unit weighs the product over its stages of units
        in the frame over units sampled (or of one over its inclusion probability), and 1 where
        frame sizes are not known.
    strata : str or sequence of str, optional
        Column of strata of each stage; without it there is one.
    psu : str or sequence of str, optional
        Column of primary sampling units, unique over all strata; without it every row is one. A
        list also names the units of later stages, unique within those before.
    fpc : str or sequence of str, optional
        Column of the finite-population correction of each stage, the same within a stratum:
        population counts of units, or sampling fractions when no value exceeds 1. A stage without
        one counts as drawn with replacement, and the stages below it add nothing. One column more
        than there are units names the rows as the last stage.
    lonely_psu : {"raise", "adjust", "average", "certainty", "remove"}, default "raise"
        What to do with a stratum that has one sampled unit and is not a census: refuse; centre it
        at the mean of all units; give it the mean variance of the other strata; take it as drawn
        with certainty; leave it out of the variance. The last two give the same number.
    ssu : str or sequence of str, optional
        Units of the second and later stages, when ``psu`` names the first alone.
    inclusion_prob : str, optional
        Column of first-stage inclusion probabilities, in (0, 1], for PSUs drawn without replacement
        with unequal probabilities. ``fpc`` then names the stages after the first.
    pps : str, default "brewer"
        Variance with ``inclusion_prob``: "brewer" and "hartley-rao" and "overton" by approximate
        joint probabilities; "sen-yates-grundy" and "horvitz-thompson" by ``joint_probs``.
    joint_probs : matrix, optional
        Joint inclusion probabilities of the sampled PSUs, in the order in which they first appear
        in the data; the diagonal holds ``inclusion_prob``.
    frame_square_sum : float, optional
        For "hartley-rao": the sum over the frame of squared inclusion probabilities. Without it the
        sample estimates it.
    lonely_domain : {"whole-sample", "domain"}, default "whole-sample"
        Whether a stratum is lonely by the units of the whole sample, or also, under "adjust" and
        "average", when a single one of its units has a case of the domain (R's
        ``survey.adjust.domain.lonely``).
    adjustments : tuple of Adjustment, default ()
        Adjustments of weights, first first; filled by the functions that make them.

    Raises
    ------
    ArgumentError
        A policy is unknown, a column name is not text, or parts contradict each other.

    Notes
    -----
    The policies are those of R ``survey`` (``survey.lonely.psu``); "adjust" centres totals as
    version 4.5 does, and acts at every stage.

    Examples
    --------
    >>> Design(weight="w", psu="village").lonely_psu
    'raise'
    >>> Design(psu="district", ssu="school", fpc=["districts", "schools"]).fpc
    ('districts', 'schools')
    """

    weight: str | None = None
    strata: Columns = None
    psu: Columns = None
    fpc: Columns = None
    lonely_psu: LonelyPsu = "raise"
    ssu: Columns = None
    inclusion_prob: str | None = None
    pps: Pps = "brewer"
    joint_probs: Sequence[Sequence[float]] | None = None
    frame_square_sum: float | None = None
    lonely_domain: LonelyDomain = "whole-sample"
    adjustments: tuple[Adjustment, ...] = ()

    def __post_init__(self) -> None:
        check_choice("lonely_psu", self.lonely_psu, get_args(LonelyPsu))
        check_choice("lonely_domain", self.lonely_domain, get_args(LonelyDomain))
        check_choice("pps", self.pps, get_args(Pps))
        for name in ("strata", "psu", "fpc", "ssu"):
            object.__setattr__(self, name, _frozen(name, getattr(self, name)))
        for name in ("weight", "inclusion_prob"):
            if getattr(self, name) is not None:
                _check_text(name, getattr(self, name))
        if self.joint_probs is not None:
            matrix = np.asarray(self.joint_probs, dtype=np.float64)
            _check_joint(matrix)
            rows = tuple(tuple(float(value) for value in row) for row in matrix)
            object.__setattr__(self, "joint_probs", rows)
        self._check_parts()

    def _check_parts(self) -> None:
        if self.ssu is not None and self.psu is None:
            raise ArgumentError(
                "ssu needs psu; got units of a second stage without those of the first. "
                "Name the first stage in psu.",
                code="psu-missing",
            )
        stages = len(self.units)
        sizes = len(names_of(self.fpc)) + (self.inclusion_prob is not None)
        if sizes > max(1, stages + 1) or (not self.units and sizes > 1):
            raise ArgumentError(
                f"fpc must name at most one column for each stage; got {sizes} for {stages} "
                "named units. Name the units of the later stages in ssu.",
                code="stages-differ",
                sizes=sizes,
                units=stages,
            )
        if len(names_of(self.strata)) > max(1, stages + 1):
            raise ArgumentError(
                f"strata must name at most one column for each stage; got {self.strata!r} for "
                f"{stages} named units. Cross the columns into one, or name units in ssu.",
                code="stages-differ",
            )
        needs = self.pps in ("sen-yates-grundy", "horvitz-thompson")
        given = self.joint_probs is not None
        if needs != given or ((needs or self.pps != "brewer") and self.inclusion_prob is None):
            raise ArgumentError(
                f"pps={self.pps!r} needs inclusion_prob{' and joint_probs' if needs else ''}; got "
                f"inclusion_prob={self.inclusion_prob!r} "
                f"{'with' if given else 'without'} joint_probs. Give what that variance needs.",
                code="pps-parts",
                pps=self.pps,
            )
        if self.frame_square_sum is not None:
            check_number("frame_square_sum", self.frame_square_sum, least=0, strict=True)

    @property
    def units(self) -> tuple[str, ...]:
        """Columns of the units of all stages, first first; empty when rows are the units."""
        return (*names_of(self.psu), *names_of(self.ssu))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that the design reads."""
        named = [self.weight or "", *names_of(self.strata), *self.units, *names_of(self.fpc)]
        named.append(self.inclusion_prob or "")
        for adjustment in self.adjustments:
            named.extend(adjustment.columns)
        return tuple(dict.fromkeys(name for name in named if name))

    def _table(self) -> Table:
        rows = []
        for field in fields(self):
            value: Any = getattr(self, field.name)
            if value is None or value == () or field.name == "joint_probs":
                continue
            if field.name in ("pps", "lonely_domain") and value == field.default:
                continue
            if field.name == "adjustments":
                value = [adjustment.method for adjustment in value]
            rows.append((field.name, value if isinstance(value, str) else _listed(value)))
        return Table(title="Design", columns=("part", "column or policy"), rows=tuple(rows))


def names_of(columns: Columns) -> tuple[str, ...]:
    """Column names of a part of a design, one for each stage."""
    if columns is None:
        return ()
    return (columns,) if isinstance(columns, str) else tuple(columns)


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, Iterable) else str(value)


def _check_text(name: str, column: object) -> str:
    if not isinstance(column, str):
        raise ArgumentError(
            f"{name} must be the name of one column; got {column!r}. Give text.",
            code="column-not-text",
            name=name,
            got=column,
        )
    return column


def _frozen(name: str, columns: Any) -> str | tuple[str, ...] | None:
    """Return one name, or a tuple of several."""
    if columns is None or isinstance(columns, str):
        return columns
    if not isinstance(columns, Iterable):
        return _check_text(name, columns)
    named = tuple(_check_text(name, column) for column in columns)
    if not named:
        return None
    return named[0] if len(named) == 1 else named


def _check_joint(matrix: np.ndarray[Any, Any]) -> None:
    square = matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1]
    fits = square and bool(((matrix > 0) & (matrix <= 1)).all())
    if not fits or not np.allclose(matrix, matrix.T, rtol=1e-9, atol=0):
        raise ArgumentError(
            f"joint_probs must be a symmetric square matrix of numbers in (0, 1]; got shape "
            f"{matrix.shape}. Give one row and one column for each sampled PSU.",
            code="joint-probs",
            shape=matrix.shape,
        )
