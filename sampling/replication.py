"""Replicate weights made from a design: jackknife, balanced repeated replication, bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import linalg

from ._checks import FloatArray, check_choice, check_count, check_share, name_some
from ._tables import takes_tables
from .design import AnyDesign, Design
from .errors import ArgumentError, LonelyUnitError
from .layout import IntArray, Layout, Stage, lay_out
from .replicates import DeleteOne, ReplicateSample, Replicator, RowWeights, UnitFactors
from .sample import Sample, sample_of

ReplicationMethod = Literal["jackknife", "brr", "fay", "bootstrap", "subbootstrap"]


class ReplicateWeights(AnyDesign):
    """Replicate weights of one data set, held as factors of sampling units.

    Made by ``replicate_weights``; every ``estimate_*`` call takes it as a design. Its rows are
    found by the index of the data they were made from, so that a sorted copy gives the same.

    Attributes
    ----------
    method : str
        How they were made.
    count : int
        Replicates.
    scale, mse : float, bool
        As for ``ReplicateDesign``.
    rscales : array
        One factor for each replicate.
    """

    __slots__ = ("_index", "_layout", "_replicator", "method", "mse", "rscales", "scale")

    def __init__(
        self,
        *,
        index: pd.Index[Any],
        layout: Layout,
        replicator: Replicator,
        method: str,
        scale: float,
        rscales: FloatArray,
        mse: bool,
    ) -> None:
        self._index, self._layout, self._replicator = index, layout, replicator
        self.method, self.scale, self.mse = method, scale, mse
        rscales.setflags(write=False)
        self.rscales = rscales

    @property
    def count(self) -> int:
        """Replicates."""
        return self._replicator.count

    def to_frame(self) -> pd.DataFrame:
        """Full-sample weights and those of each replicate, under the data's index."""
        matrix = self._replicator.weights()
        names = [f"replicate_{place + 1}" for place in range(self.count)]
        frame = pd.DataFrame(matrix, index=self._index, columns=names)
        frame.insert(0, "weight", self._layout.weight)
        return frame

    def reweighted(
        self, weight: FloatArray, adjusted: Callable[[FloatArray], FloatArray]
    ) -> ReplicateWeights:
        """Adjust every replicate as the full sample was, giving it the new ``weight``."""
        matrix = self._replicator.weights()
        columns = [adjusted(column) for column in matrix.T]
        return ReplicateWeights(
            index=self._index,
            layout=replace(self._layout, weight=weight),
            replicator=RowWeights(np.stack(columns, axis=1)),
            method=self.method,
            scale=self.scale,
            rscales=self.rscales,
            mse=self.mse,
        )

    def __repr__(self) -> str:
        return f"ReplicateWeights(method={self.method!r}, count={self.count}, scale={self.scale!r})"

    def sample(self, data: pd.DataFrame) -> Sample:
        """Lay the weights over ``data``, row by row of the index."""
        if len(data) != len(self._index) or not data.index.equals(self._index):
            raise ArgumentError(
                f"replicate weights were made from {len(self._index)} rows; the data have "
                f"{len(data)}, or in another order. Use the data they were made from: sort before "
                "making them, and choose rows by domains (by=...), never by filtering.",
                code="replicates-rows",
                rows=len(data),
            )
        return ReplicateSample(
            self._layout.weight,
            self._replicator,
            scale=self.scale,
            rscales=self.rscales,
            mse=self.mse,
            method=f"{self.method}, {self.count} replicates",
            layout=self._layout,
            df=None,
        )


@sample_of.register
def _(design: ReplicateWeights, data: pd.DataFrame) -> Sample:
    return design.sample(data)


