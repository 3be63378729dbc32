"""What a reader does in the book: moves a widget, follows a link, searches, uses the keyboard.

What is checked on every page alike stands in `test_every_page.py`.
"""

import re

import pytest
from site_server import SITE


def test_every_link_to_a_cell_ends_at_that_cell(site):
    pages = {path: path.read_text() for path in (SITE / "book").glob("*.html")}
    found = 0
    for path, text in pages.items():
        for page, name in re.findall(r'href="([\w.]*)#(cell-id=[\w-]+)"', text):
            assert f' id="{name}"' in pages[path.parent / (page or path.name)]
            found += 1
    assert found


def test_the_position_inspector_says_what_comes_next(open_page):
    page = open_page("book/06_shift.html")
    widget = page.locator(".widget").first
    assert "It must now predict based." in widget.inner_text()
    widget.locator("input").press("Home")
    assert "must now predict system. Not counted" in widget.inner_text()
    widget.locator("input").press("End")
    assert "must now predict <end_of_turn>. Counted" in widget.inner_text()


PLACES = """widget => [...widget.querySelectorAll("li"), widget.parentElement].map(item => {
  const { left, top, width, height } = item.getBoundingClientRect();
  return [left, top + window.scrollY, width, height];
})"""


@pytest.mark.parametrize("width", [360, 390, 768, 1280])
def test_tokens_stay_in_place_from_step_to_step(open_page, width):
    page = open_page("book/index.html", width)
    widget = page.locator(".widget").first
    for font in ("the page's own", "1.1em/1.5 serif", "italic 0.9em monospace"):
        if font != "the page's own":
            page.add_style_tag(content=f".widget * {{ font: {font} !important; }}")
        widget.locator("input").press("Home")
        places = []
        for step in range(1, 7):
            assert f"Step {step} of 6" in widget.inner_text()
            places.append(widget.evaluate(PLACES))
            widget.locator("input").press("ArrowRight")
        assert len(places[0]) == 41 + 1
        assert [step for step, place in enumerate(places, 1) if place != places[0]] == [], font


def test_one_choice_of_a_group_is_on(open_page):
    page = open_page("book/07_what_gets_dropped.html")
    widget = page.locator(".widget").first
    assert "right: it must predict the next token" in widget.inner_text()
    widget.get_by_label("first input, last label").check()
    assert "the labels moved right" in widget.inner_text()
    assert widget.locator("input:checked").count() == 1


def test_widgets_live_in_a_page_opened_as_a_file(chromium):
    page = chromium.new_page()
    page.goto((SITE / "book/06_shift.html").as_uri())
    widget = page.locator(".widget").first
    widget.locator("input").press("Home")
    assert "must now predict system" in widget.inner_text()
    page.close()


ANSWERS_AT_ONCE = """widget => {
  const input = widget.querySelector("input[type=range]");
  const before = widget.innerHTML;
  input.value = Number(input.value) === Number(input.max) ? input.min : input.max;
  input.dispatchEvent(new Event("input"));
  return widget.innerHTML !== before;
}"""


def test_a_slider_answers_before_the_next_frame(open_page):
    # The page is read in the same turn of the browser's loop in which the slider was moved.
    page = open_page("book/06_shift.html")
    assert page.locator(".widget").first.evaluate(ANSWERS_AT_ONCE)


def test_search_finds_a_word(open_page):
    page = open_page("search.html?q=collator")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li").count() >= 1


def test_chapter_6_can_be_done_with_the_keyboard_alone(open_page):
    page = open_page("book/06_shift.html")
    reached = set()
    for _ in range(400):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => { const e = document.activeElement;"
            " const seen = getComputedStyle(e).outlineStyle !== 'none' ||"
            " getComputedStyle(e).boxShadow !== 'none';"
            " return [e.tagName, e.type || '', Boolean(e.closest('.widget')), seen]; }"
        )
        tag, kind, in_widget, seen = focused
        if in_widget and kind == "range":
            assert seen
            before = page.evaluate("document.activeElement.closest('.widget').innerText")
            page.keyboard.press("ArrowLeft")
            after = page.evaluate("document.activeElement.closest('.widget').innerText")
            assert before != after
            reached.add("slider")
        if tag == "SUMMARY":
            page.keyboard.press("Enter")
            reached.add("answer")
        if tag == "A" and page.evaluate("document.activeElement.classList.contains('right-next')"):
            page.keyboard.press("Enter")
            page.wait_for_url("**/07_what_gets_dropped.html")
            break
    assert reached == {"slider", "answer"}
    assert page.url.endswith("07_what_gets_dropped.html")


def test_previous_and_next_lead_through_the_book(open_page):
    page = open_page("book/index.html")
    names = sorted(path.stem for path in (SITE / "book").glob("[0-9]*.html"))
    assert len(names) == 13
    for name in [*names, "gallery"]:
        page.locator("a.right-next").click()
        page.wait_for_url(f"**/{name}.html", wait_until="commit")
    page.locator("a.left-prev").click()
    page.wait_for_url(f"**/{names[-1]}.html")
