"""Pages for screens say what the report says, in one language, with every table's words."""

from __future__ import annotations

import re

import pytest
from report_samples import OUTCOMES, PLANTED, context

from audit_toolkit.model.pages import NonresponseBand, StatusFound, VillageFound
from audit_toolkit.reports import county_page
from audit_toolkit.store import to_json_value
from audit_toolkit.text import LANGUAGES

VILLAGE = VillageFound(
    number=1,
    certainty=False,
    visited=40,
    answered=38,
    persons=140,
    exited=18,
    wrongly_exited=1,
    unregistered=18,
    omitted=0,
    still_poor=2,
    missed=0,
    asked=38,
    approving=37,
)
STATUSES = tuple(
    StatusFound(
        status=status,
        visited=20,
        answered=19,
        persons=70,
        found=1,
        found_persons=4,
        asked=19,
        approving=18,
    )
    for status in ("exited", "unregistered", "still-poor")
)


def band(**changes):
    given = {
        "indicator": "wrongful_exit_rate",
        "unit": "persons",
        "missing": 3,
        "lower": 0.0,
        "upper": 0.02,
        "tipping": 2,
    }
    return NonresponseBand(**{**given, **changes})


def page(kind: str, language: str, *bands: NonresponseBand):
    return county_page(
        context(kind),
        language,
        villages=(VILLAGE,),
        statuses=STATUSES,
        bands=bands or (band(),),
        decision=None,
        reply=None,
        outdated="",
    )


def words(value: object) -> str:
    """All texts of a value, one a line, the drawings left out."""
    if isinstance(value, str):
        return re.sub(r"<svg.*</svg>", " ", value)
    parts = value.values() if isinstance(value, dict) else value
    return "\n".join(words(part) for part in parts)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", OUTCOMES)
def test_every_outcome_has_a_page_without_gaps_or_households(kind, language):
    got = page(kind, language)
    text = words(to_json_value(got))
    assert "{" not in text
    assert not re.search(r"\bNone (?!found)", text)
    assert "HH-" not in text
    assert PLANTED not in text
    assert got.sentence == context(kind).sentence(language)
    assert all(len(r) == len(t.columns) for t in got.tables for r in t.rows)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "It would take at least 2 of them"),
        ({"tipping": None}, "Not even all of them together"),
        ({"tipping": 0}, "The rate is across its limit without them."),
        ({"missing": 0}, "Every household of the sample answered."),
    ],
)
def test_nonresponse_is_told_in_words(changes, told):
    rate = page("recommend", "en", band(**changes)).rate("wrongful_exit_rate")
    assert told in rate.by_unit[0].nonresponse


def test_a_rate_s_tables_hold_its_own_rows_in_the_unit_asked_for():
    rate = page("recommend", "en").rate("wrongful_exit_rate")
    for unit in rate.by_unit:
        tables = {t.key: t for t in unit.tables}
        assert {"counts", "by-status", "neighbours", "exactness", "revisits"} <= tables.keys()
        assert len(tables["counts"].rows) == 1
        assert unit.name in tables["counts"].rows[0][0].text


def test_cards_carry_a_tone_beside_their_words():
    assert {c.key: c.tone for c in page("criteria", "en").cards}["criteria"] == "fail"
    assert {c.key: c.tone for c in page("undecided", "en").cards}["criteria"] == "inconclusive"
    assert {c.key: c.tone for c in page("procedure", "en").cards}["procedure"] == "fail"
