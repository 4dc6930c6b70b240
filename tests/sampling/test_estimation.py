import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from golden_cases import load_golden
from hypothesis import given
from hypothesis import strategies as st

from sampling import (
    ArgumentError,
    Design,
    LonelyUnitError,
    estimate_mean,
    estimate_proportion,
    estimate_ratio,
    estimate_total,
    interval_clopper_pearson,
)

CLUSTERED = Design(weight="w", strata="stratum", psu="village")
FORMS = [{}, {"interval": "korn-graubard-uncapped"}, {"icc": 0.05}]


@st.composite
def samples(draw):
    """Two or three strata of two to four villages of one to six households."""
    rows = []
    for stratum in range(draw(st.integers(2, 3))):
        for village in range(draw(st.integers(2, 4))):
            for _ in range(draw(st.integers(1, 6))):
                rows.append((stratum, 10 * stratum + village))
    data = pd.DataFrame(rows, columns=["stratum", "village"])
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = len(data)
    data["w"] = rng.uniform(1, 20, size).round(3)
    data["y"] = rng.normal(50, 10, size).round(3)
    data["persons"] = rng.integers(1, 7, size)
    data["poor"] = rng.binomial(1, draw(st.sampled_from([0.0, 0.1, 0.5, 1.0])), size)
    data["filed"] = rng.choice(["exit", "unreg"], size)
    data["fpc"] = 50
    return data


def village_events(events=(0, 0, 0, 1, 0, 0, 2, 0, 0, 0)) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "village": np.repeat(np.arange(10), 30),
            "poor": np.concatenate([np.arange(30) < count for count in events]),
        }
    )


def same(one, other, **tolerance):
    assert [one.estimate, one.std_error, one.lower, one.upper] == pytest.approx(
        [other.estimate, other.std_error, other.lower, other.upper], **tolerance
    )


def test_village_events_golden():
    case = load_golden("village_events")
    design = Design(psu="village")
    row = estimate_proportion(village_events(), "poor", design, deff="with-replacement")[0]
    assert row.estimate == case.approx("proportion")
    assert row.std_error == case.approx("std_error")
    assert row.n / row.n_effective == case.approx("n_over_n_effective")
    assert row.deff == case.approx("deff_with_replacement")
    assert (row.n, row.events, row.df) == (300, 3, 9)
    for icc in (0.05, 0.10):
        row = estimate_proportion(village_events(), "poor", design, icc=icc)[0]
        assert row.n_used == case.approx(f"n_used_{icc:.2f}")
        assert [row.lower, row.upper] == case.approx(f"interval_{icc:.2f}")


def test_no_event_in_ten_villages_golden():
    case = load_golden("village_events")
    data, design = village_events([0] * 10), Design(psu="village")
    row = estimate_proportion(data, "poor", design, icc=0.05)[0]
    assert row.model_deff == case.approx("zero_deff")
    assert row.upper == case.approx("zero_upper_two_sided")
    row = estimate_proportion(data, "poor", design, icc=0.05, confidence=0.90)[0]
    assert row.upper == case.approx("zero_upper_one_sided")
    assert (row.estimate, row.lower, row.n_effective) == (0, 0, None)
    assert "variance is zero" in row.why


@pytest.mark.parametrize("status", ["exit", "unreg"])
def test_two_stage_sample_golden(status):
    case = load_golden("two_stage_sample")
    data, want = pd.read_csv(case.folder / "input.csv"), case.values[status]
    options = {"by": "filed", "deff": "without-replacement"}
    row = estimate_proportion(data, "poor", CLUSTERED, icc=0.05, **options).domain(status)
    found = [row.estimate, row.std_error, row.deff, row.model_deff]
    names = ["proportion", "std_error", "deff_without_replacement", "model_deff"]
    assert found == pytest.approx([want[name] for name in names], rel=case.rtol)
    assert (row.df, row.n) == (want["df"], want["n"])
    total = estimate_total(data, "poor", CLUSTERED, by="filed").domain(status)
    assert total.estimate == pytest.approx(want["total"], rel=case.rtol)
    assert total.std_error == pytest.approx(want["total_std_error"], rel=case.rtol)


def test_persons_and_uncapped_interval_golden():
    case = load_golden("two_stage_sample")
    data = pd.read_csv(case.folder / "input.csv")
    row = estimate_proportion(data, "poor", CLUSTERED, by="filed", size="persons").domain("exit")
    assert [row.estimate, row.std_error] == case.approx("exit_persons")
    assert row.n == 96
    free = estimate_proportion(
        data, "poor", CLUSTERED, by="filed", interval="korn-graubard-uncapped"
    ).domain("unreg")
    assert [free.lower, free.upper] == case.approx("unreg_uncapped")


