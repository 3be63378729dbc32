"""What the playground's modules take from the package is there, with as many values."""

import inspect
import re
from pathlib import Path

import pytest
import transformers
from package_words import CLASS_DEFAULTS, sentences, tables
from page_scripts import ASSETS, PAGE, bundle, playground_data
from tokenizers import AddedToken

from chatshift.errors import ChatshiftError
from chatshift.messages import check_messages
from chatshift.supervise.notes import NOTES

MODULES = sorted([*(ASSETS / "engine").glob("*.js"), *PAGE.glob("*.js")])
SAID = re.compile(r'\bsay\(\s*(?:trimmed \? )?"([^"]+)"')
SOURCES = {path.name: path.read_text("utf-8") for path in MODULES}


def test_every_sentence_that_is_said_is_the_packages():
    said = {name for source in SOURCES.values() for name in SAID.findall(source)}
    assert len(said) > 50
    assert said <= set(sentences())


def test_every_table_and_note_that_is_named_is_the_packages():
    named = {n for source in SOURCES.values() for n in re.findall(r"tables\.([A-Z_]+)", source)}
    assert named <= set(tables())
    notes = {n for s in SOURCES.values() for n in re.findall(r'\bfinding\(\s*"([^"]+)"', s)}
    assert len(notes) >= 8
    assert notes <= set(NOTES)


def test_a_sentence_is_that_of_the_error():
    parts = sentences()["messages.check_messages.0"]
    with pytest.raises(ChatshiftError) as refused:
        check_messages("Hi")  # type: ignore[arg-type]
    text = "".join(part if isinstance(part, str) else "str" for part in parts)
    assert str(refused.value) == text


def test_no_sentence_of_the_package_is_typed_again():
    typed = "\n".join(SOURCES.values())
    long = {
        p for parts in sentences().values() for p in parts if isinstance(p, str) and len(p) > 30
    }
    assert len(long) > 50
    names = {*tables()["CAUSES"], *NOTES}
    assert [part for part in long - names if part.strip() in typed] == []


@pytest.mark.parametrize("name", CLASS_DEFAULTS)
def test_special_tokens_of_a_class_are_those_of_transformers(name):
    parameters = inspect.signature(getattr(transformers, name).__init__).parameters
    defaults = {key: one.default for key, one in parameters.items() if key.endswith("_token")}
    texts = {k: str(v) for k, v in defaults.items() if isinstance(v, (str, AddedToken))}
    assert texts == CLASS_DEFAULTS[name]


def test_modules_are_small():
    lengths = {name: source.count("\n") for name, source in SOURCES.items()}
    assert {name: length for name, length in lengths.items() if length > 250} == {}


def test_a_bundle_keeps_every_text(tmp_path):
    (tmp_path / "one.js").write_text(
        "/* x */\nexport const a = (b) => `{ ${b}: ${b} }`;\n", "utf-8"
    )
    (tmp_path / "two.js").write_text('import { a as c } from "./one.js";\nc(1);\n', "utf-8")
    made = bundle(tmp_path / "two.js")
    assert "`{ ${b}: ${b} }`" in made
    assert "const { a: c } = m0;" in made
    assert "import" not in made
    (tmp_path / "two.js").write_text('import a from "./one.js";\n', "utf-8")
    with pytest.raises(Exception, match="not known"):
        bundle(tmp_path / "two.js")


def test_the_data_is_small():
    assert len(playground_data()) < 60_000
    assert Path(PAGE).name == "playground"
