"""Limits of every method for all counties of a province, by the public functions of ``sampling``.

Nothing but the rows named "oracle" is given what is true.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sampling import (
    CompositePart,
    Design,
    Estimates,
    PooledIcc,
    beta_binomial_limits,
    composite_part,
    estimate_composite,
    estimate_proportion,
    korn_graubard_limits,
    pool_icc,
    pool_icc_by_area,
)

from .provinces import Province

# Each county is sampled by itself, so it is a stratum; R and svy on its rows alone say the same.
DESIGN = Design(psu="village", weight="weight", strata="county")
PLAN = 0.05
ALIKE = 0.2
Limits = tuple[np.ndarray, np.ndarray]

METHODS = {
    "kg-oracle": "Korn-Graubard, true design effect",
    "kg-pooled": "Korn-Graubard, pooled",
    "kg-default": "Korn-Graubard, pooled, own effect if clearly larger (the default)",
    "kg-aside": "Korn-Graubard, pooled with outlying counties set aside, own effect if larger",
    "midp-pooled": "mid-p, pooled",
    "wilson-pooled": "Wilson, pooled",
    "bb-pooled": "beta-binomial, pooled",
    "bb-neighbours": "beta-binomial, the other counties as prior",
    "kg-neighbours": "Korn-Graubard, 80 % limit of what the other counties say",
    "bb-alone": "beta-binomial, prior (1.5, 20)",
    "bb-alone-wide": "beta-binomial, prior (1, 9)",
    "kg-plan": "Korn-Graubard, planned correlation .05",
    "kg-own-or-plan": "Korn-Graubard, larger of own and planned effect",
    "kg-nchs": "Korn-Graubard, own variance (NCHS)",
    "kg-r-beta": "Korn-Graubard uncapped (R `beta`)",
    "wilson-own": "Wilson, own variance",
    "logit": "logit, own variance",
    "likelihood": "Rao-Scott likelihood, own variance",
    "cp-naive": "Clopper-Pearson, as if a simple sample",
    "wald": "Wald",
}
POOLED = ("kg-pooled", "midp-pooled", "bb-pooled")


def ends_of(estimates: Estimates) -> Limits:
    """Limits of all counties."""
    return (
        np.array([row.lower for row in estimates]),
        np.array([row.upper for row in estimates]),
    )


def limits_by_method(
    province: Province, *, pooled_only: bool = False, aside: bool = False
) -> tuple[dict[str, Limits], PooledIcc]:
    """Limits of every method that the sample allows, and the pool they used."""
    sample = province.sample
    pool = pool_icc(sample, "wrong", DESIGN, by="county", plan=PLAN)

    def ask(interval: str, **asked) -> Estimates:
        return estimate_proportion(sample, "wrong", DESIGN, by="county", interval=interval, **asked)

    planned = ask("korn-graubard", icc=PLAN)
    neighbours = _by_neighbours(sample, planned, ask("korn-graubard", icc=0.0))
    found = {
        "kg-oracle": _by_true_icc(ask, province.icc),
        "kg-pooled": ends_of(ask("korn-graubard", icc=pool, own_deff="ignore")),
        "kg-default": ends_of(ask("korn-graubard", icc=pool)),
        "midp-pooled": ends_of(ask("mid-p", icc=pool, own_deff="ignore")),
        "wilson-pooled": ends_of(ask("wilson", icc=pool, own_deff="ignore")),
        "kg-neighbours": neighbours["kg-neighbours"],
        "kg-plan": ends_of(planned),
        "kg-own-or-plan": _own_or_plan(planned),
        "kg-nchs": ends_of(ask("korn-graubard")),
    }
    spread = sample.groupby("county")["weight"].agg(["std", "mean"])
    if (spread["std"] / spread["mean"]).max() <= ALIKE:
        found |= {
            "bb-pooled": _by_psus(sample, **_known_or_prior(pool)),
            "bb-neighbours": neighbours["bb-neighbours"],
            "bb-alone": _by_psus(sample),
            "bb-alone-wide": _by_psus(sample, prior=(1.0, 9.0)),
        }
    if aside:
        apart = pool_icc(sample, "wrong", DESIGN, by="county", plan=PLAN, outlying="set-aside")
        found["kg-aside"] = ends_of(ask("korn-graubard", icc=apart))
    if pooled_only:
        return found, pool
    return found | {
        "kg-r-beta": ends_of(ask("korn-graubard-uncapped")),
        "wilson-own": ends_of(ask("wilson")),
        "logit": ends_of(ask("logit")),
        "likelihood": ends_of(ask("likelihood")),
        "cp-naive": _naive(planned),
        "wald": ends_of(ask("mean")),
    }, pool


def check_shortcut(province: Province) -> None:
    """Hold the beta-binomial limits of this study against those of ``estimate_proportion``."""
    sample = province.sample
    pool = pool_icc(sample, "wrong", DESIGN, by="county", plan=PLAN)
    for ours, asked in (
        (_by_psus(sample, **_known_or_prior(pool)), {"icc": pool}),
        (_by_psus(sample), {}),
    ):
        public = estimate_proportion(
            sample, "wrong", DESIGN, by="county", interval="beta-binomial", **asked
        )
        np.testing.assert_allclose(ours, ends_of(public), rtol=1e-9, atol=1e-12)


def _known_or_prior(pool: PooledIcc) -> dict:
    """Say what ``estimate_proportion`` makes of a pool: known when it is large, else a prior."""
    return {"icc": min(pool.icc, 1 - 1e-9)} if pool.policy == "pooled" else {"prior": pool.prior}


def _by_psus(sample: pd.DataFrame, **asked) -> Limits:
    """Beta-binomial limits of all counties, without the two intervals shown beside them."""
    counts = sample.groupby(["county", "village"])["wrong"].agg(["sum", "size"])
    county = counts.index.get_level_values("county")
    return beta_binomial_limits(counts["sum"], counts["size"], county, **asked)


def _by_true_icc(ask, icc: np.ndarray) -> Limits:
    """Limits with the correlation of each county's own truth."""
    lower, upper = np.empty(len(icc)), np.empty(len(icc))
    for value in np.unique(icc):
        ends = ends_of(ask("korn-graubard", icc=float(value)))
        here = icc == value
        lower[here], upper[here] = ends[0][here], ends[1][here]
    return lower, upper


