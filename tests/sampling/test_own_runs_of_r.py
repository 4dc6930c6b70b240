"""Our own runs of R on designs that the shared cases lack, through the public calls."""

import numpy as np
import pandas as pd
import pytest
from golden_cases import GOLDEN, load_golden

from sampling import (
    Design,
    ReplicateDesign,
    calibrate,
    contrast,
    detection_prob,
    estimate_mean,
    estimate_proportion,
    estimate_quantile,
    estimate_ratio,
    estimate_regression,
    estimate_total,
    interval_clopper_pearson,
    interval_jeffreys,
    interval_wilson,
    poststratify,
    rake,
    replicate_weights,
    size_for_detection,
    size_for_difference,
    size_for_proportion,
    two_phase,
)

THREE = {
    "strata": "stratum",
    "psu": "village",
    "ssu": ["hamlet", "household"],
    "fpc": ["N1", "N2", "N3"],
}
FORMS = {"beta": "korn-graubard-uncapped"}


def villages(strata: int = 3) -> pd.DataFrame:
    data = pd.read_csv(GOLDEN / "r_stages_domains" / "input.csv")
    data = data[data["stratum"] <= strata].reset_index(drop=True)
    return data.assign(unit=np.arange(len(data)))


def pair(rows) -> list[float]:
    return [rows[0].estimate, rows[0].std_error]


def columns(rows) -> list[float]:
    return [row.estimate for row in rows] + [row.std_error for row in rows]


def share(data: pd.DataFrame, design, method: str, by: str | None = None, domain=None):
    rows = estimate_proportion(data, "poor", design, interval=FORMS.get(method, method), by=by)
    row = rows.domain(domain) if by else rows[0]
    return [row.lower, row.upper]


def compare(found: dict, name: str, tolerances: dict[str, float] | None = None) -> None:
    case = load_golden(name)
    assert found.keys() == case.values.keys()
    for key, values in found.items():
        rel = (tolerances or {}).get(key, case.rtol)
        ours = np.asarray(values, dtype=float).ravel()
        assert ours == pytest.approx(np.asarray(case.values[key]).ravel(), rel=rel, abs=0), key


def test_three_stages_with_domains_golden():
    data = villages()
    design = Design(lonely_psu="remove", **THREE)
    rows = estimate_mean(data, ["income", "land", "persons"], design, joint=True)
    found = {"vcov": rows.covariance}
    for key, reference in (("deff", "without-replacement"), ("deff_replace", "with-replacement")):
        rows = estimate_mean(data, ["income", "poor"], design, deff=reference)
        found[key] = [row.deff for row in rows]
    # R runs through the first of two columns fastest.
    rows = estimate_mean(data, "income", design, by=["sex", "kind"])
    found["domains"] = columns(rows)
    found["domain_totals"] = columns(estimate_total(data, "income", design, by="kind"))
    found["domain_ratios"] = columns(estimate_ratio(data, "income", "persons", design, by="kind"))
    rows = estimate_mean(data, "income", design, by="kind", joint=True)
    apart = contrast(rows, {"a": 1, "c": -1})
    found["contrast"] = [apart.estimate, apart.std_error]
    for method in ("beta", "logit", "likelihood", "asin", "xlogit", "mean"):
        found[method] = share(data, design, method, "kind", "b")
    for method in ("mean", "beta", "xlogit", "asin"):
        rows = estimate_quantile(
            data, "income", design, prob=[0.25, 0.5, 0.8], by="kind", interval=method
        )
        rows = [row for row in rows if row.domain == ("b",)]
        parts = ("estimate", "lower", "upper", "std_error")
        found[f"quantile_{method}"] = [getattr(row, part) for part in parts for row in rows]
    fit = estimate_regression(data, "income", ["land", "sex"], design)
    found["regression"] = columns(fit.rows)
    whole = villages(strata=4)
    for policy in ("remove", "certainty", "adjust", "average"):
        held = Design(lonely_psu=policy, **THREE)
        mean, total = estimate_mean(whole, "income", held), estimate_total(whole, "poor", held)
        # Version 4.1.1 of R survey does not centre totals under "adjust".
        found[f"lonely_{policy}"] = pair(mean) + ([] if policy == "adjust" else pair(total))
    two = Design(strata="stratum", psu="village", ssu="hamlet", fpc=["N1", "N2"])
    one = Design(strata="stratum", psu="village", fpc="N1")
    for key, held in (("two_stage", two), ("one_stage", one)):
        mean, total = estimate_mean(data, "income", held), estimate_total(data, "poor", held)
        found[key] = pair(mean) + pair(total)
    # R interpolates its likelihood profile; ours are the roots of the formula.
    compare(found, "r_stages_domains", {"likelihood": 0.04})


