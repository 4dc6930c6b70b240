"""Who is signed in now, kept on the server's side; ending a session closes what it has open."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from .accounts import Account, Accounts
from .tickets import CookieTicket, HeaderTicket, read_cookie, read_header, sign_cookie

LONGEST_SECONDS = 12 * 3600
IDLE_SECONDS = 2 * 3600
_WRITE_EVERY = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sign-in of one person; ``must_change`` means that only the password page is open."""

    session_id: str
    person_id: str
    must_change: bool
    seen_at: float
    ends_at: float


class Sessions:
    """The sessions that are open, and the tickets that name them.

    Safe to ask from several threads: the calls socket asks from its own.

    Parameters
    ----------
    accounts : Accounts
        Where sessions are kept, so that they outlive a restart of the server.
    header_secret : bytes, optional
        Shared with an identity proxy; its header then takes the place of the sign-in.
    longest, idle : float
        Seconds that a session lasts at most, and without being used.
    """

    def __init__(
        self,
        accounts: Accounts,
        *,
        header_secret: bytes | None = None,
        clock: Callable[[], float] = time.time,
        longest: float = LONGEST_SECONDS,
        idle: float = IDLE_SECONDS,
    ) -> None:
        self.accounts = accounts
        self._key = accounts.key("tickets")
        self._header_secret = header_secret
        self._clock = clock
        self._longest = longest
        self._idle = idle
        self._lock = threading.Lock()
        self._open: dict[str, Session] = {}
        self._ended: set[str] = set(accounts.ended())
        self._arrived: list[str] = []
        self._unwritten: dict[str, float] = {}
        self._written_at = clock()
        self.refresh()

    @property
    def by_header(self) -> bool:
        """Whether an identity proxy signs people in, instead of this server."""
        return self._header_secret is not None

    def sign_in(self, account: Account) -> tuple[Session, str]:
        """Return a new session and the text of its cookie."""
        stored = self.accounts.open_session(account, seconds=self._longest)
        session = Session(
            session_id=stored.session_id,
            person_id=stored.person_id,
            must_change=stored.must_change,
            seen_at=stored.seen_at,
            ends_at=stored.ends_at,
        )
        with self._lock:
            self._open[session.session_id] = session
        ticket = CookieTicket(session_id=session.session_id, expires=session.ends_at)
        return session, sign_cookie(self._key, ticket)

    def of_cookie(self, text: str) -> Session | None:
        """Return the open session that a cookie names, and note its use."""
        if self.by_header:
            return None
        ticket = read_cookie(self._key, text, now=self._clock())
        return None if ticket is None else self.use(ticket.session_id)

    def of_header(self, text: str) -> Session | None:
        """Return the session that a proxy's header names."""
        if self._header_secret is None:
            return None
        ticket = read_header(self._header_secret, text, now=self._clock())
        if ticket is None:
            return None
        with self._lock:
            if ticket.session_id in self._ended:
                return None
            if ticket.session_id not in self._open:
                self._arrived.append(ticket.person_id)
            self._open[ticket.session_id] = self._from_header(ticket)
        return self.use(ticket.session_id)

    def take_arrived(self) -> list[str]:
        """Return who came with a proxy's sign-in that was not seen before, each time once."""
        with self._lock:
            arrived, self._arrived = self._arrived, []
        return arrived

    def use(self, session_id: str) -> Session | None:
        """Return an open session and note its use, or None if it has ended."""
        now = self._clock()
        with self._lock:
            session = self._live(session_id, now)
            if session is None:
                return None
            session = replace(session, seen_at=now)
            self._open[session_id] = session
            self._unwritten[session_id] = now
        return session

    def is_open(self, session_id: str) -> bool:
        """Tell whether a session is open, without noting a use."""
        with self._lock:
            return self._live(session_id, self._clock()) is not None

    def end(self, session_id: str) -> None:
        """End a session, whatever tickets of it are still about."""
        with self._lock:
            session = self._open.pop(session_id, None)
            self._ended.add(session_id)
        until = session.ends_at if session else self._clock() + self._longest
        self.accounts.end_session(session_id, remember_until=until)

    def refresh(self) -> None:
        """Take over what other programs did to the accounts file, and write down uses."""
        now = self._clock()
        with self._lock:
            unwritten: dict[str, float] = {}
            if now - self._written_at > _WRITE_EVERY:
                unwritten, self._unwritten, self._written_at = self._unwritten, {}, now
        if unwritten:
            self.accounts.note_seen(unwritten)
        if self.by_header:
            return
        with self._lock:
            before = set(self._open)
        stored = self.accounts.sessions()
        with self._lock:
            for session_id in before - set(stored):
                self._open.pop(session_id, None)
            for session_id, kept in stored.items():
                if session_id not in self._open and session_id not in self._ended:
                    self._open[session_id] = Session(
                        session_id=session_id,
                        person_id=kept.person_id,
                        must_change=kept.must_change,
                        seen_at=kept.seen_at,
                        ends_at=kept.ends_at,
                    )

    def _live(self, session_id: str, now: float) -> Session | None:
        session = self._open.get(session_id)
        if session is None or session_id in self._ended:
            return None
        if now >= session.ends_at or now - session.seen_at > self._idle:
            return None
        return session

    def _from_header(self, ticket: HeaderTicket) -> Session:
        return Session(
            session_id=ticket.session_id,
            person_id=ticket.person_id,
            must_change=False,
            seen_at=self._clock(),
            ends_at=min(ticket.until, ticket.issued + self._longest),
        )
