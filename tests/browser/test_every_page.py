"""Every page of the book in a real browser: three visits, and all that is checked on each.

A check that fails does not end a visit: the report names each one, and the page. Beside what is
checked here, `open_page` looks at every visit for requests to others and for errors. The pages are
those of the last `make book`.
"""

import gzip
from functools import cache
from pathlib import Path

import pytest
from fetch import CACHE
from site_server import SITE

NOTEBOOKS = sorted((Path(__file__).parents[2] / "book").glob("*.ipynb"))
PAGES = [f"book/{path.stem}.html" for path in NOTEBOOKS]
WITH_WIDGETS = [
    f"book/{path.stem}.html"
    for path in NOTEBOOKS
    if "application/vnd.jupyter.widget-view+json" in path.read_text(encoding="utf-8")
]
OTHERS = [
    f"book/{name}.html"
    for name in (
        "run",
        "many",
        "measurements",
        "playground",
        "glossary",
        "references",
        "api",
    )
]
ALL_PAGES = [*PAGES, *OTHERS, "search.html", "genindex.html"]
# What the keyboard reaches first in each control: the chosen button, the slider, the chosen token.
CONTROLS = (
    "input[type=range], input[type=radio]:checked, input[type=checkbox], "
    "[role=option][tabindex='0']"
)
WIDTHS = [360, 390, 768, 1024, 1280, 1600]


@pytest.mark.parametrize("path", ALL_PAGES)
def test_a_visit_in_a_wide_light_window(open_page, site, subtests, path):
    addresses = set()
    page = open_page(
        path,
        1280,
        wait_until="networkidle",
        on_response=lambda response: addresses.add(response.url),
        color_scheme="light",
    )
    with subtests.test("does not jump"):
        assert_does_not_jump(page)
    with subtests.test("is light"):
        files = {url.split("?")[0] for url in addresses if not url.startswith("blob:")}
        assert_is_light(path, {url.removeprefix(site) for url in files})
    with subtests.test("widgets are in place before the page is parsed"):
        # A widget that came later would push away what is already painted below it.
        assert page.evaluate("window.late") == 0
    if path in PAGES:
        with subtests.test("says what it is about"):
            assert_says_what_it_is_about(page)
    check_use(page, subtests, path)
    if path in PAGES or path in OTHERS:
        with subtests.test("paper has the text and no tools"):
            assert_prints(page)


@pytest.mark.parametrize("path", ALL_PAGES)
def test_a_visit_in_a_narrow_dark_window(open_page, subtests, path):
    page = open_page(path, 390, wait_until="networkidle", color_scheme="dark")
    with subtests.test("does not jump"):
        assert_does_not_jump(page)
    check_use(page, subtests, path)


@pytest.mark.parametrize("path", WITH_WIDGETS)
def test_a_visit_without_scripts(open_page, path):
    page = open_page(path, java_script_enabled=False)
    fallbacks = page.locator("[data-widget]")
    assert fallbacks.count() >= 1
    for number in range(fallbacks.count()):
        shown = fallbacks.nth(number)
        assert shown.locator("table, ruby, figure").count() or shown.locator("details").count() >= 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_bare_root_leads_on_and_is_a_page_itself(open_page, scheme):
    page = open_page("", color_scheme=scheme, wait_until="commit")
    page.wait_for_url("**/book/index.html")
    # Where the first page is not answered for, a reader stays with what leads to it.
    page.route("**/book/index.html", lambda route: route.fulfill(status=204))
    page.goto(page.url.replace("book/index.html", ""))
    assert page.get_by_role("link").get_attribute("href") == "book/index.html"
    assert_axe_finds_nothing(page, "")


def check_use(page, subtests, path):
    """Check what holds in any window and colour; axe sees the widgets as they were left."""
    if path in WITH_WIDGETS:
        with subtests.test("every widget answers to the keyboard"):
            assert_widgets_answer_to_the_keyboard(page)
    with subtests.test("fits every width"):
        assert_fits_every_width(page)
    with subtests.test("axe finds nothing"):
        # What is folded is opened, so that axe sees it, too.
        page.evaluate(
            "document.querySelectorAll('article details').forEach(one => one.open = true)"
        )
        assert_axe_finds_nothing(page, path)


def assert_does_not_jump(page):
    # The theme itself moves some lines by a pixel; 0.1 is what Web Vitals call good.
    jumps = page.evaluate(
        "[...window.jumps, ...window.jumpWatch.takeRecords()].map(entry => entry.value)"
    )
    assert sum(jumps) < 0.1


def assert_is_light(path, files):
    packed = {name.split("/")[-1]: packed_size(SITE / name) for name in files}
    assert path.split("/")[-1] in packed
    assert sum(packed.values()) <= (300_000 if "playground" in path else 200_000), packed
    assert packed.get("widgets.js", 0) <= 10_000
    assert packed.get("views.js", 0) <= 8192
    assert packed["views.css"] <= 4096


@cache
def packed_size(file):
    return len(gzip.compress(file.read_bytes()))


def assert_says_what_it_is_about(page):
    about = page.locator('meta[name="description"]').get_attribute("content")
    assert 50 <= len(about) <= 200
    assert page.locator('meta[property="og:description"]').get_attribute("content") == about
    title = page.locator('meta[property="og:title"]').get_attribute("content")
    assert title == page.locator("h1").first.inner_text().rstrip("#")
    book = page.locator('meta[property="og:site_name"]').get_attribute("content")
    assert book == "One token to the left"


def assert_widgets_answer_to_the_keyboard(page):
    widgets = page.locator(".widget")
    assert widgets.count() >= 1
    assert page.locator("[data-widget]").count() == 0
    for number in range(widgets.count()):
        widget = widgets.nth(number)
        before = widget.inner_text()
        for control in widget.locator(CONTROLS).all():
            control.focus()
            kind = control.get_attribute("type")
            value = control.input_value() if kind == "range" else ""
            last = value != "" and value == control.get_attribute("max")
            key = "Space" if kind == "checkbox" else "ArrowLeft" if last else "ArrowRight"
            page.keyboard.press(key)
        # Two texts side by side have nothing to move.
        if widget.locator(CONTROLS).count():
            assert widget.inner_text() != before


def assert_fits_every_width(page):
    widest = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        widest[width] = page.evaluate("document.documentElement.scrollWidth")
    assert {width: found for width, found in widest.items() if found > width} == {}


def assert_axe_finds_nothing(page, path):
    script = CACHE / "axe" / "axe.min.js"
    if not script.exists():
        pytest.fail("axe is not in .cache/axe. Install npm and run: python scripts/fetch.py")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.wait_for_timeout(600)  # the theme lets scrolling code be focused a moment after a resize
    if "playground" in path:
        page.wait_for_selector("#try-it[data-ready]")
    page.evaluate(script.read_text(encoding="utf-8"))
    # Of what is not a violation, axe then does not write down where it is.
    found = page.evaluate('axe.run(document, {resultTypes: ["violations"]})')["violations"]
    assert not [(one["id"], node["html"][:150]) for one in found for node in one["nodes"]]


def assert_prints(page):
    page.set_viewport_size({"width": 700, "height": 900})
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    assert page.locator("h1").first.is_visible()
    assert not page.locator(".bd-sidebar-primary").is_visible()
    assert not page.locator(".bd-header-article").is_visible()
