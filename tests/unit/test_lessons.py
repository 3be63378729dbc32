"""What the later chapters are made of: real templates, small trainings, and a file with faults."""

from importlib import import_module

import pytest
import torch
from families import FAMILIES as TABLES
from families.form import Place, of

from chatshift import ChatshiftError, audit, prepare
from chatshift.lessons import fit, four_ways
from chatshift.lessons.families import FAMILIES, beside, borders, load_family
from chatshift.lessons.found import found_lines, write_found
from chatshift.show import visible

BY_HAND = {name: table for table in TABLES for name in table.templates}
# A model's own template and llama.cpp's copy of it, named without the hash, have one table.
STEMS = {name: stem.partition("@")[0] for name, (stem, *_) in FAMILIES.items()}
READ = [name for name, stem in STEMS.items() if stem in BY_HAND]


def place():
    messages = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]
    return Place(messages, 1, None, {})


@pytest.mark.parametrize("name", READ)
def test_the_borders_of_a_family_are_those_of_the_table_written_by_hand(name):
    table, found = BY_HAND[STEMS[name]], borders(name)
    assert found.end == visible(of(table.end, place()) + of(table.close, place()))
    assert found.tail == visible(of(table.tail, place()))
    assert (found.system == "dropped") == (not table.system)
    inside = "".join(piece.text for piece in table.body(place(), "A"))
    prompt, header = table.prompt_at(place()), of(table.header, place())
    if (header + inside).startswith(prompt):
        written = (header + inside)[len(prompt) :].removesuffix("A")
        assert found.opens == visible(written)
    else:
        assert found.opens == "the two texts differ"


def test_many_families_are_compared_with_a_table():
    assert len(READ) >= 12


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_loads_with_its_end_as_one_token(name):
    tokenizer, end = load_family(name), borders(name).end
    if end != "∅":
        assert len(tokenizer.encode(end, add_special_tokens=False)) == 1
    assert set(beside(name)) <= {"written", "dropped", "refused", "in part"}


def test_what_ends_an_earlier_answer_and_what_becomes_of_thoughts():
    assert borders("gpt-oss")[2:4] == ("<|end|>", "<|return|>")
    assert borders("GLM 4.5")[2:4] == ("<|user|>", "∅")
    assert all(borders(name).earlier == borders(name).end for name in ("Gemma 3", "Qwen 3"))
    kept = [name for name in FAMILIES if beside(name).loop == "written"]
    assert kept == ["Gemma 4", "Qwen 3", "Qwen 3.5", "GLM 4.5"]
    assert {beside(name).earlier for name in FAMILIES} == {"dropped"}
    assert beside("QwQ")[:2] == ("dropped", "written")
    assert beside("DeepSeek R1 distilled")[:2] == ("dropped", "dropped")
    assert beside("DeepSeek R1 distilled").call == "dropped"


def test_an_unknown_family_is_refused():
    with pytest.raises(ChatshiftError, match="There is no family 'Gemma 9'; choose from"):
        load_family("Gemma 9")


def test_a_model_gives_the_answers_that_were_supervised_and_no_others():
    torch.set_num_threads(1)
    tokenizer, hits = four_ways.small_tokenizer(), {}
    for supervise in ("last", "all"):
        rows = [prepare(talk, tokenizer, supervise=supervise) for talk in fit.talks()]
        model = fit.fit(rows, tokenizer)
        first = [(talk[0]["content"], talk[1]["content"]) for talk in fit.talks()]
        hits[supervise] = sum(four_ways.answer(model, asked) == right for asked, right in first)
        prompt = f"<user>{first[0][0]}<end><model>"
        written = fit.write(model, tokenizer, prompt, "<end>")
        assert written.removesuffix("<end>") == four_ways.answer(model, first[0][0])
    assert hits == {"last": 0, "all": 8}


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")
def test_lora_leaves_the_rows_of_control_tokens_as_they_are():
    peft = import_module("peft")
    rows, ends = four_ways.unshifted(), [3]
    changed = {}
    ways = {
        "plain": {},
        "rows": {"trainable_token_indices": {"embed_tokens": ends, "lm_head": ends}},
    }
    for name, more in ways.items():
        config = peft.LoraConfig(task_type="CAUSAL_LM", target_modules="all-linear", **more)
        model = peft.get_peft_model(four_ways.new_model(), config)
        four_ways.train(model, lambda model: model(**rows).loss, steps=2)
        tuned, first = model.merge_and_unload(), four_ways.new_model()
        changed[name] = [
            not torch.equal(get(tuned).weight[3], get(first).weight[3])
            for get in (
                lambda model: model.get_input_embeddings(),
                lambda model: model.get_output_embeddings(),
            )
        ]
    assert changed == {"plain": [False, False], "rows": [True, True]}


def test_each_fault_of_the_file_is_found_in_its_line(tmp_path):
    assert len(found_lines()) == 17
    report = audit(write_found(tmp_path), load_family("Qwen 3"), supervise="all", max_length=80)
    found = {finding.id: [place.line for place in finding.rows] for finding in report.findings}
    planted = {
        "bad-line": [6],
        "nothing-supervised": [7],
        "truncated-away": [9],
        "control-tokens": [4],
        "refused": [15],
        "truncated-answer": [10, 17],
        "thought-left-out": [13],
        "duplicate": [14],
    }
    assert {name: found[name] for name in planted} == planted
