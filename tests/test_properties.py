"""What holds for any conversation, on tokenizers of several kinds."""

from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import ByT5Tokenizer, PreTrainedTokenizerFast

from chatshift import IGNORE_INDEX, BoundaryError, ChatshiftError, prepare
from chatshift.tiny.formats import FORMATS, load_format

WORDS = ["Hi there.\n", "it is a test, isn't it? 1234 \n\n", "what   you\tdescribed", "<think>"] * 3
CONTROL = (
    "<bos>",
    "<start_of_turn>",
    "<end_of_turn>",
    *FORMATS["chatml"].control_tokens,
    *FORMATS["llama3"].control_tokens,
)


def byte_level():
    tokenizer = Tokenizer(models.BPE())
    words = r" ?[^\s\p{L}\p{N}]+[\r\n]*| ?\p{L}+|\p{N}{1,3}|\s*[\r\n]+|\s+(?!\S)|\s+"
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(words), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=320, initial_alphabet=sorted(alphabet), show_progress=False
    )
    tokenizer.train_from_iterator(WORDS, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)


def word_piece():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=300, special_tokens=["[UNK]"], show_progress=False
    )
    tokenizer.train_from_iterator(WORDS, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]")


def with_marks():
    return load_format("walkthrough")  # ▁ for a space, as SentencePiece writes it


KINDS = {
    "byte-level": byte_level,
    "with ▁": with_marks,
    "WordPiece": word_piece,
    "without offsets": ByT5Tokenizer,
}


@cache
def tokenizer_of(kind, name):
    """A tokenizer with a bundled template; its pad token is its end token."""
    tokenizer = KINDS[kind]()
    tokens = [AddedToken(text, normalized=False, special=True) for text in CONTROL]
    tokenizer.add_tokens(tokens, special_tokens=True)
    tokenizer.bos_token = "<bos>"
    tokenizer.eos_token = tokenizer.pad_token = FORMATS[name].eos_token
    tokenizer.chat_template = load_format(name).chat_template
    return tokenizer


PIECES = st.sampled_from(
    [
        *(
            "Hi",
            "it is",
            " ",
            "\n",
            "\n\n",
            "\r\n",
            "\t",
            "a",
            ".",
            "é",
            "e\u0301",
            "👩‍👩‍👧",
            "שלום",
        ),
        *("<", ">", "<think>", "</think>", "<|im_end|>", "<|eot_id|>", "assistant", "user\n", "{{"),
    ]
)
TEXTS = st.lists(PIECES, max_size=6).map("".join)
EXCHANGES = st.tuples(TEXTS, TEXTS).map(
    lambda pair: [
        {"role": "user", "content": pair[0]},
        {"role": "assistant", "content": pair[1]},
    ]
)
SYSTEM = TEXTS.map(lambda text: [{"role": "system", "content": text}])
CONVERSATIONS = st.tuples(st.just([]) | SYSTEM, st.lists(EXCHANGES, min_size=1, max_size=3)).map(
    lambda parts: parts[0] + [message for exchange in parts[1] for message in exchange]
)
ENDS = {
    "walkthrough": "<end_of_turn>",
    "chatml": "<|im_end|>",
    "llama3": "<|eot_id|>",
    "think": "<|im_end|>",
}
NAMES = list(ENDS)


def prepared(messages, tokenizer, **policy):
    try:
        return prepare(messages, tokenizer, **policy)
    except ChatshiftError:
        return None


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    messages=CONVERSATIONS,
    name=st.sampled_from(NAMES),
    supervise=st.sampled_from(["last", "all"]),
    boundary=st.sampled_from(["prompt", "answer"]),
    control_tokens=st.sampled_from(["text", "error"]),
    mask_tail=st.booleans(),
)
def test_what_always_holds(kind, messages, name, **policy):
    tokenizer = tokenizer_of(kind, name)
    before = deepcopy(messages)
    trace = prepared(messages, tokenizer, **policy)
    assert messages == before
    if trace is None:
        return
    assert trace == prepared(messages, tokenizer, **policy)
    total = len(trace.full_ids)
    assert len(trace.unmasked_labels) == len(trace.masked_labels) == total
    assert len(trace.input_ids) == len(trace.labels) == total - 1
    following = zip(trace.labels, trace.full_ids[1:], strict=True)
    assert all(label in (IGNORE_INDEX, token_id) for label, token_id in following)
    assert trace.full_ids.count(tokenizer.bos_token_id) <= 1
    turns = [position for turn in trace.turns for position in range(turn.start, turn.stop)]
    assert trace.supervised == tuple(turns)
    answers = [i for i, message in enumerate(messages) if message["role"] == "assistant"]
    expected = answers if policy["supervise"] == "all" else answers[-1:]
    assert [turn.message for turn in trace.turns] == expected
    for turn in trace.turns:
        assert turn.end in trace.supervised
        assert trace.full_ids[turn.end] == tokenizer.convert_tokens_to_ids(ENDS[name])
        if policy["mask_tail"] or policy["boundary"] == "answer":
            assert turn.stop == turn.end + 1


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(messages=CONVERSATIONS, name=st.sampled_from(NAMES))
def test_all_turns_are_the_last_turns_of_the_conversations_inside(kind, messages, name):
    tokenizer = tokenizer_of(kind, name)
    tokenizer.chat_template = load_format(name).chat_template.replace("if loop.last", "if false")
    policy: dict[str, Any] = {"mask_tail": True, "control_tokens": "text"}
    trace = prepared(messages, tokenizer, supervise="all", **policy)
    if trace is None:
        return
    expected: list[int] = []
    for index, message in enumerate(messages):
        if message["role"] == "assistant":
            part = prepare(messages[: index + 1], tokenizer, **policy)
            assert trace.full_ids[: part.turns[-1].stop] == part.full_ids[: part.turns[-1].stop]
            expected += part.supervised
    assert trace.supervised == tuple(expected)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(messages=CONVERSATIONS, name=st.sampled_from(NAMES))
def test_both_boundaries_agree_where_both_hold(kind, messages, name):
    tokenizer = tokenizer_of(kind, name)
    policy = {"supervise": "all", "control_tokens": "text"}
    strict = prepared(messages, tokenizer, mask_tail=True, **policy)
    answer = prepared(messages, tokenizer, boundary="answer", **policy)
    if strict is None or answer is None:
        return
    assert strict.full_ids == answer.full_ids
    for one, other in zip(strict.turns, answer.turns, strict=True):
        assert (one.message, one.end, one.stop) == (other.message, other.end, other.stop)
        before = "".join(strict.pieces[one.start : other.start])
        assert before == "" or (name == "think" and before.startswith("<think>"))


@pytest.mark.parametrize("kind", KINDS)
def test_plain_conversations_are_never_refused(kind):
    for name in NAMES:
        tokenizer = tokenizer_of(kind, name)
        messages = [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "what is it"},
        ] * 2
        for boundary in ("prompt", "answer"):
            trace = prepare(messages, tokenizer, supervise="all", boundary=boundary)
            assert len(trace.turns) == 2


def test_a_boundary_inside_a_token_is_refused_by_ids():
    tokenizer = tokenizer_of("with ▁", "chatml")
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "\nYes"}]
    with pytest.raises(BoundaryError, match="BPE merge"):
        prepare(messages, tokenizer)
