"""The book as a whole: complete, executed, in one vocabulary, and open where it is folded.

What a page says is its author's; what is tested here protects its reader.
"""

import ast
import hashlib
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from book_pages import (
    BOOK,
    CELL_LINK,
    NAMES,
    NOTEBOOKS,
    PAGE_NAMES,
    PAGES,
    ROOT,
    cells,
    code_cells,
    headings,
    linked_pages,
    sentences,
    table_of_contents,
    tags,
    text_of,
    words,
)
from run_notebooks import STUB

import chatshift
from chatshift.show.still import HERE
from chatshift.supervise.notes import NOTES

GALLERY = BOOK / "gallery.ipynb"
CHAPTERS = [path for path in NOTEBOOKS if path.stem[0].isdigit()]
# Directives, and not sentences.
WRITTEN = [path for path in PAGES if path.stem not in ("api", "references")]
WRITTEN_NAMES = [path.stem for path in WRITTEN]

# One word for one thing: a label is supervised or masked, a prediction counts or does not, and a
# token stands at a position. These would say the same in other words.
DECIDED = r"(?:trained|graded|scored|kept|learned|learnt|watched)"
THINGS = r"(?:labels?|tokens?|predictions?|positions?)"
OTHER_WORDS = {
    rf"\b{DECIDED} {THINGS}\b": "supervised",
    rf"\b{THINGS} (?:that )?(?:is|are|was|were) (?:not |never )?{DECIDED}\b": "supervised, counts",
    rf"\b(?:ignored|blanked|skipped) {THINGS}\b": "masked",
    r"\bat (?:a|each|every|this|that|its) place\b": "position",
    r"\bborders? (?:between|of) (?:the |a )?(?:prompts?|answers?|turns?|rows?|documents?)\b": (
        "boundary"
    ),
    r"\bstop(?:ping)? tokens? of the turn\b": "end of turn",
}
LONGEST_SENTENCE = 35
LONGEST_CELL = 12
LONGEST_LOOP = 30


def test_every_page_is_in_the_table_of_contents_and_in_order():
    entries = table_of_contents()
    listed = [Path(name).name for name in entries]
    assert sorted(listed) == sorted(PAGE_NAMES)
    numbered = [name for name in listed if name[0].isdigit()]
    assert numbered == sorted(numbered)


@pytest.mark.parametrize("path", CHAPTERS, ids=[path.stem for path in CHAPTERS])
def test_a_chapter_has_its_number_in_its_title(path):
    title = re.findall(r"^# (.+)$", text_of(path), flags=re.MULTILINE)
    assert len(title) == 1
    assert title[0].startswith(f"{int(path.stem[:2])}. ")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_every_cell_was_executed_once_and_in_order(path):
    code = [cell for cell in cells(path) if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))


def is_plumbing(cell):
    """Whether most statements of a cell only bring names in."""
    statements = ast.parse(cell.source).body
    imports = [one for one in statements if isinstance(one, (ast.Import, ast.ImportFrom))]
    return 2 * len(imports) > len(statements)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_every_cell_that_is_read_ends_in_a_value_or_in_its_error(path):
    for cell in code_cells(path):
        kinds = {output.output_type for output in cell.outputs}
        assert kinds or "hide-input" in tags(cell), f"this cell shows nothing:\n{cell.source}"
        assert ("error" in kinds) == ("raises-exception" in tags(cell)), cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_plumbing_is_folded_and_can_be_opened(path):
    for cell in code_cells(path):
        assert not is_plumbing(cell) or "hide-input" in tags(cell), cell.source
        unopenable = {"hide-cell", "remove-input", "remove-output"}
        assert not unopenable & set(tags(cell)), cell.source
        # An answer that the reader is to predict may be folded; its label says what is in it.
        assert "hide-output" not in tags(cell) or cell.metadata.mystnb.code_prompt_show


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_cells_are_short(path):
    for cell in code_cells(path):
        length = len(cell.source.splitlines())
        # A training loop stands on a page whole; its metadata say why it is this long.
        reason = cell.metadata.get("reason", "")
        assert bool(reason) == ("training-loop" in tags(cell))
        limit = LONGEST_LOOP if reason or is_plumbing(cell) else LONGEST_CELL
        assert length <= limit, cell.source
        # So much fits beside the contents of a page that is 1280 pixels wide.
        assert "remove-cell" in tags(cell) or max(map(len, cell.source.splitlines())) <= 82


def nameless(output):
    """Whether an output is truth values or a tuple, with nothing that says what they are."""
    data = output.get("data", {})
    if output.output_type != "execute_result" or set(data) != {"text/plain"}:
        return False
    try:
        value = ast.literal_eval(data["text/plain"])
    except (SyntaxError, ValueError):
        return False
    values = [value, *value] if isinstance(value, list) else [value]
    return any(isinstance(one, (bool, tuple)) for one in values)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_every_result_has_a_name(path):
    for cell in code_cells(path):
        for output in cell.outputs:
            assert not nameless(output), f"{cell.source}\n>>> {output.data['text/plain']}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_an_exercise_has_a_solution_that_passes(path):
    code = code_cells(path)
    asked = [cell for cell in code if "not attempted" in str(cell.outputs)]
    solved = [
        cell
        for cell in code
        if re.search(r"all \d+ (cases|labels|rows) are right", str(cell.outputs))
        and "hide-input" in tags(cell)
    ]
    assert len(asked) == len(solved)