@given(data=samples(), factor=st.floats(0.01, 100))
def test_scale_of_weights_and_order_of_rows_do_not_matter(data, factor):
    mixed = data.sample(frac=1, random_state=1).assign(w=lambda d: d["w"] * factor)
    for options in FORMS:
        one = estimate_proportion(data, "poor", CLUSTERED, by="filed", size="persons", **options)
        two = estimate_proportion(mixed, "poor", CLUSTERED, by="filed", size="persons", **options)
        for a, b in zip(one, two, strict=True):
            same(a, b, rel=1e-6, abs=1e-12)
    same(
        estimate_mean(data, "y", CLUSTERED)[0],
        estimate_mean(mixed, "y", CLUSTERED)[0],
        rel=1e-9,
    )


@given(data=samples())
def test_proportion_contains_its_estimate_and_mirrors(data):
    data = data.assign(other=1 - data["poor"])
    for options in FORMS:
        rows = estimate_proportion(data, "poor", CLUSTERED, by="filed", **options)
        mirror = estimate_proportion(data, "other", CLUSTERED, by="filed", **options)
        for row, back in zip(rows, mirror, strict=True):
            assert 0 <= row.lower <= row.estimate + 1e-12
            assert row.estimate - 1e-12 <= row.upper <= 1
            assert row.lower < row.upper
            assert [1 - back.upper, 1 - back.lower] == pytest.approx(
                [row.lower, row.upper], abs=1e-6
            )


@given(data=samples())
def test_intervals_widen_with_confidence(data):
    for options in FORMS:
        narrow = estimate_proportion(data, "poor", CLUSTERED, confidence=0.8, **options)[0]
        wide = estimate_proportion(data, "poor", CLUSTERED, confidence=0.99, **options)[0]
        assert wide.lower <= narrow.lower
        assert wide.upper >= narrow.upper
    narrow = estimate_mean(data, "y", CLUSTERED, confidence=0.8)[0]
    wide = estimate_mean(data, "y", CLUSTERED, confidence=0.99)[0]
    assert wide.lower <= narrow.lower <= wide.estimate <= narrow.upper <= wide.upper


@given(data=samples())
def test_domain_equals_the_ratio_of_zeroed_variables(data):
    inside = (data["filed"] == "exit") * 1.0
    if not inside.any():
        return
    zeroed = data.assign(top=data["y"] * inside, inside=inside)
    row = estimate_mean(data, "y", CLUSTERED, by="filed").domain("exit")
    whole = estimate_ratio(zeroed, "top", "inside", CLUSTERED)[0]
    assert [row.estimate, row.std_error] == pytest.approx([whole.estimate, whole.std_error])
    total = estimate_total(data, "y", CLUSTERED, by="filed").domain("exit")
    whole = estimate_total(zeroed, "top", CLUSTERED)[0]
    assert [total.estimate, total.std_error] == pytest.approx([whole.estimate, whole.std_error])


@given(data=samples(), shift=st.floats(-100, 100), scale=st.floats(0.1, 10))
def test_mean_shifts_and_scales(data, shift, scale):
    moved = data.assign(y=data["y"] * scale + shift)
    one = estimate_mean(data, "y", CLUSTERED)[0]
    two = estimate_mean(moved, "y", CLUSTERED)[0]
    assert two.estimate == pytest.approx(one.estimate * scale + shift, abs=1e-8)
    assert two.std_error == pytest.approx(one.std_error * scale, rel=1e-6, abs=1e-9)


@given(data=samples())
def test_person_sizes_are_weights_times_size(data):
    sized = data.assign(w=data["w"] * data["persons"])
    for options in FORMS:
        one = estimate_proportion(data, "poor", CLUSTERED, size="persons", **options)[0]
        two = estimate_proportion(sized, "poor", CLUSTERED, **options)[0]
        same(one, two, rel=1e-9, abs=1e-12)
        assert one.n == two.n


@given(data=samples())
def test_census_has_no_variance(data):
    count = data.groupby("stratum")["village"].transform("nunique")
    census = Design(weight="w", strata="stratum", psu="village", fpc="fpc")
    row = estimate_mean(data.assign(fpc=count), "y", census)[0]
    assert row.std_error == 0
    assert row.lower == row.estimate == row.upper


def test_counts_and_fractions_of_psus_agree():
    data = village_events().assign(size=40, share=0.25)
    counted = estimate_proportion(data, "poor", Design(psu="village", fpc="size"))[0]
    shared = estimate_proportion(data, "poor", Design(psu="village", fpc="share"))[0]
    free = estimate_proportion(data, "poor", Design(psu="village"))[0]
    assert counted.std_error == shared.std_error
    assert counted.std_error == pytest.approx(free.std_error * math.sqrt(0.75))


