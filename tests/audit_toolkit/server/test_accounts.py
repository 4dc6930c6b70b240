"""Accounts: first passwords, argon2, counted failures, sessions that outlive a restart."""

from __future__ import annotations

import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from audit_toolkit.errors import OperatorError
from audit_toolkit.server.accounts import (
    FAILURES_BEFORE_LOCK,
    LOCK_SECONDS,
    Account,
    Accounts,
)
from audit_toolkit.server.sessions import Sessions
from audit_toolkit.server.tickets import (
    CookieTicket,
    HeaderTicket,
    read_cookie,
    read_header,
    sign_cookie,
    sign_header,
)

QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
GOOD = "four good words here"


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(tmp_path: Path, clock: Clock) -> Accounts:
    return Accounts(tmp_path / "accounts.sqlite", clock=clock, hasher=QUICK)


def refused(accounts: Accounts, name: str, password: str) -> str:
    with pytest.raises(OperatorError) as error:
        accounts.check(name, password)
    return error.value.code


def test_a_first_password_must_be_changed_and_is_kept_as_argon2_alone(tmp_path: Path, clock: Clock):
    accounts = Accounts(tmp_path / "accounts.sqlite", clock=clock)
    password = accounts.give_first_password("eva")
    assert accounts.check("eva", password) == Account(person_id="eva", must_change=True)
    with sqlite3.connect(accounts.path) as db:
        (kept,) = db.execute("SELECT password_hash FROM accounts").fetchone()
    db.close()
    assert kept.startswith("$argon2id$")
    assert password.encode() not in accounts.path.read_bytes()
    assert stat.S_IMODE(accounts.path.stat().st_mode) == 0o600


def test_first_passwords_differ(accounts: Accounts):
    assert len({accounts.give_first_password("eva") for _ in range(20)}) == 20


def test_repeated_failures_lock_and_the_lock_ends(accounts: Accounts, clock: Clock):
    password = accounts.give_first_password("eva")
    for _ in range(FAILURES_BEFORE_LOCK):
        assert refused(accounts, "eva", "wrong") == "sign-in-refused"
    assert refused(accounts, "eva", password) == "sign-in-locked"
    clock.now += LOCK_SECONDS - 1
    assert refused(accounts, "eva", password) == "sign-in-locked"
    clock.now += 2
    assert accounts.check("eva", password).person_id == "eva"


def test_a_name_that_nobody_has_is_locked_as_well(accounts: Accounts):
    codes = [refused(accounts, "nobody", "x") for _ in range(FAILURES_BEFORE_LOCK + 1)]
    assert codes == ["sign-in-refused"] * FAILURES_BEFORE_LOCK + ["sign-in-locked"]


def test_a_right_password_forgets_earlier_failures(accounts: Accounts):
    password = accounts.give_first_password("eva")
    for _ in range(3):
        for _ in range(FAILURES_BEFORE_LOCK - 1):
            refused(accounts, "eva", "wrong")
        accounts.check("eva", password)


def test_answers_are_held_back_longer_at_each_failure(accounts: Accounts):
    accounts.give_first_password("eva")
    waits = [accounts.seconds_to_wait("eva")]
    for _ in range(FAILURES_BEFORE_LOCK):
        refused(accounts, "eva", "wrong")
        waits.append(accounts.seconds_to_wait("eva"))
    assert waits == [0.0, 0.5, 1.0, 2.0, 4.0, 4.0]


