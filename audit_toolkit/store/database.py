"""Where a round is kept: a folder with an SQLite file, or a database with a folder beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from ..errors import OperatorError
from .codec import json_text
from .drafts import Drafts
from .findings import Findings
from .journal import Journal
from .lists import Lists
from .records import Records
from .schema import migrate, refuse_other_revision, revision_of
from .tables import writer_lock

DATABASE_FILE = "round.sqlite"
_SECONDS_FOR_LOCK = 30
_TAKE_LOCK = select(writer_lock.c.id).with_for_update()


class Transaction(Lists, Findings, Drafts, Records, Journal):
    """All that can be read and added; everything of one transaction is kept, or nothing."""


class Store:
    """A round's database and its folder of files.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database, its schema already checked; `Store.open` sees to that.
    folder : Path
        Where ``published/`` and ``reports/`` are.
    """

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.folder = folder
        self._engine = engine
        self._kept: dict[tuple[type, str], Any] = {}
        self._name = engine.url.render_as_string(hide_password=True)
        reading: dict[str, Any] = {"access": "read"}
        if engine.dialect.name == "postgresql":
            reading |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._reader = engine.execution_options(**reading)

    @classmethod
    def open(cls, target: str | Path, *, create: bool = False, folder: Path | None = None) -> Self:
        """Open the store of a round, or make a new one.

        Parameters
        ----------
        target : str or Path
            A folder, which holds ``round.sqlite``, ``published/`` and ``reports/``; or the address
            of a database (``postgresql://...``).
        create : bool, default False
            Make the store; it must not exist yet.
        folder : Path, optional
            Where published files and reports go. Needed with the address of a database.

        Returns
        -------
        Store
            To be closed, or used in a ``with`` statement.

        Raises
        ------
        OperatorError
            "store-missing", "store-exists", "store-older", "store-newer", "store-needs-folder",
            "store-address", "store-driver-missing" or "store-unavailable".
        """
        with ExitStack() as undo:
            store = cls._connected(target, folder)
            undo.callback(store.close)
            if create:
                store._create(undo)
            else:
                store._check()
            undo.pop_all()
        return store

    @classmethod
    def upgrade(cls, target: str | Path, *, folder: Path | None = None) -> Self:
        """Bring an older store to the schema of this software and open it.

        A change of the schema cannot be taken back: copy the store first.
        """
        with ExitStack() as undo:
            store = cls._connected(target, folder)
            undo.callback(store.close)
            store._refuse_missing_file()
            with store._answering(), store._engine.begin() as connection:
                if revision_of(connection) is None:
                    raise OperatorError("store-missing", where=store._name)
                migrate(connection)
            undo.pop_all()
        return store

    @classmethod
    def _connected(cls, target: str | Path, folder: Path | None) -> Self:
        url, files = _addresses(target, folder)
        store = cls(_engine(url), files)
        if not _is_address(target):
            store._name = str(target)
        return store

    @property
    def published_folder(self) -> Path:
        """Where files are that anyone may see."""
        return self.folder / "published"

    @property
    def reports_folder(self) -> Path:
        """Where reports are."""
        return self.folder / "reports"

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        """Return the store itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the store."""
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Give one transaction that may add; an exception takes everything of it back.

        Writers wait for one another from the start, so what is read is what is added to.

        Raises
        ------
        OperatorError
            "store-unavailable": the database does not answer, or another writer holds it too long.
        """
        with ExitStack() as stack:
            with self._answering():
                connection = stack.enter_context(self._engine.begin())
                connection.execute(_TAKE_LOCK)
            yield Transaction(connection, writing=True, kept=self._kept)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Give one transaction that only reads: a still picture, and nobody waits for it."""
        with ExitStack() as stack:
            with self._answering():
                connection = stack.enter_context(self._reader.begin())
            yield Transaction(connection, writing=False, kept=self._kept)

    def _create(self, undo: ExitStack) -> None:
        path = self._file()
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                # The file holds salts and shares: for its owner alone from the first byte.
                path.touch(mode=0o600, exist_ok=False)
            except FileExistsError:
                raise OperatorError("store-exists", where=self._name) from None
            undo.callback(path.unlink)
            undo.callback(self.close)
        with self._answering(), self._engine.begin() as connection:
            if revision_of(connection) is not None:
                raise OperatorError("store-exists", where=self._name)
            migrate(connection)
        self.published_folder.mkdir(parents=True, exist_ok=True)
        self.reports_folder.mkdir(parents=True, exist_ok=True)

    def _check(self) -> None:
        self._refuse_missing_file()
        with self._answering(), self._reader.begin() as connection:
            refuse_other_revision(connection, self._name)

    def _refuse_missing_file(self) -> None:
        """Refuse a missing file before the driver makes an empty one."""
        path = self._file()
        if path is not None and not path.is_file():
            raise OperatorError("store-missing", where=self._name)

    def _file(self) -> Path | None:
        url = self._engine.url
        return Path(url.database) if _is_sqlite(url) and url.database else None

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise OperatorError(
                "store-unavailable", where=self._name, reason=str(error.orig).strip()
            ) from error


def _is_address(target: str | Path) -> bool:
    return isinstance(target, str) and "://" in target


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _addresses(target: str | Path, folder: Path | None) -> tuple[URL, Path]:
    if not _is_address(target):
        database = Path(target) / DATABASE_FILE
        return URL.create("sqlite", database=str(database)), folder or Path(target)
    try:
        url = make_url(str(target))
    except ArgumentError as error:
        raise OperatorError("store-address", got=str(target).partition("@")[2]) from error
    if folder is None:
        raise OperatorError("store-needs-folder", where=url.render_as_string(hide_password=True))
    return url, folder


def _engine(url: URL) -> Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    waiting = {"timeout": _SECONDS_FOR_LOCK} if _is_sqlite(url) else {}
    try:
        engine = create_engine(url, json_serializer=json_text, connect_args=waiting)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise OperatorError("store-driver-missing", driver=url.drivername) from error
    if _is_sqlite(url):
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    # The driver's own BEGIN comes late and without lock; `_begin_sqlite` sends it instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    reads = connection.get_execution_options().get("access") == "read"
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
