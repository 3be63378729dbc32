"""The book's host, with a notebook that shows every view: stored small, live from any address."""

import json

import nbformat
import pytest
from book_platform import VIEW, classic, widget_fallbacks
from run_notebooks import STATE, STUB, execute
from site_server import SITE

from chatshift.show.still import HERE

ASSETS = HERE.parents[1] / "book" / "_assets"
CELLS = [
    """from chatshift import load_tokenizer, prepare, show
from chatshift.lessons import data_point
tokenizer = load_tokenizer()
trace = prepare(data_point(), tokenizer, strip_bos=True)
show.text(trace)""",
    "show.rule(trace, places=0)",
    "show.ladder(trace, [0.5] * 40, position=33)",
    "show.compare(trace)",
    "show.batch([trace.for_transformers()], tokenizer, max_length=30)",
    'show.curves({"falls": [4.0, 2.0, 1.0]})',
    "show.text(trace, step=5, ids=True)",
]


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A notebook of views, as `make run` stores it, twice."""
    path = tmp_path_factory.mktemp("notebook") / "views.ipynb"
    cells = [nbformat.v4.new_code_cell(source, id=f"c{n}") for n, source in enumerate(CELLS)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    runs = []
    for _ in range(2):
        path.write_text(execute(path), encoding="utf-8")
        runs.append(path.read_bytes())
    return path, runs


@pytest.fixture(scope="module")
def page_file(stored, tmp_path_factory):
    """A page as Sphinx puts it together: the state, the fallbacks, and two scripts."""
    path, _ = stored
    folder = tmp_path_factory.mktemp("page")
    module = (HERE / "views.js").read_text("utf-8")
    (folder / "views.js").write_text(classic(module), "utf-8")
    (folder / "widgets.js").write_text((ASSETS / "widgets.js").read_text("utf-8"), "utf-8")
    (folder / "views.css").write_text((HERE / "views.css").read_text("utf-8"), "utf-8")
    state = json.dumps(json.loads(path.read_text("utf-8"))["metadata"]["widgets"][STATE]).replace(
        "</", "<\\u002f"
    )
    boxes = "".join(
        f'<div data-widget="{name}">{html}</div>' for name, html in widget_fallbacks(path).items()
    )
    (folder / "page.html").write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Views</title>'
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="views.css">'
        f'<script type="{STATE}">{state}</script>'
        '<script src="views.js"></script><script src="widgets.js"></script></head>'
        f"<body>{boxes}<p>The end.</p></body></html>",
        "utf-8",
    )
    return folder / "page.html"


def test_two_runs_store_the_same_bytes_and_no_module(stored):
    _, (first, second) = stored
    assert first == second
    assert b"anywidget calls" not in first
    assert b"moving parts" not in first
    assert first.count(VIEW.encode()) == len(CELLS)
    states = json.loads(first)["metadata"]["widgets"][STATE]["state"].values()
    modules = [model["state"]["_esm"] for model in states if model["model_name"] == "AnyModel"]
    assert modules == [STUB] * len(CELLS)
    widgets = json.dumps(json.loads(first)["metadata"]["widgets"])
    assert len(widgets) < 4000 * len(CELLS)


def test_every_view_is_live_in_a_page_from_disk(chromium, page_file):
    page = chromium.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: wrong.append(request.url))
    page.goto(page_file.as_uri())
    assert page.locator(".cs-body").count() == len(CELLS)
    assert page.locator("[data-widget]").count() == 0
    assert page.locator(".cs-is-rule input").first.is_checked()
    page.locator(".cs-is-rule input").nth(2).check()
    assert "the one after the next" in page.locator(".cs-is-rule .cs-said").inner_text()
    assert "has read 34 tokens" in page.locator(".cs-is-ladder .cs-said").inner_text()
    assert "11 cut off" in page.locator(".cs-is-batch .cs-said").inner_text()
    # Each has state of its own: the last is at step 5, with ids.
    last = page.locator(".cs-is-text").last
    assert last.locator("input[type=radio]").nth(4).is_checked()
    assert last.get_by_label("labels as ids").is_checked()
    assert page.locator(".cs-is-text").first.locator("input[type=radio]").nth(5).is_checked()
    assert [one for one in wrong if not one.startswith(("file:", "data:"))] == []
    page.close()


def test_without_scripts_each_view_is_a_picture_in_words(chromium, page_file):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_file.as_uri())
    for number in range(len(CELLS)):
        box = page.locator("[data-widget]").nth(number)
        assert box.locator("table, ruby, figure").count()
        assert box.inner_text().strip()
    context.close()


@pytest.mark.parametrize("name", ["views.js", "views.css"])
def test_the_book_has_them_beside_its_pages(name):
    found = SITE / "_static" / name
    source = (HERE / name).read_text("utf-8")
    assert found.read_text("utf-8") == (classic(source) if name.endswith("js") else source), (
        "The book is older than the views: run make book."
    )
