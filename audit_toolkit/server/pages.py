"""The pages that are served: which notebook, for which roles, and how one is opened.

The head of a page is sent before its kernel is started, so that a visitor sees at once what is
being opened and how far it is.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from jupyter_server.base.handlers import JupyterHandler
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, authenticated
from voila.execute import VoilaExecutor
from voila.exporter import VoilaExporter
from voila.notebook_renderer import NotebookRenderer

from ..model import Role
from ..text import say
from .front_end import FrontEnd
from .handlers import TEMPLATES, OwnHandler, note_failure_of_server
from .headers import content_policy, set_security_headers
from .identity import Visitor
from .kernels import KERNEL_NAME

HOME = "home"
_NUMBER = re.compile(r"^[0-9a-f]{8}$", re.MULTILINE)
_ASKED = re.compile(r"apps/([a-z][a-z-]{0,30})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A notebook that is served, and the roles that may open it.

    Parameters
    ----------
    name : str
        Its address below ``apps/``.
    notebook : Path
        The notebook.
    roles : frozenset of Role
        Who may open it.
    title : mapping
        Its title by language.
    """

    name: str
    notebook: Path
    roles: frozenset[Role]
    title: Mapping[str, str]


_ROLES: dict[str, frozenset[Role]] = {
    HOME: frozenset(Role),
    "inspect": frozenset({Role.INSPECTOR}),
    "results": frozenset({Role.EVALUATOR, Role.PROVINCE, Role.OBSERVER}),
}


def app_pages(folder: Path) -> tuple[Page, ...]:
    """Return the pages of the apps; ``folder`` holds their notebooks."""
    return tuple(
        Page(
            name=name,
            notebook=folder / f"{name}.ipynb",
            roles=roles,
            title={lang: say(f"server.title-{name}", lang) for lang in ("zh", "en")},
        )
        for name, roles in _ROLES.items()
    )


def page_asked_for(text: str, settings: Mapping[str, Any]) -> str:
    """Return the address below the base that a sign-in leads to: one of our pages, or the start.

    Only the name of a page is taken over, never the text: no address can lead elsewhere.
    """
    base = settings["base_url"]
    found = _ASKED.fullmatch(text.removeprefix(base)) if text else None
    return f"apps/{found[1]}" if found and found[1] in settings["pages"] else ""


def open_for(handler: JupyterHandler, notebook: NotebookNode, cwd: str) -> NotebookNode | None:
    """Refuse a notebook to a role that may not open it; called by Voila before a kernel starts."""
    page = handler.settings["pages"].get(handler.path_kwargs.get("name", ""))
    visitor = handler.current_user
    if page is None or not isinstance(visitor, Visitor) or visitor.person.role not in page.roles:
        raise HTTPError(403)
    # The page's own call to shut its kernel down needs the cookie that this sets.
    _ = handler.xsrf_token
    return None


class Start(OwnHandler):
    """The address of the server itself leads to the home page."""

    @authenticated
    async def get(self) -> None:
        """Go to the home page."""
        self.redirect(self.address(f"apps/{HOME}"))


class PageHandler(OwnHandler):
    """Opens a page: its head at once, then a kernel of the visitor's own, then its cells."""

    def set_default_headers(self) -> None:
        """Allow what the components need."""
        set_security_headers(self, content_policy(self.nonce, components=True))
        self.set_header("Cache-Control", "no-store")

    @authenticated
    async def get(self, name: str) -> None:
        """Send a page."""
        page: Page | None = self.settings["pages"].get(name)
        if page is None:
            raise HTTPError(404)
        renderer = PageRenderer(self, page)
        await renderer.initialize()
        self.set_header("Content-Type", "text/html; charset=utf-8")
        packs = "gzip" in self.request.headers.get("Accept-Encoding", "")
        self._packing = zlib.compressobj(wbits=31) if packs else None
        if packs:
            self.set_header("Content-Encoding", "gzip")
        kernel_id = ""
        try:
            await self._send(self._head(page))
            kernel_id = await self.kernel_manager.start_kernel()
            await self._send(self._kernel(kernel_id))
            async for part in renderer.parts(kernel_id):
                await self._send(part)
            await self._send(self._states(page, renderer), last=True)
        except StreamClosedError:
            # The visitor went away before the page was whole: nobody will use this kernel.
            await self.kernel_manager.end_kernel(kernel_id)
        except Exception as error:  # noqa: BLE001  (the outermost handler: the head is already sent)
            number = note_failure_of_server(self, error)
            text = self.words("page-failed", number=number)
            await self._send(self.page("failed.html", text=text), last=True)
            await self.kernel_manager.end_kernel(kernel_id)

    async def _send(self, part: str, *, last: bool = False) -> None:
        """Send a part at once, packed if the browser takes it so."""
        data = part.encode()
        if self._packing is not None:
            end = zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH
            data = self._packing.compress(data) + self._packing.flush(end)
        self.write(data)
        await self.flush()

    def _head(self, page: Page) -> str:
        front: FrontEnd = self.settings["front_end"]
        modules, scripts = front.wanted_by(page.name)
        return self.page(
            "opening.html",
            title=page.title[self.language],
            modules=modules,
            scripts=scripts,
        )

    def _kernel(self, kernel_id: str) -> str:
        front: FrontEnd = self.settings["front_end"]
        config = {"baseUrl": self.base_url, "kernelId": kernel_id, "fronts": front.libraries}
        return self.page("kernel.html", config=config)

    def _states(self, page: Page, renderer: PageRenderer) -> str:
        front: FrontEnd = self.settings["front_end"]
        return self.page("opened.html", states=front.states_for(page.name, renderer.executor))


