"""Photos of a visit, handed out only to those who may see them; no other file is."""

from __future__ import annotations

import asyncio
from functools import partial

from tornado.web import HTTPError, authenticated

from ..errors import AuditError
from ..workflow.photos import my_photo
from .handlers import OwnHandler


class Evidence(OwnHandler):
    """Sends one photo of one's own visit, by the digest of its bytes."""

    @authenticated
    async def get(self, assignment_id: str, digest: str) -> None:
        """Send a photo; whether another's exists is not told."""
        context = self.settings["context_of"](self.current_user.username)
        read = partial(
            my_photo, context, self.settings["store"], assignment_id=assignment_id, sha256=digest
        )
        try:
            data = await asyncio.get_running_loop().run_in_executor(None, read)
        except AuditError as error:
            raise HTTPError(404) from error
        self.set_header("Content-Type", "image/jpeg")
        self.set_header("Content-Disposition", "inline")
        self.set_header("Cache-Control", "private, no-store")
        self.finish(data)
