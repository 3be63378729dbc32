"""The first page of the project: short, and drawn from what the package really does."""

import json
import re
from pathlib import Path

from draw_picture import FILE, draw
from typer.testing import CliRunner

from chatshift.cli import app
from chatshift.lessons import data_point

README = Path(__file__).parents[2] / "README.md"
CHATS = [
    ("What colour is the sky?", "The sky is blue on a clear day."),
    ("What do bees make?", "Bees make honey from the flowers."),
    ("How many legs has a spider?", "A spider has eight legs, not six."),
    ("When do owls hunt?", ""),
    ("How does your turn end?", "With <end_of_turn>."),
]


def test_the_readme_is_short():
    # Its example runs as a doctest: pytest collects README.md as well.
    assert len(README.read_text().splitlines()) <= 100


def test_the_picture_is_drawn_from_the_trace():
    assert FILE.read_text(encoding="utf-8") == draw(data_point())


def test_the_readme_shows_what_the_audit_prints(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [
        {
            "messages": [
                {"role": "user", "content": question},
                {"role": "assistant", "content": answer},
            ]
        }
        for question, answer in CHATS
    ]
    Path("data.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    done = CliRunner().invoke(app, ["audit", "data.jsonl"])
    assert done.exit_code == 1
    printed = " ".join(done.output.split())
    (shown,) = re.findall(r"^\$ chatshift audit .*\n([^`]+)^```$", README.read_text("utf-8"), re.M)
    # Where the README leaves lines out there is an ellipsis alone on its line.
    for part in re.split(r"^…\n", shown, flags=re.M):
        assert " ".join(part.split()) in printed
