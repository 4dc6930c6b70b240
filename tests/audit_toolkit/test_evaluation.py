"""The notebook's door: every property and method of an evaluation, on a small reported round."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from rounds import COUNTIES, GOOD_ANSWERS, household_rows, make_visit

from audit_toolkit import workflow
from audit_toolkit.errors import OperatorError, PermissionRefusedError, WrongStageError
from audit_toolkit.evaluation import Evaluation, Svg
from audit_toolkit.machine import machine_context
from audit_toolkit.model import (
    Case,
    Discrepancy,
    DrawnHousehold,
    FrameHousehold,
    Plan,
    RegisteredHousehold,
)

CODE = COUNTIES[0].county_code


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from rounds import build

    small = build(tmp_path_factory.mktemp("evaluation") / "round_of_three", "reported")
    small.store.close()
    return small.store.folder


@pytest.fixture(scope="module")
def county(reported: Path) -> Iterator[Evaluation]:
    with Evaluation.open(reported, county=CODE, person="eva") as opened:
        yield opened


@pytest.fixture
def own(reported: Path, tmp_path: Path) -> Iterator[Evaluation]:
    """A copy that a test may change."""
    shutil.copytree(reported, tmp_path / "own")
    with Evaluation.open(tmp_path / "own", county=CODE, person="eva") as opened:
        yield opened


def columns(kind: type) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)]


# -- opening -----------------------------------------------------------------------------------


def test_opening_needs_somebody_who_acts(reported, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AUDIT_TOOLKIT_PERSON", raising=False)
    with pytest.raises(OperatorError) as refusal:
        Evaluation.open(reported, county=CODE)
    assert refusal.value.code == "person-missing"
    monkeypatch.setenv("AUDIT_TOOLKIT_PERSON", "eva")
    with Evaluation.open(reported, county=CODE) as opened:
        assert opened.county == CODE


def test_opening_refuses_a_county_of_another_round_and_a_store_that_is_not_there(
    reported, tmp_path
):
    with pytest.raises(OperatorError) as unknown:
        Evaluation.open(reported, county="110101", person="eva")
    assert unknown.value.code == "county-unknown"
    with pytest.raises(OperatorError) as missing:
        Evaluation.open(tmp_path / "none", county=CODE, person="eva")
    assert missing.value.code == "store-missing"


def test_who_may_not_see_lists_sees_none_here_either(reported):
    with (
        Evaluation.open(reported, county=CODE, person="obs") as observer,
        pytest.raises(PermissionRefusedError),
    ):
        _ = observer.register


def test_the_docstring_opens_the_demo():
    assert "Evaluation.open(" in (Evaluation.__doc__ or "")


# -- lists, plan, draw -------------------------------------------------------------------------


def test_register_is_a_table_of_plain_values(county):
    register, filed = county.register, household_rows(CODE)[0]
    assert list(register.columns) == columns(RegisteredHousehold)
    assert len(register) == len(filed)
    row = register.set_index("household_id").loc[filed[0]["household_id"]]
    assert row["status"] == "exited" and type(row["status"]) is str
    assert row["wage_income"] == float(filed[0]["wage_income"])
    assert register["exit_year"].dtype == "Int64"
    assert register["exit_year"].isna().sum() == (register["status"] == "poor").sum()


def test_frame_adds_the_unregistered_of_the_rosters(county):
    frame = county.frame
    assert list(frame.columns) == columns(FrameHousehold)
    assert len(frame) == len(household_rows(CODE)[1])
    assert set(frame["status"]) == {"exited", "poor", "unregistered"}
    assert frame.loc[frame["status"] == "unregistered", "register_id"].isna().all()


def test_plan_in_force_cannot_be_made_anew_after_the_commitments(county):
    assert isinstance(county.plan, Plan)
    assert (county.plan.key.county_code, county.plan.villages) == (CODE, 6)
    with pytest.raises(WrongStageError) as refusal:
        county.make_plan(villages=4)
    assert refusal.value.code == "plan-fixed"


def test_plan_is_made_with_the_choices_given(tmp_path):
    from rounds import build

    small = build(tmp_path / "small", "frozen")
    small.store.close()
    with Evaluation.open(small.store.folder, county=CODE, person="eva") as opened:
        assert opened.plan is None
        assert str(opened.figure("chances")) == ""
        plan = opened.make_plan(villages=4, reserves=1, repetitions=20)
        assert opened.plan == plan
        assert (plan.villages, plan.repetitions) == (4, 20)


def test_draw_holds_the_countys_households_in_ticket_order(county):
    draw = county.draw
    assert list(draw.columns) == columns(DrawnHousehold)
    assert set(draw["county_code"]) == {CODE}
    for _, cell in draw.groupby(["psu", "stratum"]):
        assert list(cell["order"]) == list(range(1, len(cell) + 1))
        assert list(cell["ticket"]) == sorted(cell["ticket"])
        assert cell["reserve"].is_monotonic_increasing
    assert (draw.loc[draw["reserve"], "base_weight"] == 0).all()


# -- findings, comparison, cases ---------------------------------------------------------------


def test_findings_are_a_row_a_visit_and_a_column_a_question(county):
    findings = county.findings
    assert set(GOOD_ANSWERS) <= set(findings.columns)
    assert set(findings["kind"]) == {"first", "revisit"}
    assert set(findings["version"]) == {1}
    first = findings[findings["kind"] == "first"]
    assert len(first) == (~county.draw["reserve"]).sum()


def test_comparison_lists_what_differs(county):
    comparison = county.comparison
    assert list(comparison.columns) == columns(Discrepancy)
    assert set(comparison["item"]) >= {"net_income_pc", "housing_grade"}
    again = county.compare()
    assert len(again.discrepancies) == len(comparison)
    assert len(again.cases) == len(county.cases)


def test_cases_stand_with_their_state_and_rulings(county):
    cases = county.cases
    assert list(cases.columns) == [*columns(Case), "state", "rulings"]
    assert set(cases["state"]) == {"confirmed"}
    assert set(cases["rulings"]) == {2}
    assert set(cases["kind"]) <= {"wrongful-exit", "omission", "missed-exit"}
    assert county.open_cases == 0


def test_without_findings_the_tables_are_empty_and_keep_their_columns(tmp_path):
    from rounds import build

    small = build(tmp_path / "small", "assigned")
    small.store.close()
    with Evaluation.open(small.store.folder, county=CODE, person="eva") as opened:
        assert opened.findings.empty
        assert list(opened.findings.columns) == [
            "assignment_id",
            "household_id",
            "kind",
            "version",
            "outcome",
        ]
        assert list(opened.comparison.columns) == columns(Discrepancy)
        assert opened.cases.empty and opened.open_cases == 0
        with pytest.raises(WrongStageError) as refusal:
            _ = opened.results
        assert refusal.value.code == "not-estimated"


# -- rates, outcome, figures, reports ----------------------------------------------------------


def test_indicators_are_a_row_a_rate_with_the_ends_of_its_interval(county):
    rates = county.indicators
    assert len(rates) == len(county.results.indicators)
    assert {"wrongful_exit_rate", "omission_rate", "composite_incidence", "approval_rate"} <= set(
        rates["name"]
    )
    known = rates[rates["estimate"].notna() & rates["lower"].notna()]
    assert not known.empty
    assert (known["lower"] <= known["estimate"]).all()
    assert (known["estimate"] <= known["upper"]).all()


def test_estimating_again_gives_the_same_results(county):
    kept = county.results
    assert county.estimate() == kept
    assert county.results == kept
    assert kept.key.county_code == CODE


def test_outcome_is_a_sentence_in_either_language(county):
    assert county.outcome().endswith(".")
    assert county.outcome("zh").endswith("。")
    assert county.outcome("en") == county.outcome()


@pytest.mark.parametrize("name", ["rates", "chances", "wrongful_exit_rate", "composite_incidence"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_figures_are_shown_as_pictures(county, name, language):
    figure = county.figure(name, language)
    assert isinstance(figure, Svg)
    assert figure._repr_svg_().startswith("<svg")


def test_a_figure_that_is_not_there_is_refused_by_name(county):
    with pytest.raises(OperatorError) as refusal:
        county.figure("shape_of_things")
    assert refusal.value.code == "figure-unknown"
    assert "wrongful_exit_rate" in str(refusal.value)


def test_reports_are_written_where_it_says(own):
    paths = own.report()
    assert sorted(path.suffix for path in paths) == [".html", ".html", ".json", ".xlsx", ".xlsx"]
    assert all(path.is_file() and CODE in path.name for path in paths)
    (results,) = (path for path in paths if path.suffix == ".json")
    assert json.loads(results.read_text(encoding="utf-8"))


def test_a_corrected_finding_is_seen_at_once(own, reported):
    before = own.findings
    folder = own._store.folder
    context = machine_context(f"ins-{CODE}-1")
    with workflow.open_store(folder) as store:
        household = workflow.my_visits(context, store)[0]
        changed = {**GOOD_ANSWERS, "hard_spending": "2100.00"}
        visit = make_visit(household, changed, "completed", "录入更正", context.clock)
        workflow.record_visit(context, store, visit)
    after = own.findings.set_index("assignment_id").loc[household.assignment_id]
    assert (after["version"], after["hard_spending"]) == (2, "2100.00")
    assert len(own.findings) == len(before)


def test_leaving_the_block_closes_the_store(reported):
    with Evaluation.open(reported, county=CODE, person="eva") as opened:
        table = opened.register
    assert isinstance(table, pd.DataFrame)
    opened.close()
