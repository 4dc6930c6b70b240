"""Worked examples of METHODS.md part 9 and AUDIT_SAMPLING.md part 2, each test naming its own.

Held elsewhere, by golden case or test:

- METHODS G1, G2, G3: `binomial_intervals` in `test_intervals.py`.
- METHODS G4, G6, G7, G78 (its first half): `village_events` in `test_estimation.py`.
- METHODS G15, G17 (its first five numbers), G18, G25, G75, G78: `two_stage_sample` in
  `test_estimation.py`, `test_clustering.py` and `test_composite.py`; G15, G17 again from R in
  `r_survey_two_stage`.
- METHODS G37: `test_decision.py`, three zones of simple samples.
- METHODS G51, G77: `size_steps` in `test_size.py`.
- METHODS G52, G53, G55, G56, G58 and AUDIT 30, 31 (without replacement): `test_selection.py`.
- AUDIT 5, 10: `detection_sizes` in `test_size.py`.
- AUDIT 34: `test_commitment.py`, roots of RFC 6962.

Those of true rates, plans, sequences, agreement, small areas and money stand with their modules.
"""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from golden_cases import load_golden, shared_folder
from scipy import stats

from sampling import (
    Design,
    adjust_nonresponse,
    allocate_proportional,
    calibrate,
    detection_prob,
    estimate_double_sampling,
    estimate_mean,
    estimate_proportion,
    estimate_ratio,
    estimate_total,
    interval_clopper_pearson,
    interval_hypergeometric,
    interval_korn_graubard,
    poststratify,
    size_for_detection,
    size_for_total,
)


def shared(name: str) -> pd.DataFrame:
    return pd.read_csv(shared_folder() / "data" / name)


def ends(interval) -> tuple[float, float]:
    return interval.lower, interval.upper


def test_strata_of_unequal_rates():
    """METHODS.md G13: W = (.25, .72, .03), 2, 1, 4 events of 150, 120, 60; df 327."""
    shares, errors, taken = (0.25, 0.72, 0.03), (2, 1, 4), (150, 120, 60)
    data = pd.DataFrame(
        [
            (stratum, share / n, int(unit < x))
            for stratum, (share, x, n) in enumerate(zip(shares, errors, taken, strict=True))
            for unit in range(n)
        ],
        columns=["h", "w", "poor"],
    )
    row = estimate_proportion(data, "poor", Design(weight="w", strata="h"))[0]
    assert row.estimate == pytest.approx(0.01133333333, rel=1e-9)
    assert row.df == 327
    assert row.n_used == pytest.approx(263.834775, rel=1e-8)
    assert (row.lower, row.upper) == pytest.approx((0.002334907127, 0.03281333262), rel=1e-9)


def test_width_of_a_useless_interval():
    """METHODS.md G14: p = 1 %, effective size 300: 268.8 % of the estimate wide."""
    lower, upper = ends(interval_korn_graubard(0.01, 300, 300.0, 299))
    assert upper - lower == pytest.approx(0.02687750, rel=1e-6)
    assert (upper - lower) / 0.01 == pytest.approx(2.688, rel=1e-3)


def test_likelihood_limits_by_the_formula():
    """METHODS.md G17, likelihood: roots of the formula, where R interpolates a profile."""
    data = pd.read_csv(load_golden("two_stage_sample").folder / "input.csv")
    design = Design(weight="w", strata="stratum", psu="village")
    rows = estimate_proportion(data, "poor", design, by="filed", interval="likelihood")
    row = rows.domain("unreg")
    assert (row.lower, row.upper) == pytest.approx((0.0042419290, 0.0860849287), rel=1e-7)


def test_two_stages_of_municipalities():
    """METHODS.md G22, Sarndal and others' clusters of MU284: published 15080 / 2274.3."""
    data = shared("survey_mu284.csv")
    design = Design(psu="id1", ssu="id2", fpc=["n1", "n2"])
    total = estimate_total(data, "y1", design)[0]
    assert (total.estimate, total.std_error) == pytest.approx((15080, 2274.25470087), rel=1e-10)
    mean = estimate_mean(data, "y1", design)[0]
    assert (mean.estimate, mean.std_error) == pytest.approx(
        (44.3529411765, 2.27365272782), rel=1e-10
    )


def test_adjusted_weights_of_schools():
    """METHODS.md G23: poststrata and calibration of the cluster sample of schools, R survey."""
    data = shared("survey_apiclus1.csv")
    design = Design(psu="dnum", weight="pw", fpc="fpc")
    kinds = {"E": 4421, "H": 755, "M": 1018}
    after, held = poststratify(data, design, "stype", kinds)
    total = estimate_total(after, "enroll", held)[0]
    assert (total.estimate, total.std_error) == pytest.approx((3680892.945, 406292.6363), rel=1e-9)
    after, held = calibrate(data, design, {"stype": kinds, "api99": 3914069})
    mean = estimate_mean(after, "api00", held)[0]
    # R's calibration stops at a relative 1e-7; the table's own tolerance is 1e-6.
    assert (mean.estimate, mean.std_error) == pytest.approx((665.3090712, 3.441753116), rel=1e-7)


