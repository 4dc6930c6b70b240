"""What a page in the browser needs: the scripts of its components, and the states of its widgets.

A page holds the state of its widgets, so that it stands before its line to the kernel does. The
scripts of components are taken out of the states and kept by browsers. What a page needed once is
named at its head the next time.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from tornado.web import HTTPError, authenticated

from .handlers import OwnHandler

_OURS = ("components.js", "line.js")
_MOST_COMPONENTS = 64
_COMPONENT = "anywidget"
# Widgets that are never shown themselves.
_UNSEEN = ("LayoutModel",)


def library_folders() -> tuple[Path, ...]:
    """Return the folders of the two scripts that show widgets of other kinds."""
    packages = (("widgetsnbextension", "static"), ("anywidget", "nbextension"))
    return tuple(Path(str(files(package))) / folder for package, folder in packages)


class FrontEnd:
    """Scripts and states of the pages.

    Parameters
    ----------
    base : str
        Base address of the server.
    build : str
        Digest of the installed versions.
    """

    def __init__(self, base: str, build: str) -> None:
        public = f"{base}public/{build}"
        self._ours = tuple(f"{public}/{name}" for name in _OURS)
        self._host = f"{public}/controls.js"
        self._components_at = f"{base}components/"
        self.libraries = {
            "controls": f"{base}widgets/{build}/extension.js",
            _COMPONENT: f"{base}widgets/{build}/index.js",
        }
        self._components: dict[str, bytes] = {}
        self._learnt: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}

    def component(self, digest: str) -> bytes | None:
        """Return the script of a component, or None if no page has shown it."""
        return self._components.get(digest)

    def wanted_by(self, page: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the modules and the scripts that a page needed the last time it was opened."""
        modules, scripts = self._learnt.get(page, ((), ()))
        return (*self._ours, *modules), scripts

    def states_for(self, page: str, executor: NotebookClient) -> dict[str, Any]:
        """Return the states of a page's widgets as its kernel made them."""
        states = {
            name: {
                "state": self._without_script(state),
                "buffers": [
                    {"path": list(path), "data": buffer["data"]}
                    for path, buffer in executor.widget_buffers.get(name, {}).items()
                ],
            }
            for name, state in executor.widget_state.items()
        }
        self._learn(page, [one["state"] for one in states.values()])
        return states

    def _without_script(self, state: dict[str, Any]) -> dict[str, Any]:
        """Put an address in the place of a component's script, if there is room to keep it."""
        script = state.get("_esm")
        if state.get("_model_module") != _COMPONENT or not isinstance(script, str):
            return state
        data = script.encode()
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self._components and len(self._components) >= _MOST_COMPONENTS:
            return state
        self._components[digest] = data
        return {**state, "_esm": {"address": f"{self._components_at}{digest}.js"}}

    def _learn(self, page: str, states: list[dict[str, Any]]) -> None:
        modules = {s["_esm"]["address"] for s in states if isinstance(s.get("_esm"), dict)}
        others = any(
            s.get("_model_module") != _COMPONENT and s.get("_model_name") not in _UNSEEN
            for s in states
        )
        scripts: tuple[str, ...] = ()
        if others:
            needed = ("controls", _COMPONENT) if modules else ("controls",)
            scripts = tuple(self.libraries[name] for name in needed)
            modules.add(self._host)
        self._learnt[page] = (tuple(sorted(modules)), scripts)


class Component(OwnHandler):
    """Sends the script of a component to who is signed in; a digest never changes its content."""

    @authenticated
    async def get(self, digest: str) -> None:
        """Send a script."""
        data = self.settings["front_end"].component(digest)
        if data is None:
            raise HTTPError(404)
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.set_header("Cache-Control", "private, max-age=31536000, immutable")
        self.finish(data)
