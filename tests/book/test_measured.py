"""The page of the speed says what its data say, and so does the prose about it."""

import importlib.util
import json
import re
from pathlib import Path

from chatshift.lessons.measured import rates, read_outcomes, read_speed

ROOT = Path(__file__).parents[2]
DATA = ROOT / "benchmarks" / "RESULTS.json"
SPEED = read_speed(DATA)


def test_the_page_is_made_of_the_data():
    spec = importlib.util.spec_from_file_location("speed_page", DATA.parent / "speed_page.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert DATA.with_suffix(".md").read_text() == module.page(json.loads(DATA.read_text()))


def test_the_share_of_the_limit_is_the_ratio_of_the_medians_beside_it():
    for way in SPEED["ways"]:
        corpus = way["tokenizer"], way["corpus"]
        limit = rates(SPEED, *corpus, "seconds")["limit"]
        assert way["seconds"] >= limit, "the limit is never beaten"
        assert way["of_limit"] == round(limit / way["seconds"], 2), way
        per_s = rates(SPEED, *corpus, "tokens_per_s")["limit"]
        assert abs(way["of_limit"] - way["tokens_per_s"] / per_s) < 0.006, way


def test_labels_cost_as_much_of_the_limit_however_long_the_conversation():
    for name in {one["tokenizer"] for one in SPEED["lengths"]}:
        ratios = [
            one["all_ms"] / one["limit_ms"] for one in SPEED["lengths"] if one["tokenizer"] == name
        ]
        assert max(ratios) / min(ratios) < 1.1, name


def test_the_prose_leaves_the_figures_to_the_tables():
    text = (ROOT / "book" / "measurements.md").read_text()
    section = text.partition("## Speed, one run on one machine\n")[2].partition("\n### ")[0]
    assert "The limit is the tokenizer alone" in section
    assert not re.findall(r"\b[01]\.\d\d\b|\d+ ?%", section)
    corpora = {(way["tokenizer"], way["corpus"]) for way in SPEED["ways"]}
    assert all(rates(SPEED, *corpus)["limit"] == 1 for corpus in corpora)


def test_the_outcomes_are_those_of_the_page():
    counts = read_outcomes(ROOT / "benchmarks" / "TEMPLATES.json")
    page = (ROOT / "benchmarks" / "TEMPLATES.md").read_text()
    listed = {
        name: int(count) for name, count in re.findall(r"^\| (.+?) +\| +(\d+) \|", page, re.M)
    }
    assert listed.pop("all") == sum(counts.values())
    assert listed == {name: count for name, count in counts.items() if count}
