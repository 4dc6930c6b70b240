"""Worked examples of intervals: METHODS part 9 and AUDIT_SAMPLING part 2, each by its name."""

import numpy as np
import pandas as pd
import pytest
from golden_cases import load_golden

from sampling import (
    Design,
    design_effect,
    estimate_proportion,
    interval_clopper_pearson,
    interval_hypergeometric,
    interval_jeffreys,
    interval_korn_graubard,
    interval_mid_p,
    interval_poisson,
    interval_wilson,
    size_for_detection,
)


def ends(interval):
    return interval.lower, interval.upper


def county(events):
    rows = [(v, int(i < count)) for v, count in enumerate(events) for i in range(30)]
    return pd.DataFrame(rows, columns=["village", "poor"])


G4 = county([0, 0, 0, 1, 0, 0, 2, 0, 0, 0])


@pytest.mark.parametrize(
    ("errors", "n", "want"),
    [
        (0, 300, (0, 0.01222097469)),
        (3, 300, (0.002067007235, 0.02894451126)),
        (6, 300, (0.007374162002, 0.04302108267)),
        (2, 1000, (0.0002423011169, 0.007205838911)),
        (20, 1000, (0.01225826797, 0.03072003268)),
    ],
)
def test_g1(errors, n, want):
    assert ends(interval_clopper_pearson(errors, n)) == pytest.approx(want, rel=1e-6)


def test_g2():
    found = interval_clopper_pearson(0, 300, side="upper").upper
    assert found == pytest.approx(0.009936081944, rel=1e-6)


def test_g3():
    mid = ends(interval_mid_p(3, 300))
    assert mid == pytest.approx((0.00254978308, 0.02696949652), rel=1e-6)
    wilson = ends(interval_wilson(3, 300))
    assert wilson == pytest.approx((0.003406618438, 0.02898349336), rel=1e-6)
    jeffreys = ends(interval_jeffreys(3, 300))
    assert jeffreys == pytest.approx((0.002824254849, 0.02644406351), rel=1e-6)


@pytest.mark.parametrize(
    ("icc", "size", "want"),
    [
        (0.05, 122.4489796, (0.0004507084592, 0.04771213381)),
        (0.10, 76.92307692, (9.717246489e-05, 0.06526433258)),
    ],
)
def test_g6(icc, size, want):
    found = estimate_proportion(G4, "poor", Design(psu="village"), icc=icc)[0]
    assert found.n_used == pytest.approx(size, rel=1e-6)
    assert ends(found) == pytest.approx(want, rel=1e-6)


def test_g7():
    clean = county([0] * 10)
    found = estimate_proportion(clean, "poor", Design(psu="village"), icc=0.05)[0]
    assert found.model_deff == pytest.approx(2.45, rel=1e-9)
    assert found.upper == pytest.approx(0.02967658825, rel=1e-6)
    # One-sided 95 % is the upper limit of the two-sided 90 %.
    one = estimate_proportion(clean, "poor", Design(psu="village"), icc=0.05, confidence=0.9)[0]
    assert one.upper == pytest.approx(0.02416830092, rel=1e-6)


def test_g13_korn_graubard():
    """The own-variance interval of G13; its gamma intervals are in test_counts_interval."""
    weight, events, n = np.array([0.25, 0.72, 0.03]), np.array([2, 1, 4]), np.array([150, 120, 60])
    rate = events / n
    p = float(weight @ rate)
    variance = float(weight**2 @ (rate * (1 - rate) / (n - 1)))
    own = p * (1 - p) / variance
    found = interval_korn_graubard(p, 330, own, 327)
    assert p == pytest.approx(0.01133333333, rel=1e-6)
    assert ends(found) == pytest.approx((0.002334907127, 0.03281333262), rel=1e-6)


@pytest.mark.parametrize(
    ("status", "model", "kish"),
    [("exit", 1.802448142, 1.335146772), ("unreg", 1.938692146, 1.337029066)],
)
def test_g18(status, model, kish):
    case = load_golden("two_stage_sample")
    data = pd.read_csv(case.folder / "input.csv").query("filed == @status")
    assert design_effect(data["w"], icc=0.05, psu=data["village"]) == pytest.approx(model, rel=1e-6)
    assert design_effect(data["w"]) == pytest.approx(kish, rel=1e-6)


@pytest.mark.parametrize(
    ("confidence", "rate", "population", "want"),
    [
        (0.95, 0.02, 500, 129),
        (0.95, 0.02, 1000, 138),
        (0.95, 0.02, 5000, 147),
        (0.90, 0.02, 500, 102),
        (0.90, 0.02, 1000, 108),
        (0.90, 0.02, 5000, 113),
        (0.99, 0.02, 1000, 204),
        (0.99, 0.02, 5000, 223),
        (0.95, 0.04, 1000, 71),
        (0.95, 0.04, 5000, 73),
    ],
)
def test_b5(confidence, rate, population, want):
    """Discovery samples; and the bound of a clean one of that size falls below the rate."""
    found = size_for_detection(rate, confidence=confidence, population_size=population)
    assert found.n == want
    clean = interval_hypergeometric(0, want, population, confidence=confidence, side="upper")
    assert clean.upper < rate
    short = interval_hypergeometric(0, want - 1, population, confidence=confidence, side="upper")
    assert short.upper >= rate


@pytest.mark.parametrize(
    ("errors", "binomial", "poisson", "finite"),
    [
        (0, 0.0199048162, 0.0201055857, 0.018),
        (1, 0.0314408101, 0.0318380169, 0.029),
        (2, 0.0416486479, 0.0422536485, 0.039),
        (3, 0.0512130596, 0.0520379633, 0.048),
        (4, 0.0603765941, 0.0614330136, 0.057),
    ],
)
def test_b8(errors, binomial, poisson, finite):
    found = interval_clopper_pearson(errors, 149, side="upper").upper
    assert found == pytest.approx(binomial, rel=1e-8)
    assert interval_poisson(errors, 149, side="upper").upper == pytest.approx(poisson, rel=1e-8)
    assert interval_hypergeometric(errors, 149, 1000, side="upper").upper == finite
