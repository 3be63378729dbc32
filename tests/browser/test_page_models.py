"""The small models in the page write the numbers that torch writes with the same weights."""

import json

import numpy as np
import pytest
import torch
from site_server import SITE

from chatshift import load_tokenizer, prepare, tiny_model
from chatshift.lessons import data_point
from chatshift.lessons.four_ways import PAIRS, small_tokenizer
from chatshift.lessons.page_models import TAUGHT, WAYS, file_of
from chatshift.loss.next_token import next_token_loss

MODELS = SITE.parents[1] / "book" / "_assets" / "models"
QUESTIONS = [PAIRS[0][0], PAIRS[9][0], "Where do owls live?", "Snow", ""]


def stored_model(name, tokenizer):
    """The model with the weights of the page's file."""
    model = tiny_model(tokenizer)
    head = json.loads((MODELS / f"{name}.json").read_text("utf-8"))
    numbers = np.frombuffer((MODELS / f"{name}.f16").read_bytes(), dtype="<f2").astype(np.float32)
    state = {}
    for key, shape, start in head["weights"]:
        state[key] = torch.from_numpy(numbers[start : start + np.prod(shape)].reshape(shape).copy())
    model.load_state_dict(state)
    return model


def torch_losses(model, trace, places):
    """One loss for each position, None where none counts."""
    ids, labels = list(trace.full_ids), list(trace.masked_labels)
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0]
    moved = labels[places:] + [-100] * places
    return [
        None if label == -100 else next_token_loss(logits[i][None], torch.tensor([label])).item()
        for i, label in enumerate(moved)
    ]


@pytest.mark.parametrize("supervise", ["last", "all"])
def test_the_losses_under_the_rule_are_torchs(open_page, supervise):
    page = open_page("book/playground.html")
    page.wait_for_selector("#try-it[data-ready=yes]")
    page.get_by_role("button", name="Ask a small model").click()
    page.wait_for_selector("#pg-ask", state="detached")
    talk = [
        *data_point(),
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Yes"},
    ]
    settings = {"strip_bos": True, "supervise": supervise}
    state = {"format": "walkthrough", "own": False, "settings": settings, "messages": talk}
    ask = "state => document.querySelector('#try-it').playground.ask('prepare', { state })"
    found = page.evaluate(ask, state)["losses"]
    tokenizer = load_tokenizer()
    model, trace = stored_model(TAUGHT, tokenizer), prepare(talk, tokenizer, **settings)
    for places in range(3):
        wanted, shown = torch_losses(model, trace, places), found[str(places)]
        assert [one is None for one in shown] == [one is None for one in wanted]
        pairs = [(a, b) for a, b in zip(shown, wanted, strict=True) if a is not None]
        assert len(pairs) >= 2
        assert all(abs(a - b) < 1e-4 for a, b in pairs)


def test_what_is_moved_and_typed_changes_the_losses(open_page):
    page = open_page("book/playground.html")
    page.wait_for_selector("#try-it[data-ready=yes]")
    page.get_by_role("button", name="Ask a small model").click()
    said = page.locator(".pg-rule .cs-said")
    page.get_by_text("Mean loss 0.").wait_for()
    page.locator(".pg-rule input[type=radio]").nth(2).check(force=True)
    assert "Mean loss 4." in said.inner_text()
    page.locator(".pg-rule input[type=radio]").nth(1).check(force=True)
    learned = said.inner_text()
    page.get_by_label("content of message 2", exact=True).fill("something else altogether")
    page.get_by_text("Mean loss 0.").wait_for(state="detached")
    assert said.inner_text() != learned
    page.select_option("#playground-format", "chatml")
    page.get_by_text("knows the 952 tokens").wait_for()


HOST = """() => {
  const box = document.createElement("div");
  box.dataset.fourWays = "";
  document.querySelector("article h1").after(box);
  const script = document.createElement("script");
  script.src = "../_static/four-ways.js";
  document.head.append(script);
}"""


@pytest.fixture
def four_ways(open_page):
    """Chapter 8 with a place for the four models, whether or not it has one already."""
    page = open_page("book/08_who_shifts.html")
    if not page.locator("[data-four-ways]").count():
        page.evaluate(HOST)
    page.locator("[data-four-ways]").scroll_into_view_if_needed()
    page.wait_for_selector("[data-four-ways][data-ready]")
    return page


def greedy(model, ids, longest=12):
    """The likeliest tokens after the ids, up to the one that ends the answer."""
    written: list[int] = []
    end = small_tokenizer().eos_token_id
    with torch.no_grad():
        while len(written) < longest and end not in written:
            logits = model(torch.tensor([[*ids, *written]])).logits[0, -1]
            written.append(int(logits.argmax()))
    return written


def test_the_four_models_write_what_they_write_in_torch(four_ways):
    tokenizer = small_tokenizer()
    models = {way: stored_model(file_of(way), tokenizer) for way in WAYS}
    for question in QUESTIONS:
        four_ways.get_by_label("Your question").fill(question)
        four_ways.get_by_role("button", name="Ask all four").click()
        four_ways.wait_for_selector(".four-ways button:not([disabled])")
        four_ways.get_by_text("Written, at most").wait_for()
        shown = four_ways.evaluate("document.querySelector('.four-ways').fourWays.answers")
        text = f"<user>{question}<end><model>"
        prompt = tokenizer(text, add_special_tokens=False)["input_ids"]
        wanted = {way: greedy(model, prompt) for way, model in models.items()}
        assert shown == wanted, question
    four_ways.get_by_label("Your question").fill(PAIRS[0][0])
    four_ways.get_by_label("Your question").press("Enter")
    four_ways.wait_for_selector(".four-ways button:not([disabled])")
    rows = four_ways.locator(".four-ways tbody tr")
    right = PAIRS[0][1].replace(" ", "·")
    assert rows.nth(0).locator("td").inner_text() == f"{right}ends"
    assert right not in rows.nth(3).locator("td").inner_text()


def test_a_question_that_is_too_long_is_refused(four_ways):
    four_ways.get_by_label("Your question").evaluate(
        "(input) => { input.value = 'sky '.repeat(200); }"
    )
    four_ways.get_by_role("button", name="Ask all four").click()
    four_ways.get_by_text("is too long for this page").wait_for()
