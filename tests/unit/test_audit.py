"""Each finding is planted in a file and found with its line; a clean file has none."""

import json
from importlib.resources import files
from types import SimpleNamespace

import jsonschema
import pytest
from agentic import agentic_tokenizer

from chatshift import ChatshiftError, Report, audit, load_tokenizer
from chatshift.audit.as_json import as_json
from chatshift.audit.checks import HARMLESS, NOTED
from chatshift.audit.chunk import Auditor
from chatshift.audit.findings import FINDINGS
from chatshift.audit.html import as_html
from chatshift.audit.settings import AuditSettings
from chatshift.formats.records import Place, Record
from chatshift.supervise import notes
from chatshift.tiny.formats import load_format

SCHEMA = json.loads(files("chatshift").joinpath("audit/schema.json").read_text(encoding="utf-8"))
CALL = {"type": "function", "function": {"name": "look", "arguments": {"city": "Paris"}}}


def talk(question, *contents, **keys):
    """User and assistant in turn; the keywords belong to the last answer."""
    roles = ["user", "assistant"] * (len(contents) + 1)
    pairs = zip(roles, (question, *contents), strict=False)
    messages = [{"role": role, "content": content} for role, content in pairs]
    messages[-1] |= keys
    return {"messages": messages}


def clean(count=6):
    return [talk(f"What is {n}?", f"It is {n}.") for n in range(count)]


def write(path, rows):
    """A file with one row a line; what is text already is written as it is."""
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def found(report):
    return {finding.id: finding for finding in report.findings if finding.id != "other-defaults"}


def lines_of(report, name):
    return [place.line for place in found(report)[name].rows]


def with_template(old, new, name="walkthrough"):
    tokenizer = load_format(name)
    assert old in tokenizer.chat_template
    tokenizer.chat_template = tokenizer.chat_template.replace(old, new)
    return tokenizer


def pad_is_end():
    tokenizer = load_tokenizer()
    tokenizer.pad_token = "<end_of_turn>"
    return tokenizer


