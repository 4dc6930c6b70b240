"""Golden cases of adjusted weights (section d) through the public calls."""

from __future__ import annotations

import warnings
from functools import cache

import pandas as pd
from golden_cases import shared_cases, shared_folder

from golden_survey import taylor
from golden_survey.designs import DESIGNS, read
from golden_survey.verdicts import Case
from sampling import (
    ApproximationWarning,
    Design,
    NotConvergedError,
    ReplicateDesign,
    calibrate,
    poststratify,
    rake,
    trim_weights,
)
from sampling.calibration import Weighted

RAKED = (
    "R projects on one margin after the other, ten times, without weights; ours is the residual of "
    "the regression on all margins by the weights before, 0 for what the margins fix"
)
TRIMMED = "R keeps the projection of the raked weights and its own raking projection"


def population(column: str) -> dict[str, int]:
    """Sizes of the categories of a column over all schools."""
    return read("survey_apipop.csv")[column].value_counts().to_dict()


def params(name: str, kind: str) -> dict:
    """Parameters that the case of the weights of a design holds."""
    return shared_cases("d_calibration")[f"d-{name}-weights"]["params"][kind]


@cache
def made(name: str) -> Weighted:
    """Data and design of one adjusted design of the section."""
    clus1 = read("survey_apiclus1.csv").copy()
    clus1["rare"] = (clus1["mobility"] > 40) * 1.0
    strat = read("survey_apistrat.csv").copy()
    strat["rare"] = (strat["mobility"] > 40) * 1.0
    field = read("derived_bigcity_fieldcluster.csv").copy()
    base = {key: Design(**DESIGNS[key]) for key in ("clus1", "strat", "fc_d")}
    if name == "ps_clus1_stype":
        return poststratify(clus1, base["clus1"], "stype", population("stype"))
    if name == "ps_strat_sw":
        return poststratify(strat, base["strat"], "sch.wide", population("sch.wide"))
    if name == "ps_fcd":
        sizes = read("derived_bigcity_filed.csv.gz").groupby(["Zone", "filed_poor"]).size()
        return poststratify(field, base["fc_d"], ["Zone", "filed_poor"], sizes.to_dict())
    if name == "rake_fcd":
        frame = read("derived_bigcity_filed.csv.gz")
        margins = {c: frame[c].value_counts().to_dict() for c in ("Zone", "filed_poor")}
        return rake(field, base["fc_d"], margins)
    margins = {c: population(c) for c in ("stype", "sch.wide")}
    if name == "rake_clus1":
        return rake(clus1, base["clus1"], margins)
    if name == "rake_strat":
        return rake(strat, base["strat"], margins)
    if name.startswith("trim"):
        data, design = made("rake_clus1")
        strict = "equally-strict" if "strict" in name else "equally"
        return trim_weights(data, design, lower=20, upper=45, restore=strict)
    if name == "greg_clus1_s":
        return calibrate(clus1, base["clus1"], {"stype": population("stype")})
    if name.endswith("_clus1"):
        method, bounds = {
            "greg_clus1": ("linear", None),
            "logit_clus1": ("logit", (0.7, 1.7)),
            "rakcal_clus1": ("raking", None),
            "bounded_clus1": ("linear", (0.7, 1.7)),
        }[name]
        totals = {"stype": population("stype"), "api99": params(name, "totals")["api99"]}
        return calibrate(clus1, base["clus1"], totals, method=method, bounds=bounds)
    wanted = dict(params(name, "totals"))
    size = wanted.pop("(Intercept)", None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ApproximationWarning)
        return calibrated_swiss(name, wanted, size)


def calibrated_swiss(name: str, wanted: dict[str, float], size: float | None) -> Weighted:
    return calibrate(
        read("derived_swiss_strat.csv"),
        Design(**DESIGNS["swd"]),
        wanted,
        bounds=(0.1, 8.0) if name == "bounded_sw" else None,
        population_size=size,
        spread="POPTOT" if name == "ratio_sw" else None,
    )


