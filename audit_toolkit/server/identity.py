"""Who a request comes from: a ticket of the own sign-in, or of an identity proxy in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.base.handlers import JupyterHandler
from tornado.web import RequestHandler
from traitlets import Any as AnyTrait
from traitlets import Unicode

from ..errors import AuditError
from ..model import Identity
from .sessions import Session, Sessions
from .tickets import HEADER_NAME

COOKIE = "audit-ticket"


@dataclass
class Visitor(User):
    """A signed-in person with the session that says so."""

    session: Session = field(kw_only=True)
    person: Identity = field(kw_only=True)


class TicketIdentityProvider(IdentityProvider):
    """Knows people by ticket alone: no token, no password of the server, no anonymous visitor."""

    sessions: Sessions = AnyTrait()
    person_of: Callable[[str], Identity] = AnyTrait()

    token = Unicode("")
    login_available = True
    logout_available = True

    def get_user(self, handler: RequestHandler) -> Visitor | None:
        """Return the visitor of a request, or None; a first password opens nothing else."""
        session = self.session_of(handler)
        if session is None or session.must_change:
            return None
        try:
            person = self.person_of(session.person_id)
        except AuditError:
            return None
        return Visitor(
            username=person.person_id,
            name=person.name,
            display_name=person.name,
            session=session,
            person=person,
        )

    def session_of(self, handler: RequestHandler) -> Session | None:
        """Return the open session that a request names."""
        if self.sessions.by_header:
            given = handler.request.headers.get_list(HEADER_NAME)
            return self.sessions.of_header(given[0]) if len(given) == 1 else None
        cookie = handler.get_cookie(COOKIE)
        return self.sessions.of_cookie(cookie) if cookie else None

    def is_token_authenticated(self, handler: RequestHandler) -> bool:
        """Return False: nothing skips the check of the origin or of forged requests."""
        return False

    def get_handlers(self) -> list[tuple[str, Any]]:
        """Return nothing; the application names its own handlers one by one."""
        return []


class OwnKernelAuthorizer(Authorizer):
    """Lets a visitor look at and talk to the own kernels, and do nothing else."""

    def is_authorized(
        self, handler: JupyterHandler, user: User, action: str, resource: str
    ) -> bool:
        """Tell whether a visitor may do this to the kernel that the address names."""
        if resource != "kernels" or action not in ("read", "execute"):
            return False
        kernel_id = handler.path_kwargs.get("kernel_id", "")
        return isinstance(user, Visitor) and handler.kernel_manager.is_owned_by(
            kernel_id, user.session.session_id
        )
