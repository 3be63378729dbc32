"""The lines of the gallery that a reader copies tell good rows from bad ones, on their own."""

import ast

import pytest
import torch
from book_pages import BOOK, code_cells
from transformers import DataCollatorForLanguageModeling

from chatshift import collate, load_tokenizer, prepare
from chatshift.lessons import many_turns

(CELL,) = [c for c in code_cells(BOOK / "gallery.ipynb") if c.id == "gallery-one-batch"]
TALK = many_turns.talk()[:2]
END = "<end_of_turn>"


def said(capsys, batch):
    """What the lines print of a batch, by its label."""
    exec(CELL.source, {"loader": [batch], "tokenizer": load_tokenizer()})
    lines = capsys.readouterr().out.splitlines()
    return {name: text.strip() for name, _, text in (line.partition(":") for line in lines)}


def batch_of(rows):
    return collate(rows, pad_token_id=0)


@pytest.fixture
def trace():
    return prepare(TALK, load_tokenizer())


def test_the_lines_need_nothing_but_a_batch_and_a_tokenizer():
    names = [node.id for node in ast.walk(ast.parse(CELL.source)) if isinstance(node, ast.Name)]
    stored = {"batch", "ids", "labels", "counted", "words", "last", "name", "i", "label"}
    builtin = {"next", "iter", "enumerate", "max", "print", "repr", "len", "sum"}
    assert set(names) - stored - builtin == {"loader", "tokenizer"}
    assert len(CELL.source.splitlines()) <= 12


def test_a_right_row_is_in_place(capsys, trace):
    found = said(capsys, batch_of([trace.for_transformers()]))
    assert found["supervised"] == f"'It is Paris.{END}'"
    assert found["last labels"] == f"['.', '{END}']"
    assert found["in place"] == found["labels"].split()[0] == "5"
    assert found["moved left"] == "0"


def test_a_shifted_row_has_moved(capsys, trace):
    pair = {"input_ids": trace.input_ids, "labels": trace.labels}
    found = said(capsys, batch_of([pair]))
    # The last label has no input after it.
    assert (found["in place"], found["moved left"]) == ("0", "4")
    padded = batch_of([pair, prepare(many_turns.talk(), load_tokenizer()).for_transformers()])
    assert said(capsys, padded)["moved left"] == "4"


def test_an_end_that_was_masked_by_its_id_is_missing(capsys, trace):
    tokenizer = load_tokenizer()
    tokenizer.pad_token = END
    batch = DataCollatorForLanguageModeling(tokenizer, mlm=False)([trace.for_transformers()])
    found = said(capsys, batch)
    assert END not in found["last labels"]
    assert "France" in found["supervised"]


def test_a_row_without_labels_is_no_error(capsys, trace):
    ids = torch.tensor([trace.full_ids])
    found = said(capsys, {"input_ids": ids, "labels": torch.full_like(ids, -100)})
    assert found["labels"].startswith("0 supervised")
    assert found["supervised"] == "''"