def adjusted(case: Case) -> None:
    name = case.doc["design_name"]
    data, design = made(name)
    if name.startswith("rake"):
        case.se_reason = RAKED
    if name.startswith("trim"):
        case.se_reason = TRIMMED
    if case.doc["id"].endswith("-weights"):
        weights(case, data[design.weight])
        return
    taylor.any_call(case, design, data)


def weights(case: Case, ours: pd.Series) -> None:
    out = case.outputs
    if "file" in out:
        path = shared_folder() / "golden" / out["file"]
        theirs = pd.read_csv(path).iloc[:, -1].to_numpy()
        case.equal("weights", ours.to_numpy(), theirs, rel=2e-7)
    found = [len(ours), ours.sum(), ours.min(), ours.max(), ours.mean(), ours.std()]
    case.equal("summary", found, [out[k] for k in ("n", "sum", "min", "max", "mean", "sd")])
    case.equal("sum_sq", (ours**2).sum(), out["sum_sq"])
    kish = len(ours) * (ours**2).sum() / ours.sum() ** 2
    case.equal("kish", kish, out["kish_deff"])


def replicated(case: Case) -> None:
    """Every replicate of the jackknife adjusted."""
    data = read("survey_apiclus1.csv").copy()
    table = pd.read_csv(shared_folder() / "golden/weights/repw_jk1_clus1_fpc.csv.gz")
    data = pd.concat([data, table.add_prefix("_rep_")], axis=1).copy()
    names = [f"_rep_{c}" for c in table.columns if c != "w"]
    other = shared_cases("c_replicates").values()
    scale = next(c["design"]["scale"] for c in other if c["design_name"] == "jk1_clus1_fpc")
    design = ReplicateDesign(weight="_rep_w", weights=names, scale=scale)
    if case.doc["design_name"] == "r1":
        margins = {c: population(c) for c in ("stype", "sch.wide")}
        data, design = rake(data, design, margins)
    else:
        data, design = poststratify(data, design, "stype", population("stype"))
    taylor.any_call(case, design, data)


def ratios(case: Case) -> None:
    """sampling::calib gives the ratios of the weights."""
    case_params = case.doc["params"]
    data = read("survey_apiclus1.csv")
    method = {"truncated": "linear"}.get(case_params["method"], case_params["method"])
    bounds = case_params.get("bounds")
    totals = {"stype": population("stype"), "api99": case_params["totals"]["api99"]}
    found, design = calibrate(
        data,
        Design(**DESIGNS["clus1"]),
        totals,
        method=method,
        bounds=tuple(bounds) if bounds else None,
    )
    ours = found[design.weight]
    ratio = ours / data["pw"]
    out, rel = case.outputs, 1e-5
    case.equal("ratios", [ratio.min(), ratio.max()], [out["g_min"], out["g_max"]], rel=rel)
    summary = out["summary"]
    case.equal("summary", [ours.sum(), ours.std()], [summary["sum"], summary["sd"]], rel=rel)


def infeasible(case: Case) -> None:
    wanted = dict(case.doc["params"]["totals"])
    size = wanted.pop("(Intercept)")
    data = read("derived_swiss_strat.csv")
    try:
        calibrate(data, Design(**DESIGNS["swd"]), wanted, bounds=(0.99, 1.01), population_size=size)
    except NotConvergedError as error:
        if "would reach all" not in str(error):
            case.failed(str(error))
    else:
        case.failed("no error")


METHODS = {
    **dict.fromkeys(
        [
            "poststratify",
            "rake",
            "calibrate_linear",
            "calibrate_ratio",
            "calibrate_logit",
            "calibrate_raking",
            "calibrate_linear_bounded",
            "trim",
        ],
        adjusted,
    ),
    "calibrate_replicates": replicated,
    "calib_gweights": ratios,
    "calibrate_infeasible": infeasible,
}
NOT_OFFERED = {
    "calibrate_cluster_constant": "weights constant within clusters are not in the programme",
    "calib_greg_variance": "a formula check with made-up Poisson joint probabilities",
}