@pytest.mark.parametrize("path", WRITTEN, ids=WRITTEN_NAMES)
def test_no_sentence_is_too_long(path):
    long = [one for one in sentences(text_of(path)) if len(words(one)) > LONGEST_SENTENCE]
    assert not long, "\n".join(f"{len(words(one))} words: {one}" for one in long)


@pytest.mark.parametrize("path", WRITTEN, ids=WRITTEN_NAMES)
def test_one_word_stands_for_one_thing(path):
    found = [
        f"{match[0]!r} ({right}): {sentence}"
        for sentence in sentences(text_of(path))
        for pattern, right in OTHER_WORDS.items()
        for match in re.finditer(pattern, sentence, flags=re.IGNORECASE)
    ]
    assert not found, "\n".join(found)


def test_no_two_headings_are_the_same():
    counts = Counter(heading for path in WRITTEN for heading in headings(path))
    assert not {heading: count for heading, count in counts.items() if count > 1}


def test_every_page_is_linked_from_the_text_of_another():
    linked = {name for path in PAGES for name in linked_pages(path)}
    first = Path(table_of_contents()[0]).name
    assert set(PAGE_NAMES) - linked <= {first}
    assert linked <= set(PAGE_NAMES), "a link leads to a page that is not there"


FENCES = r"(?:|\{[\w-]+\}.*|bash|json|yaml)"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_no_output_is_typed_by_hand(path):
    for cell in cells(path):
        if cell.cell_type == "markdown":
            opened = re.findall(r"^```(.*)$", cell.source, flags=re.MULTILINE)[::2]
            assert all(fence and re.fullmatch(FENCES, fence) for fence in opened), cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_no_path_of_a_machine_is_stored(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/home/|/root/|/Users/|/tmp/|site-packages|0x[0-9a-f]{8}", text)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_the_page_knows_every_kind_of_widget_in_it(path):
    known = set(re.findall(r"^    (\w+Model)\(", (BOOK / "_assets/widgets.js").read_text(), re.M))
    widgets = json.loads(path.read_text())["metadata"].get("widgets", {})
    models = [model for kind in widgets.values() for model in kind["state"].values()]
    # A layout is what a notebook keeps beside each widget; nothing in a page is drawn from it.
    assert {model["model_name"] for model in models} <= known | {"LayoutModel"}
    assert known == {"AnyModel"}
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
    found = {link for path in NOTEBOOKS for link in links(text_of(path))}
    listed = set(re.findall(r"url = \{([^}]+)\}", (BOOK / "references.bib").read_text()))
    assert found - {"https://findahelpline.com"} == listed


def test_cell_ids_are_unique():
    ids = [cell.id for path in NOTEBOOKS for cell in cells(path)]
    assert len(ids) == len(set(ids))


def test_every_link_to_a_cell_leads_to_a_code_cell():
    code = {(path.stem, cell.id) for path in NOTEBOOKS for cell in code_cells(path)}
    found = {match[1:] for path in PAGES for match in CELL_LINK.findall(text_of(path))}
    assert found - code == set()
    assert found


@pytest.mark.parametrize("path", PAGES, ids=PAGE_NAMES)
def test_the_words_of_a_link_say_where_it_leads(path):
    for text, page, cell in CELL_LINK.findall(text_of(path)):
        assert not re.fullmatch(r"[\w-]*\d[\w-]*", text) or text.isdigit(), (text, page, cell)


def test_every_claim_has_a_verdict_and_a_cell_that_shows_it():
    text = text_of(BOOK / "walkthrough_claims.ipynb")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    claims = [row for row in rows if row[0] not in ("The walkthrough says", "---")]
    assert len(claims) >= 30
    for _, verdict, shown in claims:
        assert verdict in ("holds", "holds, with a condition", "slips")
        assert CELL_LINK.search(shown), shown
    assert {verdict for _, verdict, _ in claims} == {"holds", "holds, with a condition", "slips"}


def test_the_questions_cover_every_chapter_and_each_answer_leads_to_its_cells():
    text = text_of(BOOK / "questions.ipynb")
    questions = re.findall(r"^\*\*(\d+)\. ([^*]+\?)\*\*$", text, flags=re.MULTILINE | re.DOTALL)
    assert [int(number) for number, _ in questions] == list(range(1, len(questions) + 1))
    assert len(questions) >= 25
    answers = re.findall(
        r"<details><summary>Answer</summary>\n\n(.+?)\n\n</details>", text, flags=re.DOTALL
    )
    assert len(answers) == len(questions)
    rows = [cell for cell in code_cells(BOOK / "questions.ipynb") if cell.outputs]
    assert len(rows) >= 5, "questions that show a printed row and ask what is wrong"
    assert all(CELL_LINK.search(answer) for answer in answers)
    chapters = {path.stem for path in CHAPTERS}
    assert chapters <= {page for _, page, _ in CELL_LINK.findall(text)}


def test_each_bug_of_the_gallery_has_a_symptom_a_source_a_mend_and_a_test():
    text = text_of(GALLERY)
    symptoms, look, *pages = re.split(r"^## ", text, flags=re.MULTILINE)
    titles = [page.split("\n")[0] for page in pages]
    assert [title.split(".")[0] for title in titles] == [str(n) for n in range(1, len(titles) + 1)]
    assert len(titles) >= 25
    # The numbers in the tables of symptoms lead to a cell of the bug with that number.
    bugs = {cell: int(title) for cell, title in headings_of_cells().items()}
    listed = re.findall(r"\[[^\]]+ \((\d+)\)\]\(gallery\.ipynb#cell-id=([\w-]+)\)", symptoms + look)
    assert {int(number) for number, _ in listed} == set(bugs.values())
    assert all(bugs[cell] == int(number) for number, cell in listed)
    code = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    proven = dict(re.findall(r"^\| (\d+) \| `(test_\w+)` \|$", text, flags=re.MULTILINE))
    assert set(proven) == {str(number) for number in bugs.values()}
    assert all(f"def {test}(" in code for test in proven.values())
    for page in pages:
        # Where nobody reported it in public, the page says so instead of naming a source.
        assert links(page) or "No public report of it is known" in page
        assert "**Fix it anywhere:**" in page


def headings_of_cells():
    """The number of the bug that each code cell of the gallery belongs to."""
    found, number = {}, ""
    for cell in cells(GALLERY):
        for heading in re.findall(r"^## (\d+)\.", cell.source, flags=re.MULTILINE):
            number = heading
        if cell.cell_type == "code" and number:
            found[cell.id] = number
    return found


def test_every_kind_of_note_is_listed_with_its_meaning_and_its_remedy():
    lines = (BOOK / "many.md").read_text().splitlines()
    rows = [tuple(line.strip("| ").split(" | ")) for line in lines if line.startswith("| ")]
    start = rows.index(("note", "what it means", "what to do")) + 2
    kinds = [(name, kind.meaning, kind.remedy) for name, kind in NOTES.items()]
    assert rows[start : start + len(kinds)] == kinds
    assert len(rows) == start + len(kinds)


def test_the_outcomes_on_the_page_are_those_that_were_measured():
    measured = json.loads((ROOT / "benchmarks" / "TEMPLATES.json").read_text())
    column = 2 * measured["conversations"].index("system")
    words = {letter: kind for kind, letter in measured["outcomes"].items()}
    counts = Counter(words[row[column]] for row in measured["templates"].values())
    (cell,) = [c for c in code_cells(BOOK / "13_real_templates.ipynb") if "counted = " in c.source]
    shown = cell.outputs[0].data["text/plain"]
    found = dict(re.findall(r"^(\S.*?)  +(\d+)  +\d+$", shown, flags=re.MULTILINE))
    assert {kind: int(count) for kind, count in found.items() if int(count)} == counts


def test_every_public_name_is_on_the_page_of_the_package():
    text = (BOOK / "api.md").read_text()
    listed = re.findall(r"^\.\. (?:auto\w+|py:data):: (\w+)$", text, flags=re.MULTILINE)
    assert sorted(listed) == sorted(chatshift.__all__)


def test_every_term_of_the_glossary_is_linked_where_it_is_needed():
    terms = re.findall(r"^## (.+)$", (BOOK / "glossary.md").read_text(), flags=re.MULTILINE)
    anchors = {term.lower().replace(" ", "-") for term in terms}
    linked = set()
    for path in PAGES:
        found = re.findall(r"\(glossary\.md#([\w-]+)\)", text_of(path))
        assert len(found) == len(set(found)), f"{path.stem} links a term more than once"
        linked |= set(found)
    assert linked == anchors


def test_what_comes_from_others_is_listed_with_its_hash():
    listed = (ROOT / "THIRD_PARTY.md").read_text()
    vendored = [p for p in (BOOK / "_assets/vendor").rglob("*") if p.is_file()]
    for path in vendored:
        if not path.name.endswith("LICENSE.txt"):
            assert hashlib.sha256(path.read_bytes()).hexdigest() in listed, path.name
            assert str(path.relative_to(ROOT)) in listed


def test_the_care_note_stands_where_the_conversation_is_first_shown():
    texts = {path.stem: path.read_text(encoding="utf-8") for path in NOTEBOOKS}
    order = [name for entry in table_of_contents() if (name := Path(entry).name) in texts]
    first = next(name for name in order if "want to die" in texts[name])
    assert "findahelpline.com" in texts[first]


def test_the_conversation_is_kept_letter_for_letter():
    from chatshift.lessons import data_point

    assert [(message["role"], message["content"]) for message in data_point()] == [
        ("system", "You are a assistant responsible for classifying mental health status."),
        ("user", "I am depressed and want to die"),
        ("assistant", "based on what you described it's depression'"),
    ]
