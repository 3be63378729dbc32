"""The playground in Firefox, from a server and from disk: a tokenizer is dropped, a model asked."""

import json

import pytest
from playground_cases import CONVERSATIONS
from site_server import SITE

from chatshift import prepare
from chatshift.tiny import FOLDER
from chatshift.tiny.formats import load_format

UNTIL = """new Promise((done, wrong) => {{
  const began = Date.now();
  const look = () => {{
    const found = {found};
    if (found) done(found);
    else if (Date.now() - began > 60000) wrong(new Error("nothing came"));
    else setTimeout(look, 50);
  }};
  look();
}})"""
DROP = """(() => {{
  const transfer = new DataTransfer();
  for (const [name, text] of Object.entries({files})) transfer.items.add(new File([text], name));
  const given = {{ dataTransfer: transfer, bubbles: true, cancelable: true }};
  document.querySelector(".pg-model").dispatchEvent(new DragEvent("drop", given));
}})()"""


def until(firefox, found):
    """Wait for an expression to be true, and return its value."""
    return firefox.evaluate(UNTIL.format(found=found))


@pytest.mark.parametrize("place", ["server", "disk"])
def test_a_tokenizer_is_dropped_and_a_model_asked(firefox, site, place):
    base = site if place == "server" else f"file://{SITE}/"
    firefox.goto(f"{base}book/playground.html")
    until(firefox, "document.querySelector('#try-it[data-ready=yes]') && 1")
    until(firefox, "document.querySelector('#pg-ask') && 1")
    firefox.evaluate("document.querySelector('#pg-ask').click()")
    loss = "/Mean loss 0[.][0-9]+/.exec(document.querySelector('.pg-rule').innerText)?.[0]"
    assert until(firefox, loss).startswith("Mean loss 0.10")
    config = json.loads((FOLDER / "tokenizer_config.json").read_text("utf-8"))
    config["chat_template"] = load_format("gemma3").chat_template
    files = {
        "tokenizer.json": (FOLDER / "tokenizer.json").read_text("utf-8"),
        "tokenizer_config.json": json.dumps(config),
    }
    firefox.evaluate(DROP.format(files=json.dumps(files)))
    until(firefox, "document.querySelector('.pg-notes') && 1")
    shown = firefox.evaluate("JSON.parse(document.querySelector('#playground-json').textContent)")
    wanted = prepare(CONVERSATIONS["data point"], load_format("gemma3"), strip_bos=True)
    assert shown["full_ids"] == list(wanted.full_ids)
    assert shown["pieces"] == list(wanted.pieces)
