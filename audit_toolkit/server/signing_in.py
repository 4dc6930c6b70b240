"""Sign-in, sign-out, and the change of a password."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.web import HTTPError

from ..errors import OperatorError, PermissionRefusedError
from ..text import LANGUAGES
from ..workflow import note_lock, note_password_changed, note_sign_in, note_sign_out
from .accounts import FAILURES_BEFORE_LOCK, LOCK_SECONDS, Account, Accounts
from .handlers import LANGUAGE_COOKIE, OwnHandler
from .identity import COOKIE, TicketIdentityProvider
from .pages import page_asked_for
from .sessions import Session, Sessions

_ADDRESS_FAILURES = 40
_ADDRESS_SECONDS = 10 * 60
# Argon2 takes 64 MB and a core for a moment: a few at a time, whoever asks.
_VERIFIERS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")


class AddressBrake:
    """Refuses an address from which too many sign-ins failed, whatever names they tried."""

    def __init__(self) -> None:
        self._failed: dict[str, deque[float]] = {}

    def allows(self, address: str) -> bool:
        """Tell whether the address may try."""
        failed = self._failed.get(address)
        if failed is None:
            return True
        while failed and time.monotonic() - failed[0] > _ADDRESS_SECONDS:
            failed.popleft()
        if not failed:
            del self._failed[address]
        return len(failed) < _ADDRESS_FAILURES

    def note_failure(self, address: str) -> None:
        """Count a failed sign-in."""
        self._failed.setdefault(address, deque()).append(time.monotonic())


class SignHandler(OwnHandler):
    """What sign-in, sign-out and the password page share."""

    @property
    def accounts(self) -> Accounts:
        """The accounts of the round."""
        return self.settings["accounts"]

    @property
    def sessions(self) -> Sessions:
        """The open sessions."""
        return self.settings["sessions"]

    @property
    def session(self) -> Session | None:
        """The session of this request, also one that may only change its password."""
        provider: TicketIdentityProvider = self.identity_provider
        return provider.session_of(self)

    def field(self, name: str) -> str:
        """Return a field of the form; passwords keep their spaces."""
        return self.get_body_argument(name, "", strip=False)[:1000]

    def switch_language(self) -> bool:
        """Keep the language that a link asks for; True if the visitor was sent on."""
        asked = self.get_query_argument("lang", "")
        if asked not in LANGUAGES:
            return False
        self.set_cookie(
            LANGUAGE_COOKIE,
            asked,
            path=self.base_url,
            samesite="Lax",
            expires_days=365,
            secure=self.request.protocol == "https",
        )
        address = self.request.path
        page = page_asked_for(self.get_query_argument("next", ""), self.settings)
        if page:
            address += f"?next={page}"
        self.redirect(address)
        return True

    def give_ticket(self, text: str, session: Session) -> None:
        """Hand the ticket to the browser, where no script can read it."""
        self.set_cookie(
            COOKIE,
            text,
            path=self.base_url,
            httponly=True,
            samesite="Lax",
            secure=self.request.protocol == "https",
            expires=session.ends_at,
        )

    def show(self, template: str, error: str = "", **values: Any) -> None:
        """Show a form, with what was wrong at its top."""
        self.finish(self.page(template, error=error, **values))

    async def journal(self, note: Callable[..., Any], person_id: str, **fields: Any) -> None:
        """Have the round's journal hold what a person did here."""
        write = partial(note, self.settings["context_of"](person_id), self.settings["store"])
        await asyncio.get_running_loop().run_in_executor(None, partial(write, **fields))

    async def verify(self, name: str, check: Callable[..., Any], *given: str) -> Any:
        """Return what a check of a password returns; the journal holds a lock that it brings."""
        await asyncio.sleep(self.accounts.seconds_to_wait(name))
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(_VERIFIERS, check, name, *given)
        except OperatorError as error:
            if error.fields.get("locks"):
                locked = {"failures": FAILURES_BEFORE_LOCK, "minutes": LOCK_SECONDS // 60}
                await self.journal(note_lock, name, **locked)
            raise

    async def end(self, session_id: str) -> None:
        """End a session: its ticket, its open channels, its kernels."""
        self.sessions.end(session_id)
        self.settings["open_channels"].close_session(session_id)
        await self.kernel_manager.end_session(session_id)


class SignIn(SignHandler):
    """The sign-in page."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Show the form, or go on if somebody is signed in."""
        if self.sessions.by_header:
            raise HTTPError(403)
        if self.switch_language():
            return
        session = self.session
        if session is not None:
            self.redirect(self.address("password" if session.must_change else ""))
            return
        self._form()

    @allow_unauthenticated
    async def post(self) -> None:
        """Sign somebody in under a new session; one that was handed in ends."""
        if self.sessions.by_header:
            raise HTTPError(403)
        name, password = self.field("name").strip(), self.field("password")
        try:
            account = await self._check(name, password)
        except OperatorError as error:
            self.log.warning("sign-in refused (%s) from %s", error.code, self.request.remote_ip)
            self.set_status(429 if error.code == "sign-in-locked" else 401)
            self._form(name=name, error=error.words(self.language))
            return
        handed_in = self.session
        if handed_in is not None:
            await self.end(handed_in.session_id)
        session, ticket = self.sessions.sign_in(account)
        self.give_ticket(ticket, session)
        self.log.info("%s signed in", account.person_id)
        wanted = page_asked_for(self.field("next"), self.settings)
        self.redirect(self.address("password" if session.must_change else wanted), status=303)

    async def _check(self, name: str, password: str) -> Account:
        brake: AddressBrake = self.settings["address_brake"]
        address = self.request.remote_ip or ""
        if not name or not password:
            raise OperatorError("sign-in-empty")
        if not brake.allows(address):
            raise OperatorError("sign-in-locked", minutes=_ADDRESS_SECONDS // 60)
        try:
            account: Account = await self.verify(name, self.accounts.check, password)
        except OperatorError:
            brake.note_failure(address)
            raise
        way = "first-password" if account.must_change else "password"
        try:
            await self.journal(note_sign_in, name, way=way, failed_before=account.failed_before)
        except PermissionRefusedError:
            brake.note_failure(address)
            raise OperatorError("sign-in-refused") from None
        return account

    def _form(self, *, name: str = "", error: str = "") -> None:
        wanted = self.field("next") or self.get_query_argument("next", "")
        self.show(
            "sign_in.html",
            error=error,
            name=name[:100],
            next=page_asked_for(wanted, self.settings),
        )


class SignOut(SignHandler):
    """Ends a session on the server's side."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Ask before signing out: a link alone must not do it."""
        if self.session is None:
            self.redirect(self.address("sign-in"))
            return
        self.show("sign_out.html")

    @allow_unauthenticated
    async def post(self) -> None:
        """Sign out."""
        session = self.session
        if session is not None:
            await self.end(session.session_id)
            await self.journal(note_sign_out, session.person_id)
            self.log.info("%s signed out", session.person_id)
        self.clear_cookie(COOKIE, path=self.base_url)
        self.set_header("Clear-Site-Data", '"cache"')
        self.finish(
            self.page(
                "message.html",
                title=self.words("signed-out-title"),
                text=self.words("signed-out-text"),
                link=self.address("sign-in"),
                link_text=self.words("sign-in-button"),
            )
        )


class ChangePassword(SignHandler):
    """The page on which a first password is replaced, and any later one."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Show the form."""
        if self.switch_language():
            return
        session = self._own_session()
        if session is not None:
            self.show("password.html", first=session.must_change)

    @allow_unauthenticated
    async def post(self) -> None:
        """Change the password; all sessions of the person end and a new one begins."""
        session = self._own_session()
        if session is None:
            return
        given = (self.field("old"), self.field("new"), self.field("again"))
        try:
            await self.verify(session.person_id, self.accounts.change_password, *given)
        except OperatorError as error:
            self.set_status(422)
            self.show("password.html", error=error.words(self.language), first=session.must_change)
            return
        await self.end(session.session_id)
        await self.journal(note_password_changed, session.person_id)
        self.sessions.refresh()
        self.settings["open_channels"].close_ended()
        account = Account(person_id=session.person_id, must_change=False)
        fresh, ticket = self.sessions.sign_in(account)
        self.give_ticket(ticket, fresh)
        self.redirect(self.address(""), status=303)

    def _own_session(self) -> Session | None:
        if self.sessions.by_header:
            raise HTTPError(403)
        session = self.session
        if session is None:
            self.redirect(self.address("sign-in"), status=303)
        return session
