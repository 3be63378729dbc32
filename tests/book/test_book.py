"""The book as a whole: complete, executed, in the shape of a chapter, and short."""

import hashlib
import json
import re
from pathlib import Path
from statistics import median

import nbformat
import pytest
import yaml
from run_notebooks import STUB

import chatshift
from chatshift.show.still import HERE
from chatshift.supervise.notes import NOTES

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
NAMES = [path.stem for path in NOTEBOOKS]
CHAPTERS = [path for path in NOTEBOOKS if path.stem == "index" or path.stem[0].isdigit()]
CHAPTER_NAMES = [path.stem for path in CHAPTERS]
GALLERY = BOOK / "gallery.ipynb"

HEADINGS = [
    "Where we are",
    "Predict",
    "By hand",
    "Picture",
    "Move it",
    "With chatshift",
    "Break it",
    "Check yourself",
    "In the wild",
    "Recap",
]


def cells(path):
    return nbformat.read(path, as_version=4).cells


def code_cells(path):
    return [cell for cell in cells(path) if cell.cell_type == "code"]


def tags(cell):
    return cell.metadata.get("tags", [])


def sections(path):
    """The cells under each second-level heading; the hook stands under the title."""
    found: dict[str, list] = {"": []}
    current = ""
    for cell in cells(path):
        headings = re.findall(r"^## (.+)$", cell.source, flags=re.MULTILINE)
        is_text = cell.cell_type == "markdown"
        for heading in headings if is_text else []:
            found[heading] = [cell]
            current = heading
        if not (is_text and headings):
            found[current].append(cell)
    return found


def prose(source):
    """The words a reader reads: no link targets, no markup, no tables."""
    text = re.sub(r"\]\([^)]*\)", "]", source)
    text = re.sub(r"</?\w+>|^```.*$|^\|.*$|^#+ ", " ", text, flags=re.MULTILINE)
    return re.sub(r"[\[\]*`]", "", text)


def words(source):
    return re.findall(r"[\w'<>=-]+", prose(source))


def blocks(path):
    """The stretches of text without a break; code cells and headings are breaks."""
    sources = [
        cell.source if cell.cell_type == "markdown" else "\n## code\n" for cell in cells(path)
    ]
    return re.split(r"^#+ .*$", "\n\n".join(sources), flags=re.MULTILINE)


def table_of_contents():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    chapters = [chapter for part in toc["parts"] for chapter in part["chapters"]]
    return [toc["root"], *(chapter["file"] for chapter in chapters)]


