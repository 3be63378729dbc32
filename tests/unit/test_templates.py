"""All 786 real templates: right labels or a refusal, in cells chosen by a fixed rule."""

import json
from collections import Counter

import pytest
from every_template import DATA, LETTERS, NAMES, TABLE, WRONG, outcomes, table
from real_templates import load_templates

STEP = 37  # prime to the number of cells, so that neighbours try different conversations
TRIED = 3


@pytest.fixture(scope="module")
def data():
    return json.loads(DATA.read_text(encoding="utf-8"))


def test_the_data_tell_of_every_template_and_none_has_wrong_labels(data):
    assert list(data["templates"]) == list(load_templates())
    assert len(data["templates"]) == 786
    assert data["conversations"] == list(NAMES)
    assert data["outcomes"] == LETTERS
    cells = {len(letters) for letters in data["templates"].values()}
    assert len(cells) == 1
    assert set("".join(data["templates"].values())) <= set(LETTERS.values())
    assert [name for name, found in data["templates"].items() if LETTERS[WRONG] in found] == []


def test_the_page_says_what_the_data_say(data):
    assert table(data) == TABLE.read_text(encoding="utf-8")


def test_cells_come_out_as_the_data_say(data):
    different: list = []
    kinds: Counter[str] = Counter()
    for number, (name, source) in enumerate(load_templates().items()):
        letters = data["templates"][name]
        chosen = sorted({(number * TRIED + i) * STEP % len(letters) for i in range(TRIED)})
        found = list(outcomes(name, source, chosen))
        assert len(found) == len(chosen)
        for position, (cell, kind, fault) in zip(chosen, found, strict=True):
            kinds[kind] += 1
            if LETTERS[kind] != letters[position]:
                different.append((name, cell.row.name, *cell.mode, kind, fault))
    assert different == []
    assert len(kinds) >= 8
