"""What several tests use: the bundled tokenizer, and the book's conversation."""

import pytest

from chatshift import load_tokenizer, prepare
from chatshift.lessons import data_point


@pytest.fixture
def tokenizer():
    """A fresh copy, since some tests change its template."""
    return load_tokenizer()


@pytest.fixture
def messages():
    return data_point()


@pytest.fixture
def trace(messages, tokenizer):
    return prepare(messages, tokenizer, strip_bos=True)
