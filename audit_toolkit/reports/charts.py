"""The figures: rates against limits, counties of a round, what a plan lets happen.

Each is an SVG with a title that states its finding, a description in words and no colour that
tells something alone. The table of the same numbers stands beside it in the report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..model import Indicator, OutcomeKind, Plan, Results
from ..text import percent, say
from .canvas import BAD, GOOD, INK, LINE, MIDDLE, PAPER, POINT, SOFT, WIDTH, Canvas, drawing_style
from .wording import (
    initial,
    limit,
    limit_words,
    lower_share,
    rate_name,
    rate_word,
    rate_words,
    share,
    span,
    upper_share,
    word,
)

LEFT, RIGHT = 8, WIDTH - 8
_ROW = 92
_TONE = {"pass": GOOD, "fail": BAD, "inconclusive": MIDDLE}
SIGNS = {"pass": "✓", "fail": "▲", "inconclusive": "◇"}


def shown_rates(indicators: Sequence[Indicator]) -> tuple[Indicator, ...]:
    """Return the rates that decide something, each in the unit that decides."""
    return tuple(i for i in indicators if i.conclusion is not None)


def rates_title(indicators: Sequence[Indicator], language: str) -> str:
    """Return what the figure of rates finds, in one sentence."""
    rates = shown_rates(indicators)
    parts = []
    for conclusion in ("fail", "inconclusive", "pass"):
        names = [rate_name(i, language) for i in rates if i.conclusion == conclusion]
        if names and len(names) == len(rates):
            return say(f"report.figure-rates-all-{conclusion}", language, count=len(rates))
        if names:
            joined = word("join", "list", language).join(names)
            parts.append(say(f"report.figure-rates-{conclusion}", language, names=joined))
    return initial(word("join", "clause", language).join(parts))


def rates_figure(indicators: Sequence[Indicator], language: str) -> str:
    """Return each deciding rate as point and interval against its limit.

    Parameters
    ----------
    indicators : sequence of Indicator
        The rates of one county; those that decide nothing are left to the table.
    language : {"zh", "en"}
        Language of the words.

    Returns
    -------
    str
        An SVG. The unweighted sample share of the official point rule is an open triangle.
    """
    rates = shown_rates(indicators)
    top = _scale_end([i for i in rates if i.direction == "below"])
    with drawing_style():
        canvas = Canvas(_ROW * len(rates) + 62)
        for place, rate in enumerate(rates):
            low, high = (0.0, top) if rate.direction == "below" else (_scale_start(rate), 1.0)
            _rate_row(canvas, place * _ROW, rate, (low, high), language)
        _rates_key(canvas, _ROW * len(rates), language)
        description = " ".join(
            say(
                "report.figure-rates-item",
                language,
                name=rate_name(i, language),
                value=rate_words(i, language),
                limit=limit_words(i, language),
                conclusion=word("conclusion", i.conclusion or "", language),
                point=share(i.official_point, language),
            )
            for i in rates
        )
        return canvas.svg("rates", rates_title(indicators, language), description)


def _scale_end(rates: Sequence[Indicator]) -> float:
    reach = [float(i.threshold or 0) * 1.6 for i in rates]
    reach += [i.interval.upper * 1.08 for i in rates if i.interval is not None]
    reach += [i.official_point * 1.08 for i in rates if i.official_point is not None]
    return min(1.0, max(reach, default=0.05))


def _scale_start(rate: Indicator) -> float:
    reach = [1.6 * float(rate.threshold or 0) - 0.6]
    if rate.interval is not None:
        reach.append(rate.interval.lower - 0.02)
    if rate.official_point is not None:
        reach.append(rate.official_point - 0.02)
    return max(0.0, min(reach))


def _rate_row(
    canvas: Canvas, y: float, rate: Indicator, ends: tuple[float, float], language: str
) -> None:
    low, high = ends
    conclusion = rate.conclusion or "inconclusive"

    def at(value: float) -> float:
        return LEFT + (RIGHT - LEFT) * (value - low) / (high - low)

    canvas.text(LEFT, y + 16, rate_name(rate, language), size=14)
    verdict = f"{SIGNS[conclusion]} {word('verdict', conclusion, language)}"
    canvas.text(RIGHT, y + 33, verdict, size=13, color=_TONE[conclusion], align="right")
    canvas.text(LEFT, y + 33, _short_words(rate, language), size=12, color=SOFT)
    edge = at(float(rate.threshold or 0))
    barred = (edge, RIGHT) if rate.direction == "below" else (LEFT, edge)
    canvas.box(*barred, y + 46, y + 68, LINE, hatch="////")
    canvas.line((LEFT, RIGHT), (y + 68, y + 68), LINE, width=1)
    canvas.line((edge, edge), (y + 42, y + 72), INK, width=2)
    if rate.interval is not None and rate.estimate is not None:
        a, b = at(rate.interval.lower), at(rate.interval.upper)
        canvas.line((a, b), (y + 57, y + 57), PAPER, width=8)
        canvas.line((a, b), (y + 57, y + 57), POINT, width=3.5)
        for end in (a, b):
            canvas.line((end, end), (y + 51, y + 63), POINT, width=2)
        canvas.mark(at(rate.estimate), y + 57, "o", POINT, filled=True)
    if rate.official_point is not None:
        canvas.mark(at(rate.official_point), y + 46, "v", INK, filled=False, size=8)
    words = limit(rate.threshold or "0", language)
    canvas.text(edge, y + 84, words, size=12, align="center")
    if edge - LEFT > 50:
        canvas.text(LEFT, y + 84, _tick(low, language), size=11, color=SOFT)
    if RIGHT - edge > 60:
        canvas.text(RIGHT, y + 84, _tick(high, language), size=11, color=SOFT, align="right")


def _tick(value: float, language: str) -> str:
    return percent(value, language, digits=0 if value in (0.0, 1.0) else 1)


def _short_words(rate: Indicator, language: str) -> str:
    if rate.estimate is None or rate.interval is None:
        return say("report.rate-none-short", language)
    if rate.estimate == 0:
        upper = upper_share(rate.interval.upper, language)
        return say("report.rate-zero-short", language, upper=upper)
    if rate.estimate == 1:
        lower = lower_share(rate.interval.lower, language)
        return say("report.rate-all-short", language, lower=lower)
    return say(
        "report.rate-found",
        language,
        estimate=share(rate.estimate, language),
        span=span(rate.interval, language),
    )


def _rates_key(canvas: Canvas, y: float, language: str) -> None:
    canvas.line((LEFT, RIGHT), (y + 4, y + 4), LINE, width=0.7)
    canvas.line((LEFT, LEFT + 26), (y + 20, y + 20), POINT, width=3.5)
    canvas.mark(LEFT + 13, y + 20, "o", POINT, filled=True)
    canvas.text(LEFT + 34, y + 25, say("report.key-interval", language), size=12)
    canvas.mark(WIDTH / 2 + 31, y + 20, "v", INK, filled=False, size=8)
    canvas.text(WIDTH / 2 + 46, y + 25, say("report.key-point", language), size=12)
    canvas.line((LEFT + 13, LEFT + 13), (y + 36, y + 56), INK, width=2)
    canvas.text(LEFT + 34, y + 51, say("report.key-limit", language), size=12)
    canvas.box(WIDTH / 2 + 22, WIDTH / 2 + 40, y + 39, y + 54, LINE, hatch="////")
    canvas.text(WIDTH / 2 + 46, y + 51, say("report.key-barred", language), size=12)


def round_title(results: Sequence[Results], language: str, indicator: str) -> str:
    """Return what the figure of the round finds, in one sentence."""
    rows = _round_rows(results, indicator)
    counts = {c: sum(i.conclusion == c for _, i in rows) for c in ("pass", "inconclusive", "fail")}
    return say(
        "report.figure-round",
        language,
        rate=initial(rate_word(indicator, language)),
        counties=len(rows),
        met=counts["pass"],
        open=counts["inconclusive"],
        failed=counts["fail"],
    )


def round_figure(
    results: Sequence[Results],
    language: str,
    indicator: str,
    *,
    names: Mapping[str, str] | None = None,
) -> str:
    """Return one rate of all counties of a round, ordered by code: no ranking.

    Parameters
    ----------
    results : sequence of Results
        One for each county.
    language : {"zh", "en"}
        Language of the words.
    indicator : str
        Name of the rate.
    names : mapping of str to str, optional
        County code to the name printed beside it.

    Returns
    -------
    str
        An SVG.
    """
    rows = _round_rows(results, indicator)
    below = not rows or rows[0][1].direction != "above"
    low = 0.0 if below else min(_scale_start(i) for _, i in rows)
    high = _scale_end([i for _, i in rows]) if below else 1.0
    left = LEFT + 104

    def at(value: float) -> float:
        return left + (RIGHT - left) * (value - low) / (high - low)

    with drawing_style():
        canvas = Canvas(34 * len(rows) + 56)
        bottom = 34 * len(rows) + 14
        for place, (code, rate) in enumerate(rows):
            y = 34 * place + 24
            label = (names or {}).get(code, code)
            sign = SIGNS.get(rate.conclusion or "", " ")
            canvas.text(LEFT, y + 5, label, size=13)
            canvas.text(
                left - 10, y + 5, sign, color=_TONE.get(rate.conclusion or "", SOFT), align="right"
            )
            if rate.interval is None or rate.estimate is None:
                canvas.text(
                    left + 6, y + 5, say("report.rate-none-short", language), size=12, color=SOFT
                )
                continue
            canvas.line((at(rate.interval.lower), at(rate.interval.upper)), (y, y), POINT, width=3)
            canvas.mark(at(rate.estimate), y, "o", POINT, filled=True, size=9)
        canvas.line((left, RIGHT), (bottom, bottom), LINE, width=1)
        limits = sorted({i.threshold for _, i in rows if i.threshold is not None})
        edges = [at(float(threshold)) for threshold in limits]
        if all(edge - left > 50 for edge in edges):
            canvas.text(left, bottom + 18, _tick(low, language), size=11, color=SOFT)
        if all(RIGHT - edge > 60 for edge in edges):
            canvas.text(
                RIGHT, bottom + 18, _tick(high, language), size=11, color=SOFT, align="right"
            )
        for threshold, edge in zip(limits, edges, strict=True):
            canvas.line((edge, edge), (4, bottom + 4), INK, width=1.6, dashed=True)
            canvas.text(edge, bottom + 18, limit(threshold, language), size=12, align="center")
        key = "　".join(f"{SIGNS[c]} {word('verdict', c, language)}" for c in SIGNS)
        canvas.text(LEFT, bottom + 38, key, size=12, color=SOFT)
        description = " ".join(
            say(
                "report.figure-round-item",
                language,
                county=(names or {}).get(code, code),
                value=rate_words(i, language),
                conclusion=word("conclusion", i.conclusion or "none", language),
            )
            for code, i in rows
        )
        return canvas.svg(
            f"round-{indicator}", round_title(results, language, indicator), description
        )


def _round_rows(results: Sequence[Results], indicator: str) -> list[tuple[str, Indicator]]:
    rows = []
    for one in sorted(results, key=lambda r: r.key.county_code):
        rates = [i for i in one.indicators if i.name == indicator]
        if rates:
            deciding = next((i for i in rates if i.conclusion is not None), rates[0])
            rows.append((one.key.county_code, deciding))
    return rows


def chances_title(plan: Plan, language: str) -> str:
    """Return what the figure of the plan's chances finds, in one sentence."""
    if not plan.chances:
        return say("report.figure-chances-none", language)
    clean = min(plan.chances, key=lambda c: c.true_rate)
    worst = max(plan.chances, key=lambda c: c.true_rate)
    return say(
        "report.figure-chances",
        language,
        low=share(clean.true_rate, language, digits=1),
        recommend=share(clean.recommend, language, digits=0),
        undecided=share(clean.undecided, language, digits=0),
        high=share(worst.true_rate, language, digits=1),
        order=share(worst.order, language, digits=0),
    )


