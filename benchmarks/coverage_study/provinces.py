"""Provinces of counties whose truth is known, and the samples that are drawn in them.

A county has 100 villages of lognormal sizes (median 340 households, log standard deviation .5, held
between 130 and 1,000, so that no village is certain to be drawn). A village's rate of wrong
households is beta distributed. Villages and households are drawn by the functions of ``sampling``.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from sampling import inclusion_probs, select_pps_systematic, select_simple, select_stratified

SEED = 20191201
VILLAGES, MEDIAN, SPREAD, LEAST, MOST = 100, 340, 0.5, 130, 1000
ICCS = (0.01, 0.05, 0.15)
RATES = (0.002, 0.01, 0.02, 0.03, 0.10)
SIZES = tuple((n, psus) for n in (300, 1000) for psus in (10, 20, 30))
ELSEWHERE = 0.002
EXITED = 0.2

Draw = Literal["pps", "old-sizes", "equal"]
Truth = Literal["alike", "differing", "staged", "few-staged"]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One cell of the study: what is true, and how it is sampled."""

    study: str
    n: int
    psus: int
    icc: float
    rate: float
    counties: int = 100
    draw: Draw = "pps"
    truth: Truth = "alike"
    link: float | None = None

    @property
    def take(self) -> int:
        """Households in each sampled village."""
        return self.n // self.psus

    @property
    def key(self) -> str:
        """Name of the cell within the study."""
        linked = "" if self.link is None else f"-link{self.link:g}"
        return (
            f"{self.study}-n{self.n}-m{self.psus}-icc{self.icc:g}-p{self.rate:g}"
            f"-c{self.counties}{linked}"
        )

    def rng(self) -> np.random.Generator:
        """Chance of this cell, whatever runs before it."""
        return np.random.default_rng([SEED, zlib.crc32(self.key.encode())])


@dataclass(frozen=True, eq=False)
class Province:
    """Samples of all counties, one row a household, and what is true in each county."""

    sample: pd.DataFrame
    truth: np.ndarray
    part: np.ndarray
    icc: np.ndarray
    shares: np.ndarray | None = None


def draw_province(scene: Scene, rng: np.random.Generator) -> Province:
    """Draw truth and samples of every county of one province."""
    counties = scene.counties
    sizes = _village_sizes((counties, VILLAGES), rng)
    rates, part, icc = _village_rates(scene, rng)
    wrong = rng.binomial(sizes, rates)
    villages, weight = _villages(scene, sizes, rng)
    chosen = np.take_along_axis(sizes, villages, axis=1)
    events = np.take_along_axis(wrong, villages, axis=1)
    sample = _households(chosen, events, scene.take, weight, rng)
    truth = wrong.sum(axis=1) / sizes.sum(axis=1)
    return Province(sample=sample, truth=truth, part=part, icc=icc)