def test_double_sampling_of_tenenbein():
    """METHODS.md G33: both readings (18, 3; 12, 267), the fallible one alone 140 and 1560."""
    found = estimate_double_sampling(((18, 3), (12, 267)), (140, 1560))
    numbers = (found.estimate, found.std_error, found.reliability)
    assert numbers == pytest.approx((0.06116666667, 0.01072371888, 0.4696814687), rel=1e-9)


def test_difference_and_regression_with_a_known_mean():
    """METHODS.md G35: f = (1,0,0,0,1,0,...), y = (1,0,1,0,...), ten units, known mean of f .08."""
    data = pd.DataFrame({"f": [1.0, 0, 0, 0, 1, 0, 0, 0, 0, 0], "y": [1.0, 0, 1, *[0] * 7]})
    data = data.assign(d=data["y"] - data["f"], w=100.0)
    difference = 0.08 + estimate_mean(data, "d", Design(weight="w"))[0].estimate
    assert difference == pytest.approx(0.08)
    after, held = calibrate(data, Design(weight="w"), {"f": 80.0}, population_size=1000)
    assert estimate_mean(after, "y", held)[0].estimate == pytest.approx(0.155)


def test_chances_of_few_errors_in_a_frame():
    """METHODS.md G38: 40 errors among 2,000, 300 drawn: P(X <= 1), P(X <= 2)."""
    chances = [
        1 - detection_prob(0.02, 300, errors=errors, population_size=2000) for errors in (1, 2)
    ]
    assert chances == pytest.approx([0.01152245172, 0.04702981569], rel=1e-9)


def test_weighting_classes_of_those_who_answered():
    """METHODS.md G72: 9 events of 300 answering of 400, 5 of 540 of 600."""
    rows = [("a", unit < 300, float(unit < 9)) for unit in range(400)]
    rows += [("b", unit < 540, float(unit < 5)) for unit in range(600)]
    data = pd.DataFrame(rows, columns=["class", "answered", "poor"])
    naive = data.loc[data["answered"], "poor"].mean()
    assert naive == pytest.approx(0.01666666667)
    after, design = adjust_nonresponse(data, Design(), "answered", classes="class")
    row = estimate_mean(after, "poor", design)[0]
    assert row.estimate == pytest.approx(0.01755555556, rel=1e-9)


def planned(tolerable: str, expected: str, confidence: float) -> int:
    """Smallest n that still passes with the expected errors, rounded up, found among them."""
    rate, part = Fraction(tolerable) / 100, Fraction(expected) / 100
    errors = 0
    while True:
        least = size_for_detection(float(rate), errors=errors, confidence=confidence).n
        first = math.floor((errors - 1) / part) + 1 if part and errors else 0
        n = max(least, first)
        if not part or math.ceil(part * n) <= errors:
            return n
        errors += 1


A1 = {
    ("2", "0"): 149,
    ("2", ".25"): 236,
    ("2", ".5"): 313,
    ("2", ".75"): 386,
    ("2", "1"): 590,
    ("3", "0"): 99,
    ("3", ".5"): 157,
    ("3", "1"): 257,
    ("3", "1.5"): 392,
    ("5", "0"): 59,
    ("5", "1"): 93,
    ("10", "0"): 29,
    ("10", "1"): 46,
    ("10", "2"): 46,
}
A2 = {
    ("2", "0"): 114,
    ("2", ".25"): 194,
    ("2", "1"): 398,
    ("3", "0"): 76,
    ("3", "1"): 176,
    ("5", "0"): 45,
    ("10", "2"): 38,
    ("8", "7"): 1300,
    ("7", "3"): 94,
    ("5", "3.5"): 400,
    ("7", "6"): 1150,
}


@pytest.mark.parametrize(("rates", "n"), A1.items())
def test_sizes_at_five_per_cent_risk(rates, n):
    """AUDIT_SAMPLING.md 1: AICPA 2017, table A-1."""
    assert planned(*rates, 0.95) == n


@pytest.mark.parametrize(("rates", "n"), A2.items())
def test_sizes_at_ten_per_cent_risk(rates, n):
    """AUDIT_SAMPLING.md 2: AICPA 2017, table A-2; 7 % of 1300 is 91, which floats make 92."""
    assert planned(*rates, 0.90) == n


@pytest.mark.parametrize(
    ("confidence", "n", "errors", "limit"),
    [
        (0.95, 150, 0, 2.0),
        (0.95, 150, 1, 3.2),
        (0.95, 150, 2, 4.2),
        (0.95, 200, 1, 2.4),
        (0.95, 300, 3, 2.6),
        (0.95, 500, 5, 2.1),
        (0.95, 25, 0, 11.3),
        (0.90, 150, 0, 1.6),
        (0.90, 150, 1, 2.6),
        (0.90, 200, 1, 2.0),
        (0.90, 300, 3, 2.3),
        (0.90, 500, 5, 1.9),
    ],
)
def test_upper_limits_of_the_tables(confidence, n, errors, limit):
    """AUDIT_SAMPLING.md 3: AICPA 2017, tables A-3 and A-4, per cent rounded up to a tenth."""
    upper = interval_clopper_pearson(errors, n, confidence=confidence, side="upper").upper
    assert math.ceil(1000 * upper) / 10 == limit


