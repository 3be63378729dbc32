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


def test_the_limit_is_never_beaten():
    for way in SPEED["ways"]:
        assert way["of_limit"] <= 1, way
        assert (way["of_limit"] == 1) == (way["way"] == "limit"), way


def test_every_figure_of_the_prose_is_in_the_data():
    text = (ROOT / "book" / "measurements.md").read_text()
    section = text.partition("## Speed, one run on one machine\n")[2].partition("\n### ")[0]
    figures = re.findall(r"\b[01]\.\d\d\b", section)
    assert figures
    assert set(figures) <= {f"{way['of_limit']:.2f}" for way in SPEED["ways"]}
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
