"""Families of Gemma; the fourth writes a tool's result inside the turn that called it."""

from families.form import Family, Piece, Pieces, Place, results, trimmed

GEMMA = ("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>")


def trimmed_parts(parts: list) -> str:
    return "".join(part["text"].strip() for part in parts)


def role_tool(before: str, after: str):
    return results("", f"{before}{{}}{after}", "")


CONTROL = (
    *("<bos>", "<eos>", "<|turn>", "<turn|>", "<|tool_call>", "<tool_call|>", "<|tool>"),
    *("<tool|>", "<|tool_response>", "<tool_response|>", "<|channel>", "<channel|>", '<|"|>'),
)


def argument(value: object) -> str:
    """An argument as Gemma 4 writes it: quotes are a token, keys are sorted."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return f'<|"|>{value}<|"|>'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + arguments(value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(argument, value)) + "]"
    return str(value)


def arguments(values: dict) -> str:
    """Sorted as `dictsort` does, without regard to case."""
    return ",".join(f"{k}:{argument(values[k])}" for k in sorted(values, key=str.lower))


def answers(place: Place) -> Pieces:
    """The results that follow a call, inside its turn; the first one's token ends the call."""
    names = {c.get("id"): c["function"]["name"] for c in place.message["tool_calls"]}
    pieces: Pieces = []
    for message in place.messages[place.index + 1 :]:
        if message["role"] != "tool":
            break
        called = message.get("name") or "unknown"
        name = names.get(message.get("tool_call_id"), called)
        pieces.append(Piece("template" if pieces else "end", "<|tool_response>"))
        pieces.append(Piece("template", f'response:{name}{{value:<|"|>'))
        pieces.append(Piece("result", message["content"]))
        pieces.append(Piece("template", '<|"|>}<tool_response|>'))
    return pieces


def without_thought(text: str) -> str:
    """What stands between `<|channel>` and `<channel|>` goes."""
    return "".join(part.split("<|channel>")[0] for part in text.split("<channel|>")).strip()


def spoken_before(place: Place) -> str | None:
    """The role of the last message before that is not a tool's."""
    roles = [m["role"] for m in place.messages[: place.index] if m["role"] != "tool"]
    return roles[-1] if roles else None


def spoken_after(place: Place) -> str | None:
    """The role of the next message that is not a tool's."""
    later = [m["role"] for m in place.messages[place.index + 1 :] if m["role"] != "tool"]
    return later[0] if later else None


def body(place: Place, text: str) -> Pieces:
    pieces = []
    if place.thought and place.answers_question:
        pieces.append(Piece("template", "<|channel>thought\n"))
        pieces += [Piece("thought", place.thought), Piece("template", "\n<channel|>")]
    for function in place.functions:
        inside = f"call:{function['name']}{{{arguments(function['arguments'])}}}"
        pieces.append(Piece("call", f"<|tool_call>{inside}<tool_call|>"))
    if place.functions:
        pieces += answers(place)
    return [*pieces, Piece("content", without_thought(text))]


def end(place: Place) -> str:
    """A call without a result ends in the token that opens the result."""
    if place.functions and place.after != "tool":
        return "<|tool_response>"
    if spoken_after(place) == "assistant":
        return ""
    return "" if place.functions and not ended_after_result(place) else "<turn|>"


def ended_after_result(place: Place) -> bool:
    return bool(without_thought(str(place.message["content"]))) or spoken_after(place) is not None


def tail(place: Place) -> str:
    return "\n" if end(place) == "<turn|>" else ""


def header(place: Place) -> str:
    return "" if spoken_before(place) == "assistant" else "<|turn>model\n"


def prompt(place: Place) -> str:
    """After a result the turn goes on."""
    called = any(m.get("tool_calls") for m in place.messages[: place.index])
    return "" if place.before == "tool" and called else "<|turn>model\n"


GEMMA_FAMILIES = [
    Family(
        ("unsloth-gemma-3-270m-it",),
        user="<start_of_turn>user\n{}<end_of_turn>\n",
        header="<start_of_turn>model\n",
        end="<end_of_turn>",
        tail="\n",
        body=trimmed,
        asks=str.strip,
        parts=trimmed_parts,
        result=role_tool("<start_of_turn>tool\n", "<end_of_turn>\n"),
        control=GEMMA,
        bos="<bos>",
        eos="<end_of_turn>",
    ),
    Family(
        ("google-gemma-2-2b-it",),
        user="<start_of_turn>user\n{}<end_of_turn>\n",
        header="<start_of_turn>model\n",
        end="<end_of_turn>",
        tail="\n",
        body=trimmed,
        asks=str.strip,
        parts=str,
        result=role_tool("<start_of_turn>tool\n", "<end_of_turn>\n"),
        control=GEMMA,
        bos="<bos>",
        eos="<eos>",
    ),
    Family(
        ("google-gemma-4-E4B-it",),
        user="<|turn>user\n{}<turn|>\n",
        header=header,
        prompt=prompt,
        end=end,
        tail=tail,
        body=body,
        asks=str.strip,
        parts=lambda parts: "".join(part["text"].strip() for part in parts),
        control=CONTROL,
        markers=(),
        bos="<bos>",
        eos="<turn|>",
    ),
]
