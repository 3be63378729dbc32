"""The weights beside the pages are those of the models that Python makes."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from chatshift.lessons.four_ways import small_tokenizer
from chatshift.lessons.page_models import TAUGHT, WAYS, file_of, page_models, weights_of

FOLDER = Path(__file__).parents[2] / "book" / "_assets" / "models"
NAMES = [TAUGHT, *map(file_of, WAYS)]


@pytest.fixture(scope="module")
def models():
    torch.set_num_threads(1)
    return page_models()


def test_there_are_files_for_these_models_and_no_others():
    assert sorted(path.stem for path in FOLDER.glob("*.f16")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_weights_are_what_python_makes(name, models):
    head, numbers = weights_of(models[name])
    assert json.loads((FOLDER / f"{name}.json").read_text("utf-8")) == head
    stored = np.frombuffer((FOLDER / f"{name}.f16").read_bytes(), dtype="<f2").astype(np.float32)
    made = np.frombuffer(numbers, dtype="<f2").astype(np.float32)
    # The same to the last bit where they were made; training elsewhere differs in the last digits.
    assert stored.shape == made.shape
    assert np.abs(stored - made).max() < 0.01


def test_the_tokenizer_of_the_four_ways_is_what_python_makes():
    stored = json.loads((FOLDER / "four-ways-tokenizer.json").read_text("utf-8"))
    assert stored == json.loads(small_tokenizer().backend_tokenizer.to_str())
