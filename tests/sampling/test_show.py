from sampling._show import Table, format_number


def table(cell: str = "村") -> Table:
    return Table(title="<b>", columns=("name", "n"), rows=((cell, "12"), ("ab", "3")), notes=("x",))


def test_text_aligns_wide_characters():
    assert table().text().splitlines() == ["<b>", "name   n", "  村  12", "  ab   3", "x"]


def test_html_escapes_everything():
    drawn = table("<script>").html()
    assert "<script>" not in drawn
    assert "<caption>&lt;b&gt;</caption>" in drawn


def test_numbers_for_display():
    assert [format_number(x) for x in (None, 3, 0.25, float("inf"))] == [
        "-",
        "3",
        "0.2500",
        "infinite",
    ]
