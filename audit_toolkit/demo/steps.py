"""Step logs: what each exited household's file, and the county's, says was done and when.

Logs are complete and in order except where a fault is planted; each planted fault is one that an
inspection of files finds: a step without record, two steps on a day, a notice cut short, an
announcement during the notice, an objection left open, a step without document.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.random import Generator

from .filing import EXIT_YEAR

STEP_COLUMNS = ("household_id", "step", "done_on", "ended_on", "objections_open", "document")
HOUSEHOLD_STEPS = (
    "appraisal",
    "verification",
    "agreement",
    "village-notice",
    "announcement",
    "strike-off",
)
COUNTY_STEPS = (
    "county-proposal",
    "city-examination",
    "province-verification",
    "public-notice",
    "province-approval-of-list",
    "report-to-leading-group",
)
HOUSEHOLD_FAULTS = (
    "missing",
    "same-day",
    "notice-short",
    "notice-overlapped",
    "objection",
    "document",
)
COUNTY_FAULTS = ("no-notice", "same-day", "notice-short", "out-of-order")

_NOTICES = ("village-notice", "public-notice")
_NOTICE_DAYS = 8
_PAPERS = {
    "appraisal": "民主评议会议记录",
    "verification": "村两委和驻村工作队核实表",
    "agreement": "拟退出贫困户认可书",
    "village-notice": "村内公示照片",
    "announcement": "退出公告",
    "strike-off": "",
    "county-proposal": "县级退出申请",
    "city-examination": "市级初审报告",
    "province-verification": "省级核查报告",
    "public-notice": "省级公示",
    "province-approval-of-list": "省级审定名单",
    "report-to-leading-group": "上报文件",
}

Row = tuple[str, str, str, str, int, str]
_Log = dict[str, tuple[date, date | None, int, str]]


def step_rows(
    rng: Generator, register: pd.DataFrame, *, incomplete: float, county_faults: tuple[str, ...]
) -> list[Row]:
    """Return the county's own steps and then those of its exited households, by id.

    Parameters
    ----------
    incomplete : float
        Share of exited households whose log has a fault.
    county_faults : tuple of str
        Faults of the county's own log, out of ``COUNTY_FAULTS``.
    """
    rows = _rows("", _county_log(county_faults))
    exited = register[register["status"] == "exited"]
    gaps = rng.integers(2, 6, size=(len(exited), len(HOUSEHOLD_STEPS)))
    starts = rng.integers(0, 25, size=len(exited))
    faulty = rng.random(len(exited)) < incomplete
    kinds = rng.choice(HOUSEHOLD_FAULTS, size=len(exited))
    for place, (household_id, year) in enumerate(
        zip(exited["household_id"], exited["exit_year"], strict=True)
    ):
        start = date(int(year), 10, 8) + timedelta(days=int(starts[place]))
        log = _log(HOUSEHOLD_STEPS, start, np.cumsum(gaps[place]).tolist())
        if faulty[place]:
            _spoil_household(log, str(kinds[place]))
        rows += _rows(household_id, log)
    return rows


def _log(steps: tuple[str, ...], start: date, days: list[int]) -> _Log:
    """Return a complete log; what follows the notice waits for its end."""
    log: _Log = {}
    wait = 0
    for step, after in zip(steps, days, strict=True):
        done_on = start + timedelta(days=after + wait)
        ended_on = None
        if step in _NOTICES:
            wait = _NOTICE_DAYS
            ended_on = done_on + timedelta(days=_NOTICE_DAYS - 1)
        log[step] = (done_on, ended_on, 0, _PAPERS[step])
    return log


def _county_log(faults: tuple[str, ...]) -> _Log:
    log = _log(COUNTY_STEPS, date(EXIT_YEAR + 1, 1, 6), [0, 9, 21, 27, 33, 36])
    if "no-notice" in faults:
        del log["public-notice"]
    if "same-day" in faults:
        _move(log, "province-approval-of-list", log["province-verification"][0])
    if "notice-short" in faults:
        _shorten(log, "public-notice", 4)
    if "out-of-order" in faults:
        _move(log, "city-examination", log["county-proposal"][0] - timedelta(days=3))
    return log


def _spoil_household(log: _Log, fault: str) -> None:
    """Put one fault into a household's log."""
    notice = log["village-notice"]
    match fault:
        case "missing":
            del log["appraisal"]
        case "same-day":
            _move(log, "verification", log["appraisal"][0])
        case "notice-short":
            _shorten(log, "village-notice", 3)
        case "notice-overlapped":
            _move(log, "announcement", notice[0] + timedelta(days=4))
        case "objection":
            log["village-notice"] = (notice[0], notice[1], 1, notice[3])
        case _:
            done_on, ended_on, objections, _ = log["agreement"]
            log["agreement"] = (done_on, ended_on, objections, "")


def _move(log: _Log, step: str, done_on: date) -> None:
    log[step] = (done_on, *log[step][1:])


def _shorten(log: _Log, step: str, days: int) -> None:
    done_on, _, objections, paper = log[step]
    log[step] = (done_on, done_on + timedelta(days=days - 1), objections, paper)


def _rows(household_id: str, log: _Log) -> list[Row]:
    return [
        (
            household_id,
            step,
            done_on.isoformat(),
            "" if ended_on is None else ended_on.isoformat(),
            objections,
            paper,
        )
        for step, (done_on, ended_on, objections, paper) in log.items()
    ]
