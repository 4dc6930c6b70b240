"""The page says first things first, needs nothing from outside, and names no household."""

import dataclasses
import re
from html.parser import HTMLParser

import pytest
from report_samples import CEREMONY, OUTCOMES, PLANTED, context

from audit_toolkit.model import CeremonyState, ShareCommitment
from audit_toolkit.reports import html_report
from audit_toolkit.text import LANGUAGES

VOID = {"meta", "link", "br", "path", "use", "rect"}
NAMES = re.compile(
    r"[0-9a-f]{16,}|SHA-256|NCHS|Korn-Graubard|python -I verify_draw\.py published|UTC|"
    r"verify_draw\.py|T/CHES 18-2018|cn-20\d\d|audit-toolkit|\bIII\b"
)


class Page(HTMLParser):
    """Text and tags of a page; refuses tags that do not close in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.said.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.said).replace("\u00a0", " ")


def page(kind: str, language: str, **changes: object) -> Page:
    return Page(html_report(context(kind, **changes), language).decode("utf-8"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", OUTCOMES)
def test_the_outcome_stands_before_everything_else(kind: str, language: str):
    read = page(kind, language)
    given = context(kind)
    text = re.sub(r"\s+", " ", read.text)
    sentence = text.index(given.sentence(language))
    assert sentence < text.index("Figure 1" if language == "en" else "图 1")
    words = {"en": "not an approval", "zh": "不代表批准"}[language]
    assert text.index(words) < sentence


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", OUTCOMES)
def test_the_same_context_gives_the_same_bytes(kind: str, language: str):
    assert html_report(context(kind), language) == html_report(context(kind), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_fetched_and_nothing_is_run(language: str):
    html = html_report(context("criteria"), language).decode("utf-8")
    addresses = re.findall(r'(?:href|src)="([^"]*)"', html) + re.findall(r"url\(([^)]*)", html)
    assert all(a.startswith(("#", "data:")) for a in addresses)
    assert "<script" not in html
    assert "@import" not in html
    outside = re.findall(r'(?<!xmlns=")(?<!xlink=")https?:[^"\s]*', html)
    assert outside == []


@pytest.mark.parametrize("kind", OUTCOMES)
def test_no_household_is_named(kind: str):
    for language in LANGUAGES:
        html = html_report(context(kind), language).decode("utf-8")
        assert "HH-" not in html
        assert "unit-p" not in html
        assert PLANTED not in html


@pytest.mark.parametrize("kind", OUTCOMES)
def test_the_chinese_page_holds_no_english(kind: str):
    text = NAMES.sub(" ", page(kind, "zh").text)
    assert re.findall(r"[A-Za-z]{2,}", text) == []


@pytest.mark.parametrize(("language", "lang"), [("zh", "zh-Hans"), ("en", "en")])
def test_the_page_says_its_language(language: str, lang: str):
    assert ("html", {"lang": lang}) in page("recommend", language).tags


def test_no_id_stands_twice_and_every_link_has_its_target():
    tags = page("criteria", "en").tags
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = [a["href"] for t, a in tags if t == "a"]
    assert links
    assert {link[1:] for link in links} <= set(ids)


def test_every_table_has_a_caption_and_headers_and_scrolls_in_its_own_box():
    tags = page("criteria", "en").tags
    names = [tag for tag, _ in tags]
    assert names.count("table") == names.count("caption") > 20
    boxes = [a for t, a in tags if t == "div" and "scroll" in (a.get("class") or "").split()]
    assert len(boxes) == names.count("table")
    assert all(a["tabindex"] == "0" and a["aria-label"] for a in boxes)
    assert all(a.get("scope") in ("col", "row") for t, a in tags if t == "th")


def test_rare_results_are_words_first():
    text = page("recommend", "en").text
    assert "none found in 500 households (1,850 persons); up to 0.9 % cannot be excluded" in text
    zh = page("recommend", "zh").text
    assert "受查 500 户（1,850 人）中未发现；但不能排除高达 0.9 % 的可能" in zh


def test_a_rate_without_estimate_says_why():
    text = page("recommend", "en").text
    assert "cannot be estimated: no such household responded" in text


def test_a_rate_at_its_limit_shows_both_readings():
    text = page("criteria", "en").text
    assert "exactly at the limit" in text
    assert "can be read both ways" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_digests_commitments_dice_and_journal_head_are_printed(language: str):
    given = context("recommend")
    text = page("recommend", language).text
    act = given.ceremony
    for mark in (
        given.root,
        given.public_frame_sha256,
        act.design_digest,
        act.dice,
        act.seed_sha256,
        given.draw_digest,
        given.journal_head,
        given.rules.sha256,
        act.commitments[0].commitment,
        act.commitments[0].share,
    ):
        assert mark in text


def test_a_lost_share_is_told():
    assert "A share is missing" in page("recommend", "en").text
    both = dataclasses.replace(
        CEREMONY,
        commitments=(ShareCommitment(holder="甲", commitment="c", share="s"),),
    )
    assert "can be recomputed by anyone" in page("recommend", "en", ceremony=both).text


def test_shares_still_secret_are_not_called_lost():
    sealed = dataclasses.replace(
        CEREMONY,
        state=CeremonyState.DRAWN,
        commitments=(ShareCommitment(holder="甲", commitment="c"),),
    )
    text = page("recommend", "en", ceremony=sealed).text
    assert "not yet disclosed" in text
    assert "when field work is closed" in text


def test_assumptions_stand_with_their_values_and_limits_before_the_plan():
    text = re.sub(r"\s+", " ", page("criteria", "en").text)
    assert "one-off receipts are at most 50 % of the net income" in text
    assert "The poverty line of 2019, 3,218 yuan per person" in text
    assert text.index("Who is on neither the register nor the village roster") < text.index(
        "Figure 2."
    )


def test_names_cannot_break_out_of_the_page_or_its_style():
    wild = '甲"</style><script>x</script>&<b>'
    given = context("recommend")
    key = dataclasses.replace(given.key, round_name=wild)
    html = html_report(dataclasses.replace(given, key=key, county_name=wild), "en").decode()
    assert "<script" not in html
    assert html.count("</style>") == 1
    Page(html)


def _contrast(one: str, other: str) -> float:
    def light(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_has_enough_contrast_in_light_dark_and_print():
    html = html_report(context("recommend"), "en").decode()
    palettes = re.findall(r":root \{([^}]*)\}", html)
    assert len(palettes) == 3
    for palette in palettes:
        colors = dict(re.findall(r"--(\w+): (#\w+);", palette))
        for ink in ("ink", "soft", "point", "bad", "good", "middle"):
            for ground in ("paper", "panel"):
                assert _contrast(colors[ink], colors[ground]) >= 4.5, (ink, ground)


def test_print_has_page_numbers_and_the_journal_head_at_its_foot():
    html = html_report(context("recommend"), "en").decode()
    assert 'counter(page) " / " counter(pages)' in html
    head = context("recommend").journal_head
    assert re.search(rf'@bottom-left \{{\s*content: "[^"]*{head}"', html)
    assert "prefers-reduced-motion" in html


def test_a_report_stays_small():
    assert all(len(html_report(context("undecided"), lang)) < 400_000 for lang in LANGUAGES)
