"""Golden cases of populations, poverty rates and coverage (section j) through the public calls."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd

from golden_survey.calls import value
from golden_survey.designs import read
from golden_survey.verdicts import Case
from sampling import (
    Design,
    SamplingWarning,
    estimate_mean,
    estimate_proportion,
    estimate_quantile,
    estimate_total,
    select_simple,
)

FORMS = {
    "mean": "mean",
    "logit": "logit",
    "asin_clamped": "asin",
    "beta": "korn-graubard-uncapped",
    "wilson": "wilson",
    "likelihood": "likelihood",
    "kg_capped": "korn-graubard",
}
REPLICATES = 300
"""Samples drawn for a coverage case in the normal run; the case itself has 2,000."""


@cache
def households() -> pd.DataFrame:
    data = read("simpop_eusilcP.csv.gz")
    return data[data["main"].astype(str).str.upper() == "TRUE"].reset_index(drop=True)


def truth_of(case: Case, name: str, data: pd.DataFrame, y: pd.Series, theirs: dict) -> None:
    """N, sum, mean and variance: a whole population as a sample that weighs 1."""
    rows = data.assign(_y=np.asarray(y, dtype=float), _one=1.0)
    total = estimate_total(rows, "_y", Design(weight="_one"))[0]
    mean = estimate_mean(rows, "_y", Design())[0]
    ours = [mean.n, total.estimate, mean.estimate, mean.std_error**2 * mean.n]
    case.equal(name, ours, [theirs[key] for key in ("N", "sum", "mean", "var")])


def truths_by(
    case: Case, name: str, data: pd.DataFrame, y: pd.Series, by: str, theirs: dict
) -> None:
    """The same for every group: groups as strata."""
    rows = data.assign(_y=np.asarray(y, dtype=float), _by=data[by].astype(str), _one=1.0)
    design = Design(strata="_by", weight="_one")
    means = estimate_mean(rows, "_y", design, by="_by").to_frame().set_index("_by")
    totals = estimate_total(rows, "_y", design, by="_by").to_frame().set_index("_by")
    for group, wanted in theirs.items():
        mean = means.loc[group]
        ours = [
            mean["n"],
            totals.loc[group, "estimate"],
            mean["estimate"],
            mean["std_error"] ** 2 * mean["n"],
        ]
        wanted = [wanted[key] for key in ("N", "sum", "mean", "var")]
        case.equal(f"{name} {group}", ours, wanted)


def quantiles(case: Case, data: pd.DataFrame, name: str, theirs: dict) -> None:
    probs = [float(key.rstrip("%")) / 100 for key in theirs]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SamplingWarning)
        found = estimate_quantile(data, name, Design(), prob=probs, rule="hf1")
    case.equal("quantiles", [row.estimate for row in found], list(theirs.values()))


def schools(case: Case) -> None:
    """Schools of California: a variable or an event, overall and by kind of school."""
    data = read("survey_apipop.csv")
    event = (case.doc.get("params") or {}).get("event")
    if event:
        y = value(data, f"I({event.replace(chr(39), chr(34))})")
    else:
        y = data[case.doc["id"].removeprefix("j-ap-")]
    truth_of(case, "all", data, y, case.outputs)
    truths_by(case, "stype", data, y, "stype", case.outputs["by_stype"])
    if "quantiles" in case.outputs:
        name = case.doc["id"].removeprefix("j-ap-")
        quantiles(case, data, name, case.outputs["quantiles"])


def districts(case: Case) -> None:
    data = read("survey_apipop.csv")
    known = data.assign(_here=data["enroll"].notna(), _y=data["enroll"].fillna(0.0), _one=1.0)
    total = estimate_total(known, "_y", Design(weight="_one"), by="_here").domain(True)
    case.equal("enroll_total", total.estimate, case.outputs["enroll_total"])
    case.equal("enroll_missing", len(data) - total.n, case.outputs["enroll_missing"])
    counts = dict.fromkeys(("districts", "schools", "max_per_district"), "counts of the file")
    case.every_output(("enroll_total", "enroll_missing"), counts)


def heads(case: Case) -> None:
    """Households of a synthetic population, by region."""
    data = households()
    limit = float(np.prod([float(x) for x in re.findall(r"[\d.]+", case.doc["params"]["event"])]))
    y = data["eqIncome"] < limit
    truth_of(case, "all", data, y, case.outputs)
    truths_by(case, "region", data, y, "region", case.outputs["by_region"])


def persons(case: Case) -> None:
    """Persons of that population, below 60 % of the median."""
    data, out = read("simpop_eusilcP.csv.gz"), case.outputs
    median = middle(data, "eqIncome", Design())
    case.equal("median", median, out["median"])
    case.equal("threshold60", 0.6 * median, out["threshold60"])
    y = data["eqIncome"] < 0.6 * median
    truth_of(case, "all", data, y, out)
    truths_by(case, "region", data, y, "region", out["by_region"])


def middle(data: pd.DataFrame, name: str, design: Design) -> float:
    """Median, halfway at a tie."""
    return estimate_quantile(data, name, design, rule="school")[0].estimate


def city(case: Case) -> None:
    """Persons of a synthetic city, by zone."""
    data = read("teachingsampling_BigCity.csv.gz")
    poverty, income = data["Poverty"], data["Income"]
    y = {
        "poor": poverty != "NotPoor",
        "extreme": poverty == "Extreme",
        "extreme70": (poverty == "Extreme") & (data["Age"] > 70),
        "inc80": income < 80,
        "inc50": income < 50,
    }[case.doc["id"].removeprefix("j-bigcity-")]
    truth_of(case, "all", data, y, case.outputs)
    truths_by(case, "Zone", data, y, "Zone", case.outputs["by_zone"])


def city_strata(case: Case) -> None:
    data = read("teachingsampling_BigCity.csv.gz")
    rows = data.assign(_y=data["Poverty"] == "Extreme")
    means = estimate_mean(rows, "_y", Design(strata="Stratum"), by="Stratum").to_frame()
    means = means.set_index("Stratum")
    theirs = case.outputs["extreme_by_stratum"]
    case.equal("shares", means.loc[list(theirs), "estimate"], list(theirs.values()))
    counts = case.outputs["persons"]
    case.equal("persons", means.loc[counts["rows"], "n"], counts["values"])


def city_households(case: Case) -> None:
    """Filed against true status of every household."""
    data, out = read("derived_bigcity_filed.csv.gz"), case.outputs
    wrong = data["true_poor"] != data["filed_poor"]
    for name in ("true_poor", "true_extreme", "filed_poor"):
        truth_of(case, name, data, data[name], out[name])
    truth_of(case, "misclassified", data, wrong, out["misclassified"])
    truths_by(case, "zone", data, data["true_poor"], "Zone", out["by_zone"])
    truths_by(case, "wrong", data, wrong, "Zone", out["misclassified_by_zone"])
    truths_by(case, "wrong", data, wrong, "bad_psu", out["misclassified_by_badpsu"])


def towns(case: Case) -> None:
    data = read("sampling_belgianmunicipalities.csv")
    truths_by(case, "Tot04", data, data["Tot04"], "Province", case.outputs["Tot04"])
    rows = data.assign(_one=1.0)
    total = estimate_total(rows, "TaxableIncome", Design(weight="_one"))[0]
    case.equal("income", total.estimate, case.outputs["TaxableIncome"])


def truth(case: Case) -> None:
    """What a population holds, by the function of its file."""
    name = case.doc["id"]
    special = {
        "j-ap-districts": districts,
        "j-eusilcP-person-poor": persons,
        "j-bigcity-strata": city_strata,
        "j-bigcity-hh": city_households,
        "j-belg": towns,
    }
    starts = {"j-ap-": schools, "j-eusilcP-": heads, "j-bigcity-": city}
    function = special.get(name) or next(f for start, f in starts.items() if name.startswith(start))
    function(case)


EU = Design(weight="rb050")


def at_risk(case: Case) -> None:
    """Share of persons below a part of the median, and how far below they are."""
    data, out = read("laeken_eusilc.csv.gz"), case.outputs
    # The gap's function has no p: its line stays at 60 % whatever the call says.
    given = re.search(r"arpr\(.*p=([\d.]+)", case.call)
    part = float(given[1]) if given else 0.6
    line = part * middle(data, "eqIncome", EU)
    case.equal("threshold", line, out["threshold"])
    data = data.assign(_poor=data["eqIncome"] < line)
    groups = out["by"]["stratum"] if out["by"] else []
    if case.call.startswith("ii(arpr"):
        case.equal("rate", 100 * estimate_mean(data, "_poor", EU)[0].estimate, out["value"])
        by = estimate_mean(data, "_poor", EU, by="db040")
        ours = [100 * by.domain(group).estimate for group in groups]
    else:
        poor = data[data["_poor"]]
        case.equal("gap", 100 * (1 - middle(poor, "eqIncome", EU) / line), out["value"])
        rows = estimate_quantile(poor, "eqIncome", EU, by="db040", rule="school")
        ours = [100 * (1 - rows.domain(group).estimate / line) for group in groups]
    if groups:
        case.equal("by region", ours, out["by"]["value"])


def weighted_quantiles(case: Case) -> None:
    data, out = read("laeken_eusilc.csv.gz"), case.outputs
    probs = [0.05, 0.1, 0.2, 0.25, 0.5, 0.75, 0.8, 0.9, 0.95]
    rows = estimate_quantile(data, "eqIncome", EU, prob=probs, rule="school")
    case.equal("quantiles", [row.estimate for row in rows], out["q"])
    case.equal("median", middle(data, "eqIncome", EU), out["median"])
    case.equal("mean", estimate_mean(data, "eqIncome", EU)[0].estimate, out["mean"])


def poverty_measures(case: Case) -> None:
    """Head count, gap and its square below a line: means of made variables."""
    out, income = case.outputs, "eqIncome"
    if case.doc["data"][0].startswith("laeken"):
        data, design, by = read("laeken_eusilc.csv.gz"), EU, "db040"
    else:
        data, by, income = read("sae_incomedata.csv.gz"), "ac", "income"
        design = Design(weight="weight")
    gap = np.maximum(out["z"] - data[income], 0) / out["z"]
    data = data.assign(fgt0=data[income] < out["z"], fgt1=gap, fgt2=gap**2)
    for name in ("fgt0", "fgt1", "fgt2"):
        whole = estimate_mean(data, name, design)[0].estimate
        parts = estimate_mean(data, name, design, by=by).to_frame().set_index(by)["estimate"]
        parts.index = parts.index.astype(str)
        for key, theirs in ((name, out.get(name)), (f"{name}_by", out.get(f"{name}_by"))):
            if isinstance(theirs, dict):
                case.equal(key, parts.loc[list(theirs)], list(theirs.values()))
            elif theirs is not None:
                case.equal(key, whole, theirs)


def coverage(case: Case, drawn: pd.DataFrame, design: Design) -> None:
    """Shares of samples whose interval holds the truth, against the stated ones."""
    out = case.outputs
    stated = pd.DataFrame(
        out["rates"]["values"], index=out["rates"]["rows"], columns=out["rates"]["cols"]
    )
    error = np.sqrt(1 / REPLICATES + 1 / out["replicates"])
    for name, form in FORMS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SamplingWarning)
            rows = estimate_proportion(drawn, "_y", design, by="_sample", interval=form)
        found = rows.to_frame()
        ours = {
            "covered": ((found["lower"] <= out["truth"]) & (out["truth"] <= found["upper"])).mean(),
            "miss_low": (out["truth"] > found["upper"]).mean(),
            "miss_high": (out["truth"] < found["lower"]).mean(),
        }
        theirs = without_false_misses(case, name, stated.loc[name])
        compare_shares(case, name, ours, theirs, error)
        width = (found["upper"] - found["lower"]).to_numpy()
        spread = 4 * width.std() * error
        if theirs["covered"] == stated.loc[name, "covered"]:
            case.equal(f"{name} width", width.mean(), theirs["width"], rel=0.01, atol=spread)
    estimates = found["estimate"].to_numpy()
    reach = 4 * out["sd_estimate"] * error
    case.equal("mean", estimates.mean(), out["mean_estimate"], rel=0, atol=reach)
    case.equal("sd", estimates.std(ddof=1), out["sd_estimate"], rel=0, atol=reach)


def without_false_misses(case: Case, name: str, stated: pd.Series) -> pd.Series:
    """The stated shares, samples without an event counted as covered where R has no interval."""
    empty = case.outputs["zero_event_share"]
    # Without an event the arcsine and likelihood limits are short, ours as well: true misses.
    if empty < 0.01 or name in ("kg_capped", "asin_clamped", "likelihood"):
        return stated
    case.peer_failed(f"{name}: R misses in every sample without an event, {empty:.1%} of them")
    return stated + pd.Series({"covered": empty, "miss_high": -empty, "miss_low": 0, "width": 0})


def compare_shares(
    case: Case, name: str, ours: dict[str, float], stated: pd.Series, error: float
) -> None:
    """Both are Monte Carlo: four joint standard errors, at a share not below 1 %."""
    low, high = sorted((stated["miss_low"], stated["miss_high"]))
    mine = sorted((ours["miss_low"], ours["miss_high"]))
    pairs = {
        "covered": (ours["covered"], stated["covered"]),
        "rarer miss": (mine[0], low),
        "commoner miss": (mine[1], high),
    }
    for key, (one, two) in pairs.items():
        share = min(max(two, 0.01), 0.99)
        reach = 4 * np.sqrt(share * (1 - share)) * error
        case.equal(f"{name} {key}", one, two, rel=0, atol=reach)


def stacked(samples: list[np.ndarray], data: pd.DataFrame) -> pd.DataFrame:
    """Rows of every sample under one another, numbered."""
    drawn = data.iloc[np.concatenate(samples)].reset_index(drop=True)
    return drawn.assign(_sample=np.repeat(np.arange(len(samples)), [len(s) for s in samples]))


def stratified(case: Case, data: pd.DataFrame, strata: str, takes: dict, y: pd.Series) -> None:
    """Simple samples within strata, again and again, each a set of strata of its own."""
    rng = np.random.default_rng(case.outputs["seed"])
    keys = data[strata].astype(str)
    rows = {key: np.flatnonzero(keys == key) for key in takes}
    samples = [
        np.concatenate(
            [rows[key][select_simple(len(rows[key]), n, rng=rng)] for key, n in takes.items()]
        )
        for _ in range(REPLICATES)
    ]
    data = data.assign(_y=np.asarray(y, dtype=float), _N=keys.map(keys.value_counts()), _h=keys)
    drawn = stacked(samples, data[["_y", "_N", "_h"]])
    drawn["_stratum"] = drawn["_sample"].astype(str) + "|" + drawn["_h"].astype(str)
    drawn["_w"] = drawn["_N"] / drawn["_h"].map(takes)
    coverage(case, drawn, Design(weight="_w", strata="_stratum", fpc="_N"))


def coverage_regions(case: Case) -> None:
    data, event = households(), case.doc["params"]["event"]
    line = {"poor": 0.6 * 18098.7, "i65": 6500.0, "i40": 4000.0}[event]
    case.equal("truth", (data["eqIncome"] < line).mean(), case.outputs["truth"], rel=1e-9)
    stratified(case, data, "region", case.doc["params"]["n_h"], data["eqIncome"] < line)


def coverage_double(case: Case) -> None:
    """Records checked by filed status; the target is a rate of the whole register."""
    data = read("survival_nwtco.csv")
    params = case.doc["params"]
    takes = re.search(r"c\('1'=(\d+),'2'=(\d+)\)", case.call)
    y = data["histol"] == 2
    if "missed" in str(params.get("target")):
        y &= data["instit"] == 1
    stratified(case, data, "instit", {"1": int(takes[1]), "2": int(takes[2])}, y)


def coverage_stages(case: Case) -> None:
    """PSUs by simple sampling, then households; the weighted mean with both stages' variance."""
    data = read("derived_bigcity_filed.csv.gz")
    name = case.doc["id"].split("-")[3]
    psus, take = case.doc["params"]["m_psu"], case.doc["params"]["households_per_psu"]
    rng = np.random.default_rng(case.outputs["seed"])
    groups = list(data.groupby("PSU").indices.values())
    samples = [
        np.concatenate(
            [
                groups[g][select_simple(len(groups[g]), min(take, len(groups[g])), rng=rng)]
                for g in select_simple(len(groups), psus, rng=rng)
            ]
        )
        for _ in range(REPLICATES)
    ]
    sizes = data["PSU"].map(data["PSU"].value_counts())
    data = data.assign(_y=data[name].astype(float), _M=sizes, _N=len(groups), _row=data.index)
    drawn = stacked(samples, data[["_y", "_M", "_N", "PSU", "_row"]])
    drawn["_psu"] = drawn["_sample"].astype(str) + "|" + drawn["PSU"]
    drawn["_ssu"] = np.arange(len(drawn))
    drawn["_w"] = drawn["_M"] / drawn.groupby("_psu")["_y"].transform("size")
    design = Design(weight="_w", strata="_sample", psu="_psu", ssu="_ssu", fpc=["_N", "_M"])
    coverage(case, drawn, design)


METHODS: dict[str, Callable[[Case], None]] = {
    "population_truth": truth,
    "poverty_indicator": at_risk,
    "weighted_quantile": weighted_quantiles,
    "poverty_fgt": poverty_measures,
    "coverage_stratified": coverage_regions,
    "coverage_two_stage": coverage_stages,
    "coverage_double_sampling": coverage_double,
}
NOT_OFFERED = {
    "inequality_indicator": "ratios of quantile shares and Gini's index are no rates of an audit",
    "equivalised_size": "a definition of the register, not statistics",
}
