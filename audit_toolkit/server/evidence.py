"""Photos of a visit, handed out only to those who may see them; there is no other file."""

from __future__ import annotations

from tornado.web import HTTPError, authenticated

from .handlers import OwnHandler


class Evidence(OwnHandler):
    """Sends one photo by its digest."""

    @authenticated
    async def get(self, digest: str) -> None:
        """Send a photo."""
        raise HTTPError(404)
