"""The first store: lists, frame, findings, records, journal; nothing in them may be changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEPT_FOR_EVER = (
    "imports",
    "register_rows",
    "roster_rows",
    "frame_units",
    "findings",
    "records",
    "journal",
)


def upgrade() -> None:
    """Make the tables, and the triggers that refuse changes to what was written."""
    _make_lock()
    _make_lists()
    _make_findings()
    _make_records()
    _make_journal()
    if op.get_bind().dialect.name == "postgresql":
        _refuse_changes_postgresql()
    elif op.get_bind().dialect.name == "sqlite":
        _refuse_changes_sqlite()


def downgrade() -> None:
    """Refuse: what a store has kept is not taken away."""
    raise NotImplementedError("a store is not taken back; put back the copy made before")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _whole(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), autoincrement=False, nullable=nullable)


def _moment(name: str) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _make_lock() -> None:
    lock = op.create_table(
        "writer_lock", _whole("id"), sa.PrimaryKeyConstraint("id", name="pk_writer_lock")
    )
    op.bulk_insert(lock, [{"id": 1}])


def _make_lists() -> None:
    op.create_table(
        "imports",
        sa.Column("id", sa.Integer(), nullable=False),
        _text("list_name"),
        _text("county_code"),
        _whole("number"),
        _whole("row_count"),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
        sa.UniqueConstraint(
            "list_name", "county_code", "number", name="uq_imports_list_name_county_code_number"
        ),
    )
    _make_list(
        "register_rows",
        *_household_columns("household_id"),
        _text("status"),
        _whole("identified_year"),
        _whole("exit_year", nullable=True),
        _text("cause"),
        _text("operation_income"),
        _text("production_cost"),
        _text("wage_income"),
        _text("property_income"),
        _text("transfer_income"),
        _text("other_income"),
        _text("net_income_pc"),
        _whole("insured_count"),
        _whole("school_dropout_count"),
        _text("housing_grade"),
        sa.Column("water_safe", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_register_rows_household_id", "register_rows", ["household_id"])
    _make_list("roster_rows", *_household_columns("roster_id"), _text("register_id", nullable=True))
    _make_list(
        "frame_units",
        *_household_columns("household_id"),
        _text("status"),
        _text("register_id", nullable=True),
        _text("roster_id", nullable=True),
        _text("salt"),
        _text("leaf"),
        _text("unit_id"),
        _text("psu"),
        _text("stratum"),
    )
    op.create_index(
        "ix_frame_units_import_id_household_id", "frame_units", ["import_id", "household_id"]
    )
    op.create_index(
        "ix_frame_units_import_id_county_code", "frame_units", ["import_id", "county_code"]
    )


def _household_columns(id_column: str) -> tuple[sa.Column[object], ...]:
    return (
        _text(id_column),
        _text("county_code"),
        _text("township"),
        _text("village_code"),
        _text("village_name"),
        _text("group_name"),
        _text("head_name"),
        _whole("members"),
    )


def _make_list(name: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        name,
        sa.Column("import_id", sa.Integer(), nullable=False),
        _whole("position"),
        *columns,
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=f"fk_{name}_import_id"),
        sa.PrimaryKeyConstraint("import_id", "position", name=f"pk_{name}"),
    )


def _make_findings() -> None:
    op.create_table(
        "findings",
        _text("assignment_id"),
        _text("outcome"),
        _moment("device_at"),
        _text("reason"),
        sa.Column("answers", sa.JSON(), nullable=False),
        _text("county_code"),
        _text("household_id"),
        _text("kind"),
        _text("inspector_id"),
        _whole("version"),
        _moment("server_at"),
        sa.PrimaryKeyConstraint("assignment_id", "version", name="pk_findings"),
    )
    op.create_index("ix_findings_county_code_kind", "findings", ["county_code", "kind"])


def _make_records() -> None:
    op.create_table(
        "records",
        sa.Column("id", sa.Integer(), nullable=False),
        _text("kind"),
        _text("key"),
        _whole("version"),
        _text("county_code"),
        _text("person_id"),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_records"),
        sa.UniqueConstraint("kind", "key", "version", name="uq_records_kind_key_version"),
    )
    op.create_index("ix_records_county_code_kind", "records", ["county_code", "kind"])
    op.create_index("ix_records_person_id_kind", "records", ["person_id", "kind"])


def _make_journal() -> None:
    op.create_table(
        "journal",
        _whole("number"),
        _moment("at"),
        _text("person_id"),
        _text("action"),
        _text("county_code"),
        _text("subject"),
        _text("detail"),
        _text("previous"),
        _text("hash"),
        sa.PrimaryKeyConstraint("number", name="pk_journal"),
    )


def _refuse_changes_sqlite() -> None:
    for table in KEPT_FOR_EVER:
        for act in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{act} BEFORE {act.upper()} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is kept for ever'); END"
            )


def _refuse_changes_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is kept for ever', TG_TABLE_NAME; END $$"
    )
    for table in KEPT_FOR_EVER:
        op.execute(
            f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE "
            f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