def chances_figure(plan: Plan, language: str) -> str:
    """Return how counties of several true rates come out under the plan, as stacked bars."""
    kinds = (
        ("recommend", GOOD, ""),
        ("undecided", MIDDLE, "||||"),
        ("order", BAD, "xxxx"),
    )
    with drawing_style():
        canvas = Canvas(46 * len(plan.chances) + 40)
        for place, chance in enumerate(plan.chances):
            y = 46 * place
            rate = share(chance.true_rate, language, digits=1)
            values = [(kind, getattr(chance, kind)) for kind, _, _ in kinds]
            canvas.text(LEFT, y + 17, say("report.chance-row", language, rate=rate), size=12)
            told = [share(value, language, digits=0) for _, value in values]
            canvas.text(RIGHT, y + 17, " · ".join(told), size=12, align="right")
            left = float(LEFT)
            for (_, value), (_, color, hatch) in zip(values, kinds, strict=True):
                right = left + (RIGHT - LEFT) * value
                if value > 0:
                    canvas.box(left, right, y + 24, y + 38, color, hatch=hatch)
                left = right
        y = 46 * len(plan.chances) + 8
        for place, (kind, color, hatch) in enumerate(kinds):
            x = LEFT + place * (RIGHT - LEFT) / len(kinds)
            canvas.box(x, x + 18, y + 6, y + 20, color, hatch=hatch)
            canvas.text(x + 25, y + 18, _kind_word(kind, language), size=12)
        description = " ".join(
            say(
                "report.figure-chances-item",
                language,
                rate=share(c.true_rate, language, digits=1),
                recommend=share(c.recommend, language, digits=0),
                undecided=share(c.undecided, language, digits=0),
                order=share(c.order, language, digits=0),
            )
            for c in plan.chances
        )
        return canvas.svg("chances", chances_title(plan, language), description)


def _kind_word(kind: str, language: str) -> str:
    kinds = {
        "recommend": OutcomeKind.RECOMMEND_EXIT,
        "undecided": OutcomeKind.UNDECIDED,
        "order": OutcomeKind.ORDER_VERIFICATION,
    }
    return word("short", kinds[kind].value, language)
