"""The calls socket: for whom a capability speaks, when it dies, and what is too much."""

from __future__ import annotations

import json
import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from rounds import SmallRound, build

from audit_toolkit import workflow
from audit_toolkit.server import calls
from audit_toolkit.server.accounts import Account, Accounts
from audit_toolkit.server.calls import CallBrake, CallServer
from audit_toolkit.server.capabilities import Capabilities
from audit_toolkit.server.sessions import Sessions

ONE, TWO = "ins-900121-1", "ins-900121-2"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallRound]:
    made = build(tmp_path_factory.mktemp("calls") / "round", "released")
    yield made
    made.store.close()


class Kernel:
    """What a kernel does with its socket and capability."""

    def __init__(self, server: CallServer, path: Path, capability: str, session_id: str) -> None:
        self.server, self.path = server, path
        self.capability, self.session_id = capability, session_id

    def call(self, name: object, arguments: object = None, **changes: object) -> dict[str, Any]:
        asked = {"capability": self.capability, "call": name, "arguments": arguments or {}}
        return self.say(json.dumps({**asked, **changes}).encode() + b"\n")

    def say(self, line: bytes) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
            one.settimeout(30)
            one.connect(str(self.path))
            one.sendall(line)
            with one.makefile("rb") as lines:
                found: dict[str, Any] = json.loads(lines.readline())
        return found


class Served:
    def __init__(self, small: SmallRound, folder: Path, **options: Any) -> None:
        quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
        self.sessions = Sessions(Accounts(folder / "accounts.sqlite", hasher=quick))
        self.capabilities = Capabilities()
        self.path = folder / "calls.sock"
        self.server = CallServer(
            self.path,
            small.store,
            self.capabilities,
            self.sessions,
            context_of=small.by,
            **options,
        )
        self.server.start()
        self.number = 0

    def kernel(self, person_id: str) -> Kernel:
        self.number += 1
        session, _ = self.sessions.sign_in(Account(person_id=person_id, must_change=False))
        capability = self.capabilities.issue(
            kernel_id=f"k{self.number}", person_id=person_id, session_id=session.session_id
        )
        return Kernel(self.server, self.path, capability, session.session_id)


@pytest.fixture
def served(small: SmallRound, tmp_path: Path) -> Iterator[Served]:
    one = Served(small, tmp_path)
    yield one
    one.server.stop()


def test_a_call_is_made_for_the_person_of_the_capability(served: Served):
    answer = served.kernel(ONE).call("who_am_i")
    assert answer["result"]["person_id"] == ONE
    answer = served.kernel(TWO).call("who_am_i")
    assert answer["result"]["person_id"] == TWO


def test_naming_somebody_else_in_a_call_changes_nothing(served: Served):
    kernel = served.kernel(ONE)
    assert kernel.call("who_am_i", {"person_id": "eva"})["error"] == "call-refused"
    assert kernel.call("who_am_i", person_id="eva")["result"]["person_id"] == ONE


def test_another_inspectors_visits_are_refused(served: Served, small: SmallRound):
    theirs = workflow.my_visits(small.by(TWO), small.store)[0].assignment_id
    asked = {"assignment_id": theirs}
    assert "result" in served.kernel(TWO).call("load_draft", asked)
    assert "error" in served.kernel(ONE).call("load_draft", asked)
    assert "error" in served.kernel(ONE).call("my_photos", asked)


@pytest.mark.parametrize("name", ["results", "figure", "report_file", "provenance"])
def test_an_inspector_gets_no_results(served: Served, name: str):
    arguments = {"county_code": "900121"}
    if name == "figure":
        arguments |= {"name": "rates", "language": "en"}
    if name == "report_file":
        arguments |= {"name": "900121_report.html"}
    answer = served.kernel(ONE).call(name, arguments)
    assert answer["error"] in ("permission-refused", "call-refused")


@pytest.mark.parametrize(
    "name", ["freeze", "add_person", "draw_sample", "open_store", "__class__", "", None, 3, ["x"]]
)
def test_only_listed_calls_exist(served: Served, name: object):
    assert served.kernel("eva").call(name)["error"] == "call-refused"


@pytest.mark.parametrize("capability", ["", "0" * 64, None, 5, ["x"], {"a": 1}])
def test_a_made_up_capability(served: Served, capability: object):
    kernel = served.kernel(ONE)
    refused = kernel.call("who_am_i", capability=capability)
    assert refused["error"] == "call-refused"
    assert "result" in kernel.call("who_am_i")


def test_a_capability_dies_with_its_kernel_and_with_the_session(served: Served):
    kernel, again = served.kernel(ONE), served.kernel(ONE)
    served.capabilities.withdraw("k1")
    assert kernel.call("who_am_i")["error"] == "call-refused"
    assert "result" in again.call("who_am_i")
    served.sessions.end(again.session_id)
    assert again.call("who_am_i")["error"] == "call-refused"


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"not json\n",
        b"[]\n",
        b"{}\n",
        b'{"capability": 1}\n',
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
        b"x" * (calls.LONGEST_REQUEST + 10) + b"\n",
    ],
    ids=["empty", "words", "list", "nothing", "half", "bytes", "deep", "long"],
)
def test_what_is_no_request_is_refused_and_the_next_is_answered(served: Served, line: bytes):
    kernel = served.kernel(ONE)
    try:
        assert kernel.say(line)["error"] == "call-refused"
    except (BrokenPipeError, ConnectionResetError):
        assert len(line) > calls.LONGEST_REQUEST
    assert "result" in kernel.call("who_am_i")


def test_one_person_cannot_take_all_the_time(small: SmallRound, tmp_path: Path):
    one = Served(small, tmp_path, brake=CallBrake(rate=1, burst=5))
    try:
        greedy, other = one.kernel(ONE), one.kernel(TWO)
        answers = [greedy.call("who_am_i") for _ in range(20)]
        assert 5 <= sum("result" in answer for answer in answers) <= 8
        assert "result" in other.call("who_am_i")
    finally:
        one.server.stop()


def test_a_fault_of_the_program_becomes_a_number(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def broken(*_: object) -> dict[str, Any]:
        raise RuntimeError("inside 7777.77")

    monkeypatch.setattr(calls, "perform", broken)
    answer = served.kernel(ONE).call("who_am_i")
    assert answer["error"] == "failed-inside"
    assert "7777.77" not in json.dumps(answer)
    assert "inside 7777.77" in caplog.text
    assert answer["fields"]["number"] in caplog.text


def test_the_socket_is_its_owners_alone(served: Served):
    assert stat.S_IMODE(served.path.stat().st_mode) == 0o600


def test_calls_side_by_side_are_all_answered(served: Served):
    kernels = [served.kernel(ONE) for _ in range(10)]
    answers: list[dict[str, Any]] = []
    threads = [
        threading.Thread(target=lambda k=k: answers.append(k.call("my_visits"))) for k in kernels
    ]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 10
    assert all("result" in answer for answer in answers)
    assert time.monotonic() - begun < 60
