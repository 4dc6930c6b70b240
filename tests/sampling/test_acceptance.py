"""Attribute plans, declared levels, two-stage plans and their curves.

Numbers: AUDIT_SAMPLING.md part 2 (AS) and METHODS.md part 3 and 9 (G).
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sampling import (
    ArgumentError,
    interval_clopper_pearson,
    operating_characteristic,
    plan_attributes,
    plan_declared_level,
    plan_of_size,
    plan_two_stage,
    rate_at_acceptance,
    size_for_detection,
)
from sampling.acceptance.chances import clustered_pmf

RATES = st.floats(0.001, 0.1)


def plan(good, bad, alpha, beta, **options):
    return plan_attributes(
        acceptable_rate=good,
        rejectable_rate=bad,
        producer_risk=alpha,
        consumer_risk=beta,
        **options,
    )


@pytest.mark.parametrize(
    ("rates", "risks", "options", "n", "c"),
    [
        ((0.05, 0.15), (0.05, 0.075), {}, 80, 7),
        ((0.05, 0.15), (0.05, 0.075), {"population_size": 100}, 47, 4),
        ((0.005, 0.02), (0.05, 0.05), {}, 523, 5),
        ((0.005, 0.02), (0.05, 0.05), {"model": "poisson"}, 593, 6),
        ((0.005, 0.02), (0.05, 0.05), {"population_size": 1000}, 342, 3),
        ((0.005, 0.02), (0.05, 0.05), {"population_size": 2000}, 427, 4),
        ((0.005, 0.02), (0.05, 0.05), {"population_size": 5000}, 509, 5),
        ((0.005, 0.03), (0.05, 0.05), {}, 257, 3),
        ((0.01, 0.03), (0.05, 0.05), {}, 521, 9),
        ((0.005, 0.02), (0.10, 0.10), {}, 333, 3),
        ((0.01, 0.05), (0.05, 0.10), {}, 132, 3),
    ],
)
def test_plans_are_those_of_find_plan(rates, risks, options, n, c):
    """AS 24: R AcceptanceSampling find.plan."""
    found = plan(*rates, *risks, **options)
    assert (found.n, found.acceptance_number) == (n, c)
    assert found.producer_risk <= risks[0]
    assert found.consumer_risk <= risks[1]


def test_risks_of_the_plan_of_the_reference_are_exact():
    """AS 24: Pa .9502976 and .0499322 for 523/5."""
    found = plan(0.005, 0.02, 0.05, 0.05)
    assert 1 - found.producer_risk == pytest.approx(0.9502976, abs=5e-8)
    assert found.consumer_risk == pytest.approx(0.0499322, abs=5e-8)


@pytest.mark.parametrize(
    ("n", "c", "passing", "failing"),
    [
        (8, 2, 0.797, 0.855),
        (12, 4, 0.927, 0.806),
        (14, 4, 0.870, 0.910),
        (19, 6, 0.932, 0.917),
        (28, 9, 0.961, 0.956),
    ],
)
def test_lot_quality_plans_have_the_printed_risks(n, c, passing, failing):
    """AS 26: good 80 %, bad 50 %; the table prints .83 where the binomial gives .855."""
    found = plan_of_size(n, acceptable_rate=0.2, rejectable_rate=0.5, acceptance_number=c)
    assert 1 - found.producer_risk == pytest.approx(passing, abs=6e-4)
    assert 1 - found.consumer_risk == pytest.approx(failing, abs=6e-4)


def test_vaccination_lots_have_the_stated_chances():
    """AS 27: 5 x 10, d = 3 and 7; smallest plans for 90 % against 95 %."""
    curves = {
        c: operating_characteristic(
            plan_of_size(50, rejectable_rate=0.5, acceptance_number=c), [0.05, 0.10, 0.20]
        ).to_frame()["acceptance_prob"]
        for c in (3, 7)
    }
    assert curves[3].tolist()[:2] == pytest.approx([0.7604, 0.2503], abs=5e-5)
    assert curves[7].tolist()[1:] == pytest.approx([0.8779, 0.1904], abs=5e-5)
    small, smaller = plan(0.05, 0.10, 0.05, 0.05), plan(0.05, 0.10, 0.10, 0.10)
    assert (small.n, small.acceptance_number) == (298, 21)
    assert (smaller.n, smaller.acceptance_number) == (187, 13)


CLUSTERED = [
    ((10, 30), 0.02, 0, 0.025, (0.83, 0.69, 0.40, 0.16)),
    ((10, 30), 0.03, 2, 0.048, (0.97, 0.93, 0.78, 0.52)),
    ((30, 10), 0.02, 1, 0.036, (0.94, 0.86, 0.59, 0.26)),
    ((20, 50), 0.02, 7, 0.037, (0.98, 0.95, 0.78, 0.39)),
    ((30, 33), 0.02, 8, 0.034, (1.0, 0.98, 0.85, 0.44)),
    ((29, 37), 0.02, 9, 0.038, (1.0, 0.98, 0.86, 0.46)),
    ((29, 37), 0.03, 17, 0.042, (1.0, 1.0, 0.99, 0.89)),
    ((60, 16), 0.02, 9, 0.031, (1.0, 1.0, 0.93, 0.53)),
]


@pytest.mark.parametrize(("design", "limit", "c", "risk", "powers"), CLUSTERED)
def test_clustered_rules_are_those_of_the_table(design, limit, c, risk, powers):
    """METHODS 3: beta-binomial plans at a correlation of .05."""
    psus, take = design
    found = plan_of_size(psus * take, rejectable_rate=limit, icc=0.05, psus=psus)
    assert found.acceptance_number == c
    assert found.consumer_risk == pytest.approx(risk, abs=6e-4)
    curve = operating_characteristic(found, [0.001, 0.002, 0.005, 0.01]).to_frame()
    assert curve["acceptance_prob"].tolist() == pytest.approx(powers, abs=6e-3)


def test_ten_villages_have_no_rule_at_a_correlation_of_a_tenth():
    """METHODS 3: 10 x 30, rho .10, 2 %."""
    with pytest.raises(ArgumentError, match="Draw more PSUs") as caught:
        plan_of_size(300, rejectable_rate=0.02, icc=0.10, psus=10)
    assert caught.value.code == "no-acceptance-number"
    assert caught.value.fields["risk"] > 0.05


@pytest.mark.parametrize(
    ("icc", "risks"), [(0.01, (0.028, 0.065)), (0.05, (0.085, 0.147)), (0.15, (0.224, 0.272))]
)
def test_rules_of_single_draws_risk_more_in_villages(icc, risks):
    """METHODS 3: at most 1 of 300 and 12 of 990."""
    for (psus, take, c), risk in zip(((10, 30, 1), (30, 33, 12)), risks, strict=True):
        found = plan_of_size(
            psus * take, rejectable_rate=0.02, acceptance_number=c, icc=icc, psus=psus
        )
        assert found.consumer_risk == pytest.approx(risk, abs=6e-4)


def test_rules_of_sizes_300_and_1000_are_those_of_the_zones():
    """G37: pass with at most 1 of 300, 12 of 1,000."""
    found = [plan_of_size(n, rejectable_rate=0.02).acceptance_number for n in (300, 1000)]
    assert found == [1, 12]


def test_finite_frames_have_the_hypergeometric_risks():
    """G38: N = 2,000, 40 errors, 300 drawn: P(X <= 1), P(X <= 2)."""
    found = [
        plan_of_size(
            300, rejectable_rate=0.02, acceptance_number=c, population_size=2000
        ).consumer_risk
        for c in (1, 2)
    ]
    assert found == pytest.approx([0.01152245172, 0.04702981569], rel=1e-8)


TABLES = {
    0.05: {
        (0.02, 0): 149, (0.02, 0.0025): 236, (0.02, 0.005): 313, (0.02, 0.0075): 386,
        (0.02, 0.01): 590, (0.03, 0): 99, (0.03, 0.005): 157, (0.03, 0.01): 257,
        (0.03, 0.015): 392, (0.05, 0): 59, (0.05, 0.01): 93, (0.10, 0): 29, (0.10, 0.01): 46,
        (0.10, 0.02): 46,
    },
    0.10: {
        (0.02, 0): 114, (0.02, 0.0025): 194, (0.02, 0.01): 398, (0.03, 0): 76, (0.03, 0.01): 176,
        (0.05, 0): 45, (0.10, 0.02): 38, (0.08, 0.07): 1300, (0.07, 0.03): 94,
        (0.05, 0.035): 400, (0.07, 0.06): 1150,
    },
}  # fmt: skip


@pytest.mark.parametrize("risk", TABLES)
def test_tables_of_attribute_sizes_come_from_one_rule(risk):
    """AS 1 and 2: AICPA 2017, tables A-1 and A-2; 7 % of 1,300 is 91, never 92."""
    for (tolerable, expected), n in TABLES[risk].items():
        found = size_for_detection(tolerable, expected_rate=expected, confidence=1 - risk)
        assert (found.n, found.tolerable_rate) == (n, tolerable), (tolerable, expected)


SIZES = {
    0.02: {
        200: (105, 150, 181, 198), 500: (129, 196, 253, 303), 1000: (138, 215, 281, 342),
        2000: (143, 225, 297, 364), 5000: (147, 231, 307, 377), 20000: (148, 235, 311, 384),
        None: (149, 236, 313, 386),
    },
    0.03: {
        200: (78, 116, 145, 169), 500: (90, 139, 181, 219), 1000: (94, 147, 194, 237),
        2000: (96, 152, 201, 247), 5000: (98, 155, 205, 253), 20000: (99, 156, 207, 256),
        None: (99, 157, 208, 257),
    },
}  # fmt: skip


@pytest.mark.parametrize("limit", SIZES)
def test_sizes_for_none_to_three_errors_are_those_of_the_table(limit):
    """AS 10: and the rule of a sample of that size is that number of errors."""
    for frame, sizes in SIZES[limit].items():
        for errors, n in enumerate(sizes):
            assert size_for_detection(limit, errors=errors, population_size=frame).n == n
            rule = plan_of_size(n, rejectable_rate=limit, population_size=frame)
            assert rule.acceptance_number == errors
            if n - 1 > errors:
                found = plan_of_size(
                    n - 1, rejectable_rate=limit, population_size=frame, acceptance_number=errors
                )
                assert found.consumer_risk > 0.05


def test_planning_and_evaluation_agree():
    """AS 10 and 4.5: the limit of what a plan allows is below the rate it was made for."""
    for k in range(4):
        for rate in (0.02, 0.03):
            n = size_for_detection(rate, errors=k).n
            assert plan_of_size(n, rejectable_rate=rate).acceptance_number == k
            assert interval_clopper_pearson(k, n, side="upper").upper < rate
            assert interval_clopper_pearson(k, n - 1, side="upper").upper > rate


@given(good=RATES, ratio=st.floats(2.5, 8), risk=st.floats(0.02, 0.2))
@settings(deadline=None, max_examples=30)
def test_plan_holds_both_risks_and_none_smaller_does(good, ratio, risk):
    bad = good * ratio
    found = plan(good, bad, risk, risk)
    assert max(found.producer_risk, found.consumer_risk) <= risk
    curve = operating_characteristic(found, np.linspace(0, 1, 9)).to_frame()["acceptance_prob"]
    assert (np.diff(curve) <= 1e-12).all()
    assert curve.iloc[0] == 1
    n = found.n - 1
    for c in range(n):
        if stats.binom.cdf(c, n, bad) > risk:
            break
        assert stats.binom.cdf(c, n, good) < 1 - risk


@given(n=st.integers(1, 400), rate=st.floats(0.01, 0.6), share=st.floats(0.01, 0.99))
@settings(deadline=None, max_examples=50)
def test_rate_at_a_chance_inverts_the_curve(n, rate, share):
    c = int(share * (n - 1))
    found = plan_of_size(n, rejectable_rate=rate, acceptance_number=c)
    at = rate_at_acceptance(found, 0.3)
    assert operating_characteristic(found, [at]).points[0].acceptance_prob == pytest.approx(0.3)
    finite = plan_of_size(n, rejectable_rate=rate, acceptance_number=c, population_size=2 * n)
    reached = operating_characteristic(finite, [rate_at_acceptance(finite, 0.3)]).points[0]
    assert reached.acceptance_prob <= 0.3 + 1e-9


def test_clusters_without_correlation_are_single_draws():
    made = clustered_pmf(37, 5, 0.03, 0.0, 38)
    assert made == pytest.approx(stats.binom.pmf(range(38), 37, 0.03), abs=1e-12)


@given(icc=st.floats(0.001, 0.3), psus=st.integers(2, 20), extra=st.integers(0, 60))
@settings(deadline=None, max_examples=30)
def test_clustered_counts_keep_sum_and_mean(icc, psus, extra):
    n = psus + extra
    made = clustered_pmf(n, psus, 0.05, icc, n + 1)
    assert made.sum() == pytest.approx(1)
    assert made @ np.arange(n + 1) == pytest.approx(0.05 * n)


def test_declared_level_of_the_standard():
    """AS 29: ISO 2859-4:2002, DQL .65 %, n = 125, L = 2; 2020's n = 127 just exceeds 5 %."""
    old = plan_declared_level(0.0065, n=125)
    assert old.acceptance_number == 2
    assert old.risk == pytest.approx(0.04867, abs=5e-6)
    assert old.limiting_rate == pytest.approx(0.042016, abs=5e-7)
    assert old.limiting_ratio == pytest.approx(6.464, abs=5e-4)
    new = plan_declared_level(0.0065, n=127, acceptance_number=2)
    assert new.risk == pytest.approx(0.05059, abs=5e-6) and new.risk > new.risk_limit
    assert new.limiting_ratio == pytest.approx(6.364, abs=5e-4)
    assert new.null == "at-or-below-threshold"
    assert (new.contradicts(2), new.contradicts(3)) == (False, True)


