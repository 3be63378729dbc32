"""A row's labels depend on the row alone: not on other rows, order, earlier calls, or its words."""

import gc
from copy import deepcopy
from functools import cache

import numpy as np
import pytest
from conversations import CHATML, Conversation, conversations
from families import FAMILIES
from hypothesis import given, settings
from hypothesis import strategies as st
from kinds import byte_level
from oracle import tokenizer_of
from real_templates import load_templates
from tokenizers import AddedToken

from chatshift import ChatshiftError, prepare, prepare_batch
from chatshift.batch.prepare_batch import batch_of
from chatshift.settings import BatchSettings, Settings
from chatshift.supervise.confirm import confirm
from chatshift.supervise.plain_rows import plain_contents
from chatshift.supervise.rule import Rule
from chatshift.supervise.supervision import RULES, Source, Supervision
from chatshift.template.turn_format import TurnFormat
from chatshift.tiny.formats import load_format

NAMES = (
    *("Qwen-Qwen3-0.6B", "Qwen-Qwen2.5-7B-Instruct", "meta-llama-Llama-3.1-8B-Instruct"),
    *("unsloth-gemma-3-270m-it", "google-gemma-4-E4B-it", "openai-gpt-oss-120b", "GLM-4.6"),
    *("Kimi-K2-Thinking", "deepseek-ai-DeepSeek-V3.1", "mistralai-Mistral-Nemo-Instruct-2407"),
    *("allenai-Olmo-3-7B-Instruct", "NousResearch-Hermes-3-Llama-3.1-8B"),
    *("upstage-SOLAR-10.7B-Instruct-v1.0", "rita-cohere-tya-eng-v1-t06-user"),
)
FAMILY_OF = {name: family for family in FAMILIES for name in family.templates}
ROWS = [row for row in conversations(CHATML) if row.name != "lone surrogate"]
BAD = [row for row in ROWS if row.refused]
MODES = st.fixed_dictionaries(
    {
        "supervise": st.sampled_from(["last", "all"]),
        "boundary": st.sampled_from(["prompt", "answer"]),
        "mask_tail": st.booleans(),
    }
)


def fresh(name):
    """A tokenizer that nobody has used."""
    return tokenizer_of(byte_level(), FAMILY_OF[name], load_templates()[name])


@cache
def used(name):
    """A tokenizer that every test uses."""
    return fresh(name)


def as_dict(row: Conversation) -> dict:
    """A row with its own tools and keywords."""
    keys = {"messages": row.messages, "tools": row.tools}
    return keys | {"chat_template_kwargs": dict(row.template_kwargs)}


def alone(row, tokenizer, mode):
    """What `prepare` gives for one row: the unshifted row, or its refusal."""
    keys = {"tools": row.tools, "template_kwargs": dict(row.template_kwargs)}
    try:
        return prepare(row.messages, tokenizer, **keys, **mode).for_transformers()
    except ChatshiftError as refusal:
        return str(refusal)


def together(rows, tokenizer, mode):
    """What `prepare_batch` gives for each of the rows."""
    batch = prepare_batch(rows, tokenizer, shifted=False, errors="collect", **mode)
    found = dict(zip(batch.rows.tolist(), batch.to_lists(), strict=True))
    found |= {rejected.row: rejected.reason for rejected in batch.rejected}
    return [found[number] for number in range(len(rows))]


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    name=st.sampled_from(NAMES),
    mode=MODES,
    bad=st.sampled_from(BAD),
    rows=st.lists(st.sampled_from(ROWS), min_size=2, max_size=8),
    shuffled=st.randoms(use_true_random=False),
)
def test_a_batch_is_its_rows_in_any_order_a_bad_one_first(name, mode, bad, rows, shuffled):
    tokenizer, rows = used(name), [bad, *rows]
    kept = deepcopy([as_dict(row) for row in rows])
    expected = [alone(row, tokenizer, mode) for row in rows]
    given_rows = [as_dict(row) for row in rows]
    assert together(given_rows, tokenizer, mode) == expected
    assert given_rows == kept
    order = list(range(len(rows)))
    shuffled.shuffle(order)
    moved = together([as_dict(rows[i]) for i in order], tokenizer, mode)
    assert moved == [expected[i] for i in order]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    name=st.sampled_from(NAMES),
    mode=MODES,
    earlier=st.lists(st.sampled_from(ROWS), max_size=4),
    row=st.sampled_from(ROWS),
)
def test_earlier_calls_leave_nothing_behind(name, mode, earlier, row):
    tokenizer = fresh(name)
    for other in earlier:
        alone(other, tokenizer, mode)
    assert alone(row, tokenizer, mode) == alone(row, fresh(name), mode)


@pytest.mark.parametrize("name", NAMES)
def test_another_template_on_the_same_tokenizer_leaves_nothing_behind(name):
    tokenizer, other = fresh(name), used("Qwen-Qwen3-0.6B").chat_template
    own, mode = tokenizer.chat_template, {"supervise": "all", "boundary": "answer"}
    rows = [row for row in ROWS if row.name in ("two turns", "call, result, answer", "thought")]
    before = [alone(row, tokenizer, mode) for row in rows]
    tokenizer.chat_template = other
    for row in rows:
        alone(row, tokenizer, mode)
    tokenizer.chat_template = own
    assert [alone(row, tokenizer, mode) for row in rows] == before


