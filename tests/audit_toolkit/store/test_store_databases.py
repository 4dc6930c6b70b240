"""Everything that a database does for a store, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from model_values import example_of
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from audit_toolkit.errors import IntegrityError, OperatorError
from audit_toolkit.model import (
    Assignment,
    AssignmentState,
    Case,
    Draft,
    Finding,
    FrameUnit,
    Person,
    Photo,
    Plan,
    RegisteredHousehold,
    Role,
    RosterHousehold,
    Round,
    VisitKind,
)
from audit_toolkit.store import Store, Transaction, verify_journal
from audit_toolkit.store.records import KINDS
from audit_toolkit.store.tables import metadata

NOON = datetime(2019, 12, 1, 12, 0, 0, 250, tzinfo=UTC)
COUNTY, OTHER = "530101", "530102"
KEPT = sorted(set(metadata.tables) - {"writer_lock", "drafts"})


def registered(household_id: str, **changes: object) -> RegisteredHousehold:
    return replace(example_of(RegisteredHousehold), household_id=household_id, **changes)


def frame_unit(household_id: str, county_code: str) -> FrameUnit:
    unit = example_of(FrameUnit)
    household = replace(unit.household, household_id=household_id, county_code=county_code)
    return replace(unit, household=household, unit_id=household_id[::-1])


def finding(assignment_id: str, version: int = 1, **changes: object) -> Finding:
    made = example_of(Finding)
    visit = replace(made.visit, assignment_id=assignment_id)
    return replace(
        made,
        visit=visit,
        version=version,
        **{"kind": VisitKind.FIRST, "county_code": COUNTY} | changes,
    )


def assignment(assignment_id: str, **changes: object) -> Assignment:
    made = {"county_code": COUNTY, "inspector_id": "i1", "state": AssignmentState.SEALED}
    return replace(example_of(Assignment), assignment_id=assignment_id, **made | changes)


def draft(assignment_id: str, **changes: object) -> Draft:
    return replace(example_of(Draft), assignment_id=assignment_id, **changes)


def photo(photo_id: str, **changes: object) -> Photo:
    return replace(example_of(Photo), photo_id=photo_id, assignment_id="A1", **changes)


def add_assignments(tx: Transaction, *assignments: Assignment) -> None:
    tx.append_many([(a, a.assignment_id, a.county_code) for a in assignments])


def add_entry(tx: Transaction, **changes: object) -> None:
    tx.journal_append(
        **{"at": NOON, "person_id": "p1", "action": "freeze", "county_code": COUNTY} | changes,
        subject="frame",
        detail={"root": "ab", "counties": [COUNTY]},
    )


def fill(store: Store) -> None:
    with store.transaction() as tx:
        tx.save_register(COUNTY, [registered("H1")])
        tx.save_roster(COUNTY, [example_of(RosterHousehold)])
        tx.save_frame([frame_unit("H1", COUNTY)])
        tx.append_finding(finding("A1"))
        add_assignments(tx, assignment("A1"))
        tx.put_draft(draft("A1"), inspector_id="i1")
        tx.add_photo(photo("p1"), inspector_id="i1")
        add_entry(tx)


# opening


def test_migrations_make_the_tables_that_the_code_uses(store):
    with store._engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_store_is_found_again_as_it_was_left(open_store):
    with open_store(create=True) as first:
        fill(first)
    with open_store() as second, second.reading() as tx:
        assert tx.registered("H1") == registered("H1")
        assert tx.latest_finding("A1") == finding("A1")
        assert tx.journal_head().number == 1


def test_missing_store_is_refused_and_not_made(open_store, where, tmp_path):
    with pytest.raises(OperatorError, match="no store") as refused:
        open_store()
    assert refused.value.code == "store-missing"
    assert not (tmp_path / "store").exists()


def test_existing_store_is_not_made_again(open_store):
    fill(open_store(create=True))
    with pytest.raises(OperatorError, match="already") as refused:
        open_store(create=True)
    assert refused.value.code == "store-exists"
    with open_store().reading() as tx:
        assert tx.journal_head() is not None


def test_store_of_newer_software_is_refused(open_store):
    store = open_store(create=True)
    with store._engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(OperatorError, match="9999") as refused:
        open_store()
    assert refused.value.code == "store-newer"


def test_store_of_older_software_is_refused_until_it_is_upgraded(
    open_store, where, tmp_path, monkeypatch
):
    """There is one schema so far, so a second is invented."""
    from audit_toolkit.store import schema

    open_store(create=True)
    newest = schema.newest_revision()

    class Later:
        revision = newest

        def get_current_head(self):
            return "later"

        def walk_revisions(self):
            return [Later]

    monkeypatch.setattr(schema.ScriptDirectory, "from_config", lambda config: Later())
    with pytest.raises(OperatorError, match=newest) as refused:
        open_store()
    assert refused.value.code == "store-older"
    monkeypatch.undo()
    with Store.upgrade(where, folder=tmp_path / "store") as upgraded, upgraded.reading() as tx:
        assert tx.round() is None


def test_finding_of_a_store_without_notes_has_none_after_the_upgrade(
    open_store, where, tmp_path, monkeypatch
):
    from audit_toolkit.store import database, schema

    def first_schema(connection):
        config = schema._config()
        config.attributes["connection"] = connection
        schema.command.upgrade(config, "0001")

    monkeypatch.setattr(database, "migrate", first_schema)
    old = open_store(create=True)
    monkeypatch.undo()
    made = finding("A1", county_code=COUNTY)
    row = {
        "a": json.dumps([{"question": "food", "value": "yes"}]),
        "at": "2019-12-01 12:00:00.000000",
    }
    with old._engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO findings (assignment_id, outcome, device_at, reason, answers, "
                "county_code, household_id, kind, inspector_id, version, server_at) VALUES "
                f"('A1', 'completed', :at, '', :a, '{COUNTY}', 'H1', 'first', 'i1', 1, :at)"
            ),
            row,
        )
    with Store.upgrade(where, folder=tmp_path / "store") as upgraded, upgraded.reading() as tx:
        kept = tx.latest_finding("A1")
        assert kept.visit.notes == ()
        assert kept.visit.answer("food") == "yes"
        assert kept.version == made.version


def test_nothing_is_upgraded_where_no_store_is(where, tmp_path):
    with pytest.raises(OperatorError) as refused:
        Store.upgrade(where, folder=tmp_path / "store")
    assert refused.value.code == "store-missing"


# lists


def test_register_comes_back_row_by_row(store):
    rows = [registered("H2"), registered("H1", exit_year=None), registered("H3", members=0)]
    with store.transaction() as tx:
        assert tx.save_register(COUNTY, rows) == 1
        assert tx.save_register(OTHER, [registered("H9")]) == 1
    with store.reading() as tx:
        assert tx.register(COUNTY) == tuple(rows)
        assert tx.registered("H1") == rows[1]
        assert tx.registered("H9") == registered("H9")
        assert tx.registered("H8") is None
        assert tx.register("530103") == ()


def test_latest_import_counts_and_the_earlier_one_stays(store):
    with store.transaction() as tx:
        tx.save_register(COUNTY, [registered("H1"), registered("H2")])
        assert tx.save_register(COUNTY, [registered("H2", members=9)]) == 2
    with store.reading() as tx:
        assert tx.register(COUNTY) == (registered("H2", members=9),)
        assert tx.registered("H2").members == 9
        assert tx.registered("H1") is None
    with store._engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM register_rows")) == 3


def test_empty_import_is_an_import(store):
    with store.transaction() as tx:
        tx.save_register(COUNTY, [registered("H1")])
        assert tx.save_register(COUNTY, []) == 2
        assert tx.register(COUNTY) == ()


def test_roster_comes_back_row_by_row(store):
    rows = [
        replace(example_of(RosterHousehold), roster_id="R2", register_id=None),
        replace(example_of(RosterHousehold), roster_id="R1"),
    ]
    with store.transaction() as tx:
        assert tx.save_roster(COUNTY, rows) == 1
        assert tx.roster(COUNTY) == tuple(rows)
        assert tx.roster(OTHER) == ()


def test_frame_comes_back_in_tree_order(store):
    units = [frame_unit("H3", OTHER), frame_unit("H1", COUNTY), frame_unit("H2", OTHER)]
    with store.transaction() as tx:
        assert tx.save_frame(units) == 1
    with store.reading() as tx:
        assert tx.frame_units() == tuple(units)
        assert tx.frame_units(OTHER) == (units[0], units[2])
        assert tx.frame_unit("H2") == units[2]
        assert tx.frame_unit("H4") is None


# findings


def test_findings_follow_one_another_and_the_latest_counts(store):
    corrected = finding("A1", 2, inspector_id="i9")
    with store.transaction() as tx:
        for each in (finding("A2"), finding("A1"), corrected):
            tx.append_finding(each)
        tx.append_finding(finding("A3", kind=VisitKind.REVISIT))
        tx.append_finding(finding("A4", county_code=OTHER))
    with store.reading() as tx:
        assert tx.findings(COUNTY, VisitKind.FIRST) == (corrected, finding("A2"))
        assert tx.findings(COUNTY, VisitKind.REVISIT) == (finding("A3", kind=VisitKind.REVISIT),)
        assert tx.finding_versions("A1") == (finding("A1"), corrected)
        assert tx.latest_finding("A1") == corrected
        assert tx.latest_finding("A5") is None


@pytest.mark.parametrize("version", [1, 3])
def test_finding_out_of_turn_is_refused(store, version):
    with pytest.raises(IntegrityError, match="must be version 2"), store.transaction() as tx:
        tx.append_finding(finding("A1"))
        tx.append_finding(finding("A1", version))
    with store.reading() as tx:
        assert tx.latest_finding("A1") is None


# records


def test_every_kind_of_record_comes_back_equal(store):
    values = {kind: example_of(value_type) for kind, value_type in KINDS.items()}
    with store.transaction() as tx:
        versions = tx.append_many([(value, "k", COUNTY) for value in values.values()])
        assert set(versions) == {1}
    with store.reading() as tx:
        for kind, value in values.items():
            assert tx.latest(KINDS[kind], "k") == value
            assert tx.latest(KINDS[kind]) is None


def test_versions_of_a_record_follow_one_another(store):
    first = Person(person_id="p1", name="王", role=Role.INSPECTOR)
    second = replace(first, active=False)
    with store.transaction() as tx:
        assert (tx.append(first, key="p1"), tx.append(second, key="p1")) == (1, 2)
    with store.reading() as tx:
        assert tx.latest(Person, "p1") == second
        assert tx.versions(Person, "p1") == (first, second)
        assert tx.versions(Person, "p2") == ()


def test_latest_of_each_key_in_the_order_of_first_appearance(store):
    b, a, c = assignment("b"), assignment("a", county_code=OTHER), assignment("c")
    changed = replace(b, state=AssignmentState.RELEASED)
    with store.transaction() as tx:
        add_assignments(tx, b, a, c)
        add_assignments(tx, changed)
    with store.reading() as tx:
        assert tx.all(Assignment) == (changed, a, c)
        assert tx.all(Assignment, COUNTY) == (changed, c)
        assert tx.all(Assignment, county=OTHER) == (a,)
        assert tx.all(Plan) == ()


def test_many_records_at_once_number_their_versions_in_turn(store):
    case = example_of(Case)
    items = [(replace(case, persons=n), f"c{n % 700}", COUNTY) for n in range(1500)]
    with store.transaction() as tx:
        versions = tx.append_many(items)
        assert (versions[0], versions[700], versions[1400]) == (1, 2, 3)
        assert tx.append_many(items[:1]) == (4,)
        assert tx.append_many([]) == ()
        assert len(tx.all(Case)) == 700


def test_round_is_kept_with_its_versions(store):
    round_ = example_of(Round)
    with store.transaction() as tx:
        assert tx.round() is None
        tx.save_round(round_)
        assert tx.round() == round_


def test_what_is_no_record_is_refused(store):
    with store.transaction() as tx:
        for value in ("text", example_of(Finding), NOON):
            with pytest.raises(TypeError, match="must be a dataclass of the model"):
                tx.append(value)


def test_assignments_are_found_by_whoever_has_them_now(store):
    with store.transaction() as tx:
        add_assignments(tx, assignment("A2"), assignment("A1"), assignment("A3"))
        add_assignments(tx, assignment("A2", inspector_id="i2"))
        add_assignments(tx, assignment("A1", state=AssignmentState.VISITED))
    with store.reading() as tx:
        visited = assignment("A1", state=AssignmentState.VISITED)
        assert tx.assignments_of("i1") == (visited, assignment("A3"))
        assert tx.assignments_of("i2") == (assignment("A2", inspector_id="i2"),)
        assert tx.assignment("A1") == visited
        assert tx.assignment("A9") is None


# journal


def test_journal_is_a_chain_and_comes_back_equal(store):
    with store.transaction() as tx:
        assert tx.journal_head() is None
        add_entry(tx)
        add_entry(tx, action="draw")
    with store.reading() as tx:
        entries = tx.journal_entries()
        assert [e.action for e in entries] == ["freeze", "draw"]
        assert verify_journal(entries) is None
        assert tx.journal_head() == entries[-1]


def test_moments_of_any_zone_come_back_in_utc(store):
    beijing = NOON.astimezone(timezone(timedelta(hours=8)))
    with store.transaction() as tx:
        add_entry(tx, at=beijing)
        tx.append_finding(finding("A1", server_at=beijing))
    with store.reading() as tx:
        (entry,) = tx.journal_entries()
        assert entry.at.isoformat() == NOON.isoformat()
        assert verify_journal((entry,)) is None
        assert tx.latest_finding("A1").server_at.isoformat() == NOON.isoformat()


def test_moment_without_zone_is_refused(store):
    with store.transaction() as tx, pytest.raises(ValueError, match="time zone"):
        add_entry(tx, at=NOON.replace(tzinfo=None))


def test_two_writers_at_once_keep_the_journal_a_chain(open_store):
    open_store(create=True)
    start = threading.Barrier(2)

    def write(store: Store, name: str) -> None:
        start.wait(timeout=30)
        for number in range(25):
            with store.transaction() as tx:
                add_entry(tx, person_id=name)
                tx.append(example_of(Plan), key="same", county=COUNTY)
                tx.append_finding(finding(f"{name}-{number}"))

    stores = [open_store(), open_store()]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(write, stores, ["p0", "p1"]))
    with stores[0].reading() as tx:
        entries = tx.journal_entries()
        assert len(entries) == 50
        assert verify_journal(entries) is None
        assert {e.person_id for e in entries} == {"p0", "p1"}
        assert len(tx.versions(Plan, "same")) == 50


def test_reader_sees_a_still_picture_and_waits_for_nobody(open_store):
    writer = open_store(create=True)
    fill(writer)
    reader = open_store()
    with reader.reading() as reading:
        assert reading.journal_head().number == 1
        with writer.transaction() as writing:
            add_entry(writing)
            assert reading.journal_head().number == 1
        assert reading.journal_head().number == 1
    with reader.reading() as reading:
        assert reading.journal_head().number == 2


# nothing is changed, nothing half done


def test_exception_takes_back_everything_of_its_transaction(store):
    with pytest.raises(ZeroDivisionError), store.transaction() as tx:
        tx.save_register(COUNTY, [registered("H1")])
        tx.append(example_of(Plan), key=COUNTY)
        tx.append_finding(finding("A1"))
        add_entry(tx)
        raise ZeroDivisionError
    with store.reading() as tx:
        assert tx.register(COUNTY) == ()
        assert tx.latest(Plan, COUNTY) is None
        assert tx.latest_finding("A1") is None
        assert tx.journal_head() is None


def test_reading_transaction_adds_nothing(store):
    with store.reading() as tx, pytest.raises(RuntimeError, match="adds nothing"):
        add_entry(tx)


# drafts and photos


def test_draft_is_written_over_and_each_inspector_has_an_own_one(open_store):
    first = open_store(create=True)
    with first.transaction() as tx:
        tx.put_draft(draft("A1", sequence=1), inspector_id="i1")
        tx.put_draft(draft("A1", sequence=7), inspector_id="i2")
        tx.put_draft(draft("A1", sequence=2, writer="另一台"), inspector_id="i1")
        tx.put_draft(draft("A0", sequence=1), inspector_id="i1")
    with open_store().reading() as tx:
        assert tx.draft("i1", "A1") == draft("A1", sequence=2, writer="另一台")
        assert tx.draft("i2", "A1") == draft("A1", sequence=7)
        assert tx.draft("i3", "A1") is None
        assert [d.assignment_id for d in tx.drafts_of("i1")] == ["A0", "A1"]


def test_draft_of_a_failed_transaction_is_the_earlier_one(store):
    with store.transaction() as tx:
        tx.put_draft(draft("A1", sequence=1), inspector_id="i1")
    with pytest.raises(ZeroDivisionError), store.transaction() as tx:
        tx.put_draft(draft("A1", sequence=2), inspector_id="i1")
        _ = 1 / 0
    with store.reading() as tx:
        assert tx.draft("i1", "A1").sequence == 1


def test_draft_is_not_taken_away(store):
    fill(store)
    with pytest.raises(DBAPIError, match="kept for ever"), store._engine.begin() as connection:
        connection.execute(text("DELETE FROM drafts"))


def test_photo_is_kept_once_and_found_by_its_visit(store):
    early = photo("p2", stored_at=NOON)
    with store.transaction() as tx:
        tx.add_photo(photo("p1"), inspector_id="i1")
        tx.add_photo(early, inspector_id="i1")
        tx.add_photo(photo("p1"), inspector_id="i2")
    with pytest.raises(DBAPIError), store.transaction() as tx:
        tx.add_photo(photo("p1"), inspector_id="i1")
    with store.reading() as tx:
        assert tx.photo("i1", "p1") == photo("p1")
        assert tx.photo("i3", "p1") is None
        assert tx.photos_of("A1")[-1] == early
        assert tx.count_photos("A1") == 3


def test_transaction_knows_no_way_to_change_or_remove():
    words = ("update", "delete", "remove", "change", "replace", "clear")
    public = [name for name in dir(Transaction) if not name.startswith("_")]
    assert not [name for name in public if any(word in name for word in words)]


@pytest.mark.parametrize("table", KEPT)
@pytest.mark.parametrize("change", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
def test_database_refuses_to_change_what_was_written(store, table, change):
    fill(store)
    column = metadata.tables[table].columns.keys()[0]
    with pytest.raises(DBAPIError, match="kept for ever"), store._engine.begin() as connection:
        connection.execute(text(change.format(table, column, column)))
    with store._engine.connect() as connection:
        assert connection.scalar(text(f"SELECT count(*) FROM {table}")) >= 1