@given(events=st.integers(0, 60), n=st.integers(60, 200))
def test_simple_random_sample_equals_the_textbook(events, n):
    data = pd.DataFrame({"poor": np.arange(n) < events})
    row = estimate_proportion(data, "poor", Design(), deff="with-replacement")[0]
    p = events / n
    assert row.std_error == pytest.approx(math.sqrt(p * (1 - p) / (n - 1)))
    assert row.deff == (pytest.approx(1) if 0 < events < n else None)
    model = estimate_proportion(data, "poor", Design(), icc=0.0)[0]
    exact = interval_clopper_pearson(events, n)
    assert [model.lower, model.upper] == pytest.approx([exact.lower, exact.upper], abs=1e-12)


@given(icc=st.floats(0, 0.9))
def test_zero_events_limit_rises_with_icc_and_falls_with_n(icc):
    data, design = village_events([0] * 10), Design(psu="village")
    few = estimate_proportion(data, "poor", design, icc=icc)[0].upper
    assert few < estimate_proportion(data, "poor", design, icc=icc + 0.05)[0].upper
    more = pd.concat([data, data.assign(village=data["village"] + 10)], ignore_index=True)
    assert estimate_proportion(more, "poor", design, icc=icc)[0].upper < few


@pytest.mark.parametrize("options", FORMS)
def test_domains_without_and_with_only_events_have_a_width(options):
    data = village_events().assign(part=lambda d: np.where(d["poor"], "all", "none"))
    for row in estimate_proportion(data, "poor", Design(psu="village"), by="part", **options):
        assert row.lower < row.upper
        assert math.isfinite(row.std_error)


def test_domain_in_one_village_has_no_degrees_of_freedom():
    data = village_events().assign(town=lambda d: d["village"] == 6)
    data["y"] = np.arange(300.0)
    row = estimate_mean(data, "y", Design(psu="village"), by="town").domain(True)
    # One village alone gives residuals that sum to nothing: no variance, but no knowledge either.
    assert (row.df, row.std_error) == (0, 0)
    assert (row.lower, row.upper) == (-math.inf, math.inf)
    assert "no degrees of freedom" in row.why
    rate = estimate_proportion(data, "poor", Design(psu="village"), by="town").domain(True)
    assert 0 < rate.estimate < 1
    assert (rate.lower, rate.upper) == (0, 1)
    model = estimate_proportion(data, "poor", Design(psu="village"), by="town", icc=0.05)
    assert model.domain(True).upper < 0.4


def test_given_model_design_effect_is_used():
    data, design = village_events(), Design(psu="village")
    row = estimate_proportion(data, "poor", design, model_deff=2.45)[0]
    same(row, estimate_proportion(data, "poor", design, icc=0.05)[0], rel=1e-12)
    assert row.icc is None
    assert row.interval.method == "korn-graubard-model"


def test_weights_from_population_counts():
    data = pd.DataFrame({"y": [1.0, 2.0, 3.0, 10.0], "s": list("aaab"), "N": [9, 9, 9, 1]})
    row = estimate_total(data, "y", Design(strata="s", fpc="N"))[0]
    assert row.estimate == 9 * 2 + 10
    assert row.std_error == pytest.approx(9 * math.sqrt((1 - 3 / 9) / 3))


def test_lonely_stratum_is_refused_by_default():
    data = pd.DataFrame({"y": [1.0, 2.0, 3.0], "s": list("aab")})
    with pytest.raises(LonelyUnitError, match=r"two sampled PSUs.*'b'") as caught:
        estimate_mean(data, "y", Design(strata="s"))
    assert caught.value.code == "lonely-unit"
    for policy in ("adjust", "average", "certainty", "remove"):
        assert estimate_mean(data, "y", Design(strata="s", lonely_psu=policy))[0].std_error > 0


@pytest.mark.parametrize("policy", ["average", "remove"])
def test_nothing_but_lonely_strata_is_refused(policy):
    data = pd.DataFrame({"y": [1.0, 2.0], "s": list("ab")})
    with pytest.raises(LonelyUnitError, match="needs a stratum"):
        estimate_mean(data, "y", Design(strata="s", lonely_psu=policy))


def test_missing_values_are_counted_and_placed():
    data = village_events().astype({"poor": float})
    data.loc[[4, 7], "poor"] = np.nan
    with pytest.raises(ArgumentError, match="2 missing in 300 rows, at rows 4, 7") as caught:
        estimate_proportion(data, "poor", Design(psu="village"))
    assert caught.value.code == "values-missing"
    assert caught.value.fields["missing"] == 2


BASE = village_events().assign(w=1.0, town=lambda d: d["village"] % 2, zero=0, name="a")


