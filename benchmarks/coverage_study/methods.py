"""Limits of every method for all counties of a province, by the public functions of ``sampling``.

Nothing but the rows named "oracle" is given what is true.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import special
from scipy.interpolate import CubicSpline

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
)

from .provinces import Province

DESIGN = Design(psu="village", weight="weight")
PLAN = 0.05
ALIKE = 0.2
Limits = tuple[np.ndarray, np.ndarray]

METHODS = {
    "kg-oracle": "Korn-Graubard, true design effect",
    "kg-pooled": "Korn-Graubard, pooled",
    "kg-default": "Korn-Graubard, pooled, own effect if clearly larger (the default)",
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


def limits_by_method(province: Province) -> tuple[dict[str, Limits], PooledIcc]:
    """Limits of every method that the sample allows, and the pool they used."""
    sample = province.sample
    pool = pool_icc(sample, "wrong", DESIGN, by="county", plan=PLAN)

    def ask(interval: str, **asked) -> Estimates:
        return estimate_proportion(sample, "wrong", DESIGN, by="county", interval=interval, **asked)

    oracle = _by_true_icc(ask, province.icc)
    planned = ask("korn-graubard", icc=PLAN)
    found = {
        "kg-oracle": oracle,
        "kg-pooled": ends_of(ask("korn-graubard", icc=pool, own_deff="ignore")),
        "kg-default": ends_of(ask("korn-graubard", icc=pool)),
        "midp-pooled": ends_of(ask("mid-p", icc=pool, own_deff="ignore")),
        "wilson-pooled": ends_of(ask("wilson", icc=pool, own_deff="ignore")),
        "kg-plan": ends_of(planned),
        "kg-own-or-plan": _own_or_plan(planned),
        "kg-nchs": ends_of(ask("korn-graubard")),
        "kg-r-beta": ends_of(ask("korn-graubard-uncapped")),
        "wilson-own": ends_of(ask("wilson")),
        "logit": ends_of(ask("logit")),
        "likelihood": ends_of(ask("likelihood")),
        "cp-naive": _naive(planned),
        "wald": ends_of(ask("mean")),
    }
    spread = sample.groupby("county")["weight"].agg(["std", "mean"])
    if (spread["std"] / spread["mean"]).max() <= ALIKE:
        found |= {
            "bb-pooled": ends_of(ask("beta-binomial", icc=pool)),
            "bb-alone": ends_of(ask("beta-binomial")),
            "bb-alone-wide": ends_of(ask("beta-binomial", prior=(1.0, 9.0))),
        }
    neighbours = _by_neighbours(sample, planned, ask("korn-graubard", icc=0.0))
    found["kg-neighbours"] = neighbours["kg-neighbours"]
    if "bb-alone" in found:
        found["bb-neighbours"] = neighbours["bb-neighbours"]
    return found, pool


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


# -- a candidate: what the other counties say of the correlation is the prior of each county -----
# Counties' correlations are Beta with a mean and a concentration, both unknown; each county's own
# prior is what the others leave of them. Like counties give a narrow one, few or unlike a wide one.

ODDS = np.linspace(-7.5, 2.5, 41)
BETWEEN = np.linspace(-7.5, 2.5, 101)
LOGITS = np.arange(-13.0, 3.01, 0.2)
MEANS = np.linspace(special.logit(0.004), special.logit(0.6), 16)
CONCENTRATIONS = np.linspace(np.log(5), np.log(1500), 9)
CENTRES, SPREADS = (float(special.logit(0.05)), float(np.log(40))), (1.2, 1.5)
UPPER = 0.80


def _by_neighbours(
    sample: pd.DataFrame, planned: Estimates, simple: Estimates
) -> dict[str, Limits]:
    """Limits whose correlation is distributed as the other counties say."""
    counts = sample.groupby(["county", "village"])["wrong"].agg(["sum", "size"])
    county = counts.index.get_level_values("county").to_numpy()
    wrong, n = counts["sum"].to_numpy(), counts["size"].to_numpy()
    names = np.unique(county)
    weights = _predicted([(wrong[county == c], n[county == c]) for c in names])
    rho = special.expit(BETWEEN)
    lower, upper, size = np.empty(len(names)), np.empty(len(names)), np.empty(len(names))
    for place, name in enumerate(names):
        here, row = county == name, planned[place]
        keep = weights[place] > 1e-6
        known: Mapping[float, float] = dict(zip(rho[keep], weights[place][keep], strict=True))
        ends = beta_binomial_limits(wrong[here], n[here], icc=known)
        lower[place], upper[place] = float(ends[0][0]), float(ends[1][0])
        reached = np.interp(UPPER, np.cumsum(weights[place]), rho)
        without = simple[place].model_deff
        deff = without + (row.model_deff - without) / PLAN * reached
        size[place] = row.n / max(1.0, deff)
    p = np.array([row.estimate for row in planned])
    return {"bb-neighbours": (lower, upper), "kg-neighbours": korn_graubard_limits(p, size)}


def _predicted(counts: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Weight of each correlation for each county, by what all the others say."""
    evidence = np.array([_log_evidence(*pair) for pair in counts])
    evidence = CubicSpline(ODDS, evidence, axis=1)(BETWEEN)
    priors, log_hyper = _hyper_nodes()
    top = evidence.max(axis=1, keepdims=True)
    each = np.log(np.exp(evidence - top) @ priors.T)
    others = log_hyper + each.sum(axis=0) - each
    posterior = np.exp(others - others.max(axis=1, keepdims=True))
    return posterior / posterior.sum(axis=1, keepdims=True) @ priors


