"""Alembic's environment: runs on the connection that `schema.migrate` hands in."""

from alembic import context

from audit_toolkit.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # All of a migration or nothing, on SQLite too: the store begins its transactions itself.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