@pytest.mark.parametrize(
    ("call", "code", "phrase"),
    [
        (lambda: estimate_mean(BASE, "gone", Design()), "column-missing", "'gone'"),
        (lambda: estimate_mean(BASE, "poor", Design(psu="no")), "column-missing", "'no'"),
        (lambda: estimate_mean(BASE, "name", Design()), "column-not-numeric", "numeric"),
        (lambda: estimate_mean(BASE[:0], "poor", Design()), "data-empty", "one row"),
        (lambda: estimate_mean([1], "poor", Design()), "data-not-frame", "list"),
        (lambda: estimate_mean(BASE, "poor", Design(), by="gone"), "column-missing", "'gone'"),
        (lambda: estimate_proportion(BASE, "village", Design()), "values-outside", "0 or 1"),
        (
            lambda: estimate_proportion(BASE, "poor", Design(weight="zero")),
            "values-outside",
            "above 0",
        ),
        (
            lambda: estimate_proportion(BASE, "poor", Design(), size="zero"),
            "values-outside",
            "above 0",
        ),
        (lambda: estimate_total(BASE, "poor", Design()), "weight-missing", "weights"),
        (
            lambda: estimate_ratio(BASE, "poor", "zero", Design()),
            "denominator-zero",
            "must not sum to 0",
        ),
        (
            lambda: estimate_proportion(BASE, "poor", Design(), interval="wald"),
            "choice-unknown",
            "'korn-graubard'",
        ),
        (
            lambda: estimate_proportion(BASE, "poor", Design(), interval="korn-graubard-model"),
            "model-arguments",
            "takes one of",
        ),
        (
            lambda: estimate_proportion(BASE, "poor", Design(), icc=0.1, model_deff=2),
            "model-arguments",
            "at most one",
        ),
        (
            lambda: estimate_proportion(BASE, "poor", Design(), icc=5),
            "share-outside",
            "Write 0.05, not 5",
        ),
        (
            lambda: estimate_mean(BASE, "poor", Design(), confidence=95),
            "fraction-outside",
            "Write 0.95, not 95",
        ),
        (
            lambda: estimate_mean(BASE, "poor", Design(), deff="srs"),
            "choice-unknown",
            "'with-replacement'",
        ),
    ],
)
def test_refusals(call, code, phrase):
    with pytest.raises(ArgumentError, match=phrase) as caught:
        call()
    assert caught.value.code == code


def test_results_are_values():
    rows = estimate_proportion(BASE, "poor", Design(psu="village"), by="town", icc=0.05)
    again = estimate_proportion(BASE, "poor", Design(psu="village"), by="town", icc=0.05)
    assert rows == again
    assert hash(rows) == hash(again)
    frame = rows.to_frame()
    assert frame["town"].tolist() == ["0", "1"]
    assert frame["estimate"].tolist() == [row.estimate for row in rows]
    assert rows.domain(1) is rows[1]
    assert "korn-graubard-model" in str(rows)
    with pytest.raises(ArgumentError, match="must be one of the estimated"):
        rows.domain(7)


@pytest.mark.parametrize("status", ["exit", "unreg"])
def test_own_run_of_r_survey_golden(status):
    case = load_golden("r_survey_two_stage")
    data, want = pd.read_csv(case.folder / "input.csv"), case.values[status]
    data["villages"] = data["stratum"].map({1: 40, 2: 25, 3: 60})
    found = {}
    for reference in ("without-replacement", "with-replacement"):
        row = estimate_proportion(
            data,
            "poor",
            CLUSTERED,
            by="filed",
            interval="korn-graubard-uncapped",
            deff=reference,
        ).domain(status)
        found[f"deff_{reference.replace('-', '_')}"] = row.deff
    found |= {"proportion": row.estimate, "std_error": row.std_error, "df": row.df}
    found["uncapped"] = [row.lower, row.upper]
    total = estimate_total(data, "poor", CLUSTERED, by="filed").domain(status)
    found["total"] = [total.estimate, total.std_error]
    rate = estimate_proportion(data, "poor", CLUSTERED, by="filed", size="persons").domain(status)
    found["persons"] = [rate.estimate, rate.std_error]
    corrected = replace(CLUSTERED, fpc="villages")
    row = estimate_proportion(data, "poor", corrected, by="filed").domain(status)
    found["std_error_fpc"] = row.std_error
    assert found.keys() == want.keys()
    for name, value in found.items():
        assert value == pytest.approx(want[name], rel=case.rtol), name


@pytest.mark.parametrize("policy", ["adjust", "average", "certainty", "remove"])
def test_lonely_policies_of_our_own_run_of_r_survey_golden(policy):
    case = load_golden("r_survey_two_stage")
    data = pd.read_csv(case.folder / "input.csv")
    few = data[(data["stratum"] != 1) | (data["village"] == data["village"].min())]
    row = estimate_mean(few, "poor", replace(CLUSTERED, lonely_psu=policy))[0]
    assert row.std_error == pytest.approx(case.values["lonely"][policy], rel=case.rtol)
