"""How long the playground takes to load a real tokenizer, and to show a key, in Chromium.

Wants a Chromium, a book (`make book`) and the tokenizers (`python scripts/fetch.py gemma3 llama3_1
qwen3`). It opens the built page from disk, where nothing but the browser is at work.
"""

import sys
from pathlib import Path
from statistics import median

from tabulate import tabulate

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "_build" / "html" / "book" / "playground.html"
NAMES = ("qwen3", "llama3_1", "gemma3")
KEYS = """async ([label, times]) => {
  const root = document.querySelector("#try-it");
  const box = document.querySelector(`textarea[aria-label="${label}"]`);
  const found = [];
  for (let i = 0; i < times; i++) {
    const [before, began] = [root.dataset.shown, performance.now()];
    box.value += " word";
    box.dispatchEvent(new Event("input", { bubbles: true }));
    while (root.dataset.shown === before) await new Promise((done) => setTimeout(done, 1));
    await new Promise(requestAnimationFrame);
    found.push(performance.now() - began);
  }
  return found;
}"""


def measure(browser, folder: Path) -> list:
    """Return one row: megabytes, seconds to load, milliseconds for a key in 40 and 4,000 tokens."""
    page = browser.new_page()
    page.goto(f"file://{PAGE}")
    page.wait_for_selector("#try-it[data-ready=yes]")
    files = [folder / "tokenizer.json", folder / "tokenizer_config.json"]
    page.locator(".pg-file").first.set_input_files(files)
    page.get_by_text("Loaded in").wait_for(timeout=120_000)
    seconds = float(page.locator(".pg-model .pg-status").inner_text().split()[2])
    label = "content of message 2"
    page.wait_for_timeout(500)
    short = median(page.evaluate(KEYS, [label, 15]))
    page.get_by_label(label, exact=True).fill("a longer answer " * 1350)
    page.wait_for_timeout(1500)
    long = median(page.evaluate(KEYS, [label, 15]))
    page.close()
    return [folder.name, f"{files[0].stat().st_size / 1e6:.1f}", seconds, round(short), round(long)]


def main() -> int:
    """Print a table."""
    sys.path.append(str(ROOT / "scripts"))
    from browser import find_browser
    from playwright.sync_api import sync_playwright

    heads = ["tokenizer", "MB", "load, s", "a key, 40 tokens, ms", "a key, 4,000 tokens, ms"]
    path = find_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        folders = [ROOT / ".cache" / name for name in NAMES]
        rows = [measure(browser, folder) for folder in folders if folder.exists()]
        print(tabulate(rows, heads, tablefmt="github"))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
