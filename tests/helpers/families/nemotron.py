"""Families of Nemotron: the last message is written apart."""

from families.form import (
    Family,
    Piece,
    Pieces,
    Place,
    as_json,
    results,
    trimmed,
)


def nemotron_whole(place: Place) -> bool:
    """A last message that says nothing is not written at all."""
    return not place.last or bool(place.functions or str(place.message["content"]).strip())


def nemotron_calls(place: Place, said: str) -> Pieces:
    functions = place.functions
    if not functions:
        return []
    pieces = [Piece("template", ("\n" if said else "") + "<TOOLCALL>[")]
    for number, function in enumerate(functions):
        pieces.append(Piece("template", ", " if number else ""))
        inside = f'"name": "{function["name"]}", "arguments": {as_json(function["arguments"])}'
        pieces.append(Piece("call", f"{{{inside}}}"))
    return [*pieces, Piece("template", "]</TOOLCALL>")]


def nemotron(place: Place, text: str) -> Pieces:
    """The last message is written apart; only there stands an open thought, never closed."""
    if place.last:
        return [Piece("template", "<think>\n"), Piece("content", text.strip())]
    said = text.split("</think>")[1].strip() if "</think>" in text else text.strip()
    return [Piece("content", said), *nemotron_calls(place, said)]


def nemotron_last_call(place: Place, text: str) -> Pieces:
    """A last message with calls has no open thought, and no line break before its end."""
    if not nemotron_whole(place):
        return []
    if place.last and place.functions and not text.strip():
        return nemotron_calls(place, "")
    return nemotron(place, text)


def nemotron_close(place: Place) -> str:
    return "" if (place.last and place.functions) or not nemotron_whole(place) else "\n"


def nemotron_tail(place: Place) -> str:
    if not nemotron_whole(place):
        return ""
    return "\n\n" if place.last and place.functions else "\n"


NEMOTRON_FAMILIES = [
    Family(
        ("NVIDIA-Nemotron-Nano-v2",),
        user="<SPECIAL_11>User\n{}\n",
        header=lambda place: "<SPECIAL_11>Assistant\n" if nemotron_whole(place) else "",
        prompt="<SPECIAL_11>Assistant\n<think>\n",
        close=nemotron_close,
        end=lambda place: "<SPECIAL_12>" if nemotron_whole(place) else "",
        tail=nemotron_tail,
        body=nemotron_last_call,
        asks=str.strip,
        splits=True,
        result=results("<SPECIAL_11>User\n<TOOL_RESPONSE>[", "{}", "]</TOOL_RESPONSE>", ", "),
        control=("<SPECIAL_10>", "<SPECIAL_11>", "<SPECIAL_12>"),
        eos="<SPECIAL_12>",
        unclear=(
            "content beside a last call",
            "thought, content and a last call",
        ),
    ),
    Family(
        ("nvidia-Nemotron-Mini-4B-Instruct",),
        user="<extra_id_1>User\n{}\n",
        header="<extra_id_1>Assistant\n",
        end="",
        close="\n",
        body=trimmed,
        asks=str.strip,
        result=lambda place: [
            Piece("template", "<extra_id_1>Tool\n"),
            Piece("content", place.message["content"].strip()),
            Piece("template", "\n"),
        ],
        control=("<extra_id_0>", "<extra_id_1>"),
        eos="</s>",
    ),
]
