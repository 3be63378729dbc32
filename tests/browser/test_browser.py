"""Every page in a real browser: nothing from elsewhere, no error, no sideways scroll, live widgets.

The pages are those of the last `make book`.
"""

import gzip
import re
from pathlib import Path

import pytest
from fetch import CACHE
from site_server import SITE

NOTEBOOKS = sorted((Path(__file__).parents[2] / "book").glob("*.ipynb"))
PAGES = [f"book/{path.stem}.html" for path in NOTEBOOKS]
WITH_WIDGETS = [path for path in PAGES if path != "book/gallery.html"]
OTHERS = [
    f"book/{name}.html"
    for name in (
        "questions",
        "walkthrough_claims",
        "run",
        "many",
        "trainers",
        "playground",
        "glossary",
        "references",
        "api",
    )
]
ALL_PAGES = [*PAGES, *OTHERS, "search.html", "genindex.html"]
WIDTHS = [360, 390, 768, 1024, 1280, 1600]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ALL_PAGES)
def test_the_page_fits_every_width_and_asks_nobody_else(open_page, path, scheme):
    page = open_page(path, color_scheme=scheme)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", WITH_WIDGETS)
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


LATE = """document.addEventListener("DOMContentLoaded", () => {
  window.late = document.querySelectorAll("[data-widget]").length;
});"""


@pytest.mark.parametrize("path", PAGES)
def test_widgets_are_in_place_before_the_page_is_parsed(chromium, site, path):
    # A widget that came later would push away what is already painted below it.
    page = chromium.new_page()
    page.add_init_script(LATE)
    page.goto(site + path)
    assert page.evaluate("window.late") == 0
    page.close()


LAYOUT_SHIFT = """new Promise(resolve => {
  new PerformanceObserver(list =>
    resolve(list.getEntries().map(entry => entry.value))
  ).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve([]), 400);
})"""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ALL_PAGES)
def test_the_page_does_not_jump(open_page, path, width):
    # The theme itself moves some lines by a pixel; 0.1 is what Web Vitals call good.
    assert sum(open_page(path, width).evaluate(LAYOUT_SHIFT)) < 0.1


@pytest.mark.parametrize("path", ALL_PAGES)
def test_the_page_is_light(chromium, site, path):
    sizes = {}
    page = chromium.new_page()
    page.on("response", lambda response: sizes.update({response.url: response.body()}))
    page.goto(site + path, wait_until="networkidle")
    packed = {url.split("/")[-1].split("?")[0]: len(gzip.compress(b)) for url, b in sizes.items()}
    page.close()
    assert sum(packed.values()) <= (300_000 if "playground" in path else 200_000), packed
    assert packed.get("widgets.js", 0) <= 10_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ALL_PAGES)
def test_axe_finds_nothing(open_page, path, scheme):
    script = CACHE / "axe" / "axe.min.js"
    if not script.exists():
        pytest.fail("axe is not in .cache/axe. Install npm and run: python scripts/fetch.py")
    page = open_page(path, color_scheme=scheme)
    if "playground" in path:
        page.wait_for_selector("#try-it[data-ready]")
    for number in range(page.locator(".widget").count()):
        page.locator(".widget").nth(number).locator("input").first.press("ArrowRight")
    page.evaluate(script.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document)")["violations"]
    assert not [(one["id"], node["html"][:150]) for one in found for node in one["nodes"]]


@pytest.mark.parametrize("path", [*PAGES, *OTHERS])
def test_paper_has_the_text_and_no_tools(open_page, path):
    page = open_page(path, 700)
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    assert page.locator("h1").first.is_visible()
    assert not page.locator(".bd-sidebar-primary").is_visible()
    assert not page.locator(".bd-header-article").is_visible()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_says_what_it_is_about(open_page, path):
    page = open_page(path)
    about = page.locator('meta[name="description"]').get_attribute("content")
    assert 50 <= len(about) <= 200
    assert page.locator('meta[property="og:description"]').get_attribute("content") == about
    title = page.locator('meta[property="og:title"]').get_attribute("content")
    assert title == page.locator("h1").first.inner_text().rstrip("#")
    book = page.locator('meta[property="og:site_name"]').get_attribute("content")
    assert book == "One token to the left"


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


@pytest.mark.parametrize("path", WITH_WIDGETS)
def test_without_scripts_the_frames_are_there(open_page, path):
    page = open_page(path, java_script_enabled=False)
    fallbacks = page.locator("[data-widget]")
    assert fallbacks.count() >= 1
    for number in range(fallbacks.count()):
        shown = fallbacks.nth(number)
        assert shown.locator("table").count() or shown.locator("details").count() >= 2


def test_previous_and_next_lead_through_the_book(open_page):
    page = open_page("book/index.html")
    for path in PAGES[:-1]:
        page.locator("a.right-next").click()
        page.wait_for_url(f"**/{path}")
    page.locator("a.left-prev").click()
    page.wait_for_url(f"**/{PAGES[-3]}")
