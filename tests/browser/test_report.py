"""The report as one page, in a browser: it asks nobody, runs nothing that a data set says."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chatshift import audit, load_tokenizer
from chatshift.audit.html import as_html
from chatshift.cli import app

AXE = Path(__file__).parents[2] / ".cache" / "axe" / "axe.min.js"
EVIL = "</script><script>window.hit = 1</script><img src=x onerror='window.hit=1'>\u2028{{7*7}}"


def rows():
    talk = [{"role": "user", "content": EVIL}, {"role": "assistant", "content": f"Yes {EVIL}"}]
    plain = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
    return [
        {"messages": talk},
        {"messages": plain},
        {"messages": plain},
        {"messages": [{"role": "user", "content": f"<eos>{EVIL}"}, talk[1]]},
        {"messages": [{"role": EVIL, "content": "a"}]},
        {EVIL: 1},
        {"messages": [*plain[:1], {**plain[1], "content": "so " * 600}]},
    ]


@pytest.fixture(scope="module")
def report_page(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    report = audit(rows(), load_tokenizer(), name=f"{EVIL}.jsonl", max_length=300)
    path.write_text(as_html(report), encoding="utf-8")
    return path


@pytest.fixture
def opened(chromium):
    """Open a page from disk; at the end nothing may have been asked for, or gone wrong."""
    contexts, wrong = [], []

    def opener(path, width=1100, **settings):
        context = chromium.new_context(viewport={"width": width, "height": 900}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda r: wrong.append(r.url) if r.url != path.as_uri() else None)
        page.goto(path.as_uri())
        return page

    yield opener
    for context in contexts:
        context.close()
    assert wrong == []


def test_what_the_data_says_stays_text(opened, report_page):
    page = opened(report_page)
    assert page.evaluate("window.hit") is None
    assert page.locator("img").count() == 0
    assert page.locator("article").count() >= 5
    assert "<script>window.hit = 1</script>" in page.locator("main").inner_text()
    assert page.locator(".cs-view, [data-view] .cs-body").count() >= 2  # the views are there


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1100])
def test_axe_finds_nothing_and_nothing_is_cut_off(opened, report_page, scheme, width):
    page = opened(report_page, width, color_scheme=scheme)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_filter_shows_one_finding_with_the_keyboard_alone(opened, report_page):
    page = opened(report_page)
    total = page.locator("article:visible").count()
    button = page.get_by_role("button", name="control-tokens")
    while not button.evaluate("one => one === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("article:visible").count() == 1
    assert page.locator("#shown").inner_text() == "1 shown"
    assert button.get_attribute("aria-pressed") == "true"
    lines = page.locator("tr[data-ids]:visible").all_inner_texts()
    assert lines
    assert all("control-tokens" in line for line in lines)
    page.get_by_role("button", name="all").click()
    assert page.locator("article:visible").count() == total


def test_on_paper_everything_is_there(opened, report_page):
    page = opened(report_page)
    total = page.locator("article:visible").count()
    page.get_by_role("button", name="control-tokens").click()
    page.emulate_media(media="print")
    assert page.locator("article:visible").count() == total
    assert not page.locator(".filter").is_visible()


def test_without_scripts_the_text_is_there(opened, report_page):
    page = opened(report_page, java_script_enabled=False)
    assert page.locator("article:visible").count() >= 5
    assert page.locator("article mark").count() > 5
    assert not page.locator(".filter").is_visible()


def test_a_row_as_a_page(opened, tmp_path):
    data, out = tmp_path / "data.jsonl", tmp_path / "row.html"
    pair = {"prompt": EVIL, "chosen": "Yes", "rejected": "No"}
    data.write_text(json.dumps(pair), encoding="utf-8")
    assert CliRunner().invoke(app, ["show", str(data), "--html", str(out)]).exit_code == 0
    page = opened(out)
    assert page.evaluate("window.hit") is None
    assert page.locator(".cs-is-text").count() == 2
    assert page.locator(".cs-is-rule").count() == 2
    assert page.locator(".cs-is-ladder").count() == 2
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate("axe.run()")["violations"] == []


def test_the_size_does_not_grow_with_the_rows():
    def size(count):
        many = [row for _ in range(count) for row in rows()]
        files = [audit(many, load_tokenizer(), name=f"{n}.jsonl") for n in range(3)]
        return len(as_html(sum(files[1:], files[0])))

    assert size(100) < size(4) * 1.2 < 600_000
