"""All 786 real templates against many conversations: right or refused, and why.

`python tests/helpers/every_template.py` tries every cell and writes benchmarks/TEMPLATES.json and
benchmarks/TEMPLATES.md. The test tries some of the cells again.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

from by_hand import check_by_hand, unasked
from conversations import Conversation, Quotes, conversations
from families import FAMILIES
from kinds import byte_level
from prefixes import Prefixes
from real_templates import CONTROL, ROOT, load_templates
from tabulate import tabulate
from tokenizers import AddedToken
from tqdm import tqdm
from verdict import Refused, Settings, outcome

from chatshift import ChatshiftError, prepare

TABLE = ROOT / "benchmarks" / "TEMPLATES.md"
DATA = ROOT / "benchmarks" / "TEMPLATES.json"
NAMES = (
    *("no system", "system", "two turns", "three turns", "two answers in a row"),
    *("two questions in a row", "empty answer", "emoji", "markup", "white space before"),
    *("white space after", "line break before", "line breaks after", "CRLF", "the same words"),
    *("an answer in the next question", "thought", "two thoughts", "reasoning_content"),
    *("thoughts in both turns", "weight 0 first", "control token in an answer"),
    *("header in an answer", "role names as words", "list content", "call last"),
    *("call, result, answer", "content beside a call", "parallel calls"),
    *("two calls one after the other", "no content beside a call", "tools and two turns"),
    *("call in an earlier turn, tools declared", "content None", "train"),
)
MODES = [Settings(supervise, b) for supervise in ("last", "all") for b in ("prompt", "answer")]
# One letter for each outcome; the lower case ones are labels.
WHOLE, PARTLY, LEFT_OUT, WRONG = "learned whole", "learned, not all is told", "left out", "WRONG"
MISLEADING, UNTOLD = "refused: with the wrong error", "refused: no rule says why"
LETTERS = {
    WHOLE: "w",
    PARTLY: "p",
    LEFT_OUT: "o",
    "refused: the template refuses it": "T",
    "refused: the prompt is no prefix": "P",
    "refused: what is said is not written": "S",
    "refused: a control token is said": "C",
    "refused: the row is wrong": "R",
    "refused: the prompt is empty": "E",
    "refused: nothing is there to learn": "N",
    "refused: two questions that are the same are written otherwise": "Q",
    MISLEADING: "M",
    UNTOLD: "U",
    WRONG: "!",
}
MEANINGS = {
    WHOLE: "labels, where the rules put them; the template left nothing out",
    PARTLY: "labels that hold the words of their turn and no others; no rule tells more",
    LEFT_OUT: "labels as above; a note names each thing that the template left out",
    UNTOLD: "refused, though the rules see no reason",
}


class Cell(NamedTuple):
    """A template, a conversation and how it is prepared."""

    template: str
    row: Conversation
    mode: Settings


def tokenizer_for(source: str) -> Any:
    """A small tokenizer with whatever looks like a control token in the template."""
    tokenizer = byte_level()
    found = dict.fromkeys(["<s>", "</s>", *CONTROL.findall(source)])
    added = [AddedToken(text, normalized=False, special=True) for text in found]
    tokenizer.add_tokens(added, special_tokens=True)
    tokenizer.bos_token, tokenizer.eos_token = "<s>", "</s>"
    tokenizer.chat_template = source
    return tokenizer


def rows_for(source: str) -> list[Conversation]:
    """The conversations; one says a control token of the template."""
    found = [*CONTROL.findall(source), "</s>"]
    rows = {row.name: row for row in conversations(Quotes(control=found[-1]))}
    return [rows[name] for name in NAMES]


def modes_of(row: Conversation) -> list[Settings]:
    """All settings that make a difference to a conversation."""
    answers = sum(message["role"] == "assistant" for message in row.messages)
    return [mode for mode in MODES if mode.supervise == "last" or answers > 1]


def judge(tokenizer: Any, reading: Prefixes, cell: Cell) -> tuple[str, str]:
    """The outcome of a cell, and what is wrong with it."""
    row = cell.row
    settings = {**cell.mode._asdict(), "template_kwargs": dict(row.template_kwargs)}
    found = outcome(prepare, ChatshiftError, row.messages, tokenizer, tools=row.tools, **settings)
    try:
        check_by_hand(cell.template, row, cell.mode)
        expected = reading.expected(cell.mode)
    except Refused as refusal:
        if found in refusal.errors:
            return f"refused: {refusal}", ""
        if isinstance(found, str):
            return MISLEADING, f"{found}, though {refusal}"
        return WRONG, f"labels, though {refusal}"
    if isinstance(found, str):
        return UNTOLD, found
    turns = {turn.message: turn for turn in found.turns}
    if list(turns) != [turn.message for turn in expected] or list(found.full_ids) != reading.ids:
        return WRONG, f"the messages {list(turns)} are learned"
    held = {p for turn in turns.values() for p in range(turn.start, turn.stop)}
    if set(found.supervised) != held:
        return WRONG, "the labels are not those of the turns"
    crossed = {note.message for note in found.notes if note.name == "token across the start"}
    for turn in expected:
        if fault := reading.fault(turn, turns[turn.message], turn.message in crossed):
            return WRONG, f"message {turn.message} {fault}"
    if any(note.name.endswith("left out") for note in found.notes):
        return LEFT_OUT, ""
    told = all(turn.told for turn in expected)
    return (WHOLE if told else PARTLY), ""


def outcomes(name: str, source: str, chosen: Any = None) -> Iterator[tuple[Cell, str, str]]:
    """Yield the outcomes of a template, of all cells or of those with the chosen numbers."""
    tokenizer, number = tokenizer_for(source), 0
    for row in rows_for(source):
        reading = Prefixes(tokenizer, row, unasked(name, row.messages))
        for mode in modes_of(row):
            if chosen is None or number in chosen:
                cell = Cell(name, row, mode)
                yield cell, *judge(tokenizer, reading, cell)
            number += 1


def table(data: dict) -> str:
    """The page: how many cells came out how."""
    counts = Counter("".join(data["templates"].values()))
    rows = [
        [kind, counts[letter], MEANINGS.get(kind, "")]
        for kind, letter in data["outcomes"].items()
        if counts[letter]
    ]
    rows.append(["all", sum(counts.values()), ""])
    read = sum(len(family.templates) for family in FAMILIES)
    wrong = {name: found.count(LETTERS[WRONG]) for name, found in data["templates"].items()}
    named = ", ".join(f"{name} ({count})" for name, count in wrong.items() if count)
    return (
        "# Real templates\n\n"
        f"`prepare` with {len(data['templates'])} real chat templates and "
        f"{len(data['conversations'])} conversations, for each\n`supervise` and `boundary`. Every "
        "result is judged by slow rules that share no code with it\n(`tests/helpers/prefixes.py`); "
        f"for {read} of the templates a table written by hand says more\n"
        "(`tests/helpers/families`). "
        f"Of {sum(counts.values())} cells, {counts[LETTERS[WHOLE]]} are learned whole, "
        f"and {counts[LETTERS[WRONG]]} have wrong labels.\n\n"
        f"{tabulate(rows, ['outcome', 'cells', 'meaning'], tablefmt='github')}\n\n"
        f"Wrong labels, and how many: {named or 'none'}.\n\n"
        "Made by `make templates`.\n"
    )


def cells_of(item: tuple[str, str]) -> tuple[str, str, list[str]]:
    """A template's outcomes, one letter a cell, and its faults."""
    letters, faults = [], []
    for cell, kind, fault in outcomes(*item):
        letters.append(LETTERS[kind])
        if fault:
            faults.append(" | ".join([item[0], cell.row.name, *cell.mode[:2], kind, fault]))
    return item[0], "".join(letters), faults


def main() -> int:
    """Try every cell, and write the page and its data."""
    data: dict = {"conversations": NAMES, "outcomes": LETTERS, "templates": {}}
    templates = load_templates()
    with ProcessPoolExecutor() as pool:
        found = pool.map(cells_of, templates.items(), chunksize=4)
        for name, letters, faults in tqdm(found, total=len(templates), mininterval=1):
            data["templates"][name] = letters
            print(*faults, sep="\n", end="\n" if faults else "")
    DATA.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    TABLE.write_text(table(data), encoding="utf-8")
    print(TABLE.read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
