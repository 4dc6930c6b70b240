"""Screens: notes beside a finding's answers, drafts of visits, photos kept as evidence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

REFUSED = {"photos": ("update", "delete"), "drafts": ("delete",)}


def upgrade() -> None:
    """Add the column and the tables; photos refuse changes, drafts only to be taken away."""
    op.add_column(
        "findings", sa.Column("notes", sa.JSON(), nullable=False, server_default=sa.text("'[]'"))
    )
    _make_drafts()
    _make_photos()
    if op.get_bind().dialect.name == "postgresql":
        _refuse_changes_postgresql()
    elif op.get_bind().dialect.name == "sqlite":
        _refuse_changes_sqlite()


def downgrade() -> None:
    """Refuse: what a store has kept is not taken away."""
    raise NotImplementedError("a store is not taken back; put back the copy made before")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), autoincrement=False, nullable=False)


def _moment(name: str) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _make_drafts() -> None:
    op.create_table(
        "drafts",
        _text("inspector_id"),
        _text("assignment_id"),
        _whole("sequence"),
        _text("writer"),
        _whole("number"),
        _whole("of_version"),
        _moment("saved_at"),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("inspector_id", "assignment_id", name="pk_drafts"),
    )


def _make_photos() -> None:
    op.create_table(
        "photos",
        _text("inspector_id"),
        _text("photo_id"),
        _text("assignment_id"),
        _text("purpose"),
        _text("sha256"),
        _whole("size_bytes"),
        _moment("taken_at"),
        _moment("stored_at"),
        sa.PrimaryKeyConstraint("inspector_id", "photo_id", name="pk_photos"),
    )
    op.create_index("ix_photos_assignment_id", "photos", ["assignment_id"])


def _refuse_changes_sqlite() -> None:
    for table, acts in REFUSED.items():
        for act in acts:
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{act} BEFORE {act.upper()} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is kept for ever'); END"
            )


def _refuse_changes_postgresql() -> None:
    for table, acts in REFUSED.items():
        refused = " OR ".join(act.upper() for act in (*acts, "truncate"))
        op.execute(
            f"CREATE TRIGGER {table}_refuses_change BEFORE {refused} "
            f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