@takes_tables
def replicate_weights(
    data: pd.DataFrame,
    design: Design,
    *,
    method: ReplicationMethod,
    n: int | None = None,
    rng: np.random.Generator | None = None,
    rho: float | None = None,
    mse: bool = False,
) -> ReplicateWeights:
    r"""Replicate weights that carry finite-population corrections and later stages.

    Parameters
    ----------
    data : DataFrame
        One row per sampled unit.
    design : Design
        Its columns. Unequal probabilities count as drawn with replacement.
    method : {"jackknife", "brr", "fay", "bootstrap", "subbootstrap"}
        "jackknife" leaves each unit of each stage that counts out once (JK1 without strata, JKn
        with). "brr" takes one of the two PSUs of every stratum, "fay" weighs them 2 - rho and rho.
        "bootstrap" is that of Rao and Wu, one PSU less than sampled in each stratum, carried
        through the stages; "subbootstrap", R's name, is the same.
    n : int, optional
        Replicates of the bootstrap, at least 2.
    rng : numpy.random.Generator, optional
        Needed by the bootstrap.
    rho : float, optional
        Needed by "fay", in [0, 1).
    mse : bool, default False
        Whether to square about the full-sample estimate rather than the mean of the replicates.

    Returns
    -------
    ReplicateWeights
        A design for every ``estimate_*`` call; ``to_frame()`` gives the weights themselves.

    Raises
    ------
    ArgumentError
        A part is missing, a stratum has not two PSUs for "brr", or the method cannot carry a later
        stage of the design.
    LonelyUnitError
        A stratum has one sampled unit, and the policy is not "certainty" or "remove".

    Notes
    -----
    With :math:`s_h` the chance with which earlier stages chose the unit that holds stratum h and
    :math:`f_h` its sampling fraction, each replicate of the jackknife counts :math:`s_h (1-f_h)
    (n_h-1)/n_h`. Half samples move by :math:`\pm\sqrt{1-f_h}(1-\rho)` about 1. The bootstrap
    factor of a unit drawn r times adds :math:`c\sqrt{s_h(1-f_h)}(\frac{n_h}{n_h-1} r - 1)` to that
    of the unit that holds it, where :math:`c^2 = \prod \frac{n}{n-1} r` over the stages above; its
    expectation reproduces the variance of ``estimate_total`` stage by stage. Half samples are rows
    of a Hadamard matrix of a power of two.

    References
    ----------
    .. [1] J. N. K. Rao, C. F. J. Wu, "Resampling inference with complex survey data", *JASA* 83,
       1988, 231-241.
    .. [2] J. Preston, "Rescaled bootstrap for stratified multistage sampling", *Survey Methodology*
       35, 2009, 227-234.
    .. [3] K. M. Wolter, *Introduction to Variance Estimation*, 2nd ed., Springer, 2007, chapters 3
       and 4.

    Examples
    --------
    >>> import pandas as pd
    >>> from sampling import Design, estimate_mean
    >>> data = pd.DataFrame({"village": [1, 1, 2, 2, 3, 3], "income": [2, 4, 3, 5, 6, 4]})
    >>> weights = replicate_weights(data, Design(psu="village"), method="jackknife")
    >>> row = estimate_mean(data, "income", weights)[0]
    >>> round(row.std_error, 4), row.df
    (0.5774, 2)
    """
    check_choice("method", method, get_args(ReplicationMethod))
    if design.adjustments:
        raise ArgumentError(
            "replicates are made before weights are adjusted; the design carries adjustments. "
            "Make them from the base design, then adjust the replicates.",
            code="replicates-adjusted",
        )
    layout = lay_out(data, design)
    if method == "jackknife":
        replicator, scale, rscales = _jackknife(layout)
    elif method in ("brr", "fay"):
        replicator, scale, rscales = _half_samples(layout, method, rho)
    else:
        replicator, scale, rscales = _bootstrap(layout, n, rng, mse)
    return ReplicateWeights(
        index=data.index,
        layout=layout,
        replicator=replicator,
        method=method,
        scale=scale,
        rscales=rscales,
        mse=mse,
    )


def _open_strata(layout: Layout, stage: Stage) -> IntArray:
    """Places of the strata that vary; a lonely one only where the policy leaves it out."""
    lonely = (stage.count == 1) & (stage.open_share > 1e-7)
    if lonely.any() and layout.lonely_psu not in ("certainty", "remove"):
        names = [stage.name[place] for place in np.flatnonzero(lonely)]
        raise LonelyUnitError(
            f"replicates need two sampled units in each stratum; got one in {name_some(names)}. "
            "Join strata, or choose lonely_psu 'certainty' or 'remove'.",
            strata=tuple(names),
        )
    return np.flatnonzero((stage.count > 1) & (stage.open_share > 1e-7))


def _jackknife(layout: Layout) -> tuple[Replicator, float, FloatArray]:
    stages, scales = [], []
    for stage in layout.stages:
        kept = np.isin(stage.stratum_of_unit, _open_strata(layout, stage))
        units = np.flatnonzero(kept)
        factor = stage.scale * stage.open_share * (stage.count - 1) / stage.count
        stages.append((stage, units))
        scales.append(factor[stage.stratum_of_unit[units]])
    return DeleteOne(layout.weight, stages), 1.0, np.concatenate(scales)


