"""Kernels: forked and plain, their environment, their end, and what becomes of their pages."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from attackers import Visitor
from served_round import ServedRound

from audit_toolkit.server.forking import ForkServer
from audit_toolkit.server.kernels import clean_environment
from audit_toolkit.server.tickets import HEADER_NAME, HeaderTicket, sign_header

PROBE = "/apps/probe"
SECRET = "ab" * 32


def processes(served: ServedRound, word: str) -> list[int]:
    """Return the processes below a server whose command line has a word."""
    assert served.process is not None
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    below = {served.process.pid}
    for _ in range(4):
        below |= {int(pid) for pid, parent, _ in rows if int(parent) in below}
    return [int(pid) for pid, _, args in rows if int(pid) in below and word in args]


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_kernels_are_children_of_the_warm_process(served_round: ServedRound, owner: Visitor):
    before = set(processes(served_round, "forkserver"))
    with owner.channel(owner.kernel(PROBE)) as channel:
        assert channel.alive()
        assert len(set(processes(served_round, "forkserver")) - before) >= 1
        assert processes(served_round, "audit_toolkit.server.kernel") == []


def test_a_kernel_that_died_is_told_to_its_page(served_round: ServedRound, owner: Visitor):
    before = set(processes(served_round, "forkserver"))
    mine = owner.kernel(PROBE)
    with owner.channel(mine) as channel:
        assert channel.alive()
        (pid,) = set(processes(served_round, "forkserver")) - before
        os.kill(pid, signal.SIGKILL)
        assert channel.closed() == 4404
    assert owner.get(f"/api/kernels/{mine}").status in (403, 404)
    with owner.channel(owner.kernel(PROBE)) as channel:
        assert channel.alive()


def test_only_so_many_kernels_a_session(served_round: ServedRound, owner: Visitor):
    opened = [owner.kernel(PROBE) for _ in range(8)]
    alive = [k for k in opened if owner.get(f"/api/kernels/{k}").status == 200]
    assert alive == opened[2:]


def test_without_the_warm_process_kernels_are_plain_until_there_is_another(
    serve_round: Callable[..., ServedRound], sign_in: Callable[..., Visitor]
):
    served = serve_round("opened")
    owner = sign_in(served, "ins-900121-1")
    first = owner.kernel(PROBE)
    warm = processes(served, "forkserver")
    os.kill(min(warm), signal.SIGKILL)
    wait_for(lambda: owner.get(f"/api/kernels/{first}").status != 200)
    with owner.channel(owner.kernel(PROBE)) as channel:
        channel.click(channel.widget(description="press"))
        assert channel.widget(value="pressed")
    wait_for(lambda: processes(served, "forkserver"))
    wait_for(lambda: not set(warm) & set(processes(served, "forkserver")))


def test_plain_kernels_keep_the_same_walls(
    serve_round: Callable[..., ServedRound], sign_in: Callable[..., Visitor]
):
    served = serve_round("opened", forks=False)
    owner = sign_in(served, "ins-900121-1")
    with owner.channel(owner.kernel(PROBE)) as channel:
        assert "PYTHONPATH" not in str(channel.states())
        channel.quiet(channel.click(channel.widget(description="bad")))
        assert "inside-15555.54" not in channel.heard()
        channel.click(channel.widget(description="press"))
        assert channel.widget(value="pressed")


def test_children_draw_different_chance(tmp_path: Path):
    """Their legacy state is copied by the fork, so it is made anew in each."""
    home = tmp_path / "home"
    home.mkdir()
    code = (
        "import random, numpy as np\n"
        "from audit_toolkit.server.forkserver import _forget_shared_chance as forget\n"
        "random.seed(1); np.random.seed(1); forget(); a = (random.random(), np.random.rand())\n"
        "random.seed(1); np.random.seed(1); forget(); b = (random.random(), np.random.rand())\n"
        "assert a[0] != b[0] and a[1] != b[1]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=clean_environment(home), cwd=home)


def test_a_warm_process_that_has_threads_says_so(tmp_path: Path):
    (tmp_path / "threaded.py").write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(30,), daemon=True).start()\n"
    )
    environment = clean_environment(tmp_path) | {"PYTHONPATH": str(tmp_path)}
    warm = ForkServer(environment, tmp_path, ("threaded",))
    try:
        assert warm.wait_ready() is False
        assert not warm.alive
    finally:
        warm.stop()


def test_nothing_is_left_when_the_server_stops(
    serve_round: Callable[..., ServedRound], sign_in: Callable[..., Visitor]
):
    served = serve_round("opened", idle_session=3600)
    sign_in(served, "ins-900121-1").kernel(PROBE)
    below = processes(served, "python")
    assert len(below) >= 3
    served.stop()
    wait_for(lambda: not [pid for pid in below if Path(f"/proc/{pid}").exists()])


def test_sign_ins_outlive_a_server_that_was_killed(
    serve_round: Callable[..., ServedRound], sign_in: Callable[..., Visitor]
):
    served = serve_round("opened", longest_session=3600)
    owner = sign_in(served, "ins-900121-1")
    assert owner.get(PROBE).status == 200
    below = processes(served, "python")
    served.stop(signal.SIGKILL)
    wait_for(lambda: not [pid for pid in below if Path(f"/proc/{pid}").exists()])
    served.start()
    assert owner.get(PROBE).status == 200


def proxied(served: ServedRound, **changes: object) -> Visitor:
    now = time.time()
    values = {
        "person_id": "ins-900121-1",
        "session_id": "proxy-session-1",
        "issued": now,
        "expires": now + 120,
        "until": now + 3600,
    }
    ticket = HeaderTicket(**{**values, **changes})  # type: ignore[arg-type]
    return Visitor(served.address, headers={HEADER_NAME: sign_header(SECRET.encode(), ticket)})


def test_an_identity_proxy_in_place_of_the_sign_in(
    serve_round: Callable[..., ServedRound], voila: object
):
    served = serve_round("opened", header_secret=SECRET)
    mine = proxied(served)
    kernel = mine.kernel(PROBE)
    with mine.channel(kernel) as channel:
        assert channel.alive()
    assert proxied(served, person_id="eva", session_id="e").get("/apps/script").status == 200

    forged = HeaderTicket(person_id="eva", session_id="x", issued=0, expires=9e9, until=9e9)
    for text in ("", "eva", sign_header(b"x" * 32, forged), sign_header(SECRET.encode(), forged)):
        assert Visitor(served.address, headers={HEADER_NAME: text}).get(PROBE).status == 302
    assert proxied(served, person_id="nobody", session_id="n").get(PROBE).status == 302
    other = proxied(served, person_id="ins-900121-2", session_id="proxy-session-2")
    assert other.refused_channel(kernel) == 403
    assert Visitor(served.address).get("/sign-in").status == 403

    with mine.channel(kernel) as channel:
        mine.get("/sign-out")
        assert mine.post("/sign-out").status == 200
        assert channel.closed() == 4401
    assert mine.get(PROBE).status == 302


def test_a_channel_ends_with_the_proxys_sign_in(serve_round: Callable[..., ServedRound]):
    served = serve_round("opened", header_secret=SECRET)
    mine = proxied(served, session_id="short", until=time.time() + 5)
    with mine.channel(mine.kernel(PROBE)) as channel:
        assert channel.alive()
        assert channel.closed(15) == 4401


@pytest.mark.parametrize("name", ["PATH", "HOME", "LANG"])
def test_a_kernel_has_what_it_needs_and_nothing_of_the_servers(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AUDIT_TOOLKIT_STORE", "postgresql://secret@db/round")
    monkeypatch.setenv("AWS_SECRET", "x")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    clean = clean_environment(tmp_path)
    assert name in clean
    assert not {"AUDIT_TOOLKIT_STORE", "AWS_SECRET", "PYTHONPATH"} & clean.keys()
    assert clean["HOME"] == str(tmp_path)
