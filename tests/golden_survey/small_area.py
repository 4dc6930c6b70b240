"""Golden cases of small areas (section i) through the public calls."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from golden_cases import shared_cases

from golden_survey.designs import read
from golden_survey.truth import poverty_measures
from golden_survey.verdicts import Case
from sampling import (
    Design,
    SmallAreaEstimates,
    estimate_mean,
    estimate_total,
    fay_herriot,
    sample_size_dependent_areas,
    synthetic_areas,
    unit_level_eblup,
)

LINE = 6557.143
INCOMES = {
    "i-eusilcA": ("Mean", "Var_Mean", ["cash", "self_empl"]),
    "i-eusilcA2": ("MTMED", "Var_MTMED", ["cash", "unempl_ben", "rent"]),
}


def direct(case: Case) -> None:
    """Direct estimates of provinces of known size: Poisson sampling, or simple within them."""
    data, sizes = read("sae_incomedata.csv.gz"), read("sae_sizeprov.csv")
    poor = data["income"] < LINE
    y = np.where(poor, (LINE - data["income"]) / LINE, 0.0) if "inc$gap" in case.call else poor
    known = dict(zip(sizes["prov"], sizes["Nd"], strict=True))
    data = data.assign(_y=np.asarray(y, dtype=float), _N=data["prov"].map(known))
    out = case.outputs
    if "sweight" in case.call:
        found = [_poisson(data[data["prov"] == area], known[area]) for area in out["Domain"]]
    else:
        design = Design(strata="prov", fpc="_N")
        rows = estimate_mean(data, "_y", design, by="prov").to_frame().set_index("prov")
        rows = rows.set_axis(rows.index.astype(int))
        found = rows.loc[out["Domain"], ["estimate", "std_error"]].to_numpy()
    ours = np.asarray(found)
    case.equal("direct", ours[:, 0], out["Direct"])
    case.equal("sd", ours[:, 1], out["SD"])
    case.equal("cv", 100 * ours[:, 1] / ours[:, 0], out["CV"])
    counts = data["prov"].value_counts()
    case.equal("n", counts.loc[out["Domain"]], out["SampSize"])
    case.every_output(("Domain", "SampSize", "Direct", "SD", "CV"), {})


def _poisson(rows, size: float) -> tuple[float, float]:
    """Total over the known size, units drawn independently of one another."""
    probs = 1 / rows["weight"].to_numpy()
    together = np.outer(probs, probs)
    np.fill_diagonal(together, probs)
    design = Design(inclusion_prob="_p", pps="horvitz-thompson", joint_probs=together)
    found = estimate_total(rows.assign(_p=probs), "_y", design)[0]
    return found.estimate / size, found.std_error / size


def area_level(case: Case) -> None:
    """Fay-Herriot by each estimator of the area variance, with its mean squared error."""
    method = case.doc["method"].removeprefix("fay_herriot_").lower()
    if "milk" in case.doc["id"]:
        milk = read("sae_milk.csv").set_index("SmallArea")
        levels = pd.get_dummies(milk["MajorArea"], drop_first=True, dtype=float)
        covariates = None if "-int-" in case.doc["id"] else levels
        found = fay_herriot(milk["yi"], milk["SD"] ** 2, covariates, method=method)
    else:
        y, variance, columns = INCOMES[case.doc["id"].rsplit("-", 1)[0]]
        sample = read("emdi_eusilcA_smpAgg.csv").set_index("Domain")
        means = read("emdi_eusilcA_popAgg.csv").set_index("Domain")[columns]
        # Two areas whose every household is poor, or none, have a variance of zero there.
        found = fay_herriot(
            sample[y], sample[variance], means, method=method, zero_variances="exact"
        )
    fit, out = found.fit, case.outputs
    case.equal("refvar", fit.area_variance, out["refvar"])
    case.equal("beta", fit.coefficients, out["coef"]["beta"])
    case.equal("se", fit.std_errors, out["coef"]["se"])
    case.equal("t", np.divide(fit.coefficients, fit.std_errors), out["coef"]["t"])
    case.equal("loglike", fit.log_likelihood, out["goodness"]["loglike"])
    case.equal("AIC", fit.aic, out["goodness"]["AIC"])
    case.equal("BIC", fit.bic, out["goodness"]["BIC"])
    _by_area(case, found)
    case.every_output(
        ("refvar", "coef", "goodness", "eblup", "mse"),
        {"convergence": "every estimator is the root of its equation", "iterations": "as before"},
    )
    case.every_output(
        ("beta", "se", "t"), {"term": "names", "p": "normal tail of t"}, of=out["coef"]
    )
    case.every_output(
        ("loglike", "AIC", "BIC"), {"KIC": "AIC and one per parameter"}, of=out["goodness"]
    )


def _by_area(case: Case, found: SmallAreaEstimates) -> None:
    rows = list(found)
    if "eusilc" in case.doc["id"]:
        order = shared_cases("i_sae")["i-eusilcA-domains"]["outputs"]["domain"]
        rows = [found.of(area) for area in order]
    case.equal("eblup", [row.estimate for row in rows], case.outputs["eblup"])
    case.equal("mse", [row.std_error**2 for row in rows], case.outputs["mse"])


def unit_level(case: Case) -> None:
    """Battese, Harter and Fuller's segments, with the share of each county that was sampled."""
    names = {"MeanCornPixPerSeg": "CornPix", "MeanSoyBeansPixPerSeg": "SoyBeansPix"}
    counties = read("sae_cornsoybeanmeans.csv").set_index("CountyIndex").rename(columns=names)
    found = unit_level_eblup(
        read("sae_cornsoybean.csv"),
        "SoyBeansHec",
        list(names.values()),
        counties,
        by="County",
        population_sizes=counties["PopnSegments"],
    )
    out = case.outputs
    case.equal("eblup", [row.estimate for row in found], out["eblup"]["eblup"], rel=1e-6)
    case.equal("domain", [int(row.area) for row in found], out["eblup"]["domain"])
    case.equal("sampsize", counties["SampSegments"], out["eblup"]["sampsize"])
    case.equal("fixed", found.fit.coefficients, list(out["fixed"].values()), rel=1e-6)
    case.equal("refvar", found.fit.area_variance, out["refvar"], rel=1e-6)
    case.equal("errorvar", found.fit.unit_variance, out["errorvar"], rel=1e-6)
    case.every_output(("eblup", "fixed", "refvar", "errorvar"), {})