def test_attempts_made_together_are_all_counted(accounts: Accounts):
    accounts.give_first_password("eva")
    codes: list[str] = []
    threads = [
        threading.Thread(target=lambda: codes.append(refused(accounts, "eva", "wrong")))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes.count("sign-in-refused") == FAILURES_BEFORE_LOCK


@pytest.mark.parametrize(
    ("new", "again", "code"),
    [
        ("short", "short", "password-short"),
        ("x" * 201, "x" * 201, "password-short"),
        (GOOD, GOOD + "x", "password-differs"),
        ("evaluator-1", "evaluator-1", "password-same"),
    ],
)
def test_new_passwords_that_are_not_taken(accounts: Accounts, new: str, again: str, code: str):
    password = accounts.give_first_password("evaluator-1")
    with pytest.raises(OperatorError) as error:
        accounts.change_password("evaluator-1", password, new, again)
    assert error.value.code == code
    with pytest.raises(OperatorError, match="differ from the present"):
        accounts.change_password("evaluator-1", password, password, password)
    assert accounts.check("evaluator-1", password).must_change


def test_a_changed_password_ends_all_sessions(accounts: Accounts, clock: Clock):
    password = accounts.give_first_password("eva")
    sessions = Sessions(accounts, clock=clock)
    session, ticket = sessions.sign_in(accounts.check("eva", password))
    accounts.change_password("eva", password, GOOD, GOOD)
    sessions.refresh()
    assert sessions.of_cookie(ticket) is None
    assert not sessions.is_open(session.session_id)
    assert not accounts.check("eva", GOOD).must_change


def test_sessions_outlive_a_restart_and_ended_ones_do_not(accounts: Accounts, clock: Clock):
    account = Account(person_id="eva", must_change=False)
    before = Sessions(accounts, clock=clock)
    kept, kept_ticket = before.sign_in(account)
    ended, ended_ticket = before.sign_in(account)
    before.end(ended.session_id)
    after = Sessions(accounts, clock=clock)
    found = after.of_cookie(kept_ticket)
    assert found is not None
    assert found.session_id == kept.session_id
    assert after.of_cookie(ended_ticket) is None


def test_sessions_end_by_age_and_by_being_unused(accounts: Accounts, clock: Clock):
    sessions = Sessions(accounts, clock=clock, longest=1000, idle=100)
    session, ticket = sessions.sign_in(Account(person_id="eva", must_change=False))
    for _ in range(9):
        clock.now += 99
        assert sessions.of_cookie(ticket) is not None
    clock.now += 109
    assert sessions.of_cookie(ticket) is None
    again, ticket = sessions.sign_in(Account(person_id="eva", must_change=False))
    clock.now += 101
    assert sessions.use(again.session_id) is None
    assert again.session_id != session.session_id


def test_a_session_ended_by_another_program_is_ended_here(accounts: Accounts, clock: Clock):
    sessions = Sessions(accounts, clock=clock)
    _, ticket = sessions.sign_in(Account(person_id="eva", must_change=False))
    Accounts(accounts.path, clock=clock, hasher=QUICK).give_first_password("eva")
    sessions.refresh()
    assert sessions.of_cookie(ticket) is None


KEY, NOW = b"k" * 32, 1000.0


def header(**changes: object) -> HeaderTicket:
    values = {
        "person_id": "eva",
        "session_id": "proxy-1",
        "issued": NOW,
        "expires": NOW + 60,
        "until": NOW + 3600,
    }
    return HeaderTicket(**{**values, **changes})  # type: ignore[arg-type]


def test_a_cookie_says_what_was_signed_until_it_expires():
    ticket = CookieTicket(session_id="s", expires=NOW + 1)
    text = sign_cookie(KEY, ticket)
    assert read_cookie(KEY, text, now=NOW) == ticket
    assert read_cookie(KEY, text, now=NOW + 1) is None
    assert read_cookie(b"j" * 32, text, now=NOW) is None
    for place in range(len(text)):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        assert read_cookie(KEY, changed, now=NOW) is None


@pytest.mark.parametrize("text", ["", ".", "a.b", "é.é", "x" * 5000, "e30=.00", "\0.\0"])
def test_a_text_that_is_no_ticket(text: str):
    assert read_cookie(KEY, text, now=NOW) is None
    assert read_header(KEY, text, now=NOW) is None


def test_a_header_ticket_is_taken_while_it_is_fresh():
    assert read_header(KEY, sign_header(KEY, header()), now=NOW) == header()


@pytest.mark.parametrize(
    "wrong",
    [
        header(expires=NOW),
        header(issued=NOW + 100, expires=NOW + 160),
        header(expires=NOW + 3600),
        header(until=NOW),
        header(person_id=""),
        header(session_id=""),
    ],
)
def test_a_header_ticket_that_is_stale_too_long_or_nameless(wrong: HeaderTicket):
    assert read_header(KEY, sign_header(KEY, wrong), now=NOW) is None


def test_a_cookie_is_no_header_ticket_and_the_other_way_round():
    assert (
        read_header(KEY, sign_cookie(KEY, CookieTicket(session_id="s", expires=9e9)), now=0) is None
    )
    assert read_cookie(KEY, sign_header(KEY, header()), now=NOW) is None


def test_where_a_proxy_signs_in_the_own_cookie_counts_for_nothing(accounts: Accounts, clock: Clock):
    own = Sessions(accounts, clock=clock)
    _, ticket = own.sign_in(Account(person_id="eva", must_change=False))
    proxied = Sessions(accounts, clock=clock, header_secret=KEY)
    assert proxied.of_cookie(ticket) is None
    given = header(issued=clock.now, expires=clock.now + 60, until=clock.now + 600)
    session = proxied.of_header(sign_header(KEY, given))
    assert session is not None
    assert session.person_id == "eva"
    assert own.of_header(sign_header(KEY, given)) is None
    clock.now += 601
    assert not proxied.is_open("proxy-1")


def test_a_proxys_session_ended_here_stays_ended(accounts: Accounts, clock: Clock):
    given = header(issued=clock.now, expires=clock.now + 60, until=clock.now + 600)
    text = sign_header(KEY, given)
    sessions = Sessions(accounts, clock=clock, header_secret=KEY)
    assert sessions.of_header(text) is not None
    sessions.end("proxy-1")
    assert sessions.of_header(text) is None
    assert Sessions(accounts, clock=clock, header_secret=KEY).of_header(text) is None