@given(rate=st.floats(0.002, 0.05), ratio=st.floats(2.5, 9))
@settings(deadline=None, max_examples=30)
def test_declared_level_by_ratio_is_the_smallest_that_reaches_it(rate, ratio):
    found = plan_declared_level(rate, limiting_ratio=ratio)
    assert found.limiting_ratio <= ratio * (1 + 1e-9)
    assert found.risk <= 0.05
    less = plan_declared_level(rate, n=found.n - 1) if found.n > 1 else None
    assert less is None or less.limiting_ratio > ratio


def test_two_stages_of_the_published_trial():
    """G42: Simon 0/9, 2/17: PET, E[n], alpha, power; and the search finds that design."""
    found = plan_two_stage(
        acceptable_rate=0.05,
        rejectable_rate=0.25,
        producer_risk=0.05,
        consumer_risk=0.20,
        first_rejection_number=100,
    )
    stages = (found.first_acceptance_number, found.first_size, found.acceptance_number)
    assert stages == (0, 9, 2)
    assert found.first_size + found.second_size == 17
    assert found.stop_prob_acceptable == pytest.approx(0.6302494097)
    assert found.expected_size_acceptable == pytest.approx(11.95800472)
    assert found.producer_risk == pytest.approx(0.04660495724)
    assert 1 - found.consumer_risk == pytest.approx(0.8121611114)


