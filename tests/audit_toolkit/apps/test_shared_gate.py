"""The ways to the round: the socket's lines, and in a notebook the store of the settings."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path

import pytest
from rounds import COUNTIES, build

from audit_toolkit.apps._shared import SocketGate, forget_gate, open_gate, place_words, refusal_of
from audit_toolkit.errors import OperatorError, PermissionRefusedError
from audit_toolkit.workflow import DirectGate, perform

INSPECTOR = f"ins-{COUNTIES[0].county_code}-1"


class LineServer:
    """Answers each line with `perform`, or hangs up where told to."""

    def __init__(self, path: Path, small) -> None:
        self.requests: list[dict[str, object]] = []
        self.hang_up = False
        self._small = small
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                for line in lines:
                    if self.hang_up:
                        break
                    request = json.loads(line)
                    self.requests.append(request)
                    answer = perform(
                        self._small.by(INSPECTOR),
                        self._small.store,
                        request["call"],
                        request["arguments"],
                    )
                    connection.sendall(json.dumps(answer).encode() + b"\n")

    def close(self) -> None:
        # Shut down first: a thread that waits in accept would keep the socket open.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return build(tmp_path_factory.mktemp("apps") / "small", "released")


@pytest.fixture
def served(small, tmp_path):
    server = LineServer(tmp_path / "s", small)
    gate = SocketGate(str(tmp_path / "s"), "the capability")
    yield server, gate
    gate.close()
    server.close()


@pytest.fixture(autouse=True)
def fresh_gate(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("SOCKET", "CAPABILITY", "STORE", "PERSON", "FOLDER", "SETTINGS"):
        monkeypatch.delenv(f"AUDIT_TOOLKIT_{name}", raising=False)
    forget_gate()
    yield
    forget_gate()


def test_both_ends_give_the_same(served, small):
    _, gate = served
    direct = DirectGate(small.by(INSPECTOR), small.store)
    for name in ("who_am_i", "my_visits", "my_villages", "visit_form", "waiting"):
        assert gate.call(name) == direct.call(name)


def test_every_request_carries_the_capability_and_nothing_of_a_person(served):
    server, gate = served
    gate.call("my_visits")
    assert server.requests == [
        {"capability": "the capability", "call": "my_visits", "arguments": {}}
    ]
    assert "the capability" not in repr(gate)


def test_a_refusal_comes_as_the_error_it_was(served):
    _, gate = served
    with pytest.raises(PermissionRefusedError):
        gate.call("round_overview")


def test_a_lost_connection_is_told_and_made_anew(served):
    server, gate = served
    gate.call("who_am_i")
    server.hang_up = True
    with pytest.raises(OperatorError) as lost:
        gate.call("who_am_i")
    assert lost.value.code == "server-unreachable"
    server.hang_up = False
    assert gate.call("who_am_i").person_id == INSPECTOR


def test_no_server_at_all_is_told(tmp_path):
    with pytest.raises(OperatorError) as lost:
        SocketGate(str(tmp_path / "none"), "x").call("who_am_i")
    assert lost.value.code == "server-unreachable"


def test_a_kernel_of_the_server_takes_its_capability_out_of_the_environment(monkeypatch, tmp_path):
    import os

    monkeypatch.setenv("AUDIT_TOOLKIT_SOCKET", str(tmp_path / "s"))
    monkeypatch.setenv("AUDIT_TOOLKIT_CAPABILITY", "secret")
    gate = open_gate()
    assert isinstance(gate, SocketGate)
    assert "AUDIT_TOOLKIT_CAPABILITY" not in os.environ
    assert open_gate() is gate


def test_a_notebook_acts_as_the_person_of_its_settings(monkeypatch, small):
    monkeypatch.setenv("AUDIT_TOOLKIT_STORE", str(small.store.folder))
    with pytest.raises(OperatorError) as nobody:
        open_gate()
    assert nobody.value.code == "person-missing"
    monkeypatch.setenv("AUDIT_TOOLKIT_PERSON", INSPECTOR)
    assert open_gate().call("who_am_i").person_id == INSPECTOR


def test_the_first_line_says_where_whose_and_as_whom(small):
    identity = DirectGate(small.by(INSPECTOR), small.store).call("who_am_i")
    words = place_words(identity)
    assert words["zh"] == "试轮，2019年退出，试验所：甲试县。您是调查员1（调查员）。"
    assert "甲试县" in words["en"]
    assert "inspector" in words["en"]


def test_a_fault_of_the_program_is_a_number_on_the_page(caplog):
    shown = refusal_of(ZeroDivisionError("secret detail"))
    assert "secret detail" not in json.dumps(shown)
    assert shown["fields"]["number"] in shown["words"]["zh"]
    assert shown["fields"]["number"] in caplog.text
    assert "secret detail" in caplog.text