def _synthetic() -> SmallAreaEstimates:
    data = read("sae_incomedata.csv.gz")
    data = data.assign(poor=(data["income"] < LINE).astype(float))
    sizes = data.pivot_table(index="prov", columns="educ", values="weight", aggfunc="sum")
    return synthetic_areas(data, "poor", "educ", sizes, weight="weight")


def synthetic(case: Case) -> None:
    """Every level of schooling as poor everywhere."""
    found = _synthetic()
    case.equal("synthetic", [row.estimate for row in found], case.outputs["PsSynthetic"])
    case.equal("domain", [int(row.area) for row in found], case.outputs["Domain"])
    case.every_output(("Domain", "PsSynthetic"), {})


def sample_size_dependent(case: Case) -> None:
    """Direct estimates over the known size, mixed with the synthetic ones."""
    data, sizes = read("sae_incomedata.csv.gz"), read("sae_sizeprov.csv").set_index("prov")["Nd"]
    weights = data.groupby("prov")["weight"].sum()
    poor = data["weight"].where(data["income"] < LINE, 0.0).groupby(data["prov"]).sum()
    found = sample_size_dependent_areas(poor / sizes, _synthetic(), weights, sizes)
    case.equal("ssd", [row.estimate for row in found], case.outputs["ssd"])
    case.equal("weight", [row.weight for row in found], case.outputs["CompWeight"])
    case.equal("domain", [int(row.area) for row in found], case.outputs["Domain"])
    case.every_output(("Domain", "ssd", "CompWeight"), {})


METHODS: dict[str, Callable[[Case], None]] = {
    "poverty_fgt": poverty_measures,
    "sae_direct": direct,
    "fay_herriot_REML": area_level,
    "fay_herriot_ML": area_level,
    "fay_herriot_FH": area_level,
    "bhf_unit_eblup": unit_level,
    "sae_post_stratified_synthetic": synthetic,
    "sae_sample_size_dependent": sample_size_dependent,
}
NOT_OFFERED = {
    "domain_order": "no method: names the order of the rows of other cases",
}