def all_of(data: pd.DataFrame, design, by: str, first: str, kind=estimate_mean) -> list[float]:
    """Total, mean, ratio and domains, in the order of the recipes."""
    return [
        *pair(estimate_total(data, first, design)),
        *pair(estimate_mean(data, "income", design)),
        *pair(estimate_ratio(data, "income", "persons", design)),
        *columns(kind(data, "income", design, by=by)),
    ]


def test_unequal_probabilities_in_strata_golden():
    rows = villages()
    keys = ["village", "stratum", "pi", "M"]
    summed = rows.groupby(keys, as_index=False)[["income", "land", "poor", "persons"]].sum()
    summed["kind"] = np.where(summed["village"] % 3 == 0, "x", "y")
    one = summed[summed["stratum"] == 3].reset_index(drop=True)
    pi, n, square = one["pi"].to_numpy(), len(one), float((one["pi"] ** 2).sum() * 1.3)
    joint = (n - 1) / n * np.outer(pi, pi) * (1 + (np.add.outer(pi, pi) - square / n) / n)
    np.fill_diagonal(joint, pi)
    alone = {"psu": "village", "inclusion_prob": "pi"}
    designs = {
        "brewer": (summed, Design(strata="stratum", **alone)),
        "overton": (summed, Design(strata="stratum", pps="overton", **alone)),
        "hartley_rao": (one, Design(pps="hartley-rao", **alone)),
        "hartley_rao_known": (one, Design(pps="hartley-rao", frame_square_sum=square, **alone)),
        "horvitz_thompson": (one, Design(pps="horvitz-thompson", joint_probs=joint, **alone)),
        "sen_yates_grundy": (one, Design(pps="sen-yates-grundy", joint_probs=joint, **alone)),
    }
    found = {
        key: all_of(data, design, "kind", "income", estimate_total)
        for key, (data, design) in designs.items()
    }
    deep = Design(strata="stratum", psu="village", ssu="unit", inclusion_prob="pi", fpc="M")
    found["two_stage"] = all_of(rows, deep, "kind", "income", estimate_total)
    found["two_stage_beta"] = share(rows, deep, "beta")
    found["two_stage_logit"] = share(rows, deep, "logit")
    found["two_stage_vcov"] = estimate_mean(
        rows, ["income", "land", "poor"], deep, joint=True
    ).covariance
    compare(found, "r_pps_strata")


KINDS = {"a": 2400, "b": 1900, "c": 1700}
SEXES = {"f": 3200, "m": 2800}
SIZE = 6000


def test_adjusted_weights_of_clusters_golden():
    data = villages()
    two = Design(strata="stratum", psu="village", ssu="unit", fpc=["N1", "M"])
    base = data.groupby("stratum")["village"].transform("nunique")
    base = data["N1"] / base * data["M"] / data.groupby("village")["unit"].transform("size")
    found = {"factor": SIZE / base.sum()}
    post, design = poststratify(data, two, "kind", KINDS)
    found["poststratified"] = all_of(post, design, "sex", "poor")
    part = post.assign(part=post["persons"] < 5)
    found["poststratified_part"] = part_of(part, design)
    first = Design(strata="stratum", psu="village", fpc="N1", weight="base")
    one, held = poststratify(data.assign(base=base), first, "kind", KINDS)
    found["poststratified_one_stage"] = all_of(one, held, "sex", "poor")
    raked, design = rake(data, two, {"kind": KINDS, "sex": SEXES})
    # R's standard errors after raking come from sweeps over unweighted margins.
    found["raked_estimates"] = [
        estimate_total(raked, "poor", design)[0].estimate,
        estimate_mean(raked, "income", design)[0].estimate,
        estimate_ratio(raked, "income", "persons", design)[0].estimate,
    ]
    found["raked_weights"] = raked[design.weight].iloc[[0, 39, 79, 119]]
    goals = {"land": 29400, "persons": 21600}
    for key, options in {
        "linear": {},
        "bounded": {"bounds": (0.99, 1.8)},
        "logit": {"method": "logit", "bounds": (0.6, 2.4)},
        "raking": {"method": "raking"},
    }.items():
        made, design = calibrate(data, two, goals, population_size=SIZE, **options)
        found[key] = all_of(made, design, "sex", "poor")
        ratio = made[design.weight] / base
        found[f"{key}_range"] = [ratio.min(), ratio.max()]
    made, design = calibrate(data, two, {"kind": KINDS, "land": 29400})
    found["crossed"] = all_of(made, design, "sex", "poor")
    compare(found, "r_calibration_clusters")


