"""What the journal holds of sign-ins: who came and went, and locks; no password, no flood."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from attackers import Visitor
from rounds import SmallRound, build
from served_round import PASSWORD, ServedRound

from audit_toolkit import workflow
from audit_toolkit.cli.door import run
from audit_toolkit.errors import OperatorError, PermissionRefusedError
from audit_toolkit.machine import machine_context
from audit_toolkit.server.accounts import FAILURES_BEFORE_LOCK
from audit_toolkit.server.serving import open_accounts
from audit_toolkit.server.tickets import HEADER_NAME, HeaderTicket, sign_header

SECRET = "a secret of at least thirty-two characters"
NEW = "five other good words here"


def journal_of(store: Path) -> list[dict[str, Any]]:
    """Return the journal of a served round, verified."""
    with workflow.open_store(store) as opened:
        admin = machine_context("admin")
        workflow.verify_journal(admin, opened)
        return [json.loads(line) for line in workflow.export_journal(admin, opened).splitlines()]


@pytest.fixture(scope="module")
def served(serve_round: Callable[..., ServedRound]) -> ServedRound:
    return serve_round("opened")


def guesses_together(served: ServedRound, name: str, count: int) -> Counter[int]:
    """Wrong passwords, side by side: one after another they are held back for seconds each."""
    with ThreadPoolExecutor(count) as pool:
        signing = [
            pool.submit(Visitor(served.address).sign_in, name, f"guess-{n}") for n in range(count)
        ]
        return Counter(one.result().status for one in signing)


def since(served: ServedRound, number: int) -> list[tuple[str, str, str]]:
    return [(e["action"], e["person_id"], e["subject"]) for e in journal_of(served.store)[number:]]


def test_sign_in_sign_out_and_a_changed_password_stand_in_the_journal(served: ServedRound):
    before = len(journal_of(served.store))
    mine = Visitor(served.address)
    assert mine.sign_in("prov", "wrong").status == 401
    assert mine.sign_in("prov", PASSWORD).status == 303
    assert mine.post("/password", old=PASSWORD, new=NEW, again=NEW).status == 303
    assert mine.post("/sign-out").status == 200
    assert since(served, before) == [
        ("sign-in", "prov", ""),
        ("change-password", "prov", ""),
        ("sign-out", "prov", ""),
    ]
    entry = journal_of(served.store)[before]
    assert entry["detail"] == {"way": "password", "failed_before": 1}


def test_a_first_password_is_told_from_one_that_was_chosen(served: ServedRound):
    before = len(journal_of(served.store))
    assert Visitor(served.address).sign_in("obs", served.first_password).status == 303
    assert journal_of(served.store)[before]["detail"]["way"] == "first-password"


def test_a_lock_is_one_entry_and_a_flood_of_failures_adds_nothing(served: ServedRound):
    before = len(journal_of(served.store))
    statuses = guesses_together(served, "rev-1", FAILURES_BEFORE_LOCK + 10)
    assert statuses == {401: FAILURES_BEFORE_LOCK, 429: 10}
    assert since(served, before) == [("lock-sign-in", "", "rev-1")]
    assert journal_of(served.store)[before]["detail"] == {
        "failures": FAILURES_BEFORE_LOCK,
        "minutes": 15,
    }


def test_names_that_nobody_has_are_not_written(served: ServedRound):
    before = len(journal_of(served.store))
    guesses_together(served, "my-password-in-the-wrong-field", FAILURES_BEFORE_LOCK + 1)
    assert since(served, before) == []


def test_no_password_and_no_ticket_stands_in_the_journal(served: ServedRound):
    mine = Visitor(served.address)
    assert mine.sign_in("rev-2", PASSWORD).status == 303
    written = json.dumps(journal_of(served.store))
    assert '"rev-2"' in written
    ticket = mine.cookies["audit-ticket"]
    for secret in (PASSWORD, NEW, served.first_password, ticket, ticket.partition(".")[0]):
        assert secret not in written


def test_a_proxys_sign_in_stands_in_the_journal_once(serve_round: Callable[..., ServedRound]):
    served = serve_round("opened", header_secret=SECRET)
    before = len(journal_of(served.store))
    now = time.time()
    for person_id in ("lead-900121", "nobody-of-the-round"):
        ticket = HeaderTicket(
            person_id=person_id,
            session_id=f"journalled {person_id}",
            issued=now,
            expires=now + 120,
            until=now + 3600,
        )
        header = {HEADER_NAME: sign_header(SECRET.encode(), ticket)}
        for _ in range(3):
            Visitor(served.address, headers=header).get("/")
    until = time.monotonic() + 20
    while len(journal_of(served.store)) == before and time.monotonic() < until:
        time.sleep(0.2)
    # A look at the server's own second sight of it: nothing is added by later requests.
    Visitor(served.address, headers=header).get("/")
    time.sleep(1.5)
    assert since(served, before) == [("sign-in", "lead-900121", "")]
    assert journal_of(served.store)[before]["detail"]["way"] == "identity-proxy"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallRound:
    made = build(tmp_path_factory.mktemp("accounts") / "small", "opened")
    made.store.close()
    return made


def test_users_add_and_reset_stand_in_the_journal(
    small: SmallRound, capsys: pytest.CaptureFixture[str]
):
    store = small.folder / "round"
    before = len(journal_of(store))
    common = ["--store", str(store), "--as", "admin", "--json"]
    add = ["users", "add", "new", "--name", "新", "--role", "observer", *common]
    assert run(add) == 0
    first = json.loads(capsys.readouterr().out)["first_password"]
    assert run(["users", "reset", "new", *common]) == 0
    second = json.loads(capsys.readouterr().out)["first_password"]
    entries = journal_of(store)[before:]
    assert [(e["action"], e["subject"], e["detail"].get("occasion")) for e in entries] == [
        ("manage-people", "new", None),
        ("give-password", "new", "new"),
        ("give-password", "new", "lost"),
    ]
    assert first not in json.dumps(entries)
    assert second not in json.dumps(entries)


@pytest.mark.parametrize(
    "person_id", ["eva", "prov", "lead-900121", "ins-900121-1", "county-900121"]
)
def test_only_the_administrator_gives_passwords(
    small: SmallRound, person_id: str, capsys: pytest.CaptureFixture[str]
):
    store = small.folder / "round"
    common = ["--store", str(store), "--as", person_id]
    assert run(["users", "reset", "prov", *common]) == 1
    assert "give-password" in capsys.readouterr().err
    with workflow.open_store(store) as opened, pytest.raises(PermissionRefusedError):
        open_accounts(machine_context(person_id), opened, ["prov"])


def test_a_password_for_nobody_is_refused(small: SmallRound):
    with workflow.open_store(small.folder / "round") as opened:
        with pytest.raises(OperatorError) as refused:
            open_accounts(machine_context("admin"), opened, ["nobody-of-the-round"])
        assert refused.value.code == "person-unknown"


def test_who_is_not_of_the_round_or_no_longer_active_is_not_let_in(small: SmallRound):
    with (
        workflow.open_store(small.folder / "round") as opened,
        pytest.raises(PermissionRefusedError),
    ):
        workflow.note_sign_in(machine_context("nobody"), opened, way="password")
