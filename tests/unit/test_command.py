"""The command as a user calls it: exit codes, files that it writes, what it prints."""

import io
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from email.message import Message
from pathlib import Path
from urllib.error import HTTPError, URLError

import pytest
from typer.testing import CliRunner

from chatshift import audit as audit_rows
from chatshift import load_tokenizer
from chatshift.audit import hub
from chatshift.audit.plain_text import as_options
from chatshift.cli import app
from chatshift.tiny import FOLDER

TALK = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
CLEAN = {"messages": TALK}
AGAIN = {"messages": [{"role": "user", "content": "So?"}, {"role": "assistant", "content": "No"}]}
CONTROL = {"messages": [{"role": "user", "content": "<eos>"}, TALK[1]]}


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A folder to work in, and a function that writes a file in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def write(*rows, name="data.jsonl"):
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        Path(name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        return name

    return write


def run(*arguments, piped=None):
    done = CliRunner().invoke(app, [str(one) for one in arguments], input=piped)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def audit(*arguments):
    return run("audit", *arguments, "--tokenizer", FOLDER)


LEVELS: dict[str, tuple[list, dict[str, int]]] = {
    "clean": ([CLEAN, AGAIN], {"error": 0, "warning": 0, "never": 0}),
    "warning": ([CLEAN, CLEAN], {"error": 0, "warning": 1, "never": 0}),
    "error": ([CLEAN, CONTROL], {"error": 1, "warning": 1, "never": 0}),
    "line": ([CLEAN, "{"], {"error": 1, "warning": 1, "never": 0}),
}


@pytest.mark.parametrize("kind", LEVELS)
def test_the_exit_code_says_how_bad_it_is(kind, data):
    rows, codes = LEVELS[kind]
    file = data(*rows)
    for level, code in codes.items():
        assert audit(file, "--fail-on", level).exit_code == code
    assert audit(file).exit_code == codes["error"]


CANNOT: dict[str, tuple[tuple[str, ...], str]] = {
    "no file": (("audit", "missing.jsonl"), "missing.jsonl does not exist"),
    "no tokenizer": (
        ("audit", "data.jsonl", "--tokenizer", "nowhere/at-all/it"),
        "The tokenizer 'nowhere/at-all/it' cannot be loaded",
    ),
    "keywords": (("audit", "data.jsonl", "--template-kwargs", "{"), "--template-kwargs is no JSON"),
    "format": (("audit", "data.jsonl", "--format", "xml"), "format='xml' is not known"),
    "baseline": (("audit", "data.jsonl", "--baseline", "other.json"), "is no report of version 1"),
    "no folder": (("audit", "data.jsonl", "--json", "no/where.json"), "cannot be written"),
    "overwrite": (("audit", "data.jsonl", "--json", "data.jsonl"), "is read by this audit"),
    "stop token": (("audit", "data.jsonl", "--stop-token", "stop"), "stop_tokens has 'stop'"),
    "no row": (("show", "data.jsonl", "--row", "9"), "data.jsonl has no row 9"),
    "bad row": (("show", "data.jsonl", "--row", "2"), "data.jsonl:2: it breaks off"),
}


@pytest.mark.parametrize("kind", CANNOT)
def test_what_cannot_run_says_why_and_exits_with_2(kind, data):
    data(CLEAN, "{")
    Path("other.json").write_text("{}", encoding="utf-8")
    arguments, words = CANNOT[kind]
    done = run(*arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    assert done.stderr.startswith("chatshift: ")
    assert sorted(os.listdir()) == ["data.jsonl", "other.json"]


@pytest.mark.parametrize("option", [("--supervise", "some"), ("--workers", "0"), ("--step", "7")])
def test_wrong_options_exit_with_2(option, data):
    name = "show" if option[0] == "--step" else "audit"
    assert run(name, data(CLEAN), *option).exit_code == 2


def test_what_it_prints_of_a_clean_file(data):
    done = audit(data(CLEAN, AGAIN))
    assert "data.jsonl: 2 rows in the format messages" in done.stdout
    assert "2 conversations, 27 tokens, 4 of them supervised (14.8%)." in done.stdout
    assert re.search(r"content +2 +0 +what the assistant says", done.stdout)
    assert re.search(r"end +2 +0 +the tokens that end answers", done.stdout)
    assert "Nothing found with the bundled tokenizer; run again with --tokenizer" in done.stdout
    assert "Nothing is wrong." not in done.stdout


def test_without_a_tokenizer_it_says_whose_it_uses(data):
    for name in ("audit", "show"):
        done = run(name, data(CLEAN))
        assert done.stdout.startswith("No --tokenizer: the bundled Gemma-style one is used")


def test_json_and_a_baseline(data):
    file = data(CLEAN, AGAIN)
    assert audit(file, "--json", "one.json").exit_code == 0
    assert json.loads(Path("one.json").read_text(encoding="utf-8"))["version"] == 1
    same = audit(file, "--json", "two.json", "--baseline", "one.json")
    assert same.exit_code == 0
    assert "Nothing changed since one.json." in same.stdout
    assert Path("one.json").read_bytes() == Path("two.json").read_bytes()
    data(CLEAN, CONTROL)
    changed = audit(file, "--baseline", "one.json", "--fail-on", "never")
    assert changed.exit_code == 1
    for words in ("labels: the ids or labels of some rows are others", "prepared: 2 before, 1 now"):
        assert words in changed.stdout
    assert "control-tokens: 0 before, 1 now" in changed.stdout


def test_the_baseline_notices_a_template_and_settings(data, tmp_path):
    file = data(CLEAN, AGAIN)
    audit(file, "--json", "one.json")
    other = tmp_path / "other"
    other.mkdir()
    for part in FOLDER.iterdir():
        (other / part.name).write_bytes(part.read_bytes())
    template = other / "chat_template.jinja"
    source = template.read_text(encoding="utf-8")
    template.write_text(source + "{# the same text, another template #}", encoding="utf-8")
    moved = run("audit", file, "--tokenizer", other, "--baseline", "one.json")
    assert moved.exit_code == 1
    assert "template: the chat template is another one" in moved.stdout
    assert "labels:" not in moved.stdout
    settings = audit(file, "--baseline", "one.json", "--supervise", "all")
    assert "setting supervise: 'last' before, 'all' now" in settings.stdout


def test_a_result_replaces_a_link_and_follows_none(data, tmp_path):
    Path("kept.txt").write_text("kept", encoding="utf-8")
    Path("out.json").symlink_to("kept.txt")
    audit(data(CLEAN), "--json", "out.json")
    assert Path("kept.txt").read_text(encoding="utf-8") == "kept"
    assert not Path("out.json").is_symlink()
    assert sorted(os.listdir()) == ["data.jsonl", "kept.txt", "out.json"]


HOSTILE = "\x1b[31mred\x1b[0m [bold]bold[/bold] \x07 <script>alert(1)</script> \u202e"


def test_nothing_that_is_said_reaches_the_terminal_as_more_than_text(data):
    row = {"messages": [{"role": "user", "content": HOSTILE}, {"role": HOSTILE, "content": ""}]}
    shown = {"messages": [{"role": "user", "content": HOSTILE}, {**TALK[1], "content": HOSTILE}]}
    name = "[red]\x1b[2J.jsonl"
    file = data(row, shown, f'{{"{HOSTILE}', name=name)
    for done in (
        audit(file),
        run("show", file, "--row", "2"),
        run("show", file, "--row", "2", "--step", "6"),
    ):
        text = done.stdout + done.stderr
        assert not [c for c in text if not c.isprintable() and c != "\n"]
        assert "[" in text  # which markup, were it taken for such, would have lost


@pytest.mark.parametrize("step", range(1, 7))
def test_one_row_after_each_step(step, data):
    done = run("show", data(AGAIN, CLEAN), "--row", "2", "--step", step)
    assert done.exit_code == 0
    assert f"Step {step} of 6" in done.stdout
    lines = done.stdout.splitlines()
    if step == 1:
        assert "Yes<end_of_turn>" in lines
    if step == 2:
        assert "Yes" not in done.stdout
    if step == 5:
        assert [line.split()[-1] for line in lines if "<end_of_turn>" in line] == ["-100", "4"]
    if step == 6:
        assert [line.split()[-1] for line in lines if line.startswith("12 ")] == ["dropped"]
        assert any(line.split()[-2:] == ["580", "Yes"] for line in lines)


def test_one_row_marks_what_is_learned(data):
    done = run("show", data(CLEAN))
    assert "⟦Yes<end_of_turn>⟧" in done.stdout
    assert "2 messages, 13 tokens, 2 of them supervised." in done.stdout
    pair = {"prompt": "Hi", "chosen": "Yes", "rejected": "No"}
    both = run("show", data(pair))
    assert re.findall(r"^chosen|^rejected|⟦\w.*⟧", both.stdout, re.MULTILINE) == [
        "chosen",
        "⟦Yes<end_of_turn>⟧",
        "rejected",
        "⟦No<end_of_turn>⟧",
    ]


def test_a_row_that_is_refused_shows_its_text_and_the_option_that_helps(data):
    file = data(CLEAN, CONTROL)
    refused = run("show", file, "--row", "2")
    assert refused.exit_code == 2
    assert "This row is refused. Its messages:" in refused.stdout
    assert "user: <eos>\nassistant: Yes" in refused.stdout
    assert "--control-tokens text" in refused.stderr
    assert "control_tokens=" not in refused.stderr
    kept = run("show", file, "--row", "2", "--control-tokens", "text")
    assert kept.exit_code == 0
    assert "⟦Yes<end_of_turn>⟧" in kept.stdout
    off = run("show", data({"messages": [TALK[0], {**TALK[1], "weight": 0}]}))
    assert "or pass --supervise all." in off.stderr


def test_show_takes_keywords_for_the_template(data):
    done = run("show", data(CLEAN), "--template-kwargs", "{")
    assert done.exit_code == 2
    assert "--template-kwargs is no JSON" in done.stderr
    assert run("show", data(CLEAN), "--template-kwargs", '{"unused": 1}').exit_code == 0


def test_arguments_are_named_as_options():
    said = "Pass boundary='answer' without mask_tail, or mask_tail=True; see strip_bos=False."
    words = "Pass --boundary answer without --mask-tail, or --mask-tail; see strip_bos=False."
    assert as_options(said) == words


def test_each_finding_names_the_command_that_opens_its_row(data):
    file = data(CLEAN, "", AGAIN, CONTROL, name="my data.jsonl")
    settings = ("--supervise", "all", "--boundary", "answer", "--mask-tail")
    done = audit(file, *settings, "--stop-token", "<eos>", "--template-kwargs", '{"a": 1}')
    commands = re.findall(r"^  Open it: (chatshift .*)$", done.stdout, re.MULTILINE)
    assert "at my data.jsonl:4 (row 3)" in done.stdout
    found = [shlex.split(command)[1:] for command in commands]
    # The control token stands in the third row; the first is named for the keyword, read by none.
    assert [one[:4] for one in found] == [["show", file, "--row", row] for row in ("3", "1")]
    arguments = found[0]
    for option in (*settings, "--stop-token", "--template-kwargs"):
        assert option in arguments
    opened = run(*arguments)
    assert "user: <eos>\nassistant: Yes" in opened.stdout
    kept = audit(file, "--control-tokens", "text", "--fail-on", "never", "--html", "page.html")
    assert "Open it" not in kept.stdout  # of what other tools do, no row shows more
    assert "Open it" not in str(audit_rows([CONTROL]))  # rows in memory stand in no file


def test_a_list_over_several_lines_is_opened_by_its_row(data):
    text = json.dumps([CLEAN, AGAIN, CONTROL], indent=1)
    Path("data.json").write_text(text, encoding="utf-8")
    line = [n for n, one in enumerate(text.splitlines(), 1) if one == " {"][2]
    done = audit("data.json")
    (command,) = re.findall(r"^  Open it: (chatshift .*)$", done.stdout, re.MULTILINE)
    assert f"at data.json:{line} (row 3)" in done.stdout
    assert "user: <eos>\nassistant: Yes" in run(*shlex.split(command)[1:]).stdout
    audit("data.json", "--json", "out.json")
    (first, *_) = json.loads(Path("out.json").read_text(encoding="utf-8"))["findings"]
    assert first["rows"] == [{"file": "data.json", "line": line, "row": 3}]


def test_show_opens_rows_of_ids_and_shows_what_is_broken(data):
    ids = {"input_ids": [2, 580, 4], "labels": [-100, 580, 4]}
    file = data(ids, {"text": "said \x1b[31m"}, '{"messages": [')
    done = run("show", file)
    assert done.exit_code == 0
    assert "A row of 3 ids, 2 of them supervised." in done.stdout
    assert "<bos>⟦Yes<end_of_turn>⟧" in done.stdout
    for option in (("--step", "3"), ("--html", "page.html")):
        done = run("show", file, *option)
        assert (done.exit_code, "tokenized already" in done.stderr) == (2, True)
    for row, text, words in (
        ("2", '{"text": "said \\u001b[31m"}', "no known format"),
        ("3", '{"messages": [', "breaks off"),
    ):
        done = run("show", file, "--row", row)
        assert (done.exit_code, text in done.stdout, words in done.stderr) == (2, True, True)
    other = {"instruction": "Hi", "output": "Yes", "messages": TALK}
    done = run("show", data(other), "--format", "alpaca", "--stop-token", "<eos>")
    assert "⟦Yes<end_of_turn>⟧" in done.stdout
    assert "format='xml' is not known" in run("show", file, "--format", "xml").stderr


def test_a_hub_that_cannot_be_reached_is_asked_once(data, monkeypatch):
    asked = []

    def refuse(request, timeout):
        asked.append((request.full_url, request.method, timeout <= 10))
        raise URLError("no network")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    hub.is_reachable.cache_clear()
    try:
        for name in ("audit", "show"):
            done = run(name, data(CLEAN), "--tokenizer", "Qwen/Qwen3-0.6B")
            assert done.exit_code == 2
            assert (
                "it was not downloaded before, and https://huggingface.co cannot be" in done.stderr
            )
            assert done.stderr.count("\n") == 1
    finally:
        hub.is_reachable.cache_clear()
    assert asked == [("https://huggingface.co", "HEAD", True)]


@pytest.mark.parametrize("answer", [HTTPError("", 429, "", Message(), None), None])
def test_a_hub_that_answers_is_asked_for_the_tokenizer(answer, data, monkeypatch):
    def urlopen(request, timeout):
        if answer:
            raise answer
        return io.BytesIO()

    monkeypatch.setattr("urllib.request.urlopen", urlopen)
    monkeypatch.setattr(hub, "load_tokenizer", lambda name: load_tokenizer() if name else None)
    hub.is_reachable.cache_clear()
    try:
        assert hub.tokenizer_of("Qwen/Qwen3-0.6B").bos_token == "<bos>"
    finally:
        hub.is_reachable.cache_clear()


def test_what_is_piped_in(data):
    command = [sys.executable, "-m", "chatshift", "show", "-", "--row", "2"]
    piped = "\n".join(map(json.dumps, (AGAIN, CLEAN)))
    root = Path(__file__).parents[2]
    done = subprocess.run(
        command,
        input=piped,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root), "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "⟦Yes<end_of_turn>⟧" in done.stdout


def test_the_script_is_installed_by_its_name():
    root = Path(__file__).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"] == {"chatshift": "chatshift.cli:main"}
    named = {re.split(r"[<>=\[]", line)[0] for line in project["dependencies"]}
    assert {"rich", "typer"} <= named


def test_help_names_every_option_with_what_it_does():
    text = run("audit", "--help").stdout
    for option in ("--tokenizer", "--supervise", "--boundary", "--max-length", "--sample"):
        assert option in text
    for option in ("--html", "--json", "--baseline", "--fail-on", "--format", "--workers"):
        assert option in text


@pytest.mark.parametrize("name", ["audit", "show"])
def test_the_examples_of_the_help_are_commands_that_there_are(name, data):
    text = run(name, "--help").stdout
    (examples,) = re.findall(r"For example:\s+(.*)", text, re.DOTALL)
    lines = [line.split("| ")[-1].split() for line in examples.splitlines() if line.strip()]
    assert [line[:2] for line in lines] == [["chatshift", name]] * 2
    known = re.findall(r"--[a-z-]+", text.split("For example:")[0])
    assert {word for line in lines for word in line if word.startswith("--")} <= set(known)


def test_the_environment_of_a_caller_stays_as_it_was(data, monkeypatch):
    # What is set in one test would be inherited by the kernel of every notebook that runs later.
    monkeypatch.delenv("TRANSFORMERS_VERBOSITY", raising=False)
    before = dict(os.environ)
    file = data(CLEAN)
    assert run("audit", file).exit_code == run("show", file).exit_code == 0
    assert dict(os.environ) == before
