"""Golden cases of exact intervals, sizes and detection (section g) through the public calls."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from golden_survey.building import BEING_BUILT
from golden_survey.calls import arguments
from golden_survey.designs import read
from golden_survey.verdicts import Case
from sampling import (
    Interval,
    adjust_for_errors,
    allocate_multivariate,
    allocate_proportional,
    concordance,
    detection_prob,
    interval_clopper_pearson,
    interval_difference,
    interval_hypergeometric,
    interval_jeffreys,
    interval_mid_p,
    interval_wilson,
    kappa,
    net_difference_rate,
    pabak,
    size_for_detection,
    size_for_difference,
    size_for_proportion,
    symmetry_test,
)

Z = 1.959963984540054
ENDS = "Jeffreys' limits are 0 without an event and 1 with nothing else; R leaves the quantile"
ONE_SIDE = "R puts all of alpha on one side at an end; ours keeps half a side"
MODIFIED = "R modifies Wilson's limit at one event; ours is the plain score limit"
APPROXIMATE = "R approximates the hypergeometric by (1 - n se/N)^d; ours is exact"
NEYMAN_SPLIT = "R finds the size for Neyman's allocation and splits it in proportion"
FIRST_STRATUM = "R makes an absolute margin relative by the share of the first stratum alone"
INTERVALS = {
    "exact": interval_clopper_pearson,
    "clopper-pearson": interval_clopper_pearson,
    "c-p": interval_clopper_pearson,
    "wilson": interval_wilson,
    "jeffreys": interval_jeffreys,
}
WALD = "normal limits, plain or Agresti's: may leave [0, 1] or have no width; Wilson's are offered"


def limits(interval: Interval) -> list[float]:
    return [interval.lower, interval.upper]


def at_an_end(case: Case) -> bool:
    return case.doc["params"]["x"] in (0, case.doc["params"]["n"])


def prevalence_interval(case: Case) -> None:
    """epi.conf: an interval for a proportion by name."""
    x, n, method = (case.doc["params"][key] for key in ("x", "n", "method"))
    if method not in INTERVALS:
        case.not_offered(WALD)
        return
    case.equal("estimate", x / n, case.outputs["est"])
    reason = ENDS if method == "jeffreys" and at_an_end(case) else ""
    found = INTERVALS[method](x, n)
    theirs = [case.outputs[key] for key in ("lower", "upper")]
    case.equal("limits", limits(found), theirs, reason=reason)


def true_prevalence(case: Case) -> None:
    """epi.prev: a rate corrected for known sensitivity and specificity."""
    params, out = case.doc["params"], case.outputs
    name = {"c-p": "clopper-pearson"}.get(params["method"], params["method"])
    x, n = params["positive"], params["tested"]
    found = adjust_for_errors(
        x, n, params["se"], params["sp"], interval=name, confidence=params["level"]
    )
    theirs = [out["true"][key] for key in ("est", "lower", "upper")]
    reason = MODIFIED if name == "wilson" and x == 1 else ""
    case.equal("true rate", list(found.unclipped), theirs, reason=reason)


def by_name(case: Case) -> None:
    """propCI of R prevalence."""
    params = case.doc["params"]
    method = case.doc["method"].removeprefix("binom_ci_")
    found = INTERVALS[method](params["x"], params["n"], confidence=params["level"])
    theirs = [case.outputs[key] for key in ("lower", "upper")]
    case.equal("limits", limits(found), theirs, reason=ONE_SIDE if at_an_end(case) else "")


def several(case: Case) -> None:
    """Every interval for x of n from base R, two-sided and one-sided."""
    x, n, level = (case.doc["params"][key] for key in ("x", "n", "level"))
    out, found = case.outputs, {}
    for name, function in (
        ("clopper_pearson", interval_clopper_pearson),
        ("wilson", interval_wilson),
        ("midp", interval_mid_p),
        ("jeffreys_beta", interval_jeffreys),
    ):
        found[name] = limits(function(x, n, confidence=level))
    for name, side in (("one_sided_upper", "upper"), ("one_sided_lower", "lower")):
        found[name] = limits(interval_clopper_pearson(x, n, confidence=level, side=side))
    for name, ours in found.items():
        reason = ENDS if name == "jeffreys_beta" and at_an_end(case) else ""
        # The mid-p limits of the case come from a root finder that stops at about 1e-12.
        case.equal(name, ours, out[name], reason=reason, atol=1e-11 if name == "midp" else 0.0)
    left = {
        "estimate": "x / n",
        "wilson_cc": "the continuity correction is not offered",
        "agresti_coull": WALD,
        "poisson_rate": BEING_BUILT,
    }
    case.every_output(found, left)


def hypergeometric(case: Case) -> None:
    """Counts of events in the frame that the sample does not rule out."""
    out = case.outputs
    x, n, size, level = (out[key] for key in ("x", "n", "N", "level"))
    two = interval_hypergeometric(x, n, size, confidence=level)
    case.equal("two-sided", limits(two), [out["two_sided"][k] for k in ("p_lower", "p_upper")])
    for side, place in (("lower", 0), ("upper", 1)):
        one = interval_hypergeometric(x, n, size, confidence=level, side=side)
        case.equal(f"one-sided {side}", limits(one)[place] * size, out[f"one_sided_{side}"])


def frame_size(text: object) -> int | None:
    return None if str(text) in ("NA", "infinite", "Inf") else int(float(str(text)))


def simple_size(case: Case) -> None:
    """epi.sssimpleestb: absolute or relative margin, and one for a test that errs."""
    params, out = case.doc["params"], case.outputs
    p, size = params["Py"], frame_size(params["N"])
    margin = params["epsilon"] * (p if params["error"] == "relative" else 1)
    if params["error"] == "absolute":
        margin = float(re.search(r"epsilon=([\d.]+)", case.call).group(1))
    found = size_for_proportion(margin, expected=p, population_size=size)
    case.equal("n", found.n, out["n"])
    case.equal("n_fractional", found.after_fpc, out["n_fractional"])
    se, sp = (float(x) for x in re.findall(r"s[ep]=(\.\d+)", case.call)[-2:])
    youden = se + sp - 1
    apparent = p * se + (1 - p) * (1 - sp)
    erring = size_for_proportion(margin * youden, expected=apparent, population_size=size)
    case.equal("n_imperfect", erring.after_fpc, out["n_imperfect"])


def strata_size(case: Case) -> None:
    """epi.ssstrataestb: one proportion over strata, and its split."""
    params, out = case.doc["params"], case.outputs
    keys = [str(place) for place in range(len(params["N_h"]))]
    sizes = dict(zip(keys, params["N_h"], strict=True))
    shares = dict(zip(keys, params["P_h"], strict=True))
    events = math.fsum(sizes[key] * shares[key] for key in keys)
    text = dict(part.split("=", 1) for part in arguments(case.call)[1] if "=" in part)
    margin = float(text["epsilon"])
    cv = margin / Z * (1 if "relative" in text["error"] else sum(sizes.values()) / events)
    spreads = {key: math.sqrt(shares[key] * (1 - shares[key])) for key in keys}
    found = allocate_multivariate(sizes, {"y": spreads}, cv, totals={"y": events}, floor=0)
    reason = FIRST_STRATUM if "absolute" in text["error"] else ""
    case.equal("total", found.uncapped_size, out["total.sample"], reason=reason)
    split = allocate_proportional(sizes, found.n)
    # Ours are whole units of the total rounded up.
    theirs = out["strata.sample"]
    case.equal("split", list(split.values()), theirs, rel=0.02, reason=reason or NEYMAN_SPLIT)


def cluster_size(case: Case) -> None:
    """epi.ssclus1estb and epi.ssclus2estb: the correction is that of PSUs."""
    params, out = case.doc["params"], case.outputs
    take, icc = params["b"], params["rho"]
    deff = 1 + (take - 1) * icc
    found = size_for_proportion(
        params["epsilon"] * params["Py"],
        expected=params["Py"],
        deff=deff / take,
        population_size=frame_size(params["N_psu"]),
    )
    case.equal("n.psu", found.after_fpc, out["n.psu"])
    case.equal("n.ssu", found.after_fpc * take, out["n.ssu"])
    case.equal("DEF", deff, out["DEF"])


def named(call: str) -> dict[str, Any]:
    """Arguments of an R call by name, numbers as numbers and NA as None."""
    parts = (part.split("=", 1) for part in arguments(call)[1])
    return {key: None if text == "NA" else _value(text) for key, text in parts}


def _value(text: str) -> Any:
    try:
        number = float(text)
    except ValueError:
        return text.strip("'")
    return int(number) if number.is_integer() and "." not in text else number


def detectable(case: Case) -> None:
    """rsu.pstar: the rate that a clean sample rules out."""
    given = named(case.call)
    n, size, level, seen = (given[key] for key in ("n", "N", "se.p", "se.u"))
    if size is None:
        upper = interval_clopper_pearson(0, n, confidence=level, side="upper").upper / seen
        case.equal("pstar", upper, case.outputs["value"])
        return
    # The smallest count in the frame that would have been seen, over the frame.
    ours = next(
        count / size
        for count in range(1, size)
        if detection_prob(count / size, n, population_size=size, sensitivity=seen) >= level
    )
    case.equal("pstar", ours, case.outputs["value"], reason=APPROXIMATE, near=0.2)


def detected(case: Case) -> None:
    """rsu.sep.rs: the chance that a sample shows an error."""
    given = named(case.call)
    ours = detection_prob(
        given["pstar"], given["n"], population_size=given["N"], sensitivity=given["se.u"]
    )
    reason = APPROXIMATE if given["N"] else ""
    case.equal("sep", ours, case.outputs["value"], reason=reason, near=0.005)


def detection_size(case: Case) -> None:
    """rsu.sssep.rs: the size for that chance."""
    given = named(case.call)
    ours = size_for_detection(
        given["pstar"],
        confidence=given["se.p"],
        population_size=given["N"],
        sensitivity=given["se.u"],
    )
    case.equal("n", ours.n, case.outputs["value"], rel=0, reason=APPROXIMATE, near=0.04)


def two_levels(case: Case) -> None:
    """rsu.sssep.rs2st: clusters, then units within."""
    params, out = case.doc["params"], case.outputs
    clusters = size_for_detection(
        params["pstar_c"], confidence=params["se_p"], sensitivity=params["se_c"]
    )
    units = size_for_detection(
        params["pstar_u"], confidence=params["se_c"], sensitivity=params["se_u"]
    )
    case.equal("clusters", clusters.n, out["clusters"]["nsample"])
    case.equal("units", units.n, out["units"]["nsample"])


def detect_either(case: Case) -> None:
    """epi.ssdetect: the hypergeometric size; its binomial one has a correction of means."""
    given = named(case.call)
    found = size_for_detection(given["prev"], population_size=given["N"], sensitivity=given["se"])
    out = case.outputs["sample.size"]
    case.equal("hypergeo", found.n, out["hypergeo"], rel=0, reason=APPROXIMATE, near=0.03)
    free = size_for_detection(given["prev"], sensitivity=given["se"]).n
    shrunk = "R shrinks the binomial size by 1 + n/N; ours without a frame is the size itself"
    case.equal("binom", free, out["binom"], reason=shrunk)


def freecalc(case: Case) -> None:
    """A test without false positives: the size of a clean sample."""
    summary, params = case.outputs["summary"], case.doc["params"]
    frame = params["N"] if "hypergeometric" in case.call else None
    found = size_for_detection(params["pstar"], population_size=frame)
    case.equal("n", found.n, summary["n"], rel=0)
    case.equal("p1", found.risk, summary["p1"])
    case.equal("c", found.acceptance_number, summary["c"])


def herd(case: Case) -> None:
    """epi.herdtest: chances of at least k positives, with errors and without."""
    given, out = named(case.call), case.outputs
    least, n = given["k"] - 1, given["n"]
    for kind, size in (("dbinom", None), ("dhyper", given["N"])):
        for name, rate in (("HSe", out[kind]["APpos"]), ("HSp", out[kind]["APneg"])):
            shown = detection_prob(rate, n, errors=least, population_size=size)
            rounded = "R takes rate x N as it is; ours rounds it up to whole units"
            ours = shown if name == "HSe" else 1 - shown
            reason = "" if size is None or (rate * size).is_integer() else rounded
            case.equal(f"{kind} {name}", ours, out[kind][name], reason=reason)


def two_groups_size(case: Case) -> None:
    """epi.ssxsectn: two proportions, variance pooled under no difference."""
    given = named(case.call)
    found = size_for_difference(
        abs(given["pdexp1"] - given["pdexp0"]),
        expected=(given["pdexp1"], given["pdexp0"]),
        power=given["power"],
        null="pooled",
    )
    case.equal("n.exp1", found.after_fpc, case.outputs["n.exp1"])
    case.equal("n.total", 2 * found.after_fpc, case.outputs["n.total"])


def accuracy(case: Case) -> None:
    """epi.tests: shares of a table of filed against true."""
    (tp, fp), (fn, tn) = case.outputs["table"]["values"]
    n = tp + fp + fn + tn
    shares = {
        "ap": (tp + fp, n),
        "tp": (tp + fn, n),
        "se": (tp, tp + fn),
        "sp": (tn, tn + fp),
        "diag.ac": (tp + tn, n),
        "pv.pos": (tp, tp + fp),
        "pv.neg": (tn, tn + fn),
        "p.rout": (fn + tn, n),
        "p.rin": (tp + fp, n),
        "p.tpdn": (fp, fp + tn),
        "p.tndp": (fn, tp + fn),
        "p.dntp": (fp, tp + fp),
        "p.dptn": (fn, fn + tn),
    }
    detail, function = case.outputs["detail"], INTERVALS[case.doc["params"]["method"]]
    for name, (x, m) in shares.items():
        row = detail["statistic"].index(name)
        case.equal(f"{name} estimate", x / m, detail["est"][row])
        theirs = [detail["lower"][row], detail["upper"][row]]
        case.equal(f"{name} limits", limits(function(x, m)), theirs)
    ratios = "odds, likelihood and Youden's ratios of a diagnostic test are not offered"
    left = dict.fromkeys(("diag.or", "nndx", "youden", "lr.pos", "lr.neg"), ratios)
    case.every_output(shares, left, of=detail["statistic"])


def discovery(case: Case) -> None:
    params, out = case.doc["params"], case.outputs
    options = {"errors": params["allowed_errors"], "confidence": params["confidence"]}
    rate, size = params["tolerable"], frame_size(params["N"])
    name = "binomial" if size is None else "hypergeometric"
    found = size_for_detection(rate, population_size=size, **options)
    case.equal(name, found.n, out[name], rel=0)
    if size is not None:
        case.equal("K", found.tolerable_count, out["K"], rel=0)
    case.every_output([name, "K"], {"poisson": BEING_BUILT})


def two_proportions(case: Case) -> None:
    """prop.test: the shares; the difference has better limits here than the normal ones."""
    x, y = (54, 69), (24, 599)
    prop = case.outputs["prop"]
    case.equal("shares", [x[0] / x[1], y[0] / y[1]], list(prop["estimate"].values()))
    found = interval_difference(x, y)
    case.equal("limits", limits(found), prop["conf_int"], reason=WALD)
    tests = "tests of a table without a design: scipy.stats has them"
    case.every_output(["prop"], dict.fromkeys(("fisher", "chisq", "chisq_cc"), tests))


KAPPA_ERROR = "R's error of kappa counts the observed agreement alone; ours is Fleiss and others'"
READINGS = {
    "survival_nwtco.csv": ("instit", "histol"),
    "derived_bigcity_fieldsample.csv": ("filed_poor", "true_poor"),
    "survey_apistrat.csv": ("api99", "api00"),
    "jfa_BuildIt.csv": ("bookValue", "auditValue"),
}


def two_readings(case: Case) -> None:
    """epi.kappa: agreement of two readings with two answers."""
    data, out = read(case.doc["data"][0]), case.outputs
    first, second = READINGS[case.doc["data"][0]]
    found, adjusted = kappa(data, first, second), pabak(data, first, second)
    agreed = [out["prop.agree"][key] for key in ("obs", "exp")]
    case.equal("agreement", [found.observed, found.chance], agreed)
    case.equal("kappa", found.estimate, out["kappa"]["est"])
    error = math.sqrt(found.observed * (1 - found.observed) / found.n) / (1 - found.chance)
    case.equal("R's error", error, out["kappa"]["se"])
    case.equal("se", found.std_error, out["kappa"]["se"], reason=KAPPA_ERROR, near=0.03)
    case.equal("pabak", adjusted.estimate, out["pabak"]["est"])
    theirs = [out["pabak"][key] for key in ("lower", "upper")]
    case.equal("pabak limits", limits(adjusted.interval), theirs)
    flips = symmetry_test(data, first, second)
    theirs = [out["mcnemar"][key] for key in ("test.statistic", "df", "p.value")]
    case.equal("mcnemar", [flips.statistic, flips.df, flips.p_value], theirs)
    unlike = net_difference_rate(data, first, second)[1]
    bias, theirs = abs(unlike.estimate), abs(out["bindex"]["est"])
    case.equal("bias index", bias, theirs)
    left = {"pindex": "the prevalence index is not offered", "z": "kappa over R's error"}
    case.every_output(("prop.agree", "kappa", "pabak", "mcnemar", "bindex"), left)


def lin(case: Case) -> None:
    """epi.ccc: Lin's concordance."""
    data, out = read(case.doc["data"][0]), case.outputs
    first, second = READINGS[case.doc["data"][0]]
    forms = {"ztr": "z-transform", "asym": "normal"} if "ztr" in out else {"": "z-transform"}
    for name, form in forms.items():
        found, theirs = concordance(data, first, second, interval=form), out[name] if name else out
        ours = [found.estimate, *limits(found.interval)]
        case.equal(form, ours, [theirs[key] for key in ("est", "lower", "upper")])
    if "C_b" in out:
        case.equal("C_b", found.bias_correction, out["C_b"])
    case.every_output([*forms, "C_b"] if "ztr" in out else ("est", "lower", "upper"), {})