def part_of(data: pd.DataFrame, design) -> list[float]:
    """The numbers of ``all_of`` within a domain."""
    here = [
        estimate_total(data, "poor", design, by="part"),
        estimate_mean(data, "income", design, by="part"),
        estimate_ratio(data, "income", "persons", design, by="part"),
    ]
    rows = estimate_mean(data, "income", design, by=["part", "sex"])
    inner = [row for row in rows if row.domain[0] == "True"]
    found = [row for rows in here for row in [rows.domain(True)]]
    numbers = [number for row in found for number in (row.estimate, row.std_error)]
    return numbers + columns(inner)


def test_replicates_with_corrections_golden():
    data = villages()
    taken = data.groupby("stratum")["village"].transform("nunique")
    seen = data.groupby("village")["unit"].transform("size")
    data["w"] = data["N1"] / taken * data["M"] / seen
    first = Design(strata="stratum", psu="village", fpc="N1", weight="w")
    names = [f"b{place}" for place in range(1, 13)]
    brought = {"weight": "w", "weights": names, "scale": 1 / 11, "combined": False}
    jackknife = replicate_weights(data, first, method="jackknife")
    designs = {
        "jackknife": jackknife,
        "jackknife_mse": replicate_weights(data, first, method="jackknife", mse=True),
        "bootstrap": ReplicateDesign(**brought),
        "bootstrap_mse": ReplicateDesign(mse=True, **brought),
        "bootstrap_corrected": ReplicateDesign(mse=True, rscales=[0.7, 0.8, 0.9] * 4, **brought),
    }
    found = {key: all_of(data, design, "kind", "poor") for key, design in designs.items()}
    two = data[data["village"].isin([101, 102, 105, 106, 110, 111])].reset_index(drop=True)
    signs = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    half = np.where(two["village"].isin([101, 105, 110]), 1, -1)
    for place, row in enumerate(signs):
        two[f"f{place}"] = 1 + 0.7 * row[two["stratum"] - 1] * half
    fay = ReplicateDesign(
        weight="w", weights=["f0", "f1", "f2", "f3"], scale=1 / (4 * 0.7**2), combined=False
    )
    found["fay"] = all_of(two, fay, "kind", "poor")
    post, design = poststratify(data, jackknife, "kind", KINDS)
    found["poststratified"] = all_of(post, design, "kind", "poor")
    part = data.assign(part=data["sex"] == "f")
    rows = [
        estimate_total(part, "poor", jackknife, by="part").domain(True),
        estimate_mean(part, "income", jackknife, by="part").domain(True),
        estimate_ratio(part, "income", "persons", jackknife, by="part").domain(True),
    ]
    inner = estimate_mean(part, "income", jackknife, by=["part", "kind"])
    inner = [row for row in inner if row.domain[0] == "True"]
    numbers = [number for row in rows for number in (row.estimate, row.std_error)]
    found["part"] = numbers + columns(inner)
    found["vcov"] = estimate_mean(
        data, ["income", "land", "poor"], jackknife, joint=True
    ).covariance
    found["beta"] = share(data, jackknife, "beta")
    compare(found, "r_replicates_fpc")


