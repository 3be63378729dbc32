"""Deterministic conversations to measure with, made of the prose in Python's own manual."""

import random
import re
from collections.abc import Sequence
from pydoc_data.topics import topics

LABELS = ("calm", "sad", "angry", "afraid", "glad", "unsure")
SYSTEM = "Classify the mood of the text. Answer with one word."


def sentences() -> list[str]:
    """Return the manual's sentences, in a fixed order that mixes the topics."""
    text = " ".join(topics[name] for name in sorted(topics))
    found = re.split(r"(?<=[.:;])\s+", re.sub(r"\s+", " ", text))
    kept = sorted({sentence for sentence in found if 30 <= len(sentence) <= 300})
    random.Random(0).shuffle(kept)
    return kept


class Corpus:
    """Conversations, each made from a number, so that a stream of any length can be made."""

    def __init__(self) -> None:
        self.sentences = sentences()

    def text(self, chooser: random.Random, fewest: int, most: int) -> str:
        """Return some sentences as one text."""
        return " ".join(chooser.choices(self.sentences, k=chooser.randint(fewest, most)))

    def single_turn(self, number: int) -> list[dict]:
        """Return one question and answer; six of ten are short classifications."""
        chooser = random.Random(number)
        if number % 10 < 6:
            return messages(
                (SYSTEM, self.text(chooser, 1, 3), chooser.choice(LABELS)),
                ("system", "user", "assistant"),
            )
        return messages(
            (self.text(chooser, 1, 5), self.text(chooser, 3, 12)), ("user", "assistant")
        )

    def multi_turn(self, number: int) -> list[dict]:
        """Return two to eight questions with their answers."""
        chooser = random.Random(number)
        return self.turns(chooser.randint(2, 8), chooser)

    def turns(self, count: int, chooser: random.Random) -> list[dict]:
        """Return `count` questions with their answers."""
        contents = [self.text(chooser, 1, 2) for _ in range(2 * count)]
        return messages(contents, ("user", "assistant") * count)

    def with_call(self, number: int) -> list[dict]:
        """Return a question, a call with a text and a number, its result, and an answer."""
        chooser = random.Random(number)
        arguments = {"query": self.text(chooser, 1, 1), "limit": chooser.randint(1, 9)}
        call = {"type": "function", "function": {"name": "search", "arguments": arguments}}
        question, result, answer = (self.text(chooser, 2, most) for most in (3, 8, 6))
        return [
            {"role": "user", "content": question},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": result},
            {"role": "assistant", "content": answer},
        ]

    def with_thought(self, number: int) -> list[dict]:
        """Return a question, and an answer with a thought."""
        chooser = random.Random(number)
        question, thought, answer = (self.text(chooser, 1, most) for most in (3, 8, 6))
        return [
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer, "reasoning_content": thought},
        ]

    def long_answer(self, words: int, chooser: random.Random) -> list[dict]:
        """Return one question with an answer of so many words."""
        answer: list[str] = []
        while len(answer) < words:
            answer += self.text(chooser, 1, 1).split()
        return messages(("Go on.", " ".join(answer[:words])), ("user", "assistant"))


def messages(contents: Sequence[str], roles: Sequence[str]) -> list[dict]:
    """Return role and content as messages."""
    return [
        {"role": role, "content": content} for role, content in zip(roles, contents, strict=True)
    ]
