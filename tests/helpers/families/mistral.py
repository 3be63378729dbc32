"""Families of Mistral and Llama 2: no header, no generation prompt."""

import json

from families.form import Family, Piece, Pieces, Place, as_json

MISTRAL = (
    *("<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]"),
    *("[TOOL_CALLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"),
)


def mistral_tools(place: Place, space: str) -> str:
    """The tools stand before the last question, and before each that says the same."""
    if place.tools is None or place.message != place.messages[place.last_user]:
        return ""
    shown = []
    for tool in place.tools:
        fields = ", ".join(f'"{k}": {as_json(v)}' for k, v in tool["function"].items())
        shown.append(f'{{"type": "function", "function": {{{fields}}}}}')
    return f"[AVAILABLE_TOOLS]{space}[{', '.join(shown)}][/AVAILABLE_TOOLS]"


def nemo_user(place: Place) -> str:
    return mistral_tools(place, "") + "[INST]{}[/INST]"


def v3_user(place: Place) -> str:
    return mistral_tools(place, " ") + "[INST] {}[/INST]"


def mistral_calls(place: Place, space: str) -> Pieces:
    """A list of calls, each with its identity; the content is dropped."""
    pieces = [Piece("template", f"[TOOL_CALLS]{space}[")]
    for number, call in enumerate(place.message["tool_calls"]):
        inside = json.dumps(call["function"], ensure_ascii=False)[:-1]
        pieces.append(Piece("template", ", " if number else ""))
        pieces.append(Piece("call", f'{inside}, "id": "{call["id"]}"}}'))
    return [*pieces, Piece("template", "]")]


def nemo(place: Place, text: str) -> Pieces:
    return mistral_calls(place, "") if place.functions else [Piece("content", text)]


def v3(place: Place, text: str) -> Pieces:
    if place.functions:
        return mistral_calls(place, " ")
    return [Piece("template", " "), Piece("content", text.strip())]


def mistral_result(space: str):
    """A tool's result is written as it is, though it stands in JSON."""

    def result(place: Place) -> Pieces:
        identity = place.message.get("tool_call_id")
        return [
            Piece("template", f'[TOOL_RESULTS]{space}{{"content": '),
            Piece("content", place.message["content"]),
            Piece("template", f', "call_id": "{identity}"}}[/TOOL_RESULTS]'),
        ]

    return result


def first_part(place: Place, text: str) -> Pieces:
    """Of an answer in parts only the first is written."""
    content = place.message["content"]
    return [Piece("content", text if isinstance(content, str) else content[0]["text"])]


def spaced(_place: Place, text: str) -> Pieces:
    return [Piece("template", " "), Piece("content", text)]


def spaced_trimmed(_place: Place, text: str) -> Pieces:
    return [Piece("template", " "), Piece("content", text.strip())]


MISTRAL_FAMILIES = [
    Family(
        ("mistralai-Mistral-Nemo-Instruct-2407",),
        user=nemo_user,
        header="",
        end="</s>",
        body=nemo,
        result=mistral_result(""),
        reacts=("tools and two turns",),
        system=False,
        control=MISTRAL,
        bos="<s>",
        eos="</s>",
    ),
    Family(
        ("mistralai-Mistral-7B-Instruct-v0.3",),
        user=v3_user,
        header="",
        end="</s>",
        body=v3,
        parts=str,
        result=mistral_result(" "),
        reacts=("tools and two turns",),
        system=False,
        control=MISTRAL,
        bos="<s>",
        eos="</s>",
    ),
    Family(
        ("mistralai-Mistral-7B-Instruct-v0.2",),
        user=" [INST] {} [/INST]",
        header="",
        end="</s>",
        body=spaced,
        control=("<s>", "</s>"),
        bos="<s>",
        eos="</s>",
    ),
    Family(
        (
            "mistralai-Mistral-Small-3.1-24B-Instruct-2503",
            "mistralai-Mistral-Small-24B-Instruct-2501",
        ),
        user="[INST]{}[/INST]",
        header="",
        end="</s>",
        body=first_part,
        control=MISTRAL,
        bos="<s>",
        eos="</s>",
    ),
    Family(
        ("huggyllama-llama-7b",),
        user="<s>[INST] {} [/INST]",
        header="",
        close=" ",
        end="</s>",
        body=spaced_trimmed,
        asks=str.strip,
        control=("<s>", "</s>"),
        bos="<s>",
        eos="</s>",
    ),
]