def _village_sizes(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    return np.clip(rng.lognormal(np.log(MEDIAN), SPREAD, shape), LEAST, MOST).astype(np.int64)


def beta_rates(rate, icc, uniforms: np.ndarray) -> np.ndarray:
    """Village rates of given mean and intra-cluster correlation."""
    scale = (1 - icc) / icc
    return stats.beta.ppf(uniforms, rate * scale, (1 - rate) * scale)


def _village_rates(scene: Scene, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    counties = scene.counties
    shape = (counties, VILLAGES)
    mean, icc = np.full(counties, scene.rate), np.full(counties, scene.icc)
    part = np.full(counties, "all", dtype=object)
    if scene.truth == "differing":
        mean = np.minimum(rng.gamma(2.0, scene.rate / 2, counties), 0.5)
        icc = rng.choice(ICCS, counties)
        part = np.array([f"icc {value:g}" for value in icc], dtype=object)
    if scene.truth in ("staged", "few-staged"):
        mean = np.full(counties, ELSEWHERE)
    scale = ((1 - icc) / icc)[:, None]
    rates = rng.beta(mean[:, None] * scale, (1 - mean[:, None]) * scale, shape)
    if scene.truth in ("staged", "few-staged"):
        every = 1 if scene.truth == "staged" else 10
        hit = np.arange(counties) % every == 0
        rates[np.ix_(hit, np.arange(round(VILLAGES * (scene.rate - ELSEWHERE))))] = 1.0
        part = np.where(hit, "staged", "honest").astype(object)
    return rates, part, icc


def _villages(
    scene: Scene, sizes: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw villages of each county; a household of each of them has this weight."""
    chosen, weight = [], []
    for size in sizes:
        probs = np.full(VILLAGES, scene.psus / VILLAGES)
        if scene.draw == "equal":
            drawn = select_simple(VILLAGES, scene.psus, rng=rng)
        else:
            old = rng.lognormal(0, 0.4, VILLAGES) if scene.draw == "old-sizes" else 1.0
            probs = inclusion_probs(size * old, scene.psus)
            drawn = select_pps_systematic(probs, rng=rng, order="random")
        chosen.append(drawn)
        weight.append(size[drawn] / scene.take / probs[drawn])
    return np.array(chosen), np.array(weight)


def _households(
    sizes: np.ndarray, events: np.ndarray, take: int, weight: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw ``take`` households of each sampled village without replacement."""
    psus = sizes.shape[1]
    flat, code = sizes.ravel(), np.arange(sizes.size)
    village = np.repeat(code, flat)
    place = np.arange(len(village)) - np.repeat(np.cumsum(flat) - flat, flat)
    drawn = select_stratified(village, dict.fromkeys(code.tolist(), take), rng=rng)
    inside = village[drawn]
    return pd.DataFrame(
        {
            "county": inside // psus,
            "village": inside,
            "wrong": (place[drawn] < events.ravel()[inside]).astype(np.int64),
            "weight": weight.ravel()[inside],
        }
    )


def draw_two_statuses(scene: Scene, rng: np.random.Generator) -> Province:
    """Draw exited and unregistered households of the same villages, rates 3 to 1, linked.

    ``rate`` is that of both together; half of the households are taken from each status.
    """
    sizes = _village_sizes((scene.counties, VILLAGES), rng)
    exited = np.clip(rng.binomial(sizes, EXITED), scene.take // 2, None)
    by_status = np.stack([exited, sizes - exited])
    first = rng.standard_normal(sizes.shape)
    other = scene.link * first + np.sqrt(1 - scene.link**2) * rng.standard_normal(sizes.shape)
    low = scene.rate / (1 + 2 * EXITED)
    means = np.array([3 * low, low])[:, None, None]
    rates = beta_rates(means, scene.icc, stats.norm.cdf(np.stack([first, other])))
    wrong = rng.binomial(by_status, rates)
    villages, weight = _villages(scene, sizes, rng)
    frames = []
    for status in (0, 1):
        inside = np.take_along_axis(by_status[status], villages, axis=1)
        events = np.take_along_axis(wrong[status], villages, axis=1)
        part = weight * scene.take / np.take_along_axis(sizes, villages, axis=1)
        half = scene.take // 2
        frame = _households(inside, events, half, part * inside / half, rng)
        frames.append(frame.assign(status=status))
    every = sizes.sum(axis=1)
    icc = np.full(scene.counties, scene.icc)
    return Province(
        sample=pd.concat(frames, ignore_index=True),
        truth=wrong.sum(axis=(0, 2)) / every,
        part=np.full(scene.counties, "all", dtype=object),
        icc=icc,
        shares=by_status.sum(axis=2) / every,
    )


def scenes_of(study: str) -> list[Scene]:
    """Cells of a study, by its name."""
    return STUDIES[study]()


def _cells(study: str, sizes=SIZES, iccs=ICCS, rates=RATES, **rest) -> list[Scene]:
    return [
        Scene(study=study, n=n, psus=psus, icc=icc, rate=rate, **rest)
        for n, psus in sizes
        for icc in iccs
        for rate in rates
    ]


SOME = ((300, 10), (1000, 10), (1000, 30))
LOW = (0.01, 0.02, 0.03)
HIGH_ICCS = (0.05, 0.15)
BAR = (0.02,)
STAGED = (0.01, 0.03)
STUDIES = {
    "grid": lambda: _cells("grid"),
    "icc-30": lambda: _cells("icc-30", SIZES, (0.30,), (0.01, 0.02)),
    "differing": lambda: _cells("differing", SOME, (0.05,), (0.01, 0.025), truth="differing"),
    "differing-pool-20": lambda: _cells(
        "differing-pool-20", SOME, (0.05,), (0.025,), truth="differing", counties=20
    ),
    "staged": lambda: _cells("staged", SOME, (0.05,), STAGED, truth="staged"),
    "few-staged": lambda: _cells("few-staged", SOME, (0.05,), STAGED, truth="few-staged"),
    "old-sizes": lambda: _cells("old-sizes", SOME, HIGH_ICCS, BAR, draw="old-sizes"),
    "equal-chances": lambda: _cells("equal-chances", SOME, HIGH_ICCS, BAR, draw="equal"),
    "composite": lambda: [
        scene
        for link in (0.0, 0.6)
        for scene in _cells(
            "composite", ((300, 10), (1000, 20), (1000, 30)), HIGH_ICCS, BAR, link=link
        )
    ],
    "pool-30": lambda: _cells("pool-30", SOME, HIGH_ICCS, BAR, counties=30),
    "pool-20": lambda: _cells("pool-20", SOME, HIGH_ICCS, BAR, counties=20),
    "pool-10": lambda: _cells("pool-10", SOME, HIGH_ICCS, BAR, counties=10),
    "pool-5": lambda: _cells("pool-5", SOME, HIGH_ICCS, BAR, counties=5),
}
