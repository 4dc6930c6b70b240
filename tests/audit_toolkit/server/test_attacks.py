"""Attacks on the server. Each first succeeds against a control: plain Voila, or Voila as an
extension of a Jupyter server where plain Voila itself refuses. Each time the owner's own call
succeeds in the same test."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attackers import Channel, Control, Visitor
from served_round import ServedRound

PROBE = "/apps/probe"
PLAIN_PROBE = "/voila/render/probe.ipynb"


def test_another_persons_channel(voila: Control, owner: Visitor, other: Visitor):
    anybody = Visitor(voila.address)
    theirs = Visitor(voila.address).kernel(PLAIN_PROBE)
    with anybody.channel(theirs) as joined:
        assert any(s.get("value") == "hidden-word" for s in joined.states().values())

    mine = owner.kernel(PROBE)
    assert other.refused_channel(mine) == 403
    assert Visitor(owner.address).refused_channel(mine) == 403
    with owner.channel(mine) as channel:
        assert channel.alive()


def test_another_persons_kernel_looked_at_deleted_or_shut_down(
    voila: Control, owner: Visitor, other: Visitor
):
    anybody = Visitor(voila.address)
    theirs = Visitor(voila.address).kernel(PLAIN_PROBE)
    anybody.get(PLAIN_PROBE)
    anybody.get("/voila/tree")
    assert anybody.get(f"/api/kernels/{theirs}").status == 200
    token = {"X-XSRFToken": anybody.cookies["_xsrf"]}
    assert anybody.ask("DELETE", f"/api/kernels/{theirs}", headers=token).status == 204
    assert anybody.get(f"/api/kernels/{theirs}").status == 404

    mine = owner.kernel(PROBE)
    other.kernel(PROBE)
    token = {"X-XSRFToken": other.cookies["_xsrf"]}
    assert other.get(f"/api/kernels/{mine}").status == 403
    assert other.ask("DELETE", f"/api/kernels/{mine}", headers=token).status in (403, 405)
    assert other.ask("POST", f"/voila/api/shutdown/{mine}", headers=token).status == 403
    assert owner.get(f"/api/kernels/{mine}").status == 200
    token = {"X-XSRFToken": owner.cookies["_xsrf"]}
    assert owner.ask("DELETE", f"/api/kernels/{mine}", headers=token).status == 405
    with owner.channel(mine) as channel:
        assert channel.alive()
    assert owner.ask("POST", f"/voila/api/shutdown/{mine}", headers=token).status == 204
    assert owner.get(f"/api/kernels/{mine}").status in (403, 404)


def test_shutdown_over_the_channel(voila: Control, owner: Visitor):
    theirs = Visitor(voila.address).kernel(PLAIN_PROBE)
    with Visitor(voila.address).channel(theirs) as joined:
        asked = joined.send("shutdown_request", {"restart": False}, "control")
        assert joined.until("shutdown_reply", asked) is not None

    mine = owner.kernel(PROBE)
    with owner.channel(mine) as channel:
        asked = channel.send("shutdown_request", {"restart": False}, "control")
        assert channel.until("shutdown_reply", asked, seconds=2) is None
        channel.click(channel.widget(description="press"))
        assert channel.widget(value="pressed")


@pytest.mark.parametrize("channel_name", ["shell", "control"])
def test_code_sent_to_a_kernel(jupyter: Control, owner: Visitor, channel_name: str):
    visitor = Visitor(jupyter.address, headers={"Authorization": "token visitor"})
    theirs = visitor.kernel(PLAIN_PROBE)
    code = {"code": "6 * 7", "silent": False}
    with visitor.channel(theirs) as joined:
        assert "42" in str(joined.until("execute_result", joined.send("execute_request", code)))

    mine = owner.kernel(PROBE)
    with owner.channel(mine) as channel:
        for kind, content in (
            ("execute_request", code),
            ("inspect_request", {"code": "line", "cursor_pos": 2}),
            ("complete_request", {"code": "li", "cursor_pos": 2}),
            ("history_request", {"hist_access_type": "tail", "n": 9, "output": True, "raw": True}),
            ("debug_request", {"type": "request", "seq": 1, "command": "debugInfo"}),
            ("create_subshell_request", {}),
            ("interrupt_request", {}),
            ("input_reply", {"value": "x"}),
        ):
            asked = channel.send(kind, content, channel_name)
            assert channel.until(kind.replace("request", "reply"), asked, seconds=0.3) is None
        assert channel.alive()
        assert "42" not in [m["content"].get("data", {}).get("text/plain") for m in channel.seen]


def test_a_notebook_brought_along(jupyter: Control, owner: Visitor):
    visitor = Visitor(jupyter.address, headers={"Authorization": "token visitor"})
    cell = {"cell_type": "code", "source": "6 * 7", "outputs": [], "metadata": {}}
    cell |= {"execution_count": None, "id": "a"}
    brought = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    parts = {"type": "notebook", "content": brought}
    answer = _send_json(visitor, "PUT", "/api/contents/brought.ipynb", parts)
    assert answer in (200, 201)
    assert "42" in visitor.get("/voila/render/brought.ipynb").text

    owner.kernel(PROBE)
    assert _send_json(owner, "PUT", "/api/contents/brought.ipynb", parts) == 404
    assert _send_json(owner, "POST", "/api/kernels", {"name": "python3"}) == 404
    assert _send_json(owner, "POST", "/api/sessions", {"path": "x"}) == 404
    for path in ("/apps/brought", "/voila/render/brought.ipynb", "/terminals/1", "/lab", "/api"):
        assert owner.get(path).status == 404, path


def _send_json(visitor: Visitor, method: str, path: str, document: dict[str, Any]) -> int:
    import http.client
    from urllib.parse import urlsplit

    parts = urlsplit(visitor.address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    headers = {"Content-Type": "application/json", **visitor.headers}
    headers["Cookie"] = visitor.cookie_header
    headers["X-XSRFToken"] = visitor.cookies.get("_xsrf", "")
    try:
        connection.request(method, path, json.dumps(document), headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_files_lists_and_other_notebooks(voila: Control, owner: Visitor):
    anybody = Visitor(voila.address)
    assert anybody.get("/voila/files/photo.png").status == 200
    assert anybody.get("/voila/tree").status == 200
    listed = anybody.get("/voila/api/contents/").text
    assert "probe.ipynb" in listed

    for path in (
        "/voila/files/photo.png",
        "/voila/files/round.sqlite",
        "/voila/tree",
        "/voila/tree/",
        "/voila/api/contents/",
        "/voila/api/contents/probe.ipynb",
        "/voila/render/probe.ipynb",
        "/voila/templates/lab/static/voila.js",
        "/voila/static/voila.js",
        "/files/photo.png",
        "/nbextensions/x",
        "/accounts.sqlite",
        "/round/accounts.sqlite",
    ):
        assert owner.get(path).status == 404, path
    assert owner.get(PROBE).status == 200


@pytest.mark.parametrize("part", ["public", "widgets"])
@pytest.mark.parametrize(
    "way", ["../", "..%2f", "%2e%2e/", "..%5c", "....//", "%2e%2e%2f", "/", "%00/", "..%252f"]
)
def test_paths_out_of_the_public_folders(
    served_round: ServedRound, owner: Visitor, part: str, way: str
):
    build = owner.get("/sign-out").text.partition("/public/")[2].partition("/")[0]
    assert owner.get(f"/public/{build}/server.css").status == 200
    assert owner.get(f"/widgets/{build}/extension.js").status == 200
    for target in ("etc/passwd", "audit_toolkit/server/accounts.py", "accounts.sqlite"):
        answer = owner.get(f"/{part}/{build}/{way * 12}{target}")
        assert answer.status == 404
        assert b"root:" not in answer.body


def test_query_string_and_environment_in_the_kernel(
    voila: Control, served_round: ServedRound, owner: Visitor
):
    def around(visitor: Visitor, path: str) -> str:
        with visitor.channel(visitor.kernel(path)) as channel:
            return json.dumps(channel.states())

    told = around(Visitor(voila.address), f"{PLAIN_PROBE}?who=somebody-else")
    assert "secret-of-the-server" in told
    assert "somebody-else" in told

    told = around(owner, f"{PROBE}?who=somebody-else&person=eva")
    assert "somebody-else" not in told
    assert "PYTHONPATH" not in told
    assert str(served_round.store) not in told
    assert "ins-900121-1" not in told
    assert "OMP_NUM_THREADS" in told


def test_another_template_or_theme(voila: Control, owner: Visitor):
    plain = Visitor(voila.address)
    assert "reveal" in plain.get(f"{PLAIN_PROBE}?template=reveal").text.casefold()
    assert "theme-dark" in plain.get(f"{PLAIN_PROBE}?theme=dark").text

    for query in ("?template=reveal", "?theme=dark", "?template=../../etc", "?voila-template=x"):
        answer = owner.get(f"{PROBE}{query}")
        assert answer.status == 200
        assert "reveal" not in answer.text.casefold()
        assert "theme-dark" not in answer.text
        assert "/page.js" in answer.text


def test_a_page_from_another_site_speaks_to_a_kernel(
    start_voila: Callable[..., Control], owner: Visitor
):
    control = start_voila("--Voila.token=visitor")
    visitor = Visitor(control.address, headers={"Authorization": "token visitor"})
    theirs = visitor.kernel(PLAIN_PROBE)
    evil = Visitor(control.address)
    with evil.channel(theirs, "&token=visitor", origin="http://evil.example") as joined:
        assert joined.alive()

    mine = owner.kernel(PROBE)
    for query in ("", "&token=visitor", "&token="):
        assert owner.refused_channel(mine, query, origin="http://evil.example") == 403
    with owner.channel(mine, origin=owner.address.rstrip("/")) as channel:
        assert channel.alive()


def test_another_name_for_this_machine(voila: Control, owner: Visitor):
    assert Visitor(voila.address).get(PLAIN_PROBE, Host="evil.example").status == 200
    assert owner.get(PROBE, Host="evil.example").status == 403
    assert owner.refused_channel(owner.kernel(PROBE), headers={"Host": "evil.example"}) >= 400
    assert owner.get(PROBE).status == 200


def test_names_that_the_server_was_given(
    serve_round: Callable[..., ServedRound], sign_in: Callable[..., Visitor]
):
    served = serve_round("released", host_names=["audit.example", "10.1.2.3"])
    owner = sign_in(served, "ins-900121-1")
    kernel = owner.kernel(PROBE)
    for host in ("audit.example", "AUDIT.example:8866", "10.1.2.3", "localhost"):
        assert owner.get(PROBE, Host=host).status == 200
        assert owner.refused_channel(kernel, headers={"Host": host}) in (0, 400)
    for host in ("evil.example", "audit.example.evil.example", "10.1.2.4", "x@audit.example", ""):
        assert owner.get(PROBE, Host=host).status in (400, 403), host


def test_a_ticket_after_sign_out(
    start_voila: Callable[..., Control],
    served_round: ServedRound,
    sign_in: Callable[..., Visitor],
):
    control = start_voila("--Voila.token=visitor")
    visitor = Visitor(control.address)
    theirs = visitor.kernel(f"{PLAIN_PROBE}?token=visitor")
    kept = dict(visitor.cookies)
    with visitor.channel(theirs) as open_one:
        visitor.get("/logout")
        assert open_one.alive()
    assert Visitor(control.address, kept).get(PLAIN_PROBE).status == 200

    owner = sign_in(served_round, "ins-900122-1")
    mine = owner.kernel(PROBE)
    kept = dict(owner.cookies)
    with owner.channel(mine) as channel:
        assert channel.alive()
        assert owner.post("/sign-out").status == 200
        assert channel.closed() == 4401
    replayed = Visitor(served_round.address, kept)
    assert replayed.get(PROBE).status == 302
    assert replayed.get(f"/api/kernels/{mine}").status in (302, 403)
    assert replayed.refused_channel(mine) == 403


@pytest.mark.parametrize("kind", ["callback", "wrong type"])
def test_what_goes_wrong_inside_reaches_the_page(
    voila: Control, served_round: ServedRound, owner: Visitor, kind: str
):
    def provoke(channel: Channel) -> str:
        if kind == "callback":
            asked = channel.click(channel.widget(description="bad"))
        else:
            asked = channel.update(channel.widget(description="number"), value={"a": ["b"]})
        channel.quiet(asked)
        return channel.heard()

    plain = Visitor(voila.address)
    with plain.channel(plain.kernel(PLAIN_PROBE)) as channel:
        heard = provoke(channel)
        assert "Traceback" in heard
        assert kind == "wrong type" or "inside-15555.54" in heard

    with owner.channel(owner.kernel(PROBE)) as channel:
        heard = provoke(channel)
        assert "Traceback" not in heard
        assert "inside-15555.54" not in heard
        assert "ValueError" not in heard
        assert "TraitError" not in heard
        assert channel.alive()
        channel.click(channel.widget(description="press"))
        assert channel.widget(value="pressed")
    wanted = "inside-15555.54" if kind == "callback" else "TraitError"
    _wait_for(lambda: "failure " in served_round.log and wanted in served_round.log)


def _wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_an_oversized_value(voila: Control, owner: Visitor):
    def send(channel: Channel) -> None:
        channel.update(channel.widget(value="not yet"), value="x" * 5_000_000)

    plain = Visitor(voila.address)
    with plain.channel(plain.kernel(PLAIN_PROBE)) as channel:
        send(channel)
        assert channel.alive()
        assert any(len(str(s.get("value"))) == 5_000_000 for s in channel.states().values())

    mine = owner.kernel(PROBE)
    with owner.channel(mine) as channel:
        send(channel)
        assert channel.closed() in (1009, 4400)
    with owner.channel(mine) as channel:
        assert channel.widget(value="not yet")


def test_a_flood_of_messages(voila: Control, owner: Visitor):
    def flood(channel: Channel) -> None:
        for _ in range(800):
            channel.send("comm_info_request", {})

    plain = Visitor(voila.address)
    with plain.channel(plain.kernel(PLAIN_PROBE)) as channel:
        flood(channel)
        assert channel.alive()

    mine = owner.kernel(PROBE)
    with owner.channel(mine) as channel:
        try:
            flood(channel)
        except OSError:
            pass
        except Exception as closed:  # noqa: BLE001  (websockets' own kinds of "closed")
            assert "4400" in str(closed)
        else:
            assert channel.closed() == 4400
    with owner.channel(mine) as channel:
        assert channel.alive()


def test_widgets_made_by_the_visitor(voila: Control, owner: Visitor):
    state = {
        "_model_name": "TextareaModel",
        "_model_module": "@jupyter-widgets/controls",
        "_model_module_version": "2.0.0",
        "_view_name": "TextareaView",
        "_view_module": "@jupyter-widgets/controls",
        "_view_module_version": "2.0.0",
        "value": "brought along",
    }
    opened = {
        "comm_id": "ab" * 16,
        "target_name": "jupyter.widget",
        "data": {"state": state, "buffer_paths": []},
    }

    def bring(channel: Channel) -> bool:
        channel.quiet(channel.send("comm_open", opened, metadata={"version": "2.1.0"}))
        return "echo_update" in channel.heard()

    plain = Visitor(voila.address)
    with plain.channel(plain.kernel(PLAIN_PROBE)) as channel:
        assert bring(channel)
    with owner.channel(owner.kernel(PROBE)) as channel:
        assert not bring(channel)
        assert channel.widget(value="not yet")


def test_running_anothers_notebook_through_progressive_rendering(
    start_voila: Callable[..., Control], owner: Visitor, other: Visitor
):
    from urllib.parse import urlsplit

    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    def run(visitor: Visitor, kernel_id: str) -> str:
        where = f"ws://{urlsplit(visitor.address).netloc}/voila/execution/{kernel_id}"
        headers = {"Cookie": visitor.cookie_header} if visitor.cookies else {}
        with connect(where, additional_headers=headers, max_size=None) as socket:
            socket.recv(timeout=10)
            payload = {"kernel_id": kernel_id}
            socket.send(json.dumps({"action": "execute", "payload": payload}))
            return str(socket.recv(timeout=20))

    control = start_voila("--progressive_rendering=True")
    theirs = Visitor(control.address).kernel(PLAIN_PROBE)
    assert "execution_result" in run(Visitor(control.address), theirs)

    mine = owner.kernel(PROBE)
    for visitor in (other, owner):
        with pytest.raises(InvalidStatus) as refused:
            run(visitor, mine)
        assert refused.value.response.status_code == 404
    with owner.channel(mine) as channel:
        assert channel.alive()


def test_a_configuration_file_that_fails(
    start_voila: Callable[..., Control], tmp_path: Path, serve_round: Callable[..., ServedRound]
):
    from serve_small import write_notebooks

    write_notebooks(tmp_path)
    (tmp_path / "voila.py").write_text("c.Voila.token = 'visitor'\nraise RuntimeError\n")
    control = start_voila(folder=tmp_path)
    assert Visitor(control.address).get(PLAIN_PROBE).status == 200

    served = serve_round("released")
    assert Visitor(served.address).get(PROBE).status == 302


@pytest.mark.parametrize(
    "path", ["/apps/script", "/apps//script", "/apps/%73cript", "/apps/script/", "/apps/./script"]
)
def test_a_page_of_another_role(
    voila: Control,
    served_round: ServedRound,
    owner: Visitor,
    sign_in: Callable[..., Visitor],
    path: str,
):
    assert Visitor(voila.address).get("/voila/render/script.ipynb").status == 200
    assert owner.get(path).status in (403, 404)
    if path == "/apps/script":
        assert owner.get(path).status == 403
        assert sign_in(served_round, "eva").get(path).status == 200


@pytest.mark.parametrize("forged", ["none", "made up", "changed", "renamed", "another purpose"])
def test_a_forged_ticket(voila: Control, served_round: ServedRound, owner: Visitor, forged: str):
    from audit_toolkit.server.tickets import CookieTicket, sign_cookie

    assert Visitor(voila.address, {"audit-ticket": "anything"}).get(PLAIN_PROBE).status == 200

    right = owner.cookies["audit-ticket"]
    body, _, code = right.partition(".")
    made_up = sign_cookie(b"0" * 32, CookieTicket(session_id="a" * 32, expires=9e9))
    cookies = {
        "none": {},
        "made up": {"audit-ticket": made_up},
        "changed": {"audit-ticket": f"{body[:-4]}AAAA.{code}"},
        "renamed": {"username-127-0-0-1": right, "ticket": right},
        "another purpose": {"audit-ticket": owner.cookies.get("_xsrf", "")},
    }[forged]
    assert Visitor(served_round.address, cookies).get(PROBE).status == 302
    assert owner.get(PROBE).status == 200


def test_an_expired_ticket(
    start_voila: Callable[..., Control],
    serve_round: Callable[..., ServedRound],
    sign_in: Callable[..., Visitor],
):
    control = start_voila("--Voila.token=visitor")
    visitor = Visitor(control.address)
    theirs = visitor.kernel(f"{PLAIN_PROBE}?token=visitor")
    with visitor.channel(theirs) as channel:
        visitor.cookies.clear()
        assert channel.alive()

    served = serve_round("released", longest_session=6)
    owner = sign_in(served, "ins-900121-1")
    mine = owner.kernel(PROBE)
    kept = dict(owner.cookies)
    with owner.channel(mine) as channel:
        assert channel.alive()
        assert channel.closed(20) == 4401
    assert Visitor(served.address, kept).get(PROBE).status == 302
    assert sign_in(served, "ins-900121-1").get(PROBE).status == 200


def test_a_ticket_fixed_before_sign_in(
    start_voila: Callable[..., Control], served_round: ServedRound, sign_in: Callable[..., Visitor]
):
    control = start_voila("--Voila.token=visitor")
    attacker = Visitor(control.address)
    attacker.get(f"{PLAIN_PROBE}?token=visitor")
    planted = dict(attacker.cookies)
    victim = Visitor(control.address, dict(planted))
    victim.get(f"{PLAIN_PROBE}?token=visitor")
    names = [k for k in planted if k.startswith("username")]
    assert names
    assert Visitor(control.address, planted).get(PLAIN_PROBE).status == 200

    attacker = sign_in(served_round, "ins-900122-2")
    planted = dict(attacker.cookies)
    victim = Visitor(served_round.address, dict(planted))
    victim.post("/sign-in", name="ins-900122-3", password=served_round.passwords["ins-900122-3"])
    assert victim.cookies["audit-ticket"] != planted["audit-ticket"]
    assert Visitor(served_round.address, planted).get(PROBE).status == 302
    assert victim.get(PROBE).status == 200


LEAVING = [
    "//evil.example",
    "/\t/evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "http://evil.example/",
    "https:evil.example",
    "/\n/evil.example",
    " //evil.example",
    "/\t\\evil.example",
]
STAYING = [
    "/%09/evil.example",
    "/%5cevil.example",
    "%2f%2fevil.example",
    "/apps/probe@evil.example",
    "apps/../../evil.example",
    "/.evil.example",
    "javascript:alert(1)",
    "/apps/probe\r\nX-Header: 1",
]


def host_a_browser_goes_to(location: str) -> str:
    """As browsers read an address: blanks at its ends, tabs and line ends dropped, "\\" as "/"."""
    from urllib.parse import urljoin, urlsplit

    read = location.strip(" ").translate({9: None, 10: None, 13: None}).replace("\\", "/")
    scheme, colon, rest = read.partition(":")
    if colon and scheme in ("http", "https"):
        read = f"{scheme}://{rest.lstrip('/')}"
    return urlsplit(urljoin("http://ours.example/sign-in", read)).hostname or ""


@pytest.mark.parametrize("elsewhere", [*LEAVING, *STAYING])
def test_a_sign_in_that_leads_elsewhere(served_round: ServedRound, elsewhere: str):
    # The control is a sign-in that takes the address over as it is given.
    assert (host_a_browser_goes_to(elsewhere) == "evil.example") == (elsewhere in LEAVING)

    from urllib.parse import quote

    mine = Visitor(served_round.address)
    mine.get(f"/sign-in?next={quote(elsewhere)}")
    answer = mine.post(
        "/sign-in",
        name="ins-900123-1",
        password=served_round.passwords["ins-900123-1"],
        next=elsewhere,
    )
    assert answer.status == 303
    assert answer.headers["location"] == "/"
    assert "x-header" not in answer.headers
    signed = mine.get(f"/sign-in?lang=en&next={quote(elsewhere)}")
    assert "evil.example" not in signed.headers["location"]
    right = Visitor(served_round.address)
    answer = right.sign_in(
        "ins-900123-1", served_round.passwords["ins-900123-1"], next="apps/probe"
    )
    assert answer.headers["location"] == PROBE


def test_guessing_passwords(start_voila: Callable[..., Control], served_round: ServedRound):
    control = start_voila("--Voila.token=visitor")
    guesses = [f"guess-{n}" for n in range(40)]
    for guess in guesses:
        assert Visitor(control.address).get(f"{PLAIN_PROBE}?token={guess}").status in (302, 403)
    assert Visitor(control.address).get(f"{PLAIN_PROBE}?token=visitor").status == 200

    begun = time.monotonic()
    statuses = [
        Visitor(served_round.address).sign_in("rev-3", guess).status for guess in guesses[:6]
    ]
    assert statuses == [401] * 5 + [429]
    assert time.monotonic() - begun > 5
    right = served_round.passwords["rev-3"]
    assert Visitor(served_round.address).sign_in("rev-3", right).status == 429
    mine = Visitor(served_round.address)
    assert mine.sign_in("rev-2", served_round.passwords["rev-2"]).status == 303


def test_whether_somebody_has_an_account(served_round: ServedRound):
    wrong = [
        Visitor(served_round.address).sign_in(name, "not the password")
        for name in ("rev-1", "nobody-at-all")
    ]
    assert [answer.status for answer in wrong] == [401, 401]
    shown = [
        answer.text.replace("rev-1", "").replace("nobody-at-all", "").partition("_xsrf")[0]
        for answer in wrong
    ]
    assert shown[0] == shown[1]


def test_a_forged_form(voila: Control, served_round: ServedRound, owner: Visitor):
    mine = Visitor(served_round.address)
    mine.get("/sign-in")
    right = served_round.passwords["rev-2"]
    assert mine.ask("POST", "/sign-in", {"name": "rev-2", "password": right}).status == 403
    assert owner.ask("POST", "/sign-out", {"_xsrf": "made-up"}).status == 403
    assert owner.get("/sign-out").status == 200
    assert owner.get(PROBE).status == 200


def test_a_first_password_opens_nothing_but_its_own_change(served_round: ServedRound):
    mine = Visitor(served_round.address)
    answer = mine.sign_in("obs", served_round.first_password, next="apps/probe")
    assert answer.headers["location"] == "/password"
    assert mine.get(PROBE).status == 302
    assert mine.get("/").status == 302
    short = mine.post("/password", old=served_round.first_password, new="short", again="short")
    assert short.status == 422
    assert mine.get(PROBE).status == 302
    kept = dict(mine.cookies)
    new = "five good words for obs"
    changed = mine.post("/password", old=served_round.first_password, new=new, again=new)
    assert changed.status == 303
    assert mine.get(PROBE).status == 200
    assert Visitor(served_round.address, kept).get(PROBE).status == 302
    old = Visitor(served_round.address).sign_in("obs", served_round.first_password)
    assert old.status == 401


def test_every_answer_says_what_may_run_and_that_nothing_may_frame_it(
    voila: Control, owner: Visitor
):
    control = Visitor(voila.address).get(PLAIN_PROBE).headers
    assert "script-src" not in control["content-security-policy"]
    for path in ("/", "/sign-in", "/sign-out", PROBE, "/nothing", "/apps/script"):
        headers = owner.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["server"] == "audit-toolkit"
        assert headers["cache-control"] == "no-store"
    ticket = Visitor(owner.address)
    answer = ticket.get("/sign-in")
    assert "access-control-allow-origin" not in answer.headers