class PageRenderer(NotebookRenderer):
    """Voila's renderer with one exporter for all pages, and failures by number."""

    def __init__(self, handler: PageHandler, page: Page) -> None:
        settings = handler.settings
        super().__init__(
            request_handler=handler,
            voila_configuration=settings["voila"].voila_configuration,
            traitlet_config=settings["voila"].config,
            notebook_path=page.notebook.name,
            base_url=handler.base_url,
            page_config={},
        )
        self._page = page
        self._language = handler.language
        self._nonce = handler.nonce
        self.exporter = settings["exporter"]

    async def initialize(self, **_: Any) -> None:
        """Read the notebook and ask the hook."""
        notebook = nbformat.read(self._page.notebook, as_version=4)
        notebook.metadata["kernelspec"] = {
            "name": KERNEL_NAME,
            "display_name": KERNEL_NAME,
            "language": "python",
        }
        self.notebook = self.prelaunch_hook(self.request_handler, notebook, "") or notebook
        self.cwd = ""
        self.resources = {
            "base_url": self.base_url,
            "theme": "light",
            "metadata": {"name": self._page.name},
            "nonce": self._nonce,
            "language": self._language,
            "working": say("server.opening-reading", self._language),
        }

    async def parts(self, kernel_id: str) -> AsyncIterator[str]:
        """Give the page after its head, piece by piece."""
        kernel = self.request_handler.kernel_manager.get_kernel(kernel_id)
        async for part, _ in self.generate_content_generator(kernel_id, kernel):
            yield part

    async def _jinja_kernel_start(
        self, nb: NotebookNode, kernel_id: str, kernel_future: Any
    ) -> str:
        """Connect to the kernel; nothing is run in it but the page's own cells."""
        self.executor = VoilaExecutor(nb, km=kernel_future, config=self.traitlet_config)
        self.executor.kc = await self.executor.async_start_new_kernel_client()
        return kernel_id

    async def _jinja_cell_generator(
        self, nb: NotebookNode, kernel_id: str
    ) -> AsyncIterator[NotebookNode]:
        """Run the cells one by one; the first that fails is the last."""
        for index, cell in enumerate(nb.cells):
            if cell.cell_type == "code":
                cell.outputs = []
            try:
                done = await self.executor.execute_cell(cell, None, index, store_history=False)
            except (CellExecutionError, TimeoutError) as error:
                yield self._failed(error)
                break
            yield done
        await self._cleanup_resources()

    def _failed(self, error: Exception) -> NotebookNode:
        # The kernel writes its number where the traceback would be; the rest goes to nobody.
        found = _NUMBER.findall(getattr(error, "traceback", ""))
        number = found[-1] if found else type(error).__name__
        text = say("server.page-failed", self._language, number=number)
        return nbformat.v4.new_code_cell(
            outputs=[nbformat.v4.new_output("display_data", {"text/plain": text})]
        )


def make_exporter(base_url: str, template_paths: list[str], **kwargs: Any) -> VoilaExporter:
    """Return the exporter of all pages; making one takes longer than using it."""
    exporter = VoilaExporter(
        template_paths=[str(TEMPLATES / "notebook"), *template_paths],
        template_name="audit",
        base_url=base_url,
        theme="light",
        **kwargs,
    )
    exporter.exclude_input = True
    exporter.exclude_output_prompt = True
    exporter.exclude_input_prompt = True
    return exporter
