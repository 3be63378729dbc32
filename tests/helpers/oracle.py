"""Which tokens a conversation should teach: found turn by turn, slowly, without `chatshift`."""

import json

import jinja2


class UndecidedError(Exception):
    """The oracle's simple ways do not tell."""


class Oracle:
    """The rules of both boundaries, spelled out for one tokenizer and its chat template.

    Everything is rendered and tokenized again for each turn, so this takes quadratic time.
    """

    def __init__(self, tokenizer, control_ids):
        self.tokenizer = tokenizer
        self.control_ids = control_ids

    def text(self, messages, opened=False):
        return self.tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=opened
        )

    def ids(self, text):
        return self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]

    def learned(self, messages, supervise, boundary, mask_tail=False):
        """Return the positions of the learned tokens."""
        full = self.text(messages)
        full_ids = self.ids(full)
        last = len(messages) - 1
        indices = [i for i, m in enumerate(messages) if m["role"] == "assistant"]
        positions = set()
        for index in indices if supervise == "all" else [last]:
            start, stop = self.turn(messages, index, full, full_ids, boundary, mask_tail)
            positions |= set(range(start, stop))
        return positions

    def turn(self, messages, index, full, full_ids, boundary, mask_tail):
        is_last = index == len(messages) - 1
        if boundary == "prompt":
            start = self.prefix(self.text(messages[:index], opened=True), full, full_ids)
            if not mask_tail:
                if is_last:
                    return start, len(full_ids)
                closed = self.text(messages[: index + 1])
                try:
                    stop = self.prefix(closed, full, full_ids)
                    if closed == self.text(messages[: index + 1], opened=True):
                        raise UndecidedError("a next turn may be opened already")
                    if self.control_ids.intersection(full_ids[start:stop]):
                        return start, stop
                except UndecidedError:
                    pass
            _, end = self.answer(messages, index, full)
        else:
            character, end = self.answer(messages, index, full)
            start = self.next_boundary(character, full, full_ids)
        ids = full_ids
        begin = self.next_boundary(self.answer(messages, index, full)[0], full, ids)
        openers = self.openers(messages[:index])
        if messages[index - 1]["role"] != "assistant":
            openers |= self.control_ids & set(ids[begin - 1 : begin])
        openers.discard(self.tokenizer.eos_token_id)
        _, last_end = self.answer(messages, len(messages) - 1, full)
        closing = shared(full[end:], full[last_end:])
        rest = self.last_boundary(end, full, ids)
        stop = self.last_boundary(end + len(closing), full, ids)
        ends = [i for i in range(rest, stop) if ids[i] in self.control_ids]
        if not ends and not is_last:
            # Closed in another way than the last turn: any control token but a user's header.
            user = next(m["content"] for m in messages if m["role"] == "user").strip()
            place = self.last_boundary(full.index(user), full, ids)
            openers |= set([i for i in ids[:place] if i in self.control_ids][-1:])
            ends = [rest] if ids[rest] in self.control_ids - openers else []
            stop = rest + 1 if ends else stop
        if boundary == "prompt" and not mask_tail:
            next_opened = [i for i in range(rest, stop) if ids[i] in openers]
            return start, min([stop, *next_opened])
        if not ends or ids[ends[0]] in openers:
            return start, rest
        after = ends[0] + 1
        while after < stop and ids[after] in self.control_ids - openers:
            after += 1
        return start, after

    def prefix(self, text, full, full_ids):
        """The number of the text's tokens, if it is a prefix as text and as ids."""
        ids = self.ids(text)
        if not full.startswith(text) or full_ids[: len(ids)] != ids:
            raise UndecidedError("no prefix")
        return len(ids)

    def next_boundary(self, character, full, full_ids):
        """The first token that starts at or after a character."""
        for end in range(character, len(full) + 1):
            ids = self.ids(full[:end])
            if full_ids[: len(ids)] == ids:
                return len(ids)
        raise UndecidedError("no boundary")

    def last_boundary(self, character, full, full_ids):
        """How many tokens end at or before a character."""
        for end in range(character, -1, -1):
            ids = self.ids(full[:end])
            if full_ids[: len(ids)] == ids:
                return len(ids)
        raise UndecidedError("no boundary")

    def answer(self, messages, index, full):
        """Where an answer stands: what changes when only its words change."""
        content = messages[index]["content"]
        if not isinstance(content, str):
            forms = [repr(content), json.dumps(content), content[0]["text"]]
            content = next(form for form in forms if form in full)
            return full.index(content), full.index(content) + len(content)
        before, after = self.around(messages, index)
        if full.startswith(before) and full.endswith(after):
            return len(before), len(full) - len(after)
        content = content.strip()
        if "<think>" in content:
            return self.reasoned(messages, index, full, content)
        if content and full.count(content) == 1:
            start = full.index(content)
            return start, start + len(content)
        raise UndecidedError("not found")

    def reasoned(self, messages, index, full, content):
        """A thought and an answer, each written where the template wants it."""
        thought, _, said = content.removeprefix("<think>").partition("</think>")
        forms = [
            f"<think>{edged(thought, word)}</think>{edged(said, word)}" for word in ("Wq", "Zj")
        ]
        before, after = self.around(messages, index, forms)
        if not (full.startswith(before) and full.endswith(after)):
            raise UndecidedError("a thought written in another way")
        closed = full[len(before) :].lstrip().startswith("</think>")
        if before.rstrip().endswith("<think>") and not closed:
            before = before.rstrip().removesuffix("<think>")
        if not said and after.lstrip().startswith("</think>"):
            after = after.lstrip().removeprefix("</think>")
        return len(before), len(full) - len(after)

    def around(self, messages, index, words=("Wq", "Zj")):
        """What stands before and after an answer, whatever its words are."""
        texts = []
        for word in words:
            other = {**messages[index], "content": word}
            texts.append(self.text([*messages[:index], other, *messages[index + 1 :]]))
        one, other = texts
        before = shared(one, other)
        after = shared(one[len(before) :][::-1], other[len(before) :][::-1])[::-1]
        return before, after

    def openers(self, history):
        """The control tokens of the generation prompt."""
        try:
            closed, opened = self.text(history), self.text(history, opened=True)
        except jinja2.TemplateError:  # a template may refuse a conversation that ends here
            return set()
        if not opened.startswith(closed):
            return set()
        return set(self.ids(opened[len(closed) :])) & self.control_ids


def shared(one, other):
    """What two texts have in common at their start."""
    length = 0
    while one[length : length + 1] == other[length : length + 1] != "":
        length += 1
    return one[:length]


def edged(text, word):
    """A word between the white space at a text's edges."""
    if not text.strip():
        return text
    return text[: len(text) - len(text.lstrip())] + word + text[len(text.rstrip()) :]