METHODS: dict[str, Callable[[Case], None]] = {
    "epi_conf_prevalence": prevalence_interval,
    "binom_ci_exact": by_name,
    "binom_ci_jeffreys": by_name,
    "binom_ci_wilson": by_name,
    "true_prevalence_c-p": true_prevalence,
    "true_prevalence_sterne": true_prevalence,
    "true_prevalence_blaker": true_prevalence,
    "true_prevalence_wilson": true_prevalence,
    "binom_ci_base": several,
    "hypergeometric_ci": hypergeometric,
    "samplesize_simple_prevalence": simple_size,
    "samplesize_strata": strata_size,
    "samplesize_cluster": cluster_size,
    "freedom_pstar": detectable,
    "freedom_sensitivity": detected,
    "freedom_samplesize": detection_size,
    "freedom_two_stage": two_levels,
    "detect_samplesize": detect_either,
    "freecalc_samplesize": freecalc,
    "herd_test": herd,
    "samplesize_two_proportions": two_groups_size,
    "accuracy_2x2": accuracy,
    "discovery_samplesize": discovery,
    "two_proportions": two_proportions,
    "epi_kappa": two_readings,
    "concordance_ccc": lin,
}
ERRING_PLAN = "a plan with a number of acceptance for a test that errs comes with plan_attributes"
NOT_OFFERED = {
    "g-freecalc-1000_0.02_0.9_0.99-binomial": ERRING_PLAN,
    "g-freecalc-200_0.1_0.8_0.95-binomial": ERRING_PLAN,
    "binom_ci_agresti.coull": WALD,
    "binom_ci_wald": WALD,
    "epi_conf_design": WALD,
    "freecalc_sensitivity": ERRING_PLAN,
}
