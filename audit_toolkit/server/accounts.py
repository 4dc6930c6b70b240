"""Accounts of a round: passwords, repeated failures, and the sessions that are open.

One SQLite file beside the store, readable by its owner alone. Passwords are argon2 hashes; a
session is known to the server, so that it can be ended whatever the visitor still holds.
"""

from __future__ import annotations

import math
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ..errors import OperatorError

FILE_NAME = "accounts.sqlite"
FAILURES_BEFORE_LOCK = 5
LOCK_SECONDS = 15 * 60
FORGET_SECONDS = 60 * 60
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
# No letters or digits that look like one another; they are read aloud and typed on tablets.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    person_id TEXT PRIMARY KEY, password_hash TEXT NOT NULL, must_change INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS attempts (
    name TEXT PRIMARY KEY, failures INTEGER NOT NULL, last_at REAL NOT NULL,
    locked_until REAL NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (
    session_id TEXT PRIMARY KEY, person_id TEXT NOT NULL, must_change INTEGER NOT NULL,
    seen_at REAL NOT NULL, ends_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS ended (session_id TEXT PRIMARY KEY, ends_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS keys (name TEXT PRIMARY KEY, value BLOB NOT NULL);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may sign in; ``must_change`` until the first password is replaced.

    ``failed_before`` counts the attempts under the name that failed since the last right one.
    """

    person_id: str
    must_change: bool
    failed_before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """A session as the file keeps it; times in seconds since 1970."""

    session_id: str
    person_id: str
    must_change: bool
    seen_at: float
    ends_at: float


class Accounts:
    """The accounts file of a round.

    Parameters
    ----------
    path : Path
        The file; it is made if it is missing.
    clock : callable
        Gives seconds since 1970.
    hasher : PasswordHasher, optional
        Argon2 with its parameters.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._path = path
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        # The file holds the key of all tickets: for its owner alone from the first byte.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with self._writing() as db:
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
        self._nobody = ""

    @property
    def path(self) -> Path:
        """Where the accounts are."""
        return self._path

    def key(self, name: str) -> bytes:
        """Return the secret key of a purpose, made at its first use."""
        with self._writing() as db:
            db.execute("INSERT OR IGNORE INTO keys VALUES (?, ?)", (name, secrets.token_bytes(32)))
            row = db.execute("SELECT value FROM keys WHERE name = ?", (name,)).fetchone()
        return bytes(row[0])

    def give_first_password(self, person_id: str) -> str:
        """Return a first password, made for a new account or in place of a lost password.

        Open sessions of the person end, and earlier failures are forgotten.
        """
        password = _first_password()
        self._set_password(person_id, password, must_change=True)
        self.end_sessions(person_id)
        self._forget_failures(person_id)
        return password

    def known(self) -> frozenset[str]:
        """Return who has an account."""
        with self._reading() as db:
            return frozenset(row[0] for row in db.execute("SELECT person_id FROM accounts"))

    def seconds_to_wait(self, name: str) -> float:
        """Return how long the next answer to this name is held back: doubled at each failure."""
        failures, _ = self._failures(name)
        return min(0.25 * 2**failures, 4.0) if failures else 0.0

    def check(self, name: str, password: str) -> Account:
        """Return the account if the password is right.

        Raises
        ------
        OperatorError
            "sign-in-refused" (whether the name or the password is wrong is not said; the field
            ``locks`` tells whether this attempt locked the name) or "sign-in-locked".
        """
        failures = self._count_attempt(name)
        with self._reading() as db:
            row = db.execute(
                "SELECT password_hash, must_change FROM accounts WHERE person_id = ?", (name,)
            ).fetchone()
        right = self._verify(row[0] if row else self._hash_of_nobody(), password)
        if row is None or not right:
            raise OperatorError("sign-in-refused", locks=failures >= FAILURES_BEFORE_LOCK)
        self._forget_failures(name)
        return Account(person_id=name, must_change=bool(row[1]), failed_before=failures - 1)

    def change_password(self, person_id: str, old: str, new: str, again: str) -> None:
        """Replace a password; all sessions of the person end.

        Raises
        ------
        OperatorError
            "password-short", "password-same", "password-differs", or as for ``check``.
        """
        self.check(person_id, old)
        if new != again:
            raise OperatorError("password-differs")
        if not SHORTEST_PASSWORD <= len(new) <= LONGEST_PASSWORD:
            raise OperatorError(
                "password-short", least=SHORTEST_PASSWORD, most=LONGEST_PASSWORD, got=len(new)
            )
        if new == old or new.strip().casefold() == person_id.casefold():
            raise OperatorError("password-same")
        self._set_password(person_id, new, must_change=False)
        self.end_sessions(person_id)

    def open_session(self, account: Account, *, seconds: float) -> StoredSession:
        """Return a new session of ``seconds`` at most, under a name nobody could know before."""
        now = self._clock()
        session = StoredSession(
            session_id=secrets.token_urlsafe(24),
            person_id=account.person_id,
            must_change=account.must_change,
            seen_at=now,
            ends_at=now + seconds,
        )
        with self._writing() as db:
            db.execute("DELETE FROM sessions WHERE ends_at < ?", (now,))
            db.execute("DELETE FROM ended WHERE ends_at < ?", (now,))
            db.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?, ?)",
                (
                    session.session_id,
                    session.person_id,
                    session.must_change,
                    session.seen_at,
                    session.ends_at,
                ),
            )
        return session

    def sessions(self) -> dict[str, StoredSession]:
        """Return the sessions that have not ended, by their name."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT session_id, person_id, must_change, seen_at, ends_at FROM sessions"
                " WHERE ends_at >= ?",
                (self._clock(),),
            ).fetchall()
        return {
            row[0]: StoredSession(
                session_id=row[0],
                person_id=row[1],
                must_change=bool(row[2]),
                seen_at=row[3],
                ends_at=row[4],
            )
            for row in rows
        }

    def ended(self) -> frozenset[str]:
        """Return names of sessions given by a proxy that were ended here."""
        with self._reading() as db:
            return frozenset(row[0] for row in db.execute("SELECT session_id FROM ended"))

    def note_seen(self, seen: dict[str, float]) -> None:
        """Write when sessions were last used."""
        with self._writing() as db:
            db.executemany(
                "UPDATE sessions SET seen_at = ? WHERE session_id = ?",
                [(at, session_id) for session_id, at in seen.items()],
            )

    def end_session(self, session_id: str, *, remember_until: float) -> None:
        """End one session; its name is remembered, should a proxy hand it in again."""
        with self._writing() as db:
            db.execute("DELETE FROM sessions WHERE session_id = ?", (session_id,))
            db.execute("INSERT OR REPLACE INTO ended VALUES (?, ?)", (session_id, remember_until))

    def end_sessions(self, person_id: str) -> None:
        """End all sessions of a person."""
        with self._writing() as db:
            db.execute("DELETE FROM sessions WHERE person_id = ?", (person_id,))

    def _set_password(self, person_id: str, password: str, *, must_change: bool) -> None:
        with self._writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO accounts VALUES (?, ?, ?)",
                (person_id, self._hasher.hash(password), must_change),
            )

    def _verify(self, stored: str, password: str) -> bool:
        if len(password) > LONGEST_PASSWORD:
            return False
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    def _hash_of_nobody(self) -> str:
        """Give an unknown name a password to be wrong about, so that it takes as much time."""
        if not self._nobody:
            self._nobody = self._hasher.hash(secrets.token_hex(16))
        return self._nobody

    def _failures(self, name: str) -> tuple[int, float]:
        """Failures of a name that still count, and until when it is locked."""
        with self._reading() as db:
            return self._failures_in(db, name)

    def _failures_in(self, db: sqlite3.Connection, name: str) -> tuple[int, float]:
        row = db.execute(
            "SELECT failures, last_at, locked_until FROM attempts WHERE name = ?", (_digest(name),)
        ).fetchone()
        if row is None or self._clock() - row[1] > FORGET_SECONDS:
            return 0, 0.0
        return row[0], row[2]

    def _count_attempt(self, name: str) -> int:
        """Count an attempt before its password is looked at, so that none slip through together.

        Returns the attempts that count, this one among them.
        """
        now = self._clock()
        with self._writing() as db:
            failures, locked_until = self._failures_in(db, name)
            if locked_until > now:
                raise OperatorError("sign-in-locked", minutes=math.ceil((locked_until - now) / 60))
            if locked_until:
                failures = 0
            failures += 1
            locked = now + LOCK_SECONDS if failures >= FAILURES_BEFORE_LOCK else 0.0
            db.execute("DELETE FROM attempts WHERE last_at < ?", (now - 24 * 3600,))
            db.execute(
                "INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?)",
                (_digest(name), failures, now, locked),
            )
        return failures

    def _forget_failures(self, name: str) -> None:
        with self._writing() as db:
            db.execute("DELETE FROM attempts WHERE name = ?", (_digest(name),))

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        # A connection each time: the file is asked from the server's threads and other programs.
        db = sqlite3.connect(self._path, timeout=30, isolation_level=None)
        try:
            yield db
        finally:
            db.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")


def _digest(name: str) -> str:
    """Names that were only tried are not kept in clear: people type passwords there."""
    return sha256(name.encode("utf-8", "replace")).hexdigest()


def _first_password() -> str:
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