def _half_samples(
    layout: Layout, method: str, rho: float | None
) -> tuple[Replicator, float, FloatArray]:
    if (method == "fay") != (rho is not None):
        raise ArgumentError(
            f"rho goes with method='fay' and with no other; got method={method!r}, rho={rho!r}. "
            "Give rho for 'fay' alone.",
            code="rho-method",
        )
    shrink = 1 - (check_share("rho", rho) if rho is not None else 0.0)
    if shrink == 0:
        raise ArgumentError("rho must be below 1; got 1. Take 0.3 or 0.5.", code="share-outside")
    if len(layout.stages) > 1:
        raise ArgumentError(
            f"half samples carry one stage; the design counts {len(layout.stages)}. "
            "Choose 'jackknife' or 'bootstrap', or leave the fpc of later stages out.",
            code="replicates-stages",
        )
    stage = layout.stages[0]
    strata = _open_strata(layout, stage)
    wrong = strata[stage.count[strata] != 2]
    if len(wrong):
        raise ArgumentError(
            f"half samples need two PSUs in each stratum; stratum {stage.name[wrong[0]]!r} has "
            f"{stage.count[wrong[0]]:g} ({len(wrong)} such strata). Choose 'jackknife' or "
            "'bootstrap'.",
            code="brr-pairs",
            stratum=stage.name[wrong[0]],
        )
    size = 1 << len(strata).bit_length()
    signs = linalg.hadamard(size)[:, 1 : len(strata) + 1].T.astype(np.float64)
    factors = np.ones((len(stage.stratum_of_unit), size))
    order = np.argsort(stage.stratum_of_unit, kind="stable")
    pairs = order[np.isin(stage.stratum_of_unit[order], strata)].reshape(-1, 2)
    move = signs * np.sqrt(stage.open_share[strata])[:, None] * shrink
    factors[pairs[:, 0]] += move
    factors[pairs[:, 1]] -= move
    replicator = UnitFactors(layout.weight, stage.unit, factors)
    return replicator, 1 / (size * shrink**2), np.ones(size)


def _bootstrap(
    layout: Layout, n: int | None, rng: np.random.Generator | None, mse: bool
) -> tuple[Replicator, float, FloatArray]:
    if n is None or not isinstance(rng, np.random.Generator):
        raise ArgumentError(
            "the bootstrap needs n, its number of replicates, and rng, a numpy random generator; "
            f"got n={n!r}, rng={rng!r}. Write n=500, rng=numpy.random.default_rng(1).",
            code="bootstrap-parts",
        )
    count = check_count("n", n, least=2)
    factors = reach = np.ones((1, count))
    parent = np.zeros(len(layout.weight), dtype=np.intp)
    for stage in layout.stages:
        above = np.empty(len(stage.stratum_of_unit), dtype=np.intp)
        above[stage.unit] = parent
        # The first stage lies in one whole: its only row is spread by numpy, not copied.
        within = above if len(reach) > 1 else slice(None)
        times = _resampled(layout, stage, count, rng)
        move = times - 1
        move *= np.sqrt(stage.scale * stage.open_share)[stage.stratum_of_unit][:, None]
        move *= reach[within]
        move += factors[within]
        if stage is not layout.stages[-1]:
            reach = reach[within] * np.sqrt(times)
        factors, parent = move, stage.unit
    replicator = UnitFactors(layout.weight, layout.stages[-1].unit, factors)
    return replicator, 1 / count if mse else 1 / (count - 1), np.ones(count)


def _resampled(layout: Layout, stage: Stage, count: int, rng: np.random.Generator) -> FloatArray:
    """For each unit and replicate, n/(n-1) times how often n - 1 draws took it; 1 in a census."""
    strata = _open_strata(layout, stage)
    order = np.argsort(stage.stratum_of_unit, kind="stable")
    starts = np.searchsorted(stage.stratum_of_unit[order], np.arange(len(stage.count)))
    sizes = stage.count.astype(np.intp)
    times = np.ones((len(order), count))
    for size in np.unique(sizes[strata]).tolist():
        same = starts[strata[sizes[strata] == size]]
        # Single draws, counted: quicker than asking for each unit's number of them.
        drawn = rng.integers(0, size, size=(len(same), size - 1, count))
        drawn += size * np.arange(len(same))[:, None, None]
        drawn *= count
        drawn += np.arange(count)
        hits = np.bincount(drawn.ravel(), minlength=len(same) * size * count)
        units = order[same[:, None] + np.arange(size)].ravel()
        times[units] = hits.reshape(-1, count) * (size / (size - 1))
    return times
