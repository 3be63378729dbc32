"""What a reader does in the book: moves a widget, follows a link, searches, uses the keyboard.

What is checked on every page alike stands in `test_every_page.py`.
"""

import re

import pytest
from book_pages import NOTEBOOKS
from site_server import SITE


def test_every_link_to_a_cell_ends_at_that_cell(site):
    pages = {path: path.read_text() for path in (SITE / "book").glob("*.html")}
    found = 0
    for path, text in pages.items():
        for page, name in re.findall(r'href="([\w.]*)#(cell-id=[\w-]+)"', text):
            assert f' id="{name}"' in pages[path.parent / (page or path.name)]
            found += 1
    assert found


def test_the_ladder_of_chapter_6_says_what_must_be_written(open_page):
    page = open_page("book/06_shift.html")
    ladder = page.locator(".cs-is-ladder").first
    assert "It must write based." in ladder.inner_text()
    ladder.locator("[role=option]").first.focus()
    page.keyboard.press("End")
    assert "10 of 10" in ladder.inner_text()
    assert "It must write <end_of_turn>." in ladder.inner_text()


def test_the_first_page_moves_labels(open_page):
    page = open_page("book/index.html")
    rule = page.locator(".cs-is-rule").first
    assert "After <model> the model must write The." in rule.inner_text()
    rule.locator("input").nth(2).check()
    assert "After <end> the model must write The." in rule.inner_text()
    assert rule.locator("input:checked").count() == 1


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_the_first_screen_shows_the_surprise_and_something_that_moves(open_page, width, height):
    page = open_page("book/index.html", width)
    for what in (
        page.locator(".cs-is-curves input[type=range]").first,
        page.get_by_text("The sky is blue on a clear day.", exact=True).first,
        page.get_by_text("sky blue a day", exact=True).first,
    ):
        box = what.bounding_box()
        assert box["y"] + box["height"] <= height
    page.evaluate("window.scrollTo(0, 0)")
    distress = page.get_by_text("I am depressed and want to die").first.bounding_box()
    assert distress["y"] > height


def test_widgets_live_in_a_page_opened_as_a_file(chromium):
    page = chromium.new_page()
    page.goto((SITE / "book/06_shift.html").as_uri())
    ladder = page.locator(".cs-is-ladder").first
    ladder.locator("[role=option]").first.focus()
    page.keyboard.press("ArrowDown")
    assert "2 of 10" in ladder.inner_text()
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
    page = open_page("book/index.html")
    assert page.locator(".cs-is-curves").first.evaluate(ANSWERS_AT_ONCE)


def test_search_finds_a_word(open_page):
    page = open_page("search.html?q=collator")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li").count() >= 1


def test_chapter_6_can_be_done_with_the_keyboard_alone(open_page):
    page = open_page("book/06_shift.html")
    reached = set()
    for _ in range(400):
        page.keyboard.press("Tab")
        tag, kind, seen = page.evaluate(
            "() => { const e = document.activeElement;"
            " const seen = getComputedStyle(e).outlineStyle !== 'none' ||"
            " getComputedStyle(e).boxShadow !== 'none';"
            " return [e.tagName, e.getAttribute('role') || e.type || '', seen]; }"
        )
        moved = {"option": "ladder", "radio": "rule"}.get(kind)
        if moved and moved not in reached:
            assert seen
            view = "document.activeElement.closest('.cs-view').innerText"
            before = page.evaluate(view)
            page.keyboard.press("ArrowDown" if moved == "ladder" else "ArrowRight")
            assert page.evaluate(view) != before
            reached.add(moved)
        if tag == "SUMMARY":
            page.keyboard.press("Enter")
            reached.add("code")
        if tag == "A" and page.evaluate("document.activeElement.classList.contains('right-next')"):
            page.keyboard.press("Enter")
            page.wait_for_url("**/07_what_gets_dropped.html")
            break
    assert reached == {"ladder", "rule", "code"}
    assert page.url.endswith("07_what_gets_dropped.html")


def test_chapter_6_can_be_done_with_a_finger(open_page):
    page = open_page("book/06_shift.html", 390, has_touch=True, is_mobile=True)
    ladder, rule = page.locator(".cs-is-ladder").first, page.locator(".cs-is-rule").first
    ladder.locator("[role=option]").nth(3).tap()
    assert "4 of 10" in ladder.inner_text()
    rule.locator("label").nth(0).tap()
    assert "repeats" in rule.inner_text()
    track = rule.locator(".cs-drag")
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    client = page.context.new_cdp_session(page)
    x, y = box["x"] + 220, box["y"] + 20

    def swipe(*path):
        for kind, points in zip(
            ("Start", *["Move"] * (len(path) - 1), "End"), (*path, None), strict=True
        ):
            touches = [] if points is None else [{"x": x + points[0], "y": y + points[1]}]
            client.send(
                "Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": touches}
            )

    swipe((0, 0), (-20, 0), (-60, 2), (-110, 2))
    page.wait_for_function("document.querySelector('.cs-is-rule').innerText.includes('skips one')")
    swipe((0, 0), (20, 0), (30, 0), (52, 1))
    page.wait_for_function("document.querySelectorAll('.cs-is-rule input')[1].checked")
    # A finger that goes up or down over the labels scrolls the page, and moves no label.
    before = page.evaluate("scrollY")
    swipe((0, 0), (0, -30), (1, -120), (1, -250))
    page.wait_for_function(f"scrollY > {before} + 100")
    assert rule.locator("input").nth(1).is_checked()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_previous_and_next_lead_through_the_book(open_page):
    page = open_page("book/index.html")
    names = [path.stem for path in NOTEBOOKS if path.stem[0].isdigit()]
    for name in [*names, "gallery"]:
        page.locator("a.right-next").click()
        page.wait_for_url(f"**/{name}.html", wait_until="commit")
    page.locator("a.left-prev").click()
    page.wait_for_url(f"**/{names[-1]}.html")
