"""What a page needs in the browser: states without scripts, scripts for who is signed in alone."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from attackers import Visitor
from served_round import ServedRound

from audit_toolkit.server.front_end import FrontEnd, library_folders

PROBE = "/apps/probe"
HOME = "/apps/home"
SCRIPT = "export default { render() {} }"
COMPONENT = {"_model_module": "anywidget", "_model_name": "AnyModel", "_esm": SCRIPT, "n": 1}
LAYOUT = {"_model_module": "@jupyter-widgets/base", "_model_name": "LayoutModel"}
BUTTON = {"_model_module": "@jupyter-widgets/controls", "_model_name": "ButtonModel"}


def ran(*states: dict[str, Any], buffers: dict[str, Any] | None = None) -> Any:
    named = {f"w{n}": dict(state) for n, state in enumerate(states)}
    return SimpleNamespace(widget_state=named, widget_buffers=buffers or {})


@pytest.fixture
def front() -> FrontEnd:
    return FrontEnd("/base/", "abc")


@pytest.fixture
def inspector(served_round: ServedRound) -> Visitor:
    visitor = Visitor(served_round.address)
    visitor.sign_in("ins-900121-1", served_round.passwords["ins-900121-1"])
    return visitor


def states_in(text: str) -> dict[str, Any]:
    found = re.search(r'<script id="widget-states" type="application/json">(.*?)</script>', text)
    assert found
    states: dict[str, Any] = json.loads(found[1])
    return states


def failure_in(text: str) -> str:
    found = re.search(r'"text/plain": "([^"]*)"', text)
    assert found
    return found[1]


def test_the_script_of_a_component_is_kept_once_and_named_by_its_digest(front: FrontEnd):
    executor = ran(COMPONENT, COMPONENT, LAYOUT)
    states = front.states_for("home", executor)
    digest = hashlib.sha256(SCRIPT.encode()).hexdigest()
    assert states["w0"]["state"]["_esm"] == {"address": f"/base/components/{digest}.js"}
    assert states["w0"]["state"]["n"] == 1
    assert front.component(digest) == SCRIPT.encode()
    assert front.component("0" * 64) is None
    assert executor.widget_state["w0"]["_esm"] == SCRIPT


def test_more_components_than_are_kept_stay_in_their_pages(front: FrontEnd):
    for number in range(64):
        front.states_for("home", ran({**COMPONENT, "_esm": f"{SCRIPT}// {number}"}))
    states = front.states_for("home", ran({**COMPONENT, "_esm": "one too many"}, COMPONENT))
    assert states["w0"]["state"]["_esm"] == "one too many"
    assert front.component(hashlib.sha256(b"one too many").hexdigest()) is None


def test_a_page_names_at_its_head_what_it_needed_the_last_time(front: FrontEnd):
    ours = ("/base/public/abc/components.js", "/base/public/abc/line.js")
    assert front.wanted_by("home") == (ours, ())
    front.states_for("home", ran(COMPONENT, LAYOUT))
    modules, scripts = front.wanted_by("home")
    assert modules[:2] == ours
    assert [m.rpartition("/")[0] for m in modules[2:]] == ["/base/components"]
    assert scripts == ()
    front.states_for("trial", ran(BUTTON, LAYOUT))
    modules, scripts = front.wanted_by("trial")
    assert modules[2:] == ("/base/public/abc/controls.js",)
    assert scripts == (front.libraries["controls"],)
    front.states_for("both", ran(BUTTON, COMPONENT))
    assert front.wanted_by("both")[1] == tuple(front.libraries.values())


def test_buffers_stand_beside_the_state(front: FrontEnd):
    buffer = {("data", 0): {"data": "AAE=", "path": ["data", 0], "encoding": "base64"}}
    states = front.states_for("page", ran(BUTTON, buffers={"w0": buffer}))
    assert states["w0"]["buffers"] == [{"path": ["data", 0], "data": "AAE="}]


def test_the_two_libraries_are_where_the_packages_put_them(front: FrontEnd):
    names = {address.rpartition("/")[2] for address in front.libraries.values()}
    found = {name for name in names for folder in library_folders() if (folder / name).is_file()}
    assert found == names


def test_a_page_holds_the_states_that_its_own_kernel_would_tell(inspector: Visitor):
    answer = inspector.get(PROBE)
    shown = states_in(answer.text)
    kernel = re.search(r'"kernelId": ?"([0-9a-f-]{36})"', answer.text)
    assert kernel
    with inspector.channel(kernel[1]) as channel:
        told = channel.states()
    assert {name: one["state"]["_model_name"] for name, one in shown.items()} == {
        name: state["_model_name"] for name, state in told.items()
    }
    values = {one["state"].get("value") for one in shown.values()}
    assert "not yet" in values


def test_a_component_is_sent_to_who_is_signed_in_and_nobody_else(inspector: Visitor):
    states = states_in(inspector.get(HOME).text)
    (address,) = {
        one["state"]["_esm"]["address"] for one in states.values() if "_esm" in one["state"]
    }
    own = inspector.get(address)
    assert own.status == 200
    assert hashlib.sha256(own.body).hexdigest() in address
    assert own.headers["cache-control"].startswith("private")
    assert inspector.get(address.replace(".js", "0.js")).status == 404
    assert inspector.get(f"/components/{'0' * 64}.js").status == 404
    nobody = Visitor(inspector.address).get(address)
    assert nobody.status in (302, 403)
    assert own.body not in nobody.body


def test_no_page_may_compile_text_as_a_script(inspector: Visitor):
    for path in (PROBE, HOME, "/sign-in"):
        policy = inspector.get(path).headers["content-security-policy"]
        assert "unsafe-eval" not in policy
        assert "script-src 'self'" in policy


def test_a_page_that_fails_says_a_number_and_nothing_of_what_it_ran(
    serve_round: Callable[..., ServedRound],
):
    source = "secret_name = 1\nraise ValueError(f'inside-{secret_name}')"
    served = serve_round("released", trial_app=source)
    visitor = Visitor(served.address)
    visitor.sign_in("ins-900121-1", served.passwords["ins-900121-1"])
    text = visitor.get("/apps/trial").text
    assert re.search(r"告诉管理员|tell the administrator", json.loads(f'"{failure_in(text)}"'))
    assert re.search(r"\b[0-9a-f]{8}\b", failure_in(text))
    assert "secret_name" not in text
    assert "inside-" not in text
    assert "An error occurred" not in text


def test_a_page_is_packed_as_it_comes_and_the_same_unpacked(inspector: Visitor):
    plain = inspector.get(HOME)
    packed = inspector.get(HOME, **{"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert 3 * len(packed.body) < len(plain.body)
    whole = gzip.decompress(packed.body).decode()
    assert whole.endswith("</body></html>")
    assert len(states_in(whole)) == len(states_in(plain.text))
