"""Tables, bars and times: escaped, legible without colour."""

from chatshift import show


def test_white_space_is_visible():
    assert show.visible(" a\n\t\r") == "·a↵⇥␍"
    assert show.visible("") == "∅"


def test_tables_show_cells_as_they_are():
    picture = show.table([("<b>", 1.0)], ("a", "b"))
    assert "&lt;b&gt;" in picture.html
    assert "1.0" in picture.text


def test_bars_are_as_long_as_their_numbers():
    assert show.bars({"limit": 1.0, "<half>": 0.5}, "of the limit").text.splitlines() == [
        "of the limit",
        "limit: 1.00",
        "━" * 20,
        "<half>: 0.50",
        "━" * 10,
    ]


def test_a_billion_tokens_at_a_million_a_second_take_a_thousand_seconds():
    lines = show.times_table({"fast": 1e6, "slow": 1e5}, cores=1).text.splitlines()
    assert lines[2].split("  ")[0] == "fast"
    assert "17 min" in lines[2]
    assert "2.8 h" in lines[2]
    assert "2.8 h" in lines[3]
    assert "2 min" in show.times_table({"fast": 1e6}, cores=10).text
