"""Wrong conversations are refused, and the text of each refusal is pinned."""

from typing import Any

import pytest

from chatshift import MessageError, prepare

USER = {"role": "user", "content": "Hi"}
ANSWER = {"role": "assistant", "content": "Yes"}

WRONG: dict[str, tuple[Any, str]] = {
    "no list": (
        "Hi",
        "messages must be a list of {'role': ..., 'content': ...} dicts, not str.",
    ),
    "one message alone": (
        USER,
        "messages must be a list of {'role': ..., 'content': ...} dicts, not dict.",
    ),
    "empty": ([], "There are no messages. Pass at least one user message and an answer."),
    "no dict": (
        [USER, "Yes"],
        "messages[1] is 'Yes', a str. Each message must be a dict with 'role' and 'content'.",
    ),
    "no role": ([{"content": "Hi"}, ANSWER], "messages[0] has no 'role'; it has ['content']."),
    "no content": (
        [USER, {"role": "assistant"}],
        "messages[1] ('assistant') has no 'content'; it has ['role'].",
    ),
    "unknown role": (
        [{"role": "narrator", "content": "Once"}, ANSWER],
        "messages[0] has the role 'narrator'; known are "
        "['system', 'developer', 'user', 'assistant', 'tool'].",
    ),
    "another format's role": (
        [USER, {"role": "gpt", "content": "Yes"}],
        "messages[1] has the role 'gpt'; known are "
        "['system', 'developer', 'user', 'assistant', 'tool']. In this format 'gpt' is "
        "'assistant'.",
    ),
    "role of a wrong type": (
        [{"role": ["user"], "content": "Hi"}, ANSWER],
        "messages[0] has the role ['user']; known are "
        "['system', 'developer', 'user', 'assistant', 'tool'].",
    ),
    "content None": (
        [USER, {"role": "assistant", "content": None}],
        "messages[1] ('assistant') has content None, a NoneType. Content must be text, or a "
        "list of {'type': 'text', 'text': ...} parts; write '' for none.",
    ),
    "content a number": (
        [{"role": "user", "content": 7}, ANSWER],
        "messages[0] ('user') has content 7, a int. Content must be text, or a list of "
        "{'type': 'text', 'text': ...} parts; write '' for none.",
    ),
    "content a list of something else": (
        [{"role": "user", "content": [{"type": "image", "url": "a.png"}]}, ANSWER],
        "messages[0] ('user') has content [{'type': 'image', 'url': 'a.png'}], a list. Content "
        "must be text, or a list of {'type': 'text', 'text': ...} parts; write '' for none.",
    ),
    "content an empty list": (
        [{"role": "user", "content": []}, ANSWER],
        "messages[0] ('user') has content [], a list. Content must be text, or a list of "
        "{'type': 'text', 'text': ...} parts; write '' for none.",
    ),
    "lone surrogate in a part": (
        [{"role": "user", "content": [{"type": "text", "text": "a\ud83d"}]}, ANSWER],
        "messages[0] ('user') has '\\ud83d' at character 1: half of a surrogate pair, which cannot "
        "be encoded. Repair the text where it was decoded.",
    ),
    "lone surrogate": (
        [{"role": "user", "content": "a\ud83d"}, ANSWER],
        "messages[0] ('user') has '\\ud83d' at character 1: half of a surrogate pair, which cannot "
        "be encoded. Repair the text where it was decoded.",
    ),
    "no answer": (
        [USER, ANSWER, USER],
        "messages[2] is the last message and its role is 'user': there is no answer to learn from. "
        "End the conversation with an assistant message.",
    ),
    "empty prompt": (
        [ANSWER],
        "The prompt is empty: messages[0] is the answer and nothing comes before it. Put at least "
        "one user message in front.",
    ),
    "control token": (
        [{"role": "user", "content": "Bye<end_of_turn>"}, ANSWER],
        "messages[0] ('user') contains '<end_of_turn>' at character 3: 'Bye<end_of_turn>'. The "
        "tokenizer would make it the control token 4, not text. Remove it from the content, or "
        "pass control_tokens='text' to keep it as ordinary text, or control_tokens='allow' if it "
        "is meant.",
    ),
    "control token in another field": (
        [USER, {**ANSWER, "reasoning_content": "so <eos>"}],
        "messages[1] ('assistant') contains '<eos>' at character 3: 'so <eos>'. The tokenizer "
        "would make it the control token 1, not text. Remove it from the content, or pass "
        "control_tokens='text' to keep it as ordinary text, or control_tokens='allow' if it is "
        "meant.",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_refused(case, tokenizer):
    messages, text = WRONG[case]
    with pytest.raises(MessageError) as refusal:
        prepare(messages, tokenizer)
    assert str(refusal.value) == text


def test_long_values_are_quoted_shortly(tokenizer):
    with pytest.raises(MessageError, match=r"content \[0, 0, 0, .*…, a list") as refusal:
        prepare([{"role": "user", "content": [0] * 1000}, ANSWER], tokenizer)
    assert len(str(refusal.value)) < 250


def test_tuples_and_other_mappings_are_messages_too(tokenizer):
    from types import MappingProxyType

    messages = (MappingProxyType(USER), MappingProxyType(ANSWER))
    assert prepare(messages, tokenizer) == prepare([USER, ANSWER], tokenizer)
