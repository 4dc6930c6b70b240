"""Golden cases of mirrored packages (section g2) through the public calls."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats

from golden_survey.calls import arguments
from golden_survey.designs import read
from golden_survey.epi import WALD, frame_size, limits, named
from golden_survey.verdicts import Case
from sampling import (
    CappedAllocationWarning,
    Design,
    allocate_multivariate,
    allocate_neyman,
    allocate_proportional,
    brennan_prediger,
    conger_kappa,
    design_effect,
    estimate_mean,
    estimate_proportion,
    fleiss_kappa,
    gwet_ac2,
    interval_blaker,
    interval_clopper_pearson,
    interval_difference,
    interval_hypergeometric,
    interval_mid_p,
    interval_paired_difference,
    interval_wilson,
    krippendorff_alpha,
    optimal_cluster_take,
    percent_agreement,
    size_for_detection,
    size_for_difference,
    size_for_mean,
    size_for_proportion,
    variance_components,
)

Z = 1.959963984540054
LINKS = "intervals by link functions, without a design, are not offered; estimate_proportion's are"
INNER_FRAME = "the frame of a domain is a whole number of units here"


def binom(case: Case) -> None:
    """binom.confint: the exact limits and the score limits."""
    x, n, level = (case.doc["params"][key] for key in ("x", "n", "level"))
    for name, function in (("exact", interval_clopper_pearson), ("wilson", interval_wilson)):
        theirs = [case.outputs[name][key] for key in ("lower", "upper")]
        case.equal(name, limits(function(x, n, confidence=level)), theirs, rel=1e-9, atol=1e-16)
        case.equal(f"{name} mean", x / n, case.outputs[name]["mean"])
    left = {"agresti-coull": WALD, "asymptotic": WALD, "prop.test": "continuity correction"}
    left |= dict.fromkeys(("logit", "cloglog", "probit", "lrt"), LINKS)
    shortest = "the shortest interval of a posterior is not offered; interval_jeffreys is"
    left |= dict.fromkeys(("bayes", "bayes*"), shortest)
    case.every_output(("exact", "wilson"), left)


def propcis(case: Case) -> None:
    x, n, level = (case.doc["params"][key] for key in ("x", "n", "level"))
    exact = interval_clopper_pearson(x, n, confidence=level)
    case.equal("exact", limits(exact), case.outputs["exact"], rel=1e-9)
    case.equal("score", limits(interval_wilson(x, n, confidence=level)), case.outputs["score"])
    case.equal("midp", limits(interval_mid_p(x, n, confidence=level)), case.outputs["midp"])
    blaker = limits(interval_blaker(x, n, confidence=level))
    case.equal("blaker", blaker, case.outputs["blaker"])
    left = {"add4": WALD, "addz2": WALD}
    case.every_output(("exact", "score", "midp", "blaker"), left)


def difference(case: Case) -> None:
    """Differences of independent proportions."""
    params, out = case.doc["params"], case.outputs
    samples = (params["x1"], params["n1"]), (params["x2"], params["n2"])
    score = interval_difference(*samples, method="miettinen-nurminen")
    added = interval_difference(*samples, method="agresti-caffo")
    case.equal("score", limits(score), out["score_miettinen_nurminen"])
    case.equal("agresti_caffo", limits(added), out["wald_agresti_caffo"], rel=1e-9)
    ratios = "score limits of risk and odds ratios are not offered"
    left = {"wald": WALD} | dict.fromkeys(("risk_ratio_score", "odds_ratio_score"), ratios)
    case.every_output(("score_miettinen_nurminen", "wald_agresti_caffo"), left)


def sprop(case: Case) -> None:
    """Sprop: exact limits are the first counts excluded, one unit beyond ours."""
    m, n, size = (case.doc["params"][key] for key in ("m", "n", "N"))
    found = interval_hypergeometric(m, n, size)
    # A count below the events seen is no limit of theirs.
    beyond = [max(found.lower - 1 / size, m / size), found.upper + 1 / size]
    case.equal("exact", beyond, case.outputs["exact"])
    rows = pd.DataFrame({"hit": np.arange(n) < m, "N": size})
    row = estimate_proportion(rows, "hit", Design(fpc="N"), interval="mean", df=math.inf)[0]
    case.equal("p", row.estimate, case.outputs["p"])
    if m:
        case.equal("se", row.std_error, case.outputs["se"])
        reach = Z * row.std_error
        case.equal("approx", [row.estimate - reach, row.estimate + reach], case.outputs["approx"])
    else:
        case.peer_failed(f"R: standard error {case.outputs['se']}, limits without width")


def proportion_size(case: Case) -> None:
    """Sizes for a half-width, for a coefficient of variation and for a variance."""
    params, out = case.doc["params"], case.outputs
    e, p = float(params["e"]), float(params["p"])
    frame = frame_size(params["N"])

    def size(margin: float, within: int | None = frame) -> float:
        return size_for_proportion(margin, expected=p, population_size=within).after_fpc

    case.equal("samplingbook", size_for_proportion(e, expected=p).n, out["samplingbook"], rel=0)
    for name in ("nPropMoe_abs", "nPropMoe_cv"):
        case.equal(name, size(e), out[name])
    case.equal("nProp_cv", size(Z * 0.1 * p), out["nProp_cv"])
    case.equal("nProp_V", size(Z * e / 1.96), out["nProp_V"])
    left = dict.fromkeys(("nLogOdds_abs", "nWilson_abs"), "sizes by the width of other intervals")
    compared = ("samplingbook", "nPropMoe_abs", "nPropMoe_cv", "nProp_cv", "nProp_V")
    case.every_output(compared, left)


def attributes(case: Case) -> None:
    out = case.outputs
    rate, errors, size = out["Tol.Dev.Rate"], out["Acceptable.Errors"], out["Pop.Size"]
    options = {"errors": errors, "confidence": named(case.call)["CL"]}
    free = size_for_detection(rate, **options)
    held = size_for_detection(rate, population_size=size, **options)
    case.equal("binomial", free.n, out["Sample.Size.Binomial"], rel=0)
    case.equal("hypergeometric", held.n, out["Sample.Size.Hypergeometric"], rel=0)


def mean_size(case: Case) -> None:
    params, out = case.doc["params"], case.outputs
    cv, frame = float(params["CV"]), frame_size(params["N"])
    spread, mean = math.sqrt(params["S2"]), params["mean"]
    found = size_for_mean(Z * cv * mean, spread=spread, population_size=frame)
    case.equal("nCont", found.after_fpc, out["nCont"])
    wide = size_for_mean(cv * mean, spread=spread, population_size=frame)
    case.equal("samplingbook", wide.n, out["samplingbook"], rel=0)
    domain = 0.2
    inner = round(frame * domain) if frame else None
    held = size_for_mean(Z * cv * mean, spread=spread, population_size=inner)
    case.equal("nDomain", held.after_fpc / domain, out["nDomain"], reason=INNER_FRAME, near=1e-4)


def two_proportions_size(case: Case) -> None:
    """nProp2sam: groups that overlap by half."""
    px, py, both = case.outputs["px.py.pxy"]
    correlation = (both - px * py) / math.sqrt(px * (1 - px) * py * (1 - py))
    found = size_for_difference(
        abs(px - py),
        expected=(px, py),
        power=case.outputs["power"],
        overlap=case.outputs["gamma"],
        correlation=correlation,
        confidence=1 - case.outputs["sig.level"],
    )
    case.equal("n1, n2", [found.n, found.n_second], [case.outputs[k] for k in ("n1", "n2")], rel=0)


def allocation(case: Case) -> None:
    """strAlloc: parts before rounding, and the standard error of the mean they give."""
    params, out = case.doc["params"], case.outputs
    keys = [str(place) for place in range(len(params["Nh"]))]
    sizes = dict(zip(keys, params["Nh"], strict=True))
    spreads = dict(zip(keys, params["Sh"], strict=True))
    costs = dict(zip(keys, params["ch"], strict=True))
    given, units = named(arguments(case.call)[1][0]), sum(params["Nh"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CappedAllocationWarning)
        if out["allocation"] == "prop":
            found = allocate_proportional(sizes, given["n.tot"])
        elif out["allocation"] == "neyman":
            found = allocate_neyman(sizes, spreads, given["n.tot"])
        else:
            whole = {"y": given["ybarU"] * units}
            found = allocate_multivariate(
                sizes, {"y": spreads}, given["CV0"], costs, totals=whole, floor=0
            )
    shares = np.array(list(found.shares.values()))
    case.equal("nh", shares, out["nh"])
    case.equal("nh/n", shares / shares.sum(), out["nh/n"])
    if "anticipated SE of estimated mean" in out:
        error = math.sqrt(found.variance_of_total(spreads, rounded=False)) / units
        case.equal("SE", error, out["anticipated SE of estimated mean"])


def two_stages(case: Case) -> None:
    """clusOpt2: units in each PSU, and the PSUs that a budget pays for."""
    out = case.outputs
    best = optimal_cluster_take(out["C1"], out["C2"], out["delta"])
    case.equal("n.opt", best.take, out["n.opt"])
    case.equal("m.opt", best.psus_for(out["cost"]), out["m.opt"])


def components(case: Case) -> None:
    """BW2stageSRS and BW2stagePPS over a whole population."""
    data = read(case.doc["data"][0])
    name = re.search(r"BW2stage\w+\(\w+\$(\w+)", case.call).group(1)
    psu = "CL" if "CL" in data else "PSU"
    data = data.assign(share=data.groupby(psu)[psu].transform("size") / len(data))
    found = variance_components(
        data, name, psu=psu, psu_prob="share" if "PPS" in case.call else None
    )
    ours = [found.between, found.within, found.unit, found.between + found.within, found.k]
    names = ("B2", "W2", "unit relvar", "B2+W2", "k", "delta")
    case.equal("components", [*ours, found.icc], [case.outputs[key] for key in names])
    case.every_output(names, {})


def kish(case: Case) -> None:
    weights = read(case.doc["data"][0])["pw"]
    deff = design_effect(weights)
    theirs = [case.outputs[key] for key in ("deffK", "n", "n_eff")]
    case.equal("deffK, n, n_eff", [deff, len(weights), len(weights) / deff], theirs)


def stratified(case: Case) -> None:
    """stratamean: every stratum, then the whole, with normal limits."""
    data = read(case.doc["data"][0])
    design = Design(strata="REG", fpc="Nh")
    parts = estimate_mean(data, "POPTOT", design, by="REG").to_frame()
    whole = estimate_mean(data, "POPTOT", design).to_frame()
    ours = pd.concat([parts, whole])[["estimate", "std_error"]].to_numpy()
    theirs = np.asarray(case.outputs["values"], dtype=float)
    case.equal("means, se", ours, theirs[:, :2])
    reach = Z * ours[:, 1]
    case.equal("limits", [ours[:, 0] - reach, ours[:, 0] + reach], [*theirs[:, 2:].T])


RATINGS = {
    "g4": "irrcac_cac_raw4raters.csv",
    "g1": "irrcac_cac_raw_g1g2.csv",
    "dg": "irr_diagnoses.csv",
    "an": "irr_anxiety.csv",
    "vd": "irr_video.csv",
    "nw": "survival_nwtco.csv",
    "fs": "derived_bigcity_fieldsample.csv",
}
COLUMNS = {"nw": ["instit", "histol"], "fs": ["filed_poor", "true_poor"]}
ALPHA_ERROR = "irrCAC's error of alpha differs from the projection where raters are missing"
COEFFICIENTS = {
    "agreement_gwet.ac1.raw": gwet_ac2,
    "agreement_fleiss.kappa.raw": fleiss_kappa,
    "agreement_conger.kappa.raw": conger_kappa,
    "agreement_bp.coeff.raw": brennan_prediger,
    "agreement_krippen.alpha.raw": krippendorff_alpha,
    "agreement_pa.coeff.raw": percent_agreement,
}


def agreement(case: Case) -> None:
    """Coefficients of irrCAC from raw ratings of several raters, some of them missing."""
    name, out = case.doc["id"].split("-")[2], case.outputs
    # Blank cells mean missing, by the README of the cases.
    data = read(RATINGS[name]).replace(r"^\s*$", None, regex=True)
    raters = COLUMNS.get(name) or [c for c in data.columns if c.lower().startswith("rater")]
    weights = case.doc["params"]["weights"].replace("unweighted", "identity")
    found = COEFFICIENTS[case.doc["method"]](data, raters, agreement_weights=weights)
    case.equal("value", found.estimate, out["value"])
    # Alpha where units have unequal numbers of ratings: ours is the exact projection.
    unequal = name == "g1" and "krippen" in case.doc["method"]
    reason = ALPHA_ERROR if unequal else ""
    case.equal("se", found.std_error, out["se"], reason=reason, near=1e-3)
    case.equal("agreement", [found.observed, found.chance], [out["pa"], out["pe"]])
    shown = [float(part) for part in out["ci"].strip("()").split(",")]
    case.equal("limits", limits(found.interval), shown, atol=5.1e-4, reason=reason)
    p = 2 * stats.t.sf(abs(found.estimate) / found.std_error, found.df)
    # Their p comes from the rounded value and standard error.
    case.equal("p", p, out["p"], rel=2e-2, atol=1e-12, reason=reason)
    case.every_output(("pa", "pe", "value", "se", "ci", "p"), {"coefficient": "a name"})


def paired(case: Case) -> None:
    b, c, n = (case.doc["params"][key] for key in ("b", "c", "n"))
    found = interval_paired_difference(c, b, n)
    case.equal("tango", limits(found), case.outputs["score_tango"])
    case.every_output(("score_tango",), {"wald_mp": WALD, "agresti_min": WALD})


METHODS: dict[str, Callable[[Case], None]] = {
    "binom_confint_all": binom,
    "propcis": propcis,
    "difference_two_proportions": difference,
    "hypergeometric_ci_samplingbook": sprop,
    "samplesize_proportion": proportion_size,
    "audit_attribute_samplesize": attributes,
    "samplesize_mean": mean_size,
    "samplesize_two_proportions": two_proportions_size,
    "allocation_practools": allocation,
    "optimal_two_stage": two_stages,
    "variance_components": components,
    "deff_kish": kish,
    "stratified_mean": stratified,
    "difference_paired_proportions": paired,
    **dict.fromkeys(COEFFICIENTS, agreement),
}
NOT_OFFERED = {
    "optimal_double_sampling": "no name of API.md: the register, phase 1, costs nothing here",
}
