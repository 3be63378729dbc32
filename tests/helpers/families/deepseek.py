# ruff: noqa: RUF001
"""Families of DeepSeek: a thought in the content is cut off, calls are fenced."""

from families.form import Family, Piece, Pieces, Place, as_json, results

STOP = "<｜end▁of▁sentence｜>"
DEEPSEEK = (
    *("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>"),
    *("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>", "<｜tool▁call▁begin｜>"),
    *("<｜tool▁call▁end｜>", "<｜tool▁sep｜>", "<｜tool▁outputs▁begin｜>"),
    *("<｜tool▁outputs▁end｜>", "<｜tool▁output▁begin｜>", "<｜tool▁output▁end｜>"),
)


def deepseek31(place: Place, text: str) -> Pieces:
    """A thought in the content is dropped, but not after a tool's result."""
    if not place.functions:
        cut = "</think>" in text and place.before != "tool"
        return [Piece("content", text.split("</think>", 1)[1] if cut else text)]
    pieces = [Piece("content", text), Piece("template", "<｜tool▁calls▁begin｜>")]
    for function in place.functions:
        inside = f"{function['name']}<｜tool▁sep｜>{as_json(function['arguments'])}"
        pieces.append(Piece("call", f"<｜tool▁call▁begin｜>{inside}<｜tool▁call▁end｜>"))
    return [*pieces, Piece("template", "<｜tool▁calls▁end｜>")]


def deepseek31_header(place: Place) -> str:
    """Only after a question."""
    return "<｜Assistant｜><think></think>" if place.before == "user" else ""


def deepseek31_prompt(place: Place) -> str:
    opened = "<think>" if place.keywords.get("enable_thinking") else "<think></think>"
    return f"<｜Assistant｜>{opened}" if place.before == "user" else ""


def r1(place: Place, text: str) -> Pieces:
    """The last part of the content; a call only in its place."""
    if text:
        return [Piece("content", text.split("</think>")[-1])]
    pieces = [Piece("template", "<｜tool▁calls▁begin｜>")]
    for number, function in enumerate(place.functions):
        pieces.append(Piece("template", "\n" if number else ""))
        inside = f"{function['name']}\n```json\n{as_json(function['arguments'])}\n```"
        call = f"<｜tool▁call▁begin｜>function<｜tool▁sep｜>{inside}<｜tool▁call▁end｜>"
        pieces.append(Piece("call", call))
    return [*pieces, Piece("template", "<｜tool▁calls▁end｜>")]


def r1_result(place: Place) -> Pieces:
    """The first result of all opens the outputs; each run closes them."""
    first = all(m["role"] != "tool" for m in place.messages[: place.index])
    opened = "<｜tool▁outputs▁begin｜>" if first else ""
    closed = f"<｜tool▁outputs▁end｜>{STOP}" if place.after != "tool" else ""
    return [
        Piece("template", f"{opened}\n<｜tool▁output▁begin｜>"),
        Piece("content", place.message["content"]),
        Piece("template", f"<｜tool▁output▁end｜>{closed}"),
    ]


def last_part(_place: Place, text: str) -> Pieces:
    return [Piece("content", text.split("</think>")[-1])]


def distill_prompt(place: Place) -> str:
    on = place.keywords.get("enable_thinking")
    return "<｜Assistant｜><think>\n" + ("" if on else "</think>")


DEEPSEEK_FAMILIES = [
    Family(
        ("deepseek-ai-DeepSeek-V3.1",),
        user="<｜User｜>{}",
        header=deepseek31_header,
        prompt=deepseek31_prompt,
        end=STOP,
        body=deepseek31,
        result=results("", "<｜tool▁output▁begin｜>{}<｜tool▁output▁end｜>", ""),
        splits=True,
        control=DEEPSEEK,
        bos="<｜begin▁of▁sentence｜>",
        eos=STOP,
    ),
    Family(
        ("llama-cpp-deepseek-r1",),
        user=f"<｜User｜>{{}}{STOP}",
        header="<｜Assistant｜>",
        prompt="<｜Assistant｜><think>\n",
        end=STOP,
        body=r1,
        result=r1_result,
        reacts=("empty answer", "empty answer, then more", "thought and no answer"),
        splits=True,
        control=DEEPSEEK,
        bos="<｜begin▁of▁sentence｜>",
        eos=STOP,
    ),
    Family(
        ("deepseek-ai-DeepSeek-R1-Distill-Qwen-32B",),
        user="<｜User｜>{}",
        header="<｜Assistant｜>",
        prompt=distill_prompt,
        end=STOP,
        body=last_part,
        splits=True,
        control=DEEPSEEK,
        bos="<｜begin▁of▁sentence｜>",
        eos=STOP,
        calls_break=True,
    ),
    Family(
        ("HuggingFaceTB-nanowhale-100m-base", "deepseek-ai-DeepSeek-V2.5"),
        user="<｜User｜>{}",
        header="<｜Assistant｜>",
        end=STOP,
        control=DEEPSEEK,
        bos="<｜begin▁of▁sentence｜>",
        eos=STOP,
        calls_break=True,
    ),
]