def test_two_phases_of_a_cohort_golden():
    data = pd.read_csv(GOLDEN / "r_nwtco_phases" / "input.csv")
    data["wrong"] = (data["instit"] != data["histol"]) * 1
    data["bad"] = (data["histol"] == 2) * 1
    data["filed"] = (data["instit"] == 2) * 1
    data["high"] = data["stage"] > 2
    data["frame"] = 6000
    strata = {"group": ["instit", "rel"], "fine": ["instit", "rel", "high"]}

    def phases(key: str, method: str, first: Design) -> list[float]:
        design = two_phase(first, sampled="phase", strata=strata[key], method=method)
        return cohort(data, design)

    free, frame = Design(), Design(fpc="frame")
    found = {
        f"{key}_{method}": phases(key, method, free)
        for key, methods in (("group", ("full", "approx")), ("fine", ("full", "approx", "simple")))
        for method in methods
    }
    found["group_full_frame"] = phases("group", "full", frame)
    found["fine_approx_frame"] = phases("fine", "approx", frame)
    data["N"] = data.groupby(["instit", "rel"])["seqno"].transform("size")
    data["cell"] = data["instit"] * 10 + data["rel"]
    checked = data[data["phase"] == 1].reset_index(drop=True)
    found["register"] = cohort(checked, Design(strata="cell", fpc="N"))
    compare(found, "r_nwtco_phases")


def cohort(data: pd.DataFrame, design) -> list[float]:
    return [
        *pair(estimate_mean(data, "bad", design)),
        *pair(estimate_mean(data, "wrong", design)),
        *pair(estimate_ratio(data, "bad", "filed", design)),
        *columns(estimate_mean(data, "bad", design, by="high")),
    ]


def test_sizes_and_limits_golden():
    def simple(p, d, **options):
        return size_for_proportion(d, expected=p, **options).after_fpc

    def erring(p, d, se, sp, **options):
        youden = se + sp - 1
        return simple(p * se + (1 - p) * (1 - sp), d * youden, **options)

    def clusters(psus, take, p, d, icc):
        deff = (1 + (take - 1) * icc) / take
        n = simple(p, d, deff=deff, population_size=psus)
        return [n, n * take]

    def groups(p, q, power):
        return size_for_difference(
            abs(p - q), expected=(p, q), power=power, null="pooled"
        ).after_fpc

    def ends(interval):
        return [interval.lower, interval.upper]

    def detect(size, rate, errors, confidence):
        return size_for_detection(
            rate, errors=errors, confidence=confidence, population_size=size
        ).n

    found = {
        "simple": [
            simple(0.02, 0.005),
            simple(0.02, 0.01, population_size=832, confidence=0.9),
            simple(0.3, 0.03, population_size=19000, confidence=0.99),
        ],
        "erring": [
            erring(0.02, 0.01, 0.95, 0.99),
            erring(0.1, 0.03, 0.85, 0.97, population_size=5000),
        ],
        "clusters": clusters(400, 20, 0.02, 0.01, 0.05) + clusters(60, 12, 0.1, 0.05, 0.2),
        "groups": [groups(0.02, 0.05, 0.8), groups(0.3, 0.2, 0.95)],
        "exact": [
            *ends(interval_clopper_pearson(2, 97, confidence=0.99)),
            *ends(interval_clopper_pearson(0, 41, confidence=0.9)),
            *ends(interval_clopper_pearson(17, 17)),
        ],
        "wilson": [
            *ends(interval_wilson(2, 97, confidence=0.99)),
            *ends(interval_wilson(11, 250, confidence=0.8)),
        ],
        "jeffreys": ends(interval_jeffreys(11, 250, confidence=0.9)),
        "freedom": [
            size_for_detection(0.03, sensitivity=0.8).n,
            size_for_detection(0.005, confidence=0.9).n,
        ],
        "freedom_chance": [
            detection_prob(0.05, 45, sensitivity=0.9),
            detection_prob(0.01, 300, sensitivity=0.75),
        ],
        "detect": [
            detect(2000, 0.02, 2, 0.95),
            detect(350, 0.04, 1, 0.9),
            detect(41290, 0.03, 4, 0.95),
        ],
        "power": [
            detection_prob(0.03, 225, errors=2, population_size=2000),
            detection_prob(0.1, 40, errors=1, population_size=350),
        ],
        "seen": [
            detection_prob(0.04, 60, errors=c, population_size=350, sensitivity=0.8) for c in (0, 1)
        ],
    }
    compare(found, "r_epi_sizes")
