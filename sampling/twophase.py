"""Two-phase designs: a cheap reading of many, a dear one of some of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from ._checks import FloatArray, check_choice, check_columns, events_of
from ._show import Table
from ._sums import sum_by
from .design import AnyDesign, Design
from .errors import ArgumentError, EmptyStratumError, LonelyUnitError
from .layout import BoolArray, IntArray, Layout, lay_out
from .projection import cells_of
from .results import Result
from .sample import Domains, LinearSample, Sample, sample_of
from .variance import Column

TwoPhaseMethod = Literal["full", "approx", "simple"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoPhaseDesign(AnyDesign, Result):
    """A sample of units of a first sample; made by ``two_phase``.

    Parameters
    ----------
    first : Design
        Design of the first phase.
    sampled : str
        Column that is 1 (or true) for the units of the second phase.
    strata : tuple of str
        Columns whose crossed values are the strata of the second phase.
    method : {"full", "approx", "simple"}
        How the variance of the first phase is estimated.
    """

    first: Design
    sampled: str
    strata: tuple[str, ...]
    method: TwoPhaseMethod

    def _table(self) -> Table:
        return Table(
            title="Two-phase design",
            columns=("second phase", "strata", "variance"),
            rows=((self.sampled, " x ".join(self.strata) or "-", self.method),),
        )


def two_phase(
    first: Design,
    *,
    sampled: str,
    strata: str | Sequence[str] | None = None,
    method: TwoPhaseMethod = "full",
) -> TwoPhaseDesign:
    r"""Design of a second-phase sample, for data that hold every unit of the first phase.

    The second phase takes simple random samples of rows within strata that the first phase knows;
    values that only the second phase learned may be missing elsewhere.

    Parameters
    ----------
    first : Design
        Design of the first phase, of one stage.
    sampled : str
        Column that is 1 (or true) for the rows of the second phase.
    strata : str or sequence of str, optional
        Columns, known for all rows, whose crossed values are the strata of the second phase.
    method : {"full", "approx", "simple"}, default "full"
        Variance of the first phase: "full" by joint probabilities of both phases; "approx" and
        "simple" by the weighted spread within the second-phase sample, the same here.

    Returns
    -------
    TwoPhaseDesign
        A design for every ``estimate_*`` call.

    Raises
    ------
    ArgumentError
        ``method`` is unknown.

    Notes
    -----
    With z the linearised variable times the first-phase weight and :math:`\pi_h = n_h/N_h` the
    second-phase rate, :math:`\hat V = \hat V_1 + \sum_h \frac{N_h^2}{n_h}(1-\pi_h) s_{zh}^2`.
    :math:`\hat V_1 = \sum (1-f)\frac{m}{m-1}(\sum_g \widehat{t_g^2} - \widehat{T^2}/m)` over strata
    of m first-phase PSUs g, where squares of totals are estimated through pairs; "approx" puts
    :math:`(\sum z/\pi)^2` for the last. As R does, "full" without a first-phase ``fpc`` takes the
    first phase as independent draws, :math:`\hat V_1 = \sum_g \widehat{t_g^2}`. Where the first
    phase is the whole population, the second alone is a stratified ``Design`` with ``fpc``. With
    first-phase clusters the pairs make variances of totals unsteady; means and ratios are not.

    References
    ----------
    .. [1] C.-E. Sarndal, B. Swensson, J. Wretman, *Model Assisted Survey Sampling*, Springer, 1992,
       chapter 9.

    Examples
    --------
    The filed reading is known for all, the laboratory's for every second:

    >>> import pandas as pd
    >>> from sampling import estimate_mean
    >>> data = pd.DataFrame({"filed": [0, 0, 0, 0, 1, 1, 1, 1], "seen": [1, 1, 0, 0, 1, 1, 0, 0]})
    >>> data["truth"] = [0.0, 1.0, None, None, 1.0, 1.0, None, None]
    >>> row = estimate_mean(data, "truth", two_phase(Design(), sampled="seen", strata="filed"))[0]
    >>> row.estimate, round(row.std_error, 4), row.n
    (0.75, 0.2339, 4)
    """
    check_choice("method", method, get_args(TwoPhaseMethod))
    columns = () if strata is None else (strata,) if isinstance(strata, str) else tuple(strata)
    return TwoPhaseDesign(first=first, sampled=sampled, strata=columns, method=method)


class TwoPhaseSample(LinearSample):
    """Variances of two phases."""

    def __init__(self, layout: Layout, code: IntArray, seen: BoolArray, design: TwoPhaseDesign):
        super().__init__(layout)
        self.code, self.seen = code, seen
        strata = int(code.max()) + 1
        self.size = np.bincount(code, minlength=strata).astype(np.float64)
        self.taken = np.bincount(code[seen], minlength=strata).astype(np.float64)
        self.rate = (self.taken / self.size)[code]
        self.form = design.method
        self.first_weight = layout.weight
        self.weight = np.where(seen, layout.weight / np.where(seen, self.rate, 1.0), 0.0)
        self.method = f"linearised, two phases, {design.method}"
        self.independent = design.method == "full" and not design.first.fpc

    def variances(self, domains: Domains, top: FloatArray, bottom: FloatArray | None) -> FloatArray:
        """Domain by domain."""
        scores, size = self._scores(domains, top, bottom)
        found = []
        for place in range(len(domains)):
            rows = domains.rows(place)
            found.append(self.covariance_of_scores([(rows, scores[rows])])[0, 0])
        dust = 1e-13 * size
        variance = np.array(found)
        if (variance < -(dust**2)).any():
            raise ArgumentError(
                f"method={self.form!r} gives a negative variance for this sample, as pairs of one "
                "cluster may; nothing can be said by it. Estimate a mean or a ratio instead of a "
                "total, or name no psu.",
                code="variance-negative",
                method=self.form,
            )
        return np.where(variance <= dust**2, 0.0, variance)

    def covariance_of_scores(self, columns: Sequence[Column]) -> FloatArray:
        """Covariance that the two phases add."""
        values = np.zeros((len(self.weight), len(columns)))
        for place, (rows, part) in enumerate(columns):
            values[rows, place] = part
        values = (values * self.first_weight[:, None])[self.seen]
        return self._second(values) + self._first(values)

    def _second(self, values: FloatArray) -> FloatArray:
        """Stratified simple random sampling of the second phase."""
        code, rate = self.code[self.seen], self.rate[self.seen]
        totals = values / rate[:, None]
        mean = _sums(code, totals, len(self.size)) / self.taken[:, None]
        factor = (1 - self.taken / self.size) * self.taken / np.maximum(self.taken - 1, 1)
        spread = totals - mean[code]
        found: FloatArray = spread.T @ (spread * factor[code][:, None])
        return found

    def _first(self, values: FloatArray) -> FloatArray:
        """First phase, its squares estimated from the second."""
        stage = self.layout.stages[0]
        psu = stage.unit[self.seen]
        squares = self._squares(psu, values, len(stage.stratum_of_unit))
        stratum = stage.stratum_of_unit
        lonely = (stage.count == 1) & (stage.open_share > 1e-7)
        if lonely.any() and not self.independent:
            raise LonelyUnitError(
                "the first phase needs two units in each stratum; it has one in stratum "
                f"{stage.name[int(np.flatnonzero(lonely)[0])]!r}. Join strata."
            )
        if self.independent:
            return np.asarray(squares.sum(axis=0))
        count = len(stage.count)
        inside = stratum[psu]
        if self.form == "full":
            crossed = self._squares(inside, values, count)
        else:
            whole = _sums(inside, values / self.rate[self.seen][:, None], count)
            crossed = whole[:, :, None] * whole[:, None, :]
        within = np.zeros_like(crossed)
        np.add.at(within, stratum, squares)
        factor = stage.open_share * stage.count / np.maximum(stage.count - 1, 1)
        spread = within - crossed / stage.count[:, None, None]
        return np.asarray((factor[:, None, None] * spread).sum(axis=0))

    def _squares(self, group: IntArray, values: FloatArray, groups: int) -> FloatArray:
        """Estimated products of the totals of each group of rows, through pairs of rows."""
        strata = len(self.size)
        code, rate = self.code[self.seen], self.rate[self.seen]
        cell, inverse = np.unique(group * strata + code, return_inverse=True)
        sums = _sums(inverse.astype(np.intp), values, len(cell))
        width = values.shape[1]
        own = np.zeros((len(cell), width, width))
        np.add.at(own, inverse, values[:, :, None] * values[:, None, :])
        at = cell % strata
        single = (self.size / self.taken)[at][:, None, None]
        pairs = self.taken * (self.taken - 1)
        pair = np.where(pairs > 0, self.size * (self.size - 1) / np.where(pairs > 0, pairs, 1), 0.0)
        crossed = sums[:, :, None] * sums[:, None, :]
        # Within a second-phase stratum by pairs of that stratum, across strata by products.
        by_cell = single * own + pair[at][:, None, None] * (crossed - own) - single**2 * crossed
        found = np.zeros((groups, width, width))
        np.add.at(found, cell // strata, by_cell)
        whole = _sums(group, values / rate[:, None], groups)
        return found + whole[:, :, None] * whole[:, None, :]

    def df(self, domains: Domains) -> IntArray:
        """Second-phase units with a case less second-phase strata with one."""
        strata = len(self.size)
        rows = np.flatnonzero((domains.code >= 0) & self.seen)
        group = np.unique(domains.code[rows] * strata + self.code[rows])
        units = np.bincount(domains.code[rows], minlength=len(domains))
        return units - np.bincount(group // strata, minlength=len(domains))

    def census(self, domains: Domains) -> BoolArray:
        """Domains whose phases leave nothing to chance."""
        whole = super().census(domains)
        rows = np.flatnonzero((domains.code >= 0) & (self.rate < 1))
        closed: BoolArray = np.bincount(domains.code[rows], minlength=len(domains)) == 0
        return whole & closed


def _sums(code: IntArray, values: FloatArray, count: int) -> FloatArray:
    return np.stack([sum_by(code, column, count) for column in values.T], axis=1)


@sample_of.register
def _(design: TwoPhaseDesign, data: pd.DataFrame) -> Sample:
    check_columns(data, [design.sampled, *design.strata])
    layout = lay_out(data, design.first)
    if len(layout.stages) > 1 or layout.unequal is not None or layout.projections:
        raise ArgumentError(
            "the first phase must count one stage, of equal probabilities and unadjusted weights; "
            f"got {len(layout.stages)} stages. Name its PSUs alone.",
            code="two-phase-first",
        )
    seen = events_of(data, design.sampled) == 1
    code = np.zeros(len(data), dtype=np.intp)
    labels: list[tuple[str, ...]] = [("",)]
    if design.strata:
        code, labels = cells_of(data, design.strata)
    taken = np.bincount(code[seen], minlength=len(labels))
    size = np.bincount(code, minlength=len(labels))
    if (taken == 0).any():
        label = ", ".join(labels[int(np.flatnonzero(taken == 0)[0])])
        raise EmptyStratumError(
            f"each second-phase stratum needs a sampled unit; {label!r} has none. Join strata."
        )
    if ((taken == 1) & (size > 1)).any():
        label = ", ".join(labels[int(np.flatnonzero((taken == 1) & (size > 1))[0])])
        raise LonelyUnitError(
            f"a variance needs two second-phase units in each stratum; got one in {label!r}. "
            "Join strata.",
            strata=(label,),
        )
    return TwoPhaseSample(layout, code, seen, design)