def without_end():
    tokenizer = load_format("chatml")
    tokenizer.chat_template = (
        "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '\n' }}"
        "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    )
    return tokenizer


def elsewhere():
    """A tokenizer whose model stops elsewhere: its folder names no other token."""
    tokenizer = load_tokenizer()
    tokenizer.name_or_path = ""
    return tokenizer


def late_thoughts():
    """A template that opens a thought in the generation prompt alone."""
    tokenizer = load_format("think")
    opening = "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n<think>\n' }}{% endif %}"
    tokenizer.chat_template = (
        "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' }}"
        "{{ m['content'] + '<|im_end|>' }}{% endfor %}" + opening
    )
    return tokenizer


def ids(question, answer, *, learned=None, **keys):
    """A row that is tokenized already."""
    tokenizer = load_tokenizer()
    text = tokenizer.apply_chat_template(talk(question, answer)["messages"], tokenize=False)
    row = tokenizer(text, add_special_tokens=False)["input_ids"]
    start = len(row) - len(tokenizer(answer, add_special_tokens=False)["input_ids"]) - 1
    labels = [-100] * start + row[start:]
    return {"input_ids": row, "labels": labels if learned is None else learned(row, start), **keys}


class Plant(SimpleNamespace):
    """A row with a fault, what it needs to show, and what is said of it."""

    def __init__(self, row, words, **others):
        given: dict = {"tokenizer": load_tokenizer, "level": None, "settings": {}, "rows": clean}
        super().__init__(row=row, words=words, **{**given, **others})


SILENT = "{%- if message['role'] != 'system' -%}"
PLANTS = {
    "bad-line": [
        Plant('{"messages": [{"role": "us', "it breaks off after character 26"),
        Plant('{"messages": nothing}', "it is no JSON: Expecting value at character 14"),
        Plant('{"messages": [\0]}', "it holds a NUL byte, at 15"),
        Plant("[" * 100_000, "it is nested too deeply"),
    ],
    "bad-row": [
        Plant({"question": "Hi"}, "no known format has these columns: ['question']"),
        Plant({"text": "Hi"}, "does not say which part is an answer"),
        Plant("7", "a row must be a JSON object, not number"),
        Plant("[]", "a row must be a JSON object, not list"),
        Plant({"instruction": 7, "output": "Yes"}, "instruction must be text, not int: 7"),
        Plant({"conversations": [{"from": "alien", "value": "Hi"}]}, "is from 'alien'; known are"),
        Plant({"messages": ["Hi"]}, "messages[0] must be a dict, not str"),
        Plant({**talk("Hi", "Yes"), "tools": "[{"}, "tools is no JSON"),
        Plant({"input_ids": [1, 2]}, "a trainer would learn every token"),
        Plant({"input_ids": [1, 2], "labels": [1]}, "2 input_ids and 1 labels"),
        Plant({"input_ids": [1, 99_999], "labels": [1, 99_999]}, "ids outside of the tokenizer's"),
        Plant(
            ids(
                "Hi", "Yes", learned=lambda row, start: [-100] * (start - 1) + row[start:] + [-100]
            ),
            "its labels are shifted already",
        ),
        Plant(ids("Hi", "Yes", learned=lambda row, start: [7] * len(row)), "is not the id there"),
    ],
    "refused": [
        Plant({"messages": [{"role": "wizard", "content": "Hi"}]}, "known are ['system'"),
        Plant({"messages": []}, "There are no messages"),
        Plant({"messages": [{"role": "assistant", "content": "Yes"}]}, "The prompt is empty"),
        Plant(talk("Hi", "\ud83d"), "half of a surrogate pair"),
        Plant(
            talk("stop", "Yes"),
            "no, thank you",
            tokenizer=lambda: with_template(
                "{{- bos_token -}}",
                "{{- bos_token -}}{% if messages[0]['content'] == 'stop' %}"
                "{{ raise_exception('no, thank you') }}{% endif %}",
            ),
        ),
        Plant(
            talk("stop", "Yes"),
            "unsafe",
            tokenizer=lambda: with_template(
                "{{- bos_token -}}",
                "{{- bos_token -}}{% if messages[0]['content'] == 'stop' %}"
                "{{ messages.__class__.__mro__ }}{% endif %}",
            ),
        ),
    ],
    "nothing-supervised": [
        Plant(talk("Hi"), "there is no answer to learn from"),
        Plant(talk("Hi", "Yes", weight=0), "has weight 0, so supervise='last'"),
        Plant(
            talk("Hi", "Yes", loss_weight=0.0),
            "Every assistant message has weight 0",
            settings={"supervise": "all"},
        ),
        Plant(ids("Hi", "Yes", learned=lambda row, start: [-100] * len(row)), "all 13 labels"),
    ],
    "truncated-answer": [
        Plant(talk("Hi", "Yes " * 40), "and loses 3 supervised ones", settings={"max_length": 50}),
        Plant(ids("Hi", "Yes " * 40), "supervised tokens and loses", settings={"max_length": 50}),
    ],
    "truncated-away": [
        Plant(talk("Hi " * 80, "Yes"), "its first supervised token", settings={"max_length": 50}),
    ],
    "end-not-supervised": [
        Plant(talk("Hi", "Yes"), "No control token ends", tokenizer=without_end, rows=list),
        Plant(
            ids("Hi", "Yes", learned=lambda row, start: [-100] * start + [row[start], -100]),
            "'<end_of_turn>' (4) after it is masked",
        ),
    ],
    "end-not-a-stop": [
        Plant(
            talk("Hi", "Yes"),
            "ends with '<end_of_turn>' (4); generation stops at '<eos>' (1), say the tokenizer",
            tokenizer=elsewhere,
            rows=list,
        )
    ],
    "prompt-no-prefix": [
        Plant(talk("Hi", "\nYes"), "Likely cause (BPE merge)"),
        Plant(
            talk("Hi", "Yes"),
            "The generation prompt goes on with '<think>\\n'",
            tokenizer=late_thoughts,
            settings={"boundary": "answer"},
            level="warning",
            rows=list,
        ),
    ],
    "message-left-out": [
        Plant(
            {
                "messages": [
                    {"role": "system", "content": "Be brief."},
                    *talk("Hi", "Yes")["messages"],
                ]
            },
            "does not write the content of this 'system' message: 'Be brief.'",
            tokenizer=lambda: with_template(
                "{%- for message in messages -%}",
                "{%- for message in messages if message['role'] != 'system' -%}",
            ),
            level="warning",
        )
    ],
    "call-left-out": [
        Plant(talk("Hi", "", tool_calls=[CALL]), "leaves out the call of messages[1]"),
    ],
    "thought-left-out": [
        Plant(
            talk("Hi", "Yes", reasoning_content="so it is"),
            "does not write the thought",
            level="warning",
        ),
    ],
    "key-not-read": [
        Plant(
            talk("Hi", "Yes", citations=["a book"]),
            "does not read 'citations'",
            level="note",
        ),
    ],
    "keyword-not-read": [
        Plant(
            {**talk("Hi", "Yes"), "chat_template_kwargs": {"mood": "calm"}},
            "does not read mood",
            level="warning",
        ),
    ],
    "answer-changed": [
        Plant(
            talk("Hi", " Yes "),
            "removed white space at the answer's edges",
            tokenizer=lambda: load_format("gemma3"),
            level="warning",
        )
    ],
    "template-text-supervised": [
        Plant(
            talk("Hi", "Yes"),
            "wrote '<think>\\n\\n</think>\\n\\n' before the answer",
            tokenizer=lambda: load_format("think"),
            rows=list,
        ),
        Plant(
            ids("Hi", "Yes", learned=lambda row, start: [-100] * (start - 3) + row[start - 3 :]),
            "'<start_of_turn>' (3), which opens a turn, is supervised",
        ),
    ],
    "double-bos": [
        Plant(
            {key: row[:1] + row for key, row in ids("Hi", "Yes").items()}, "both are '<bos>' (2)"
        ),
        Plant(
            talk("Hi", "Yes"),
            "both are '<bos>' (2)",
            tokenizer=lambda: with_template("{{- bos_token -}}", "{{- bos_token ~ bos_token -}}"),
            rows=list,
        ),
    ],
    "missing-bos": [
        Plant(
            {key: row[1:] for key, row in ids("Hi", "Yes").items()},
            "the template writes '<bos>' (2) first; this row starts with '<start_of_turn>' (3)",
        ),
        Plant(talk("Hi", "Yes"), "the template writes", settings={"strip_bos": True}, rows=list),
    ],
    "tail-supervised": [
        Plant(
            talk("Hi", "Yes"),
            "wrote '\\n' after the end of the turn",
            tokenizer=lambda: load_format("gemma3"),
            rows=list,
        )
    ],
    "control-tokens": [
        Plant(talk("Hi <end_of_turn>", "Yes"), "contains '<end_of_turn>' at character 3"),
        Plant(talk("Hi", "Yes<bos>"), "contains '<bos>' at character 3"),
    ],
    "flag-ignored": [
        Plant({**talk("Hi", "No"), "label": False}, "has label: false", level="warning"),
        Plant(
            {"prompt": "Hi", "completion": "No", "label": False},
            "has label: false",
            level="warning",
        ),
        Plant(talk("Hi", "Yes", weight=0.5), "has weight=0.5"),
        Plant(talk("Hi", "Yes", loss_scale=2), "has the flag 'loss_scale'"),
        Plant(
            {
                "messages": [
                    {"role": "user", "content": "Hi", "train": True},
                    *talk("", "Yes")["messages"][1:],
                ]
            },
            "has the flag 'train'",
        ),
        Plant(
            {
                "messages": [
                    *talk("Hi", "Yes", weight=1)["messages"],
                    *talk("So?", "No")["messages"],
                ]
            },
            "messages[1] is flagged to be supervised; only the last answer is",
            level="warning",
        ),
    ],
    "pad-is-eos": [
        Plant(talk("Hi", "Yes"), "'<end_of_turn>' (4)", tokenizer=pad_is_end, rows=list)
    ],
    "duplicate": [
        Plant(clean()[2], "is the same conversation as"),
        Plant(talk("What is 2?", "No idea."), "has the prompt, not the answer, of", level="note"),
    ],
    "empty-answer": [Plant(talk("Hi", " "), "messages[1] says nothing")],
}
CASES = [(name, plant) for name, plants in PLANTS.items() for plant in plants]


@pytest.mark.parametrize(("name", "plant"), CASES, ids=[f"{n}-{p.words[:24]}" for n, p in CASES])
def test_what_is_planted_is_found_with_its_line(name, plant, tmp_path):
    rows = [*plant.rows(), plant.row, *plant.rows()[:1]]
    rows = [*rows[:-1], talk("Another?", "One.")] if plant.rows is clean else rows
    line = rows.index(plant.row) + 1 if name != "duplicate" else len(rows) - 1
    path = write(tmp_path / "data.jsonl", rows)
    report = audit(path, plant.tokenizer(), **plant.settings)
    assert name in found(report), report
    finding = found(report)[name]
    assert finding.rows == (Place(str(path), line),)
    assert plant.words in finding.example.reason
    assert finding.level == (plant.level or FINDINGS[name].level)
    assert finding.count == 1
    # Nothing else is wrong, and every other row is still audited.
    others = set(found(report)) - {name}
    assert others <= {"end-not-a-stop", "tail-supervised", "nothing-supervised"}, report
    assert report.rows == len(rows)
    assert report.prepared >= len(rows) - 1
    assert plant.words.split()[0] in str(report).replace("\n ", "")


def test_every_finding_is_planted():
    assert set(PLANTS) | {"other-defaults"} == set(FINDINGS)


@pytest.mark.parametrize("supervise", ["last", "all"])
@pytest.mark.parametrize("name", ["walkthrough", "chatml", "llama3"])
def test_a_clean_file_has_no_finding(name, supervise, tmp_path):
    rows = [*clean(), talk("Why?", "So.", "Really?", "Yes."), talk("é🦘", "🦘\nso\n\nit is")]
    report = audit(write(tmp_path / "data.jsonl", rows), load_format(name), supervise=supervise)
    assert set(found(report)) <= {"tail-supervised"}, report  # ChatML writes a line break
    assert (report.rows, report.prepared, report.rejected) == (8, 8, 0)
    bundled = "Nothing found with the bundled tokenizer; run again with --tokenizer"
    assert (bundled if name == "walkthrough" else "Nothing is wrong.") in str(report)
    assert ("Nothing is wrong." in str(report)) is (name != "walkthrough")
    assert {finding.level for finding in report.findings} == {"note"}


def test_the_page_names_the_tokenizer_at_its_top(tmp_path):
    bundled = as_html(audit(clean(), load_tokenizer()))
    words = "Tokenizer: the bundled Gemma-style one, not your model&#39;s; run again with"
    assert bundled.index(words) < bundled.index("Findings, the worst first")
    assert "Nothing is wrong." not in bundled
    load_format("chatml").save_pretrained(tmp_path)
    other = as_html(audit(clean(), load_tokenizer(tmp_path)))
    assert f"Tokenizer: {tmp_path}." in other
    assert "bundled" not in other
    assert "Nothing is wrong." in other


def test_notes_are_counted_beside_findings():
    report = audit([*clean(), talk("Hi", " ")], load_tokenizer())
    assert [finding.level for finding in report.findings] == ["warning", "note"]
    assert "1 finding, 1 note, the worst first:" in str(report)
    assert "1 finding, 1 note.</p>" in as_html(report)


def test_calls_that_the_bundled_template_leaves_out_ask_for_a_tokenizer_first(tmp_path):
    row = talk("Hi", "", tool_calls=[CALL])
    bundled = found(audit([row], load_tokenizer()))["call-left-out"]
    assert bundled.remedy.startswith("Pass --tokenizer with your model's")
    assert bundled.remedy.endswith(FINDINGS["call-left-out"].remedy)
    own = found(audit([row], load_format("chatml")))["call-left-out"]
    assert own.remedy == FINDINGS["call-left-out"].remedy


def test_a_finding_says_how_many_of_its_rows_are_refused():
    refused, kept = talk("Hi", "Yes", weight=0.5), {**talk("Hi", "No"), "label": False}
    report = audit([refused, kept, kept], load_tokenizer())
    finding = found(report)["flag-ignored"]
    assert (finding.count, finding.refused, report.rejected) == (3, 1, 1)
    assert "3 rows, 1 of them refused (100.0%)" in " ".join(str(report).split())
    assert "3 rows, 1 of them refused (100.0%)" in as_html(report)
    parts = [audit([row], load_tokenizer(), start=n) for n, row in enumerate([refused, kept, kept])]
    assert found(sum(parts, Report()))["flag-ignored"].refused == 1
    assert "2 rows, all of them refused" in str(audit([refused] * 2, load_tokenizer()))
    cut = found(audit([refused, talk("Hi", "Yes")], load_tokenizer(), max_length=4))
    assert cut["truncated-away"].refused == 1


def test_an_example_is_one_of_the_worst():
    kept, refused = {**talk("Hi", "No"), "label": False}, talk("Hi", "Yes", weight=0.5)
    report = audit([kept, kept, refused, refused], load_tokenizer())
    assert found(report)["flag-ignored"].example.place == Place("rows", 3)
    parts = [
        audit(rows, load_tokenizer(), start=n)
        for n, rows in ((1, [kept]), (2, [kept]), (3, [refused]), (4, [refused]))
    ]
    one, two, three, four = parts
    for whole in ((one + two) + (three + four), (four + (three + one)) + two):
        assert found(whole)["flag-ignored"].example.place == Place("rows", 3)
    many = [*[kept] * 1000, refused]  # in two chunks
    assert found(audit(many, load_tokenizer()))["flag-ignored"].example.place.line == 1001


def test_both_sides_of_pairs_are_said_to_be_audited():
    pair = {"prompt": "Hi", "chosen": "Yes", "rejected": "No"}
    report = audit([pair, *clean(1)], load_tokenizer())
    words = "1 row is a preference pair: both sides are audited; supervised fine-tuning on this"
    assert report.prepared == 3
    assert as_json(report)["remarks"][0].startswith(words)
    assert words in " ".join(str(report).split())
    assert words in as_html(report)
    assert as_json(audit(clean(), load_tokenizer()))["remarks"] == []


def test_a_label_that_is_no_false_is_no_flag():
    rows = [{**talk("Hi", f"{label}"), "label": label} for label in (True, 0, None, "no")]
    assert "flag-ignored" not in found(audit(rows, load_tokenizer()))


def test_a_last_line_that_is_cut_off_within_a_text_breaks_off(tmp_path):
    path = tmp_path / "data.jsonl"
    path.write_text('{"messages": [{"role": "us', encoding="utf-8")
    finding = found(audit(path, load_tokenizer()))["bad-line"]
    assert finding.example.reason == "it breaks off after character 26"


def test_rows_of_ids_are_clean_too(tmp_path):
    one, other = ids("Hi", "Yes"), ids("So?", "No")
    other["assistant_masks"] = [int(label != -100) for label in other.pop("labels")]
    report = audit(write(tmp_path / "data.jsonl", [one, other]), load_tokenizer())
    assert found(report) == {}
    assert report.supervised == 4
    assert report.origins["end", True] == 2


def test_every_row_has_at_most_one_of_its_kind(tmp_path):
    row = talk("Hi <eos>", "Yes <bos> <eos>")
    report = audit(write(tmp_path / "data.jsonl", [row] * 30), load_tokenizer())
    finding = found(report)["control-tokens"]
    assert (finding.count, finding.share, len(finding.rows)) == (30, 1.0, 20)
    assert lines_of(report, "control-tokens") == list(range(1, 21))


def test_json_has_the_keys_of_its_schema_and_no_others(tmp_path):
    rows = [plant.row for _, plant in CASES if plant.tokenizer is load_tokenizer]
    report = audit(write(tmp_path / "data.jsonl", [*clean(), *rows]), load_tokenizer())
    plain = json.loads(json.dumps(as_json(report)))
    jsonschema.validate(plain, SCHEMA)
    assert list(plain) == list(SCHEMA["properties"])
    assert set(SCHEMA["properties"]["findings"]["items"]["properties"]["id"]["enum"]) == set(
        FINDINGS
    )
    assert len(plain["findings"]) > 8
    total = sum(sum(sides.values()) for sides in plain["origin"].values())
    assert total == plain["tokens"] == report.tokens
    assert plain["rows"] == len(clean()) + len(rows)


def test_a_report_knows_its_parts_and_refuses_others(tmp_path):
    rows = clean()
    whole = audit(rows, load_tokenizer())
    parts = [audit(rows[n : n + 2], load_tokenizer(), start=n + 1) for n in (0, 2, 4)]
    one, two, three = parts
    assert as_json((one + two) + three) == as_json(one + (two + three)) == as_json(whole)
    assert as_json(three + one + two) == as_json(sum(parts, Report())) == as_json(Report() + whole)
    other = audit(rows, load_tokenizer(), supervise="all")
    with pytest.raises(ChatshiftError, match="do not add up: they differ in settings"):
        whole + other


def long_talk(*, bad, count=60):
    """Many turns; one of the messages holds a control token, after much else."""
    messages = [
        {"role": ("user", "assistant")[n % 2], "content": f"This is what message {n} says. " * 5}
        for n in range(count)
    ]
    messages[bad]["content"] += "<eos> here it is."
    return {"messages": messages}


def test_what_is_shown_stands_around_the_message_that_is_named():
    report = audit([long_talk(bad=40)], load_tokenizer())
    example = found(report)["control-tokens"].example
    assert len(example.said) < 2100
    assert example.said.startswith("…")
    assert example.said[1 + example.focus :].startswith("<eos> here it is.")
    assert "<eos> here it is." in str(report).split("This means")[0].split("messages[40]")[1]
    short = audit([long_talk(bad=2, count=4)], load_tokenizer())
    assert found(short)["control-tokens"].example.said.startswith("user: This is what message 0")


def test_tokens_are_shown_from_the_message_that_is_named():
    messages = long_talk(bad=40)["messages"]
    messages[40]["content"] = "Look, here."
    messages[21]["reasoning_content"] = "so it is"
    report = audit([messages], load_tokenizer())
    example = found(report)["thought-left-out"].example
    assert example.reason.startswith("messages[21]: ")
    assert "".join(example.pieces[example.focus :]).startswith("This is what message 21 says.")
    assert not any(label != -100 for label in example.labels)  # the last answer is far away
    printed = " ".join(str(report).split("thought-left-out:")[1].split("This means")[0].split())
    assert "This is what message 21 says." in printed
    assert "message 21 says" in as_html(report).replace("</span>", "")


def test_a_copy_is_shown_with_its_text(tmp_path):
    rows = [*clean(), talk("What is 2?", "No idea.")]
    path = write(tmp_path / "data.jsonl", rows)
    for source, name in ((path, str(path)), ([path], str(path)), (rows, "rows")):
        example = found(audit(source, load_tokenizer()))["duplicate"].example
        assert example.reason == f"{name}:7 has the prompt, not the answer, of {name}:3"
        assert example.said.splitlines() == [
            "user: What is 2?",
            f"{name}:3, assistant: It is 2.",
            f"{name}:7, assistant: No idea.",
        ]
    write(path, [*rows, clean()[4]])
    report = audit(path, load_tokenizer())
    example = found(report)["duplicate"].example
    assert example.reason == f"{path}:8 is the same conversation as {path}:5"
    assert example.said == "user: What is 4?\nassistant: It is 4."
    assert "assistant: It is 4." in str(report)
    again = audit(iter([{"messages": clean()[0]["messages"]}] * 2), load_tokenizer())
    assert found(again)["duplicate"].example.said == ""  # rows that can be read only once
    pair = [{"prompt": "Hi", "chosen": "Yes", "rejected": "Yes"}]
    example = found(audit(pair, load_tokenizer()))["duplicate"].example
    assert example.reason == "both sides of rows:1 are the same conversation"


def test_a_kind_of_note_that_is_not_known_is_something_left_out(monkeypatch):
    kinds = {"tone not kept": notes.Kind("A tone was not kept.", "Remove it.")}
    monkeypatch.setattr(notes, "NOTES", {**notes.NOTES, **kinds})
    auditor = Auditor(load_tokenizer(), AuditSettings())
    spans = auditor.supervision.spans

    def noted(source):
        found = spans(source)
        note = notes.Finding("tone not kept", 0, "The tone of this message is not kept.")
        return found._replace(findings=(*found.findings, note))

    monkeypatch.setattr(auditor.supervision, "spans", noted)
    report = auditor.report([Record(Place("rows", 1), talk("Hi", "Yes"))])
    finding = found(report)["message-left-out"]
    assert (finding.level, finding.rows) == ("warning", (Place("rows", 1),))
    assert finding.example.reason == "messages[0]: The tone of this message is not kept."


def test_every_kind_of_note_is_a_finding_or_harmless():
    assert set(notes.NOTES) <= set(NOTED) | HARMLESS


def test_who_says_what_and_which_answer():
    calls = {"tool_calls": [CALL], "content": ""}
    messages = [
        {"role": "system", "content": "Be brief."},
        *talk("Hi", "Yes", reasoning_content="so it is")["messages"],
        {"role": "user", "content": "Paris?"},
        {"role": "assistant", **calls},
        {"role": "tool", "content": "18"},
        {"role": "assistant", "content": "It is 18."},
    ]
    report = audit([messages], agentic_tokenizer(), supervise="all")
    assert report.prepared == 1, report
    assert {origin for origin, learned in report.origins if learned} >= {
        *("content", "thought", "call", "end", "template"),
    }
    assert sum(report.roles.values()) == sum(report.origins.values()) == report.tokens
    assert {role for role, _ in report.roles} == {"system", "user", "assistant", "tool", "template"}
    assert sum(report.turns.values()) == report.supervised
    assert list(report.turns) == [1, 2, 3]


def test_a_sample_is_drawn_from_all_rows_and_is_always_the_same(tmp_path):
    path = write(tmp_path / "data.jsonl", clean(200))
    one, same = (audit(path, load_tokenizer(), sample=50) for _ in range(2))
    assert as_json(one) == as_json(same)
    assert (one.rows, one.read) == (50, 200)
    assert audit(path, load_tokenizer(), sample=900).rows == 200
    assert "A sample of 50 of 200 rows." in str(one)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"supervise": "some"}, "supervise='some' is not known"),
        ({"max_length": 0}, "max_length=0 must be a number of tokens"),
        ({"format": "xml"}, "format='xml' is not known; choose from"),
        ({"sample": 0}, "sample=0 must be a number of rows"),
        ({"workers": 0}, "workers=0 must be a number of processes"),
        ({"colour": 1}, "'colour' is no setting; choose from"),
    ],
)
def test_settings_are_checked_before_anything_is_read(settings, words, tmp_path):
    with pytest.raises(ChatshiftError, match=words.replace("[", r"\[")):
        audit(tmp_path / "missing.jsonl", load_tokenizer(), **settings)


def test_a_template_that_cannot_be_used_is_no_matter_of_a_row():
    tokenizer = load_tokenizer()
    tokenizer.chat_template = None
    with pytest.raises(ChatshiftError, match="has no chat template"):
        audit(clean(), tokenizer)
    with pytest.raises(ChatshiftError, match="There are no rows in a int"):
        audit(7, load_tokenizer())
