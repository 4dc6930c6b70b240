"""What SQLite needs beside what all databases do, and how stores are named and refused."""

from __future__ import annotations

import stat
from dataclasses import replace

import pytest
from model_values import example_of
from sqlalchemy import event

from audit_toolkit.errors import OperatorError
from audit_toolkit.model import Assignment, AssignmentState, Finding, FrameUnit, VisitKind
from audit_toolkit.store import Store, database
from audit_toolkit.text import say


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "round"


@pytest.fixture
def store(folder):
    with Store.open(folder, create=True) as opened:
        yield opened


def test_folder_holds_the_database_and_room_for_files(store, folder):
    assert sorted(
        p.name for p in folder.iterdir() if p.suffix not in (".sqlite-wal", ".sqlite-shm")
    ) == [
        "published",
        "reports",
        "round.sqlite",
    ]
    assert store.folder == folder


def test_database_file_is_for_its_owner_alone(store, folder):
    for path in folder.glob("round.sqlite*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_connections_keep_what_was_committed_and_check_references(store):
    with store._engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_address_of_an_sqlite_file_opens_the_same_store(store, folder, tmp_path):
    with Store.open(f"sqlite:///{folder}/round.sqlite", folder=tmp_path / "files") as same:
        assert same.folder == tmp_path / "files"
        with same.reading() as tx:
            assert tx.round() is None


def test_writer_waits_only_so_long(store, folder, monkeypatch):
    monkeypatch.setattr(database, "_SECONDS_FOR_LOCK", 0.05)
    with Store.open(folder) as other, store.transaction():
        with pytest.raises(OperatorError, match="locked") as refused, other.transaction():
            pass
        assert refused.value.code == "store-unavailable"


def test_store_that_could_not_be_made_leaves_no_file(folder, monkeypatch):
    def fail(connection):
        raise ZeroDivisionError

    monkeypatch.setattr(database, "migrate", fail)
    with pytest.raises(ZeroDivisionError):
        Store.open(folder, create=True)
    assert list(folder.iterdir()) == []


def test_file_that_is_no_database_is_refused(folder):
    folder.mkdir()
    (folder / "round.sqlite").write_text("not a database, whatever its name says" * 20)
    with pytest.raises(OperatorError, match="not a database") as refused:
        Store.open(folder)
    assert refused.value.code == "store-unavailable"


def test_empty_file_is_no_store(folder):
    folder.mkdir()
    (folder / "round.sqlite").touch()
    with pytest.raises(OperatorError) as refused:
        Store.open(folder)
    assert refused.value.code == "store-missing"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("postgresql://me:geheim@host/round", "store-needs-folder"),
        ("postgresql//://me:geheim@host", "store-address"),
    ],
)
def test_address_without_folder_or_form_is_refused_without_its_password(address, code):
    with pytest.raises(OperatorError) as refused:
        Store.open(address)
    assert refused.value.code == code
    for language in ("zh", "en"):
        assert "geheim" not in refused.value.words(language)


def test_unknown_database_names_its_driver(tmp_path):
    with pytest.raises(OperatorError, match="nosuch") as refused:
        Store.open("nosuch://host/round", folder=tmp_path)
    assert refused.value.code == "store-driver-missing"


def test_server_that_is_not_there_is_named_without_its_password(tmp_path):
    address = f"postgresql://me:geheim@/round?host={tmp_path}"
    with pytest.raises(OperatorError, match="does not answer") as refused:
        Store.open(address, folder=tmp_path)
    assert "geheim" not in str(refused.value)


def test_calls_of_an_inspector_look_nothing_up_row_by_row(store):
    """Every statement of a visit finds its rows by an index, however many there are."""
    given = replace(example_of(Assignment), assignment_id="A1", inspector_id="i1")
    unit = example_of(FrameUnit)
    with store.transaction() as tx:
        tx.save_frame([unit])
        tx.append(given, key="A1", county="530101")
    statements: list[tuple[str, object]] = []

    def note(connection, cursor, statement, parameters, context, executemany):
        if statement.lstrip().upper().startswith(("SELECT", "INSERT")) and not executemany:
            statements.append((statement, parameters))

    event.listen(store._engine, "before_cursor_execute", note)
    finding = example_of(Finding)
    visit = replace(finding.visit, assignment_id="A1")
    with store.transaction() as tx:
        tx.assignments_of("i1")
        tx.frame_unit(unit.household.household_id)
        tx.registered("H1")
        tx.assignment("A1")
        tx.append_finding(replace(finding, visit=visit, version=1, kind=VisitKind.FIRST))
        tx.append(replace(given, state=AssignmentState.VISITED), key="A1", county="530101")
        tx.journal_append(at=finding.server_at, person_id="i1", action="record-visit")
    event.remove(store._engine, "before_cursor_execute", note)
    assert len(statements) >= 10
    with store._engine.connect() as connection:
        for statement, parameters in statements:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            walked = [row.detail for row in plan if row.detail.startswith("SCAN")]
            # The lock has one row; the journal is walked from its end and left at the first.
            assert [w for w in walked if w not in ("SCAN writer_lock", "SCAN journal")] == [], (
                statement
            )


def test_errors_of_the_store_are_worded_in_both_languages():
    for language in ("zh", "en"):
        assert say("errors.published-differs", language, name="frame.csv", where="published")
