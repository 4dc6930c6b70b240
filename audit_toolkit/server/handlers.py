"""What all pages of the server share: language, headers, templates, and errors without insides."""

from __future__ import annotations

import hashlib
import traceback
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError

from ..text import LANGUAGES, say
from .headers import content_policy, make_nonce, set_security_headers

TEMPLATES = Path(__file__).parent / "templates"
LANGUAGE_COOKIE = "audit-language"
_WORDED = (403, 404, 429)


@cache
def _pages() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES / "pages"), autoescape=True, undefined=StrictUndefined
    )


class OwnHost:
    """Refuses requests under a name that is not ours: a foreign one can be pointed at us."""

    def check_host(self) -> bool:
        """Tell whether a request names a loopback address or one of the names we were given."""
        host = self.request.host_name.strip("[]").casefold()
        return host in self.settings["local_hostnames"] or super().check_host()


class OwnHandler(OwnHost, JupyterHandler):
    """A page of the server."""

    @property
    def nonce(self) -> str:
        """The word that marks our scripts in this answer."""
        if not hasattr(self, "_nonce"):
            self._nonce = make_nonce()
        return self._nonce

    def set_default_headers(self) -> None:
        """Set the headers of every answer; nothing of a person's pages is kept by a browser."""
        set_security_headers(self, content_policy(self.nonce))
        self.set_header("Cache-Control", "no-store")

    @property
    def language(self) -> str:
        """The language that the visitor chose, else the one that the browser asks for."""
        chosen = self.get_cookie(LANGUAGE_COOKIE, "")
        if chosen in LANGUAGES:
            return chosen
        asked = self.request.headers.get("Accept-Language", "zh").casefold()
        return "zh" if asked.startswith("zh") else "en"

    def words(self, key: str, **fields: object) -> str:
        """Return a sentence of the server in the visitor's language."""
        return say(f"server.{key}", self.language, **fields)

    def page(self, template: str, **values: Any) -> str:
        """Return a page of the server from its template."""
        return (
            _pages()
            .get_template(template)
            .render(
                language=self.language,
                other=next(lang for lang in LANGUAGES if lang != self.language),
                words=self.words,
                nonce=self.nonce,
                base=self.base_url,
                public=self.settings["public_address"],
                xsrf=self.xsrf_token.decode("ascii"),
                **values,
            )
        )

    def address(self, path: str) -> str:
        """Return an address of this server below its base."""
        return self.base_url + path

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Show what a person can do; the insides go to the log under a number."""
        number = ""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if error is not None and not isinstance(error, HTTPError):
            number = note_failure_of_server(self, error)
        kind = str(status_code) if status_code in _WORDED else "other"
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(
            self.page(
                "message.html",
                title=self.words(f"error-{kind}-title"),
                text=self.words(f"error-{kind}-text", number=number or status_code),
                link=self.address(""),
                link_text=self.words("to-start"),
            )
        )


def note_failure_of_server(handler: JupyterHandler, error: BaseException) -> str:
    """Write a failure to the log and return its reference number."""
    trace = "".join(traceback.format_exception(error))
    number = hashlib.sha256(trace.encode("utf-8", "replace")).hexdigest()[:8]
    handler.log.error("failure %s\n%s", number, trace)
    return number


class NothingHere(OwnHandler):
    """Answers every address that is not one of ours."""

    async def prepare(self) -> None:  # type: ignore[override]
        """Refuse before anything else is looked at."""
        self.current_user = self._jupyter_current_user = None
        raise HTTPError(404)