def test_every_notebook_is_in_the_table_of_contents_and_in_order():
    entries = table_of_contents()
    listed = [Path(name).name for name in entries if (ROOT / f"{name}.ipynb").exists()]
    assert sorted(listed) == NAMES
    pages = {path.with_suffix("") for path in BOOK.glob("*.md")}
    assert {ROOT / name for name in entries} == pages | {BOOK / name for name in NAMES}
    numbered = [name for name in listed if name[0].isdigit()]
    assert numbered == sorted(numbered)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_every_cell_was_executed_once_and_in_order(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_every_cell_ends_in_a_value_or_in_its_error(path):
    for cell in code_cells(path):
        if "remove-cell" in tags(cell):
            continue
        kinds = {output.output_type for output in cell.outputs}
        assert kinds, f"this cell shows nothing:\n{cell.source}"
        assert ("error" in kinds) == ("raises-exception" in tags(cell)), cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_cells_are_short(path):
    lines = [len(cell.source.splitlines()) for cell in code_cells(path)]
    assert max(lines) <= 12
    assert median(lines) <= 4


@pytest.mark.parametrize("path", CHAPTERS, ids=CHAPTER_NAMES)
def test_the_parts_of_a_chapter(path):
    parts = sections(path)
    assert [heading for heading in parts if heading] == HEADINGS
    code = {name: [c for c in part if c.cell_type == "code"] for name, part in parts.items()}
    text = {
        name: "\n".join(c.source for c in part if c.cell_type == "markdown")
        for name, part in parts.items()
    }
    hook = text[""].split("\n\n", 1)[1]
    assert len(words(hook)) <= 60
    assert "](https://" in hook, "the hook is a bug that somebody shipped, with its source"
    assert "show.step_map(" in code["Where we are"][0].source
    assert "<details><summary>Answer</summary>" in text["Predict"]
    assert len(code["By hand"][0].source.splitlines()) <= 8
    assert any(
        any(mark in output.data["text/html"] for mark in ("<li ", "<pre>", 'class="cs-view"'))
        for cell in code["Picture"]
        for output in cell.outputs
        if "text/html" in output.data
    )
    assert any("widgets." in cell.source for cell in code["Move it"])
    assert any("assert mine == theirs" in cell.source for cell in code["With chatshift"])
    assert any("raises-exception" in tags(cell) for cell in code["Break it"])
    assert any("not attempted" in str(cell.outputs) for cell in code["Check yourself"])
    solutions = [cell for cell in code["Check yourself"] if "hide-input" in tags(cell)]
    assert len(solutions) == 1
    assert "all 200 cases are right" in str(solutions[0].outputs)
    assert "](https://" in text["In the wild"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_the_prose_is_short(path):
    texts = blocks(path)
    for text in texts:
        assert len(words(text)) <= 60, text
        for sentence in re.split(r"(?<=[.?!:;])\s|\n\n|\n- ", prose(text)):
            assert len(words(sentence)) < 25, sentence


@pytest.mark.parametrize("path", CHAPTERS, ids=CHAPTER_NAMES)
def test_a_chapter_takes_minutes_to_read(path):
    assert 600 <= sum(len(words(text)) for text in blocks(path)) <= 1200


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_no_output_is_typed_by_hand(path):
    for cell in cells(path):
        if cell.cell_type == "markdown":
            fences = re.findall(r"^```(.*)$", cell.source, flags=re.MULTILINE)
            assert [fence for fence in fences if fence] in ([], ["{note}"]), cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_no_path_of_a_machine_is_stored(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/home/|/root/|/Users/|/tmp/|site-packages|0x[0-9a-f]{8}", text)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_the_page_knows_every_kind_of_widget_in_it(path):
    known = set(re.findall(r"^    (\w+Model)\(", (BOOK / "_assets/widgets.js").read_text(), re.M))
    without_view = {"LayoutModel", "HTMLStyleModel", "SliderStyleModel", "ToggleButtonsStyleModel"}
    widgets = json.loads(path.read_text())["metadata"].get("widgets", {})
    models = [model for kind in widgets.values() for model in kind["state"].values()]
    assert {model["model_name"] for model in models} <= known | without_view | {"LinkModel"}
    assert known == {
        "AnyModel",
        "HTMLModel",
        "VBoxModel",
        "StackModel",
        "IntSliderModel",
        "ToggleButtonsModel",
    }
    source = (HERE / "views.js").read_text(encoding="utf-8")
    (drawn,) = re.findall(r"^const VIEWS = \{ (.+) \};$", source, re.M)
    for model in models:
        if model["model_name"] == "AnyModel":
            assert model["state"]["view"] in drawn.split(", ")
            # The module and its style stand in the package, not in every notebook.
            assert model["state"]["_esm"] == STUB
            assert model["state"]["_css"] == ""


def links(text):
    return set(re.findall(r"\]\((https://[^)]+)\)", text))


def test_every_link_is_in_the_references_and_every_reference_is_linked():
    found = set()
    for path in NOTEBOOKS:
        for cell in cells(path):
            if cell.cell_type == "markdown":
                found |= links(cell.source)
    listed = set(re.findall(r"url = \{([^}]+)\}", (BOOK / "references.bib").read_text()))
    assert found - {"https://findahelpline.com"} == listed


CELL_LINK = re.compile(r"\]\((\w+)\.ipynb#cell-id=([\w-]+)\)")


def test_cell_ids_are_unique():
    ids = [cell.id for path in NOTEBOOKS for cell in cells(path)]
    assert len(ids) == len(set(ids))


def test_every_link_to_a_cell_leads_to_a_code_cell():
    code = {(path.stem, cell.id) for path in NOTEBOOKS for cell in code_cells(path)}
    found = set()
    for path in [*NOTEBOOKS, *BOOK.glob("*.md")]:
        found |= set(CELL_LINK.findall(path.read_text()))
    assert found <= code
    assert found


def test_every_claim_has_a_verdict_and_a_cell_that_shows_it():
    text = (BOOK / "walkthrough_claims.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    claims = [row for row in rows if row[0] not in ("The walkthrough says", "---")]
    assert len(claims) >= 30
    for _, verdict, shown in claims:
        assert verdict in ("holds", "holds, with a condition", "slips")
        assert CELL_LINK.search(shown), shown
    assert {verdict for _, verdict, _ in claims} == {"holds", "holds, with a condition", "slips"}


def test_twenty_five_questions_cover_every_chapter_and_each_answer_leads_to_its_cells():
    text = (BOOK / "questions.md").read_text()
    questions = re.findall(r"^\*\*(\d+)\. ([^*]+\?)\*\*$", text, flags=re.MULTILINE | re.DOTALL)
    assert [int(number) for number, _ in questions] == list(range(1, 26))
    answers = re.findall(
        r"<details><summary>Answer</summary>\n\n(.+?)\n\n</details>", text, flags=re.DOTALL
    )
    assert len(answers) == 25
    assert all(CELL_LINK.search(answer) for answer in answers)
    assert {page for page, _ in CELL_LINK.findall(text)} == set(CHAPTER_NAMES)
    for sentence in re.split(r"(?<=[.?!:;])\s|\n\n", prose(text)):
        assert len(words(sentence)) < 25, sentence


def test_each_bug_of_the_gallery_has_a_source_a_cell_and_something_that_catches_it(trace):
    texts = [cell.source for cell in cells(GALLERY) if cell.cell_type == "markdown"]
    rows = [line.strip("| ").split(" | ") for line in texts[0].splitlines()]
    bugs = [row for row in rows if CELL_LINK.search(row[0])]
    assert len(bugs) >= 15
    numbered = [(bug[0][1:].split("]")[0], re.sub(r" \[\(source.*", "", bug[1])) for bug in bugs]
    pages = re.split(r"^## ", "\n".join(texts), flags=re.MULTILINE)[1:]
    assert [tuple(page.split("\n")[0].split(". ", 1)) for page in pages] == numbered
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    for (_, symptom, cause, step, caught), page in zip(bugs, pages, strict=True):
        # Where nobody reported it in public, the page says so instead of naming a source.
        assert links(symptom) or "No public report of it is known" in page
        assert cause
        assert re.fullmatch(r"(after )?\d(, \d| to \d)?", step)
        for name in re.findall(r"`([\w.]+)`", caught):
            in_trace = name.startswith("trace.") and hasattr(trace, name.removeprefix("trace."))
            assert name in chatshift.__all__ or in_trace, name
        assert set(re.findall(r'"([^"]+)"', caught)) <= set(NOTES)
        (test,) = re.findall(r"^Checked by `(\w+)`\.$", page, flags=re.MULTILINE)
        assert f"def {test}(" in tests, test


def test_every_kind_of_note_is_listed_with_its_meaning_and_its_remedy():
    lines = (BOOK / "many.md").read_text().splitlines()
    rows = [tuple(line.strip("| ").split(" | ")) for line in lines if line.startswith("| ")]
    start = rows.index(("note", "what it means", "what to do")) + 2
    kinds = [(name, kind.meaning, kind.remedy) for name, kind in NOTES.items()]
    assert rows[start : start + len(kinds)] == kinds
    assert len(rows) == start + len(kinds)


def test_every_public_name_is_on_the_page_of_the_package():
    text = (BOOK / "api.md").read_text()
    listed = re.findall(r"^\.\. auto\w+:: (\w+)$", text, flags=re.MULTILINE)
    assert sorted(listed) == sorted(chatshift.__all__)


def test_every_term_of_the_glossary_is_linked_where_it_is_needed():
    terms = re.findall(r"^## (.+)$", (BOOK / "glossary.md").read_text(), flags=re.MULTILINE)
    anchors = {term.lower().replace(" ", "-") for term in terms}
    linked = [
        anchor
        for path in NOTEBOOKS
        for anchor in re.findall(r"\(glossary\.md#([\w-]+)\)", path.read_text())
    ]
    assert set(linked) == anchors
    assert len(linked) == len(set(linked)), "a term is linked at its first use only"


def test_what_comes_from_others_is_listed_with_its_hash():
    listed = (ROOT / "THIRD_PARTY.md").read_text()
    vendored = [p for p in (BOOK / "_assets/vendor").rglob("*") if p.is_file()]
    for path in vendored:
        if not path.name.endswith("LICENSE.txt"):
            assert hashlib.sha256(path.read_bytes()).hexdigest() in listed, path.name
            assert str(path.relative_to(ROOT)) in listed


def test_the_care_note_is_on_the_first_page_only():
    with_note = [path.stem for path in NOTEBOOKS if "findahelpline.com" in path.read_text()]
    assert with_note == ["index"]


def test_the_conversation_is_kept_letter_for_letter():
    from chatshift.lessons import data_point

    assert [(message["role"], message["content"]) for message in data_point()] == [
        ("system", "You are a assistant responsible for classifying mental health status."),
        ("user", "I am depressed and want to die"),
        ("assistant", "based on what you described it's depression'"),
    ]