def test_two_stages_of_300_each():
    """G44: c1 = 0, r1 = 11, c = 6 at 2 %; the one-stage rule used twice has 5.3 %."""
    options = {"acceptable_rate": 0.007, "rejectable_rate": 0.02, "sizes": (300, 300)}
    best = plan_two_stage(**options, first_rejection_number=11)
    numbers = (best.first_acceptance_number, best.first_rejection_number, best.acceptance_number)
    assert numbers == (0, 11, 6)
    assert best.consumer_risk == pytest.approx(0.04521353365)
    assert 1 - best.producer_risk == pytest.approx(0.8688763956)
    naive = plan_two_stage(**options, first_acceptance_number=1, acceptance_number=6)
    assert naive.consumer_risk == pytest.approx(0.05315278376)
    assert [best.first_conclusion(k) for k in (0, 1, 7, 10, 11)] == [
        "pass", "inconclusive", "inconclusive", "inconclusive", "fail",
    ]  # fmt: skip


def test_two_stages_of_the_textbook():
    """AS 12: Touw and Hoogduin, 5 %, 90 %, none then one: 49 + 49, and 48 + 48 is too few."""
    risks = [
        plan_two_stage(
            acceptable_rate=0.001,
            rejectable_rate=0.05,
            sizes=(n, n),
            first_acceptance_number=0,
            acceptance_number=1,
        ).consumer_risk
        for n in (49, 48)
    ]
    assert risks[0] <= 0.10 < risks[1]


