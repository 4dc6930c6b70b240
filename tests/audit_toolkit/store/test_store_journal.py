import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from audit_toolkit.model import GENESIS, chain
from audit_toolkit.store import journal_lines, verify_journal


@pytest.fixture
def entries():
    made = []
    for action in ("freeze", "plan", "draw"):
        made.append(
            chain(
                made[-1] if made else None,
                at=datetime(2019, 12, 1, tzinfo=UTC),
                person_id="王",
                action=action,
                county_code="530101",
                subject="",
                detail={"n": len(made)},
            )
        )
    return tuple(made)


def test_export_is_one_line_of_json_an_entry(entries):
    lines = journal_lines(entries).decode("utf-8").splitlines()
    documents = [json.loads(line) for line in lines]
    assert [d["action"] for d in documents] == ["freeze", "plan", "draw"]
    assert documents[0]["previous"] == GENESIS
    assert documents[2]["previous"] == documents[1]["hash"]
    assert "王" in lines[0]


def test_export_of_an_empty_journal_is_empty():
    assert journal_lines(()) == b""


def test_first_broken_entry_is_named(entries):
    assert verify_journal(entries) is None
    first, second, third = entries
    assert verify_journal([first, replace(second, person_id="李"), third]) == 2
    assert verify_journal([second, third]) == 1
    assert verify_journal([first, third]) == 2
    assert verify_journal([first, third, second]) == 2


def test_entries_missing_at_the_end_show_only_against_a_printed_head(entries):
    shortened = entries[:-1]
    assert verify_journal(shortened) is None
    assert shortened[-1].hash != entries[-1].hash
