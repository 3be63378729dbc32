"""The views in JupyterLab with a real kernel: moved in the browser, read in Python, and back."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
CELLS = [
    """from chatshift import load_tokenizer, prepare, show
from chatshift.lessons import data_point
trace = prepare(data_point(), load_tokenizer(), strip_bos=True)
view, rule = show.text(trace), show.rule(trace)
heard = []
view.observe(lambda change: heard.append(change["new"]), "step")
view""",
    "rule",
    "view.step, view.position, view.ids, rule.places, heard",
    "view.step, rule.places = 2, 0",
]


@pytest.fixture
def lab(tmp_path):
    """The address of a JupyterLab whose folder holds one notebook, not yet run."""
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, tmp_path / "views.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = ("CONFIG_DIR", "RUNTIME_DIR", "DATA_DIR")
    folders = {f"JUPYTER_{name}": str(tmp_path / name) for name in own}
    folders |= {
        f"JUPYTERLAB_{name}_DIR": str(tmp_path / name) for name in ("SETTINGS", "WORKSPACES")
    }
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
    settings = [
        f"--ServerApp.port={port}",
        "--IdentityProvider.token=",
        f"--notebook-dir={tmp_path}",
    ]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            [*command, *settings],
            env={**os.environ, **folders, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
        )
        address = f"http://127.0.0.1:{port}/"
        wait_for(address, server)
        yield address
        server.terminate()
        server.wait()


def wait_for(address, server):
    for _ in range(300):
        assert server.poll() is None, "JupyterLab did not start"
        try:
            urllib.request.urlopen(f"{address}api", timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail("JupyterLab does not answer")


def run_cell(page, number):
    page.locator(".jp-Cell").nth(number).locator(".jp-InputArea-editor").click()
    page.keyboard.press("Shift+Enter")


def output(page, number):
    shown = page.locator(".jp-Cell").nth(number).locator(".jp-OutputArea-output")
    shown.wait_for()
    return shown.inner_text()


def test_what_a_reader_moves_python_reads_and_the_other_way_round(lab, chromium):
    page = chromium.new_page(viewport={"width": 1280, "height": 1600}, reduced_motion="reduce")
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    dialog = page.locator(".jp-Dialog")  # JupyterLab asks whether it may tell news
    page.add_locator_handler(dialog, lambda: dialog.locator("button").first.click())
    page.goto(f"{lab}lab/tree/views.ipynb?reset")
    page.locator(".jp-Notebook .jp-Cell").nth(3).wait_for(timeout=60_000)
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=60_000)
    run_cell(page, 0)
    run_cell(page, 1)
    text, rule = page.locator(".cs-is-text"), page.locator(".cs-is-rule")
    text.wait_for(timeout=60_000)
    rule.wait_for()
    # Two widgets on one page: the radio buttons of one leave those of the other alone.
    assert text.locator("input:checked").count() == 1
    assert rule.locator("input:checked").count() == 1
    text.locator("[role=option][tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert "has read 33 tokens" in text.locator(".cs-said").inner_text()
    text.locator("input[type=radio]").nth(4).check()
    text.get_by_label("labels as ids").check()
    rule.locator("input").nth(2).check()
    run_cell(page, 2)
    assert output(page, 2) == "(5, 32, True, 2, [5])"
    run_cell(page, 3)
    page.wait_for_function("document.querySelector('.cs-is-rule input').checked")
    assert text.locator("input[type=radio]").nth(1).is_checked()
    assert "each token is asked for itself" in rule.locator(".cs-said").inner_text()
    assert errors == []
    page.close()