@given(
    n1=st.integers(5, 60),
    n2=st.integers(5, 60),
    frame=st.booleans(),
    rate=st.floats(0.05, 0.3),
)
@settings(deadline=None, max_examples=30)
def test_two_stage_risk_is_that_of_enumeration(n1, n2, frame, rate):
    size = 400
    found = plan_two_stage(
        acceptable_rate=0.01,
        rejectable_rate=rate,
        sizes=(n1, n2),
        first_acceptance_number=0,
        acceptance_number=3,
        population_size=size if frame else None,
    )
    bad = math.ceil(rate * size - 1e-9)
    passing = 0.0
    for x in range(4):
        if frame:
            one = stats.hypergeom.pmf(x, size, bad, n1)
            rest = stats.hypergeom.cdf(3 - x, size - n1, max(0, bad - x), n2)
        else:
            one, rest = stats.binom.pmf(x, n1, rate), stats.binom.cdf(3 - x, n2, rate)
        passing += one * (1.0 if x == 0 else rest)
    assert found.consumer_risk == pytest.approx(passing, rel=1e-7, abs=1e-12)
    load = bad if frame else rate
    assert found.acceptance_prob(load) == pytest.approx(passing, rel=1e-7, abs=1e-12)
    assert n1 <= found.expected_size(load) <= n1 + n2


