"""Every page in a real browser: nothing from elsewhere, no error, no sideways scroll, live widgets.

The pages are those of the last `make book`.
"""

from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "book").glob("*.ipynb"))
PAGES = [f"book/{path.stem}.html" for path in NOTEBOOKS]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", [*PAGES, "search.html", "genindex.html"])
def test_the_page_fits_and_asks_nobody_else(open_page, path, width, scheme):
    page = open_page(path, width, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", PAGES)
def test_every_widget_answers_to_the_keyboard(open_page, path, width):
    page = open_page(path, width)
    widgets = page.locator(".widget")
    assert widgets.count() >= 1
    assert page.locator("[data-widget]").count() == 0
    for number in range(widgets.count()):
        widget = widgets.nth(number)
        before = widget.inner_text()
        control = widget.locator("input").first
        control.focus()
        if control.get_attribute("type") == "range":
            value = int(control.input_value())
            last = value == int(control.get_attribute("max"))
            page.keyboard.press("ArrowLeft" if last else "ArrowRight")
            expected = str(value - 1 if last else value + 1)
            assert widget.locator("output").inner_text() == expected
        else:
            page.keyboard.press("ArrowDown")
            assert widget.locator("input").nth(1).is_checked()
        assert widget.inner_text() != before


def test_the_position_inspector_says_what_comes_next(open_page):
    page = open_page("book/06_shift.html")
    widget = page.locator(".widget").first
    assert "It must now predict based." in widget.inner_text()
    widget.locator("input").press("Home")
    assert "must now predict system. Not counted" in widget.inner_text()
    widget.locator("input").press("End")
    assert "must now predict <end_of_turn>. Counted" in widget.inner_text()


def test_tokens_stay_in_place_from_step_to_step(open_page):
    page = open_page("book/index.html")
    widget = page.locator(".widget").first
    places = []
    for step in range(1, 7):
        assert f"Step {step} of 6" in widget.inner_text()
        boxes = widget.locator("li").evaluate_all(
            "items => items.map(i => [i.offsetLeft, i.offsetTop, i.offsetWidth, i.offsetHeight])"
        )
        assert len(boxes) == 41
        places.append(boxes)
        widget.locator("input").press("ArrowRight")
    assert all(place == places[0] for place in places)


def test_one_choice_of_a_group_is_on(open_page):
    page = open_page("book/07_what_gets_dropped.html")
    widget = page.locator(".widget").first
    assert "right: it must predict the next token" in widget.inner_text()
    widget.get_by_label("first input, last label").check()
    assert "the labels moved right" in widget.inner_text()
    assert widget.locator("input:checked").count() == 1


@pytest.mark.parametrize("path", PAGES)
def test_without_scripts_the_frames_are_there(open_page, path):
    page = open_page(path, java_script_enabled=False)
    fallbacks = page.locator("[data-widget]")
    assert fallbacks.count() >= 1
    for number in range(fallbacks.count()):
        assert fallbacks.nth(number).locator("details").count() >= 2


def test_previous_and_next_lead_through_the_book(open_page):
    page = open_page("book/index.html")
    for path in PAGES[:-1]:
        page.locator("a.right-next").click()
        assert page.url.endswith(path)
    assert page.locator("a.left-prev").count() == 1
