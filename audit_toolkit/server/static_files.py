"""Files that are the same for everybody: compressed once, and kept by browsers for a year.

The address of a file holds a digest of the installed versions, so that it never changes its
content; what is asked without the digest is checked again each time.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tornado.web import HTTPError, RequestHandler

from .headers import set_security_headers

_PACKED = (".js", ".css", ".html", ".svg", ".json", ".map", ".ttf", ".eot", ".txt")
_PACKAGES = ("voila", "ipywidgets", "widgetsnbextension", "anywidget", "audit-toolkit")
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicFile:
    """A file as it is sent."""

    plain: bytes
    packed: bytes | None
    kind: str
    tag: str


class PublicFolder:
    """Files below some folders, the first that has a name wins; kept in memory once asked for."""

    def __init__(self, *roots: Path) -> None:
        self._roots = tuple(root.resolve() for root in roots if root.is_dir())
        self._kept: dict[str, PublicFile] = {}

    def read(self, name: str) -> PublicFile | None:
        """Return a file, or None if no folder has it."""
        if name not in self._kept:
            path = self._find(name)
            if path is None:
                return None
            self._kept[name] = _prepared(path)
        return self._kept[name]

    def _find(self, name: str) -> Path | None:
        parts = name.split("/")
        if "\0" in name or "\\" in name or any(part in ("", ".", "..") for part in parts):
            return None
        for root in self._roots:
            path = (root / name).resolve()
            if path.is_relative_to(root) and path.is_file():
                return path
        return None


class PublicFiles(RequestHandler):
    """Sends files of a public folder to anybody."""

    def initialize(self, folder: PublicFolder, lasting: bool = True) -> None:
        """Take the folder; ``lasting`` if the address holds the digest of the versions."""
        self._folder = folder
        self._lasting = lasting

    def set_default_headers(self) -> None:
        """Set the headers of every answer."""
        set_security_headers(self)

    def get(self, name: str) -> None:
        """Send a file, packed if the browser takes it so."""
        found = self._folder.read(name)
        if found is None:
            raise HTTPError(404)
        lasting = f"public, max-age={_YEAR}, immutable" if self._lasting else "no-cache"
        self.set_header("Cache-Control", lasting)
        self.set_header("Content-Type", found.kind)
        self.set_header("ETag", found.tag)
        self.set_header("Vary", "Accept-Encoding")
        if self.check_etag_header():
            self.set_status(304)
            return
        if found.packed is not None and "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.write(found.packed)
        else:
            self.write(found.plain)

    def head(self, name: str) -> None:
        """Answer as for a file."""
        self.get(name)

    def compute_etag(self) -> str | None:
        """Leave the tag as it was set."""
        return None

    def write_error(self, status_code: int, **kwargs: object) -> None:
        """Say nothing but the number."""
        self.finish(str(status_code))


def build_digest() -> str:
    """Return a digest of the installed versions and of our own files."""
    sums = hashlib.sha256()
    for package in _PACKAGES:
        try:
            sums.update(f"{package} {version(package)}\n".encode())
        except PackageNotFoundError:
            sums.update(f"{package} -\n".encode())
    for path in sorted((Path(__file__).parent / "templates").rglob("*")):
        if path.is_file():
            sums.update(path.read_bytes())
    return sums.hexdigest()[:16]


def _prepared(path: Path) -> PublicFile:
    plain = path.read_bytes()
    packed = gzip.compress(plain, 9, mtime=0) if path.suffix in _PACKED else None
    if packed is not None and len(packed) >= len(plain):
        packed = None
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind.endswith("javascript"):
        kind += "; charset=utf-8"
    return PublicFile(
        plain=plain,
        packed=packed,
        kind=kind,
        tag=f'"{hashlib.sha256(plain).hexdigest()[:32]}"',
    )
