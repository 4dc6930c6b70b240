import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_values import DATACLASSES, example_of, strategy_of

from audit_toolkit.model import Assignment, Indicator, Stratum, Visit
from audit_toolkit.store import from_json_value, to_json_value
from audit_toolkit.store.codec import json_text


@pytest.mark.parametrize("kind", DATACLASSES, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=15)
def test_every_value_of_the_model_comes_back_equal(kind, data):
    value = data.draw(strategy_of(kind))
    document = json.loads(json_text(to_json_value(value)))
    assert from_json_value(document, kind) == value


@pytest.mark.parametrize("kind", DATACLASSES, ids=lambda kind: kind.__name__)
def test_what_is_given_is_what_json_gives_back(kind):
    document = to_json_value(example_of(kind))
    assert json.loads(json_text(document)) == document


def test_moments_are_written_in_utc():
    beijing = datetime(2019, 12, 1, 20, 0, tzinfo=timezone(timedelta(hours=8)))
    visit = Visit(assignment_id="a", outcome="done", answers=(), device_at=beijing)
    assert to_json_value(visit)["device_at"] == "2019-12-01T12:00:00+00:00"


def test_moment_without_zone_is_refused():
    with pytest.raises(ValueError, match="must carry its time zone"):
        to_json_value(datetime(2019, 12, 1))


def test_not_a_number_is_refused():
    with pytest.raises(ValueError, match="say why"):
        to_json_value(replace(example_of(Indicator), deff=float("nan")))


def test_infinite_number_survives_json():
    value = replace(example_of(Indicator), deff=float("inf"))
    assert from_json_value(json.loads(json_text(to_json_value(value))), Indicator) == value


def test_decimal_keeps_its_digits():
    assert to_json_value((Decimal("1.10"), Decimal("1E+3"))) == ["1.10", "1E+3"]


def test_mixed_values_become_plain():
    given_value = {"day": date(2019, 12, 1), "strata": (Stratum.EXITED, None), "share": 0.5}
    plain = {"day": "2019-12-01", "strata": ["exited", None], "share": 0.5}
    assert to_json_value(given_value) == plain
    assert to_json_value(datetime(2019, 1, 1, tzinfo=UTC)) == "2019-01-01T00:00:00+00:00"


def test_document_with_an_unknown_field_is_refused():
    document = to_json_value(example_of(Assignment)) | {"colour": "red"}
    with pytest.raises(Exception, match="colour"):
        from_json_value(document, Assignment)


def test_unknown_word_of_a_choice_is_refused():
    document = to_json_value(example_of(Assignment)) | {"state": "lost"}
    with pytest.raises(ValueError, match="lost"):
        from_json_value(document, Assignment)


def test_field_with_a_default_may_be_missing_in_an_older_document():
    @dataclass(frozen=True, kw_only=True)
    class Grown:
        old: str
        new: tuple[str, ...] = ()

    assert from_json_value({"old": "a"}, Grown) == Grown(old="a")