def test_upper_limits_of_149():
    """AUDIT_SAMPLING.md 8: no to four errors among 149, binomial, and of 1,000 in the frame."""
    binomial = [0.0199048162, 0.0314408101, 0.0416486479, 0.0512130596, 0.0603765941]
    frame = [0.018, 0.029, 0.039, 0.048, 0.057]
    for errors in range(5):
        free = interval_clopper_pearson(errors, 149, side="upper").upper
        assert free == pytest.approx(binomial[errors], rel=1e-8)
        held = interval_hypergeometric(errors, 149, 1000, side="upper").upper
        assert held == pytest.approx(frame[errors], abs=1e-12)


def confidence_of(z: float) -> float:
    """Two-sided confidence whose quantile is the guidance's rounded z."""
    return float(2 * stats.norm.cdf(z) - 1)


def money_size(units: int, spread: float, book: float, expected: str, z: float):
    """Size for a total: tolerable error 2 % of the book value less the expected one."""
    margin = book * float(Fraction(2, 100) - Fraction(expected) / 100)
    return size_for_total(margin, spread=spread, population_size=units, confidence=confidence_of(z))


def test_size_of_a_simple_sample_of_money():
    """AUDIT_SAMPLING.md 16, EGESIF 16-0014-01 6.1.1.6."""
    plan = money_size(3852, 518, 46_501_186, "1.24", 1.282)
    assert plan.simple == pytest.approx(52.39, abs=0.01)
    assert math.ceil(plan.simple) == 53


def pooled(sizes: dict[str, int], spreads: dict[str, float]) -> float:
    units = sum(sizes.values())
    return math.fsum(sizes[key] * spreads[key] ** 2 for key in sizes) / units


def test_size_over_strata_of_money():
    """AUDIT_SAMPLING.md 17, 6.1.2.6: spread within 24,711,404, 120.30 to 121, split 90 and 31."""
    sizes, spreads = {"low": 3582, "high": 1225}, {"low": 444.0, "high": 9818.0}
    within = pooled(sizes, spreads)
    assert within == pytest.approx(24_711_404, abs=1)
    plan = money_size(4807, math.sqrt(within), 1_396_535_319, "1.8", 1.282)
    assert plan.simple == pytest.approx(120.30, abs=0.01)
    assert dict(allocate_proportional(sizes, math.ceil(plan.simple))) == {"low": 90, "high": 31}


def test_size_of_a_difference():
    """AUDIT_SAMPLING.md 18, 6.2.1.6: 100.07 to 101."""
    plan = money_size(3852, 168_397, 4_199_882_024, ".7", 0.842)
    assert plan.simple == pytest.approx(100.07, abs=0.01)
    assert math.ceil(plan.simple) == 101


def test_size_of_a_difference_over_strata():
    """AUDIT_SAMPLING.md 19, 6.2.2.6: spread within 32,092,103,451, 50.75 to 51, split 16 and 35."""
    sizes, spreads = {"first": 1520, "second": 3347}, {"first": 21_312.0, "second": 215_546.0}
    within = pooled(sizes, spreads)
    assert within == pytest.approx(32_092_103_451, abs=1)
    plan = money_size(4867, math.sqrt(within), 6_440_727_190, ".4", 0.842)
    assert plan.simple == pytest.approx(50.75, abs=0.01)
    assert dict(allocate_proportional(sizes, 51)) == {"first": 16, "second": 35}


def test_limits_of_an_attribute_that_the_guidance_has_wrong():
    """AUDIT_SAMPLING.md 23, 7.9.5: 3 of 150; the guidance prints 2.3 % for want of a root."""
    one = interval_clopper_pearson(3, 150, side="upper").upper
    two = interval_clopper_pearson(3, 150).upper
    assert (round(one, 4), round(two, 4)) == (0.0509, 0.0573)
    data = pd.DataFrame({"wrong": np.arange(150) < 3})
    row = estimate_proportion(
        data, "wrong", Design(), interval="mean", df=math.inf, confidence=0.9
    )[0]
    # Variance over n - 1 where the guidance has n.
    reach = (row.upper - row.estimate) * math.sqrt(149 / 150)
    assert row.estimate + reach == pytest.approx(0.0388, abs=5e-5)


def test_projected_money_of_a_simple_sample():
    """AUDIT_SAMPLING.md 16, evaluation: per unit 566,680, by the ratio 548,036."""
    data = pd.DataFrame({"error": [7797 / 53] * 53, "book": [661_580 / 53] * 53, "N": 3852})
    design = Design(fpc="N")
    assert estimate_total(data, "error", design)[0].estimate == pytest.approx(566_680, abs=1)
    ratio = estimate_ratio(data, "error", "book", design)[0].estimate
    assert ratio * 46_501_186 == pytest.approx(548_036, abs=1)