def test_two_clustered_stages_keep_their_risk():
    found = plan_two_stage(
        acceptable_rate=0.003, rejectable_rate=0.02, sizes=(600, 600), icc=0.05, psus=(20, 20)
    )
    rng = np.random.default_rng(20240601)
    spread = (1 - 0.05) / 0.05
    rates = rng.beta(0.02 * spread, 0.98 * spread, (20_000, 40))
    first = rng.binomial(30, rates[:, :20]).sum(axis=1)
    whole = first + rng.binomial(30, rates[:, 20:]).sum(axis=1)
    passing = first <= found.first_acceptance_number
    passing |= (first < found.first_rejection_number) & (whole <= found.acceptance_number)
    assert passing.mean() == pytest.approx(found.consumer_risk, abs=0.006)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: plan(0.02, 0.02, 0.05, 0.05), "rates-not-ascending"),
        (lambda: plan(0.01, 0.02, 0.05, 0.05, icc=0.1), "model-arguments"),
        (lambda: plan(0.01, 0.02, 0.05, 0.05, psus=9), "model-arguments"),
        (
            lambda: plan(0.01, 0.02, 0.05, 0.05, icc=0.1, psus=9, population_size=99),
            "model-arguments",
        ),
        (
            lambda: plan(0.01, 0.02, 0.05, 0.05, model="hypergeometric"),
            "model-arguments",
        ),
        (lambda: plan(0.005, 0.02, 0.05, 0.05, icc=0.15, psus=10), "no-plan"),
        (lambda: plan_of_size(100, rejectable_rate=0.02), "no-acceptance-number"),
        (lambda: plan_declared_level(0.02), "one-of-two"),
        (lambda: plan_declared_level(0.02, n=9, limiting_ratio=3), "one-of-two"),
        (lambda: plan_declared_level(0.2, limiting_ratio=6), "no-plan"),
        (
            lambda: plan_two_stage(acceptable_rate=0.01, rejectable_rate=0.02, sizes=(10, 10)),
            "no-acceptance-number",
        ),
        (
            lambda: plan_two_stage(acceptable_rate=0.01, rejectable_rate=0.02, acceptance_number=3),
            "model-arguments",
        ),
    ],
)
def test_refusals_of_plans(call, code):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert caught.value.code == code
