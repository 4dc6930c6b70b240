"""Cases of R survey that fall under single-stage and ultimate-cluster designs."""

import pandas as pd
import pytest
from golden_cases import shared_cases, shared_folder

from sampling import (
    Design,
    estimate_mean,
    estimate_proportion,
    estimate_ratio,
    estimate_total,
)

API = {"weight": "pw"}
DESIGNS = {
    "strat": {"strata": "stype", "fpc": "fpc"} | API,
    "strat_nofpc": {"strata": "stype"} | API,
    "srs": {"fpc": "fpc"},
    "clus1": {"psu": "dnum", "fpc": "fpc"} | API,
    "clus1_nofpc": {"psu": "dnum"} | API,
    "clus2_wr": {"psu": "dnum"} | API,
    "clus2_fpc1": {"psu": "dnum", "fpc": "fpc1"} | API,
    "nh": {"psu": "psu_id", "strata": "SDMVSTRA", "weight": "WTMEC2YR"},
    "fpc_no": {"psu": "psu_id", "strata": "stratid", "weight": "weight"},
    "fpc_yes": {"psu": "psu_id", "strata": "stratid", "weight": "weight", "fpc": "Nh"},
    "fpc_frac": {"psu": "psu_id", "strata": "stratid", "weight": "weight", "fpc": "frac"},
    "pps_wr": {"weight": "wt"},
    "lon_s": {"strata": "stype", "fpc": "fpc"} | API,
    "lon_s_nofpc": {"strata": "stype"} | API,
    "swd": {"strata": "REG", "weight": "w", "fpc": "Nh"},
    "nw_d": {},
    "eu_d": {"psu": "db030", "strata": "db040", "weight": "rb050"},
}
PLAIN = {
    "mean": estimate_mean,
    "mean_vector": estimate_mean,
    "mean_deff_replace": estimate_mean,
    "total": estimate_total,
    "pps_mean": estimate_mean,
    "pps_total": estimate_total,
}


def read(name: str) -> pd.DataFrame:
    data = pd.read_csv(shared_folder() / "data" / name)
    if "awards" in data:
        data["aw"] = (data["awards"] == "Yes") * 1.0
        data["sw"] = (data["sch.wide"] == "Yes") * 1.0
        data["g"] = data["api00"] - data["api99"]
    if "SDMVPSU" in data:
        data["psu_id"] = data["SDMVSTRA"] * 10 + data["SDMVPSU"]
    if "psuid" in data:
        data["psu_id"] = data["stratid"] * 10 + data["psuid"]
        data["frac"] = data["nh"] / data["Nh"]
    if "instit" in data:
        data["miss12"] = (data["instit"] == 1) & (data["histol"] == 2)
        data["miss21"] = (data["instit"] == 2) & (data["histol"] == 1)
    return data


def design_of(case: dict) -> Design:
    policy = (case["design"] or {}).get("lonely_psu", "raise")
    return Design(lonely_psu=policy, **DESIGNS[case["design_name"]])


def whole(function, data: pd.DataFrame, variable: str, design: Design, **options):
    """R's na.rm=TRUE: rows without a value are a domain left out."""
    data = data.assign(_here=data[variable].notna(), _value=data[variable].fillna(0) * 1.0)
    return function(data, "_value", design, by="_here", **options).domain(True)


def chosen(method_of_case) -> list[dict]:
    return [
        case
        for case in shared_cases("a_taylor").values()
        if case.get("design_name") in DESIGNS
        and method_of_case(case["method"])
        and isinstance(case["outputs"].get("se"), dict)
    ]


def compare(case: dict, function, variable: str, data: pd.DataFrame) -> None:
    out, reference = case["outputs"], "without-replacement"
    if case["method"] == "mean_deff_replace":
        reference = "with-replacement"
    row = whole(function, data, variable, design_of(case), deff=reference)
    # Version 4.5 centres a lonely total at the mean of all PSUs, and so do we; 4.1 does not.
    newer = case.get("survey_4.5_outputs", out)
    assert row.estimate == pytest.approx(out["estimate"][variable], rel=1e-8)
    assert row.std_error == pytest.approx(newer["se"][variable], rel=1e-8)
    if "deff" in out:
        assert row.deff == pytest.approx(out["deff"][variable], rel=1e-8)
    # R keeps the df of the whole design; ours are those of PSUs with a value.
    if "ci95_t" in newer and row.df == newer["df"]:
        limits = newer["ci95_t"]["values"][newer["ci95_t"]["rows"].index(variable)]
        assert [row.lower, row.upper] == pytest.approx(limits, rel=1e-8)


def test_means_and_totals_of_r_survey():
    seen = 0
    for case in chosen(PLAIN.__contains__):
        data = read(case["data"][0])
        for variable in case["outputs"]["estimate"]:
            if variable in data:
                compare(case, PLAIN[case["method"]], variable, data)
                seen += 1
    assert seen > 60


def test_lonely_psu_policies_of_r_survey():
    seen = set()
    for case in chosen(lambda method: method.startswith("lonely_") and "domain" not in method):
        function = estimate_mean if "svymean" in case["call_r"] else estimate_total
        data = read(case["data"][0])
        for variable in case["outputs"]["estimate"]:
            compare(case, function, variable, data)
        seen.add(case["design"]["lonely_psu"])
    assert seen == {"remove", "adjust", "average", "certainty"}