def test_a_token_that_is_added_later_is_a_control_token_from_then_on():
    tokenizer = fresh("Qwen-Qwen2.5-7B-Instruct")
    row = Conversation(
        "", [{"role": "user", "content": "<new>"}, {"role": "assistant", "content": "Hi"}]
    )
    assert isinstance(alone(row, tokenizer, {}), dict)
    added = [AddedToken("<new>", normalized=False, special=True)]
    tokenizer.add_tokens(added, special_tokens=True)
    assert isinstance(alone(row, tokenizer, {}), str)


# Words that templates write themselves, and words that no template writes.
TRICKY = ["assistant", "user", "model", "system", "tool", "Yes", "One.", "functions", "final"]
NEUTRAL = ["zebra", "plum", "river", "candle", "walnut", "Oboe", "Lamp.", "harbour", "linen"]
RENAMED = dict(zip(TRICKY, NEUTRAL, strict=True))
SENTENCES = st.lists(st.sampled_from(TRICKY), min_size=1, max_size=3)


def renamed(words, change):
    return " ".join(RENAMED[word] if change else word for word in words)


def talk(exchanges, system, change):
    """A conversation with tricky words, or with neutral ones in their places."""
    messages = [{"role": "system", "content": renamed(system, change)}] if system else []
    for question, answer in exchanges:
        messages.append({"role": "user", "content": renamed(question, change)})
        messages.append({"role": "assistant", "content": renamed(answer, change)})
    return messages


def supervised_texts(messages, tokenizer, mode):
    """The text of each supervised turn, or the kind of refusal."""
    try:
        trace = prepare(messages, tokenizer, **mode)
    except ChatshiftError as refusal:
        return type(refusal).__name__
    return [(turn.message, "".join(trace.pieces[turn.start : turn.stop])) for turn in trace.turns]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    name=st.sampled_from(sorted(FAMILY_OF)),
    mode=MODES,
    exchanges=st.lists(st.tuples(SENTENCES, SENTENCES), min_size=1, max_size=3),
    system=st.just([]) | SENTENCES,
)
def test_other_words_in_the_same_places_have_the_same_labels(name, mode, exchanges, system):
    tokenizer = used(name)
    tricky = supervised_texts(talk(exchanges, system, False), tokenizer, mode)
    neutral = supervised_texts(talk(exchanges, system, True), tokenizer, mode)
    if isinstance(tricky, str):
        assert tricky == neutral
        return
    answers = dict(enumerate(talk(exchanges, system, False)))
    others = dict(enumerate(talk(exchanges, system, True)))
    assert [index for index, _ in tricky] == [index for index, _ in neutral]
    for (index, one), (_, other) in zip(tricky, neutral, strict=True):
        said, instead = answers[index]["content"], others[index]["content"]
        assert one.partition(said)[::2] == other.partition(instead)[::2]


def test_rows_of_the_same_roles_share_a_frame():
    """It is what makes them quick; each of them only confirms it."""
    rule = Supervision(load_format("chatml"), Settings()).rule()
    assert rule.shape(("user", "assistant")) is not None


def test_rows_share_a_frame_unless_they_say_the_unknown_token():
    talk = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert plain_contents(talk, "[UNK]") == (("user", "assistant"), ["a", "b"])
    talk[1]["content"] = "b [UNK]"
    assert plain_contents(talk, "[UNK]") is None
    assert plain_contents(talk, None) == (("user", "assistant"), ["a", "b [UNK]"])


@pytest.mark.parametrize("own", ["tools", "chat_template_kwargs"])
def test_rows_with_tools_and_keywords_of_their_own_do_not_fill_the_memory(own):
    def kept():
        gc.collect()
        kinds = (Rule, TurnFormat)
        return max(sum(type(one) is kind for one in gc.get_objects()) for kind in kinds)

    def row(number):
        given = {"name": str(number)}
        return {"messages": talk, own: [given] if own == "tools" else given}

    talk = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    supervision = Supervision(load_format("chatml"), Settings())
    before = kept()
    batch_of(map(row, range(RULES + 20)), supervision, BatchSettings(shifted=False))
    assert kept() - before <= RULES


def test_ids_that_are_not_those_of_the_text_confirm_nothing():
    supervision = Supervision(load_format("chatml"), Settings())
    talk = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    spans, tokens = supervision.spans(Source(talk)), supervision.tokens
    right = supervision.encoder.ids(spans.text)
    start, end = tokens["<|im_start|>"], tokens["<|im_end|>"]
    wrong = [
        [end if token_id == start else token_id for token_id in right],
        [end, *right[1:]],
        [start, *right],
        right[1:],
        [*right[:-3], right[0], *right[-2:]],
        right,
    ]
    for ids in wrong:
        lengths = np.array([len(ids)] * 2)
        flat = np.array([*ids, *right], dtype=np.int32)
        lengths[1] = len(right)
        found = confirm([spans, spans], flat, lengths, supervision.encoder, tokens)
        beside = found[1]
        assert beside is not None
        assert beside.turns.tolist() == [[len(right) - 3, len(right)]]
        assert (found[0] is not None) == (ids == right)
