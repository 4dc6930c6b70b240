"""What attackers use: plain requests with any cookie or header, and channels spoken directly."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

_KERNEL = re.compile(r'"kernelId": ?"([0-9a-f-]{36})"')


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    began: float = 0.0
    """Seconds until the answer began."""

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass
class Visitor:
    """Somebody with a program instead of a browser."""

    address: str
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def ask(
        self,
        method: str,
        path: str,
        body: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        parts = urlsplit(self.address)
        sent = {**self.headers, **(headers or {})}
        if self.cookies:
            sent.setdefault("Cookie", self.cookie_header)
        data = None
        if body is not None:
            data = urlencode(body)
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        try:
            asked = time.monotonic()
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            began = time.monotonic() - asked
            content = answer.read()
        finally:
            connection.close()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0].strip('"')
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, content, began)

    @property
    def cookie_header(self) -> str:
        return "; ".join(f'{k}="{v}"' if "=" in v else f"{k}={v}" for k, v in self.cookies.items())

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, **fields: str) -> Answer:
        return self.ask("POST", path, {"_xsrf": self.cookies.get("_xsrf", ""), **fields})

    def sign_in(self, person_id: str, password: str, path: str = "/sign-in", **more: str) -> Answer:
        self.get(path)
        return self.post(path, name=person_id, password=password, **more)

    def kernel(self, path: str) -> str:
        """Open a page and return the kernel that it was given."""
        return kernel_of(self.get(path))

    @contextmanager
    def channel(self, kernel_id: str, query: str = "", **more: Any) -> Iterator[Channel]:
        """Open a channel to a kernel."""
        parts = urlsplit(self.address)
        session = uuid.uuid4().hex
        url = f"ws://{parts.netloc}/api/kernels/{kernel_id}/channels?session_id={session}{query}"
        headers = {**self.headers, **more.pop("headers", {})}
        if self.cookies:
            headers["Cookie"] = self.cookie_header
        opening = connect(url, additional_headers=headers, max_size=None, open_timeout=30, **more)
        with opening as socket:
            yield Channel(socket, session)

    def refused_channel(self, kernel_id: str, query: str = "", **more: Any) -> int:
        """Return the status with which a channel is refused, 0 if it is not."""
        try:
            with self.channel(kernel_id, query, **more):
                return 0
        except InvalidStatus as refused:
            return refused.response.status_code


def kernel_of(answer: Answer) -> str:
    """Return the kernel that a page was given."""
    found = _KERNEL.search(answer.text)
    assert found, f"no kernel: {answer.status}\n{answer.text[-2000:]}"
    return found[1]


@dataclass
class Channel:
    """A channel to a kernel, as a page speaks it."""

    socket: ClientConnection
    session: str
    seen: list[dict[str, Any]] = field(default_factory=list)

    def send(self, kind: str, content: dict[str, Any], channel: str = "shell", **more: Any) -> str:
        number = uuid.uuid4().hex
        message = {
            "channel": channel,
            "header": {
                "msg_id": number,
                "msg_type": kind,
                "session": self.session,
                "username": "",
                "version": "5.3",
                "date": "2020-01-01T00:00:00Z",
            },
            "parent_header": {},
            "metadata": more.get("metadata", {}),
            "content": content,
            "buffers": [],
        }
        self.socket.send(json.dumps(message))
        return number

    def until(self, kind: str, of: str = "", seconds: float = 10.0) -> dict[str, Any] | None:
        """Return the first message of a kind (answering ``of``), or None if none comes in time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                text = self.socket.recv(timeout=left)
            except TimeoutError:
                return None
            message = _message(text)
            self.seen.append(message)
            parent = message.get("parent_header", {}).get("msg_id", "")
            if message["header"]["msg_type"] == kind and (not of or parent == of):
                return message
        return None

    def alive(self) -> bool:
        """Tell whether the kernel answers on this channel."""
        try:
            asked = self.send("kernel_info_request", {})
            return self.until("kernel_info_reply", asked) is not None
        except ConnectionClosed:
            return False

    def quiet(self, of: str) -> None:
        """Take in everything that one message brings about."""
        after = self.send("kernel_info_request", {})
        self.until("kernel_info_reply", after)
        self.until("status", after, seconds=1.0)

    def states(self) -> dict[str, dict[str, Any]]:
        """Return the state of every widget, shown or not."""
        comm = uuid.uuid4().hex
        self.send(
            "comm_open",
            {"comm_id": comm, "target_name": "jupyter.widget.control", "data": {}},
            metadata={"version": "1.0.0"},
        )
        self.send("comm_msg", {"comm_id": comm, "data": {"method": "request_states"}})
        while (message := self.until("comm_msg")) is not None:
            data = message["content"]["data"]
            if data.get("method") == "update_states":
                return {k: v["state"] for k, v in data["states"].items()}
        return {}

    def widget(self, **state: object) -> str:
        """Return the name of the widget whose state has these values."""
        for name, values in self.states().items():
            if all(values.get(key) == value for key, value in state.items()):
                return name
        raise AssertionError(f"no widget with {state}")

    def click(self, name: str) -> str:
        data = {"method": "custom", "content": {"event": "click"}}
        return self.send("comm_msg", {"comm_id": name, "data": data})

    def update(self, name: str, **state: object) -> str:
        data = {"method": "update", "state": state, "buffer_paths": []}
        return self.send("comm_msg", {"comm_id": name, "data": data})

    def closed(self, seconds: float = 10.0) -> int:
        """Wait until the other end closes; return its code, 0 if it does not."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                self.socket.recv(timeout=left)
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 1006
            except TimeoutError:
                return 0
        return 0

    def heard(self) -> str:
        """Return all that has come over this channel, as text."""
        return json.dumps(self.seen, ensure_ascii=False)


def _message(text: str | bytes) -> dict[str, Any]:
    if isinstance(text, bytes):
        count = int.from_bytes(text[:4], "big")
        offsets = [int.from_bytes(text[4 * i : 4 * i + 4], "big") for i in range(1, count + 1)]
        end = offsets[1] if count > 1 else len(text)
        text = text[offsets[0] : end].decode("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@dataclass
class Control:
    """A server without our walls, started and stopped like ours."""

    process: subprocess.Popen[bytes]
    address: str

    @classmethod
    def start(
        cls, words: list[str], folder: Path, port: int, *, ready: str = "/", **environment: str
    ) -> Control:
        log = (folder / f"control-{port}.log").open("wb")
        home = folder / f"home-{port}"
        home.mkdir(exist_ok=True)
        with log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", *words],
                cwd=folder,
                stdout=log,
                stderr=log,
                env={**os.environ, "HOME": str(home), "JUPYTER_NO_CONFIG": "0", **environment},
            )
        control = cls(process, f"http://127.0.0.1:{port}/")
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                Visitor(control.address).get(ready)
            except OSError:
                assert process.poll() is None, log.name
                time.sleep(0.1)
            else:
                return control
        raise AssertionError(f"the control did not start: {log.name}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)