@pytest.mark.parametrize("name", ["strat", "clus1"])
def test_domains_of_r_survey(name):
    cases, design = shared_cases("a_taylor"), Design(**DESIGNS[name])
    data = read(cases[f"a-{name}-by-stype-mean"]["data"][0])
    for stem, function, variable, by in [
        ("by-stype-mean", estimate_mean, "api00", ["stype"]),
        ("by-stype-total", estimate_total, "aw", ["stype"]),
        ("by2-mean", estimate_mean, "api00", ["stype", "sch.wide"]),
        ("by-deff", estimate_mean, "api00", ["sch.wide"]),
    ]:
        table = cases[f"a-{name}-{stem}"]["outputs"]["table"]
        rows = function(data, variable, design, by=by, deff="without-replacement")
        assert len(rows) == len(table["se"])
        for place, error in enumerate(table["se"]):
            row = rows.domain(*(table[column][place] for column in by))
            assert row.estimate == pytest.approx(table[variable][place], rel=1e-8)
            assert row.std_error == pytest.approx(error, rel=1e-8)
            if f"DEff.{variable}" in table:
                assert row.deff == pytest.approx(table[f"DEff.{variable}"][place], rel=1e-8)


@pytest.mark.parametrize(
    ("case", "top", "bottom"),
    [
        ("a-strat-ratio2", "api00", "api99"),
        ("a-clus1-ratio2", "api00", "api99"),
        ("a-sw-ratio", "Pop65P", "POPTOT"),
    ],
)
def test_ratios_of_r_survey(case, top, bottom):
    found = shared_cases("a_taylor")[case]
    data = read(found["data"][0])
    row = estimate_ratio(data, top, bottom, design_of(found))[0]
    assert row.estimate == pytest.approx(found["outputs"]["estimate"], rel=1e-8)
    assert row.std_error == pytest.approx(found["outputs"]["se"], rel=1e-8)


@pytest.mark.parametrize("name", ["strat", "srs", "clus1"])
def test_degrees_of_freedom_of_r_survey(name):
    case = shared_cases("a_taylor")[f"a-{name}-degf"]
    data, out = read(case["data"][0]), case["outputs"]
    assert estimate_mean(data, "api00", design_of(case))[0].df == out["degf"]
    row = estimate_mean(data, "api00", design_of(case), by="stype").domain("H")
    assert row.df == out["degf_subset"]


EVENTS = {
    "strat-api450": "api00 < 450",
    "strat-ell70": "ell > 70",
    "strat-meals0": "meals == 0",
    "strat-emer40": "emer > 40",
    "strat-sw": "`sch.wide` == 'No'",
    "clus1-api450": "api00 < 450",
    "clus1-api850": "api00 > 850",
    "clus1-aw": "awards == 'Yes'",
    "nw_d-m12": "miss12",
    "nw_d-m21": "miss21",
    "eu_d-low": "eqIncome < 4000",
    "eu_d-vlow": "eqIncome < 2000",
}


@pytest.mark.parametrize("name", EVENTS)
def test_proportion_intervals_of_r_survey(name):
    cases = shared_cases("b_ciprop")
    beta, capped = cases[f"b-{name}-beta"], cases[f"b-{name}-kg"]
    data = read(beta["data"][0])
    data = data.assign(event=data.eval(EVENTS[name]))
    design = design_of(beta)
    free = estimate_proportion(data, "event", design, interval="korn-graubard-uncapped")[0]
    assert [free.lower, free.upper] == pytest.approx(beta["outputs"]["ci"], rel=1e-8)
    assert free.std_error == pytest.approx(beta["outputs"]["se"], rel=1e-8)
    ours, out = estimate_proportion(data, "event", design)[0], capped["outputs"]
    assert [ours.lower, ours.upper] == pytest.approx([out["lower"], out["upper"]], rel=1e-8)
    assert ours.n_used == pytest.approx(out["n_star"], rel=1e-8)
    assert ours.n_effective == pytest.approx(out["n_eff"], rel=1e-8)


def test_interval_of_another_confidence_of_r_survey():
    case = shared_cases("b_ciprop")["b-clus1-api450-beta-l90"]
    data = read(case["data"][0])
    data = data.assign(event=data["api00"] < 450)
    row = estimate_proportion(
        data, "event", design_of(case), interval="korn-graubard-uncapped", confidence=0.90
    )[0]
    assert [row.lower, row.upper] == pytest.approx(case["outputs"]["ci"], rel=1e-8)


def test_zero_events_give_a_positive_width_where_r_survey_fails():
    case = shared_cases("b_ciprop")["b-strat-zero-beta"]
    assert case["outputs"]["ci"] == ["NaN", "NaN"]
    data = read(case["data"][0])
    data = data.assign(event=data["api00"] > 990)
    for options in ({}, {"interval": "korn-graubard-uncapped"}, {"icc": 0.05}):
        row = estimate_proportion(data, "event", design_of(case), **options)[0]
        assert row.lower == 0
        assert 0 < row.upper < 0.05
