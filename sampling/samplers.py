"""Samplers: how samples are drawn from a population again and again, to simulate a design."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ._checks import (
    FloatArray,
    check_choice,
    check_columns,
    check_complete,
    check_count,
    numbers_of,
)
from ._show import Table
from .errors import ArgumentError, FrameTooSmallError
from .layout import IntArray
from .results import Result
from .selection import (
    inclusion_probs,
    select_pareto,
    select_pps_systematic,
    select_sampford,
    select_sequential_poisson,
    select_simple,
    select_stratified,
)

Rng = np.random.Generator
Drawer = Callable[[Rng], pd.DataFrame]
PsuSelection = Literal["pps-systematic", "sequential-poisson", "sampford", "pareto", "simple"]
Short = Literal["raise", "take-all"]
Takes = int | Mapping[object, int] | tuple[tuple[object, int], ...]

_BY_PROBS: dict[str, Callable[[FloatArray, Rng], npt.NDArray[np.int64]]] = {
    "pps-systematic": lambda probs, rng: select_pps_systematic(probs, rng=rng, order="random"),
    "sequential-poisson": lambda probs, rng: select_sequential_poisson(probs, rng=rng),
    "sampford": lambda probs, rng: select_sampford(probs, rng=rng),
    "pareto": lambda probs, rng: select_pareto(probs, rng=rng),
    "simple": lambda probs, rng: select_simple(len(probs), round(float(probs.sum())), rng=rng),
}


class Sampler:
    """A way to draw samples: called with a population and a source of chance, it gives rows.

    A sampled row carries its weight, 1 over its inclusion probability, in the column ``weight``.
    """

    __slots__ = ()
    weight: str

    def drawer(self, population: pd.DataFrame) -> Drawer:
        """Make ready to draw from ``population`` many times."""
        raise NotImplementedError

    def __call__(self, population: pd.DataFrame, rng: Rng) -> pd.DataFrame:
        """Draw rows of ``population``; they keep its order and get their weights."""
        return self.drawer(population)(rng)

    def _check_weight(self, population: pd.DataFrame) -> None:
        if self.weight in population.columns:
            raise ArgumentError(
                f"population must have no column {self.weight!r}, where the sampler writes; it has "
                "one. Drop it, or give the sampler another weight=.",
                code="column-taken",
                column=self.weight,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoStageSampler(Sampler, Result):
    """PSUs with probability proportional to size, then a simple random sample within each.

    Parameters
    ----------
    psu : str
        Column of the PSU.
    psus : int
        PSUs to draw.
    ssus : int or mapping
        Units to draw in each drawn PSU; with ``strata`` a number for each of them (pairs of
        stratum and number, once stored).
    strata : str, optional
        Column of strata within PSUs.
    size_measure : str, optional
        Column of the PSU's size, the same in all its rows; without it the number of its rows.
    psu_method : str, default "pps-systematic"
        "pps-systematic" (in random order), "sequential-poisson", "sampford", "pareto", or "simple"
        for equal probabilities.
    short : {"raise", "take-all"}, default "raise"
        What to do where a drawn PSU holds fewer units than are to be drawn.
    weight : str, default "weight"
        Column that the weight goes into.

    Raises
    ------
    ArgumentError
        A value is outside its domain, or ``ssus`` and ``strata`` do not go together.

    Examples
    --------
    >>> villages = pd.DataFrame({"village": [1, 1, 1, 2, 2, 3, 3, 3, 3]})
    >>> sample = TwoStageSampler(psu="village", psus=2, ssus=2)(villages, np.random.default_rng(1))
    >>> len(sample), float(sample["weight"].iloc[0])
    (4, 2.25)
    """

    psu: str
    psus: int
    ssus: Takes
    strata: str | None = None
    size_measure: str | None = None
    psu_method: PsuSelection = "pps-systematic"
    short: Short = "raise"
    weight: str = "weight"

    def __post_init__(self) -> None:
        check_count("psus", self.psus, least=1)
        check_choice("psu_method", self.psu_method, get_args(PsuSelection))
        check_choice("short", self.short, get_args(Short))
        object.__setattr__(self, "ssus", _pairs("ssus", self.ssus))
        if isinstance(self.ssus, tuple) != (self.strata is not None):
            raise ArgumentError(
                "ssus must name a number for each stratum exactly when strata is given; got "
                f"ssus={self.ssus!r} and strata={self.strata!r}. Give both, or one number.",
                code="sizes-strata",
            )

    def drawer(self, population: pd.DataFrame) -> Drawer:
        """Make ready to draw from ``population`` many times.

        Raises
        ------
        ArgumentError
            A column is absent, incomplete or outside its domain.
        FrameTooSmallError
            The population has too few PSUs, or a PSU too few units.
        """
        columns = [name for name in (self.psu, self.strata, self.size_measure) if name]
        check_columns(population, columns)
        check_complete(population, columns)
        self._check_weight(population)
        psu, names = pd.factorize(population[self.psu])
        probs = self._probs(population, psu.astype(np.intp), len(names))
        cells = self._cells(population, psu.astype(np.intp), names)
        choose = _BY_PROBS[self.psu_method]

        def draw(rng: Rng) -> pd.DataFrame:
            rows, weights = [], []
            for place in choose(probs, rng).tolist():
                for inside, take in cells[place]:
                    if take:
                        rows.append(inside[select_simple(len(inside), take, rng=rng)])
                        weights.append(np.full(take, len(inside) / take / probs[place]))
            return _taken(population, np.concatenate(rows), np.concatenate(weights), self.weight)

        return draw

    def _probs(self, population: pd.DataFrame, psu: IntArray, count: int) -> FloatArray:
        """Inclusion probability of each PSU."""
        size = np.bincount(psu, minlength=count).astype(np.float64)
        if self.psu_method == "simple":
            size = np.ones(count)
        elif self.size_measure:
            values = numbers_of(population, self.size_measure, least=0, strict=True)
            size[psu] = values
            if (size[psu] != values).any():
                raise ArgumentError(
                    f"column {self.size_measure!r} must be the same in all rows of a PSU; it "
                    "varies. Give each PSU one size.",
                    code="size-varies",
                    column=self.size_measure,
                )
        return inclusion_probs(size, self.psus)

    def _cells(
        self, population: pd.DataFrame, psu: IntArray, names: pd.Index
    ) -> list[list[tuple[IntArray, int]]]:
        """Rows of each PSU, by stratum, and how many of them to draw."""
        if self.strata is None:
            assert isinstance(self.ssus, int)
            wanted, stratum = [self.ssus], np.zeros(len(psu), dtype=np.intp)
        else:
            assert isinstance(self.ssus, tuple)
            stratum, wanted = _stratum_takes(population[self.strata], dict(self.ssus))
        order = np.lexsort((stratum, psu))
        key = psu[order] * len(wanted) + stratum[order]
        cells: list[list[tuple[IntArray, int]]] = [[] for _ in names]
        for rows in np.split(order, np.flatnonzero(np.diff(key)) + 1):
            place, want = int(psu[rows[0]]), wanted[int(stratum[rows[0]])]
            if len(rows) < want and self.short == "raise":
                raise FrameTooSmallError(
                    f"PSU {names[place]!r} must hold at least the {want} units to be drawn; got "
                    f"{len(rows)}. Take fewer, join PSUs, or give short='take-all'.",
                    psu=names[place],
                    got=len(rows),
                    wanted=want,
                )
            cells[place].append((rows, min(want, len(rows))))
        return cells

    def _table(self) -> Table:
        takes = self.ssus if isinstance(self.ssus, tuple) else ((self.psu, self.ssus),)
        return Table(
            title=f"{self.psus} PSUs by {self.psu_method}, simple random samples within",
            columns=("within", "units"),
            rows=tuple((str(name), str(take)) for name, take in takes),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StratifiedSampler(Sampler, Result):
    """A simple random sample in each stratum.

    Parameters
    ----------
    strata : str
        Column of strata.
    size_by_stratum : mapping
        Units to draw in each stratum (pairs of stratum and number, once stored).
    weight : str, default "weight"
        Column that the weight goes into.

    Raises
    ------
    ArgumentError
        A size is no count.

    Examples
    --------
    >>> people = pd.DataFrame({"status": ["a", "a", "b", "b", "b"]})
    >>> sampler = StratifiedSampler(strata="status", size_by_stratum={"a": 1, "b": 1})
    >>> sampler(people, np.random.default_rng(1))["weight"].tolist()
    [2.0, 3.0]
    """

    strata: str
    size_by_stratum: Mapping[object, int] | tuple[tuple[object, int], ...]
    weight: str = "weight"

    def __post_init__(self) -> None:
        pairs = _pairs("size_by_stratum", self.size_by_stratum)
        if not isinstance(pairs, tuple):
            raise ArgumentError(
                f"size_by_stratum must name a number for each stratum; got {pairs!r}. "
                "Give a mapping.",
                code="sizes-not-mapping",
            )
        object.__setattr__(self, "size_by_stratum", pairs)

    def drawer(self, population: pd.DataFrame) -> Drawer:
        """Make ready to draw from ``population`` many times.

        Raises
        ------
        ArgumentError
            A column is absent or incomplete, or strata and sizes do not name the same ones.
        FrameTooSmallError
            A stratum holds fewer units than are to be drawn.
        """
        check_columns(population, [self.strata])
        check_complete(population, [self.strata])
        self._check_weight(population)
        assert isinstance(self.size_by_stratum, tuple)
        stratum, wanted = _stratum_takes(population[self.strata], dict(self.size_by_stratum))
        held = np.bincount(stratum, minlength=len(wanted))
        weight = (held / np.maximum(wanted, 1))[stratum]
        sizes: dict[Hashable, int] = dict(enumerate(wanted))

        def draw(rng: Rng) -> pd.DataFrame:
            rows = select_stratified(stratum, sizes, rng=rng)
            return _taken(population, rows, weight[rows], self.weight)

        return draw

    def _table(self) -> Table:
        assert isinstance(self.size_by_stratum, tuple)
        return Table(
            title=f"Simple random samples by {self.strata}",
            columns=("stratum", "units"),
            rows=tuple((str(name), str(size)) for name, size in self.size_by_stratum),
        )


def _pairs(name: str, takes: Takes) -> int | tuple[tuple[object, int], ...]:
    """One number, or pairs of stratum and number, as values that hash."""
    if not isinstance(takes, Mapping | tuple):
        return check_count(name, takes, least=1)
    pairs = tuple(takes.items()) if isinstance(takes, Mapping) else takes
    return tuple(
        (key.item() if isinstance(key, np.generic) else key, check_count(f"{name}[{key!r}]", size))
        for key, size in pairs
    )


def _stratum_takes(strata: pd.Series, sizes: Mapping[object, int]) -> tuple[IntArray, list[int]]:
    """Place of each row's stratum, and the units to draw in each place."""
    codes, values = pd.factorize(strata)
    names = values.tolist()
    unnamed = [name for name in names if name not in sizes]
    unheld = [name for name in sizes if name not in names]
    if unnamed or unheld:
        raise ArgumentError(
            "strata and their sizes must name the same ones; got no size for "
            f"{unnamed[:5]!r} and no units in {unheld[:5]!r}. Give 0 to leave a stratum out.",
            code="sizes-missing",
            strata=tuple(unnamed[:5]),
        )
    return codes.astype(np.intp), [sizes[name] for name in names]


def _taken(
    population: pd.DataFrame, rows: npt.NDArray[np.int64], weight: FloatArray, column: str
) -> pd.DataFrame:
    """Take sampled rows in the order of the population, with their weights."""
    order = np.argsort(rows, kind="stable")
    return population.iloc[rows[order]].assign(**{column: weight[order]})
