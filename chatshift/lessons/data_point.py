"""The conversation that the book follows, and the symbolic one with round numbers."""


def data_point() -> list[dict[str, str]]:
    """Return the book's conversation as a new list; its spelling is part of it.

    >>> [message["role"] for message in data_point()]
    ['system', 'user', 'assistant']
    """
    return [
        {
            "role": "system",
            "content": "You are a assistant responsible for classifying mental health status.",
        },
        {"role": "user", "content": "I am depressed and want to die"},
        {"role": "assistant", "content": "based on what you described it's depression'"},
    ]


def symbolic() -> tuple[list[str], list[str]]:
    """Return 100 symbolic tokens, and the 60 of them that are the prompt.

    Most of them are only `…`: what counts is where the prompt ends and how the answer ends.

    >>> full, prompt = symbolic()
    >>> len(full), len(prompt), full[59:62], full[-2:]
    (100, 60, ['F_assist', 'based', 'on'], ['depression', 'EOS'])
    """
    prompt = ["F_sys", "You", *["…"] * 55, "F_user", "I am…", "F_assist"]
    answer = ["based", "on", "what", *["…"] * 35, "depression", "EOS"]
    return prompt + answer, prompt


def symbolic_ids() -> tuple[list[int], list[int]]:
    """Return made-up ids for the same 100 and 60 tokens.

    >>> full, prompt = symbolic_ids()
    >>> len(full), len(prompt), full[:3], full[58:63], full[-2:]
    (100, 60, [101, 4001, 22], [9002, 17, 55, 81, 8821], [902, 5])
    """
    prompt = [101, 4001, 22, *range(200, 255), 9002, 17]
    answer = [55, 81, 8821, *range(300, 335), 902, 5]
    return prompt + answer, prompt