def _own_or_plan(planned: Estimates) -> Limits:
    p = np.array([row.estimate for row in planned])
    n = np.array([row.n for row in planned])
    deff = np.array([max(1.0, row.model_deff, row.own_deff or 0.0) for row in planned])
    return korn_graubard_limits(p, n / deff)


def _naive(planned: Estimates) -> Limits:
    p = np.array([row.estimate for row in planned])
    return korn_graubard_limits(p, np.array([row.n for row in planned]))


# -- the other counties as prior -----------------------------------------------------------------

UPPER = 0.80


def _by_neighbours(
    sample: pd.DataFrame, planned: Estimates, simple: Estimates
) -> dict[str, Limits]:
    """Limits whose correlation is distributed as the other counties say."""
    areas = pool_icc_by_area(sample, "wrong", DESIGN, by="county")
    counts = sample.groupby(["county", "village"])["wrong"].agg(["sum", "size"])
    by_county = {name: part.to_numpy() for name, part in counts.groupby(level="county")}
    lower, upper, size = [], [], []
    for row, at_plan, without in zip(areas.rows, planned, simple, strict=True):
        wrong, n = by_county[int(row.area[0])].T
        ends = beta_binomial_limits(wrong, n, icc=row.weight_by_icc)
        lower.append(float(ends[0][0]))
        upper.append(float(ends[1][0]))
        each = (at_plan.model_deff - without.model_deff) / PLAN
        size.append(row.n / max(1.0, without.model_deff + each * row.quantile(UPPER)))
    p = np.array([row.estimate for row in planned])
    return {
        "bb-neighbours": (np.array(lower), np.array(upper)),
        "kg-neighbours": korn_graubard_limits(p, np.array(size)),
    }


# -- the rate over two filed statuses ------------------------------------------------------------

COMPOSITE = {
    "composite-oracle": "composite, true correlation",
    "composite-pooled": "composite, pooled by status",
    "composite-bound": "composite, pooled, statuses bound to each other",
    "composite-midp": "composite mid-p, pooled, statuses bound to each other",
    "composite-own": "composite, pooled, own effect if clearly larger",
    "composite-plan": "composite, planned correlation .05",
    "whole-pooled": "Korn-Graubard of the whole sample, pooled",
    "whole-nchs": "Korn-Graubard of the whole sample, own variance (NCHS)",
    "whole-wald": "Wald of the whole sample",
}


def composite_limits(province: Province) -> tuple[dict[str, Limits], PooledIcc]:
    """Limits of the rate over both statuses."""
    sample = province.sample
    by_status = [sample[sample["status"] == status] for status in (0, 1)]
    pools = [pool_icc(part, "wrong", DESIGN, by="county", plan=PLAN) for part in by_status]
    weighted = _to_shares(sample, province.shares)
    whole = pool_icc(weighted, "wrong", DESIGN, by="county", plan=PLAN)
    groups = [dict(iter(part.groupby("county"))) for part in by_status]

    def parts_at(*iccs: float | PooledIcc) -> list[tuple[CompositePart, ...]]:
        return [
            tuple(
                composite_part(
                    groups[status][county],
                    "wrong",
                    DESIGN,
                    name=str(status),
                    share=float(province.shares[status, county]),
                    icc=icc,
                )
                for status, icc in enumerate(iccs)
            )
            for county in range(province.shares.shape[1])
        ]

    true = float(province.icc[0])
    pooled = parts_at(*pools)
    found = {
        "composite-oracle": _composite(parts_at(true, true)),
        "composite-pooled": _composite(pooled),
        "composite-bound": _composite(pooled, between=1.0),
        "composite-midp": _composite(pooled, between=1.0, interval="mid-p"),
        "composite-own": _composite(pooled, own_deff="if-larger"),
        "composite-plan": _composite(parts_at(PLAN, PLAN)),
    }
    for name, asked in {
        "whole-pooled": {"icc": whole},
        "whole-nchs": {},
        "whole-wald": {"interval": "mean"},
    }.items():
        found[name] = ends_of(estimate_proportion(weighted, "wrong", DESIGN, by="county", **asked))
    return found, whole


def _composite(counties: list[tuple[CompositePart, ...]], **asked) -> Limits:
    results = [estimate_composite(parts, **asked) for parts in counties]
    return (
        np.array([result.lower for result in results]),
        np.array([result.upper for result in results]),
    )


def _to_shares(sample: pd.DataFrame, shares: np.ndarray) -> pd.DataFrame:
    """Weights made to agree with the known share of each status."""
    total = sample.groupby(["county", "status"])["weight"].transform("sum").to_numpy()
    share = shares[sample["status"].to_numpy(), sample["county"].to_numpy()]
    return sample.assign(weight=sample["weight"].to_numpy() * share / total)
