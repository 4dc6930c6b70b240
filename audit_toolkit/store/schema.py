"""Which schema a database has, and how it gets the newest one."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from ..errors import OperatorError


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "audit_toolkit.store:migrations")
    config.set_main_option("path_separator", "os")
    return config


def newest_revision() -> str:
    """Return the schema that this software writes."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def revision_of(connection: Connection) -> str | None:
    """Return the schema of a database, or None where it holds no store."""
    return MigrationContext.configure(connection).get_current_revision()


def refuse_other_revision(connection: Connection, where: str) -> None:
    """Refuse a database without a store, or with a store of another schema.

    Raises
    ------
    OperatorError
        "store-missing", "store-older" or "store-newer".
    """
    found = revision_of(connection)
    if found is None:
        raise OperatorError("store-missing", where=where)
    scripts = ScriptDirectory.from_config(_config())
    newest = scripts.get_current_head()
    if found == newest:
        return
    known = {script.revision for script in scripts.walk_revisions()}
    code = "store-older" if found in known else "store-newer"
    raise OperatorError(code, where=where, found=found, expected=newest)


def migrate(connection: Connection) -> None:
    """Bring a database to the newest schema, within the connection's transaction."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
