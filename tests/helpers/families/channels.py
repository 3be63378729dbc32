"""gpt-oss, GLM, MiniMax, EXAONE 4: thoughts and calls, each in a form of its own."""

from families.form import Family, Piece, Pieces, Place, as_json, results, split_think, think

GLM = ("[gMASK]", "<sop>", "<|user|>", "<|assistant|>", "<|system|>", "<|observation|>")
GLM_MARKERS = (
    *("<think>", "</think>", "<tool_call>", "</tool_call>", "<arg_key>", "</arg_key>"),
    *("<arg_value>", "</arg_value>", "<tool_response>", "</tool_response>"),
)
OSS = ("<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|call|>", "<|return|>")


def glm(place: Place, text: str) -> Pieces:
    """A thought after the last question, an empty one elsewhere; no end."""
    thought, said = split_think(place, text)
    kept = thought.strip() if place.answers_question else ""
    pieces = think(kept, "</think>", "\n<think>")
    if said.strip():
        pieces += [Piece("template", "\n"), Piece("content", said.strip())]
    for function in place.functions:
        call = f"<tool_call>{function['name']}\n"
        for key, value in function["arguments"].items():
            shown = value if isinstance(value, str) else as_json(value)
            call += f"<arg_key>{key}</arg_key>\n<arg_value>{shown}</arg_value>\n"
        pieces += [Piece("template", "\n"), Piece("call", f"{call}</tool_call>")]
    return pieces


def glm_user(place: Place) -> str:
    off = place.keywords.get("enable_thinking") is False
    return "<|user|>\n{}" + ("/nothink" if off else "")


def glm_prompt(place: Place) -> str:
    off = place.keywords.get("enable_thinking") is False
    return "<|assistant|>" + ("\n<think></think>" if off else "")


def analysis(said: Piece) -> Pieces:
    return [
        Piece("template", "<|channel|>analysis<|message|>"),
        said,
        Piece("template", "<|end|><|start|>assistant"),
    ]


def oss(place: Place, text: str) -> Pieces:
    """Channels; a thought in the last message, or beside a call that no answer follows."""
    final = any(
        m["role"] == "assistant" and "tool_calls" not in m
        for m in place.messages[place.index + 1 :]
    )
    if not place.functions:
        kept = place.thought if place.last else None
        return [
            *([] if kept is None else analysis(Piece("thought", kept))),
            Piece("template", "<|channel|>final<|message|>"),
            Piece("content", text),
        ]
    beside = Piece("content", text) if text else Piece("thought", place.thought or "")
    function = place.functions[0]
    opened = f" to=functions.{function['name']}<|channel|>commentary json<|message|>"
    return [
        *(analysis(beside) if beside.text and not final else []),
        Piece("call", opened + as_json(function["arguments"])),
    ]


def oss_end(place: Place) -> str:
    return "<|call|>" if place.functions else "<|return|>" if place.last else "<|end|>"


def oss_result(place: Place) -> Pieces:
    calls = [m for m in place.messages[: place.index] if m.get("tool_calls")]
    name = calls[-1]["tool_calls"][0]["function"]["name"] if calls else ""
    return [
        Piece(
            "template", f"<|start|>functions.{name} to=assistant<|channel|>commentary<|message|>"
        ),
        Piece("content", as_json(place.message["content"])),
        Piece("template", "<|end|>"),
    ]


def minimax(place: Place, text: str) -> Pieces:
    """A thought after the last question."""
    thought, said = place.thought or "", text
    if place.thought is None and "</think>" in text:
        thought = text.split("</think>")[0].strip("\n").split("<think>")[-1].strip("\n")
        said = text.split("</think>")[-1].strip("\n")
    pieces = think(thought) if thought and place.answers_question else []
    pieces.append(Piece("content", said))
    if not place.functions:
        return pieces
    pieces.append(Piece("template", "\n<minimax:tool_call>\n"))
    for function in place.functions:
        call = f'<invoke name="{function["name"]}">\n'
        for key, value in function["arguments"].items():
            shown = value if isinstance(value, str) else as_json(value)
            call += f'<parameter name="{key}">{shown}</parameter>\n'
        pieces.append(Piece("call", f"{call}</invoke>\n"))
    return [*pieces, Piece("template", "</minimax:tool_call>")]


def exaone4(place: Place, text: str) -> Pieces:
    """An empty thought before every answer, whatever was thought."""
    empty = Piece("template", "<think>\n\n</think>\n\n")
    said = text.split("</think>")[-1].strip() if "</think>" in text else text
    pieces = [empty, Piece("content", said)] if text else []
    functions = place.functions
    if functions:
        pieces.append(Piece("template", "\n") if text else empty)
    for number, function in enumerate(functions):
        inside = f'{{"name": "{function["name"]}", "arguments": {as_json(function["arguments"])}}}'
        pieces.append(Piece("template", "\n" if number else ""))
        pieces.append(Piece("call", f"<tool_call>{inside}</tool_call>"))
    return pieces


def exaone4_prompt(place: Place) -> str:
    on = place.keywords.get("enable_thinking") is True
    return "[|assistant|]\n" + ("<think>\n" if on else "<think>\n\n</think>\n\n")


def exaone4_result(place: Place) -> Pieces:
    inside = as_json(place.message["content"])
    return [
        Piece("template", "[|tool|]\n" if place.before != "tool" else ""),
        Piece("template", '<tool_result>{"result": '),
        Piece("content", inside),
        Piece("template", "}</tool_result>"),
        Piece("template", "\n" if place.after == "tool" else "[|endofturn|]\n"),
    ]


CHANNEL_FAMILIES = [
    Family(
        ("openai-gpt-oss-120b",),
        user="<|start|>user<|message|>{}<|end|>",
        header="<|start|>assistant",
        end=oss_end,
        body=oss,
        result=oss_result,
        control=OSS,
        eos="<|return|>",
    ),
    Family(
        ("GLM-4.6", "unsloth-GLM-4.5-Air"),
        user=glm_user,
        header="<|assistant|>",
        prompt=glm_prompt,
        end="",
        body=glm,
        result=results("<|observation|>", "\n<tool_response>\n{}\n</tool_response>", ""),
        splits=True,
        control=GLM,
        markers=GLM_MARKERS,
        eos="<|endoftext|>",
    ),
    Family(
        ("MiniMax-M2",),
        user="]~b]user\n{}[e~[\n",
        header="]~b]ai\n",
        prompt="]~b]ai\n<think>\n",
        end="[e~[",
        tail="\n",
        body=minimax,
        result=results("]~b]tool", "\n<response>{}</response>", "[e~[\n"),
        splits=True,
        control=("]~!b[", "]~b]", "[e~["),
        markers=("<think>", "</think>", "<minimax:tool_call>", "</minimax:tool_call>"),
        eos="[e~[",
    ),
    Family(
        ("LGAI-EXAONE-EXAONE-4.0-32B",),
        user="[|user|]\n{}[|endofturn|]\n",
        header="[|assistant|]\n",
        prompt=exaone4_prompt,
        end="[|endofturn|]",
        tail="\n",
        body=exaone4,
        result=exaone4_result,
        parts=str,
        splits=True,
        control=("[|system|]", "[|user|]", "[|assistant|]", "[|tool|]", "[|endofturn|]"),
        eos="[|endofturn|]",
    ),
]