def _hyper_nodes() -> tuple[np.ndarray, np.ndarray]:
    """Beta priors over the nodes of the correlation, and the log weight of each."""
    mean, size = (axis.ravel() for axis in np.meshgrid(MEANS, CONCENTRATIONS))
    a, b = special.expit(mean) * np.exp(size), special.expit(-mean) * np.exp(size)
    logs = a[:, None] * special.log_expit(BETWEEN) + b[:, None] * special.log_expit(-BETWEEN)
    priors = np.exp(logs - logs.max(axis=1, keepdims=True))
    gaps = [(v - c) / s for v, c, s in zip((mean, size), CENTRES, SPREADS, strict=True)]
    return priors / priors.sum(axis=1, keepdims=True), -(gaps[0] ** 2 + gaps[1] ** 2) / 2


def _log_evidence(wrong: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Logarithm of a county's likelihood of each correlation, over rates flat in logit p.

    A county without events, or with nothing else, says nothing.
    """
    if wrong.sum() in (0, n.sum()):
        return np.zeros(len(ODDS))
    scale = np.exp(-ODDS)[:, None]
    a = special.expit(LOGITS) * scale
    b = special.expit(-LOGITS) * scale
    logs = np.zeros(a.shape)
    for (hits, units), times in zip(
        *np.unique(np.stack([wrong, n], axis=1), axis=0, return_counts=True), strict=True
    ):
        logs += times * (special.betaln(a + hits, b + units - hits) - special.betaln(a, b))
    return special.logsumexp(logs, axis=1)


# -- the rate over two filed statuses ------------------------------------------------------------

COMPOSITE = {
    "composite-oracle": "composite, true correlation",
    "composite-pooled": "composite, pooled by status",
    "composite-both": "composite, larger of both pools and of that over all rows",
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
    pooled = tuple(pool.icc for pool in pools)
    true = float(province.icc[0])
    iccs = {
        "composite-oracle": (true, true),
        "composite-pooled": pooled,
        "composite-both": (max(*pooled, whole.icc),) * 2,
        "composite-plan": (PLAN, PLAN),
    }
    groups = [dict(iter(part.groupby("county"))) for part in by_status]
    found = {name: _composite(groups, province.shares, icc) for name, icc in iccs.items()}
    for name, asked in {
        "whole-pooled": {"icc": whole},
        "whole-nchs": {},
        "whole-wald": {"interval": "mean"},
    }.items():
        found[name] = ends_of(estimate_proportion(weighted, "wrong", DESIGN, by="county", **asked))
    return found, whole


def _to_shares(sample: pd.DataFrame, shares: np.ndarray) -> pd.DataFrame:
    """Weights made to agree with the known share of each status."""
    total = sample.groupby(["county", "status"])["weight"].transform("sum").to_numpy()
    share = shares[sample["status"].to_numpy(), sample["county"].to_numpy()]
    return sample.assign(weight=sample["weight"].to_numpy() * share / total)


def _composite(groups, shares: np.ndarray, icc: tuple[float, float]) -> Limits:
    ends = []
    for county in range(shares.shape[1]):
        parts: list[CompositePart] = [
            composite_part(
                groups[status][county],
                "wrong",
                DESIGN,
                name=str(status),
                share=float(shares[status, county]),
                icc=icc[status],
            )
            for status in (0, 1)
        ]
        result = estimate_composite(parts)
        ends.append((result.lower, result.upper))
    lower, upper = np.array(ends).T
    return lower, upper
