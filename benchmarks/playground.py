"""How long the playground takes to load a real tokenizer, and to answer a key, in Chromium.

Wants a Chromium, a book (`make book`) and the tokenizers (`python scripts/fetch.py gemma3 llama3_1
qwen3`). It opens the built page from disk, where nothing but the browser is at work. Given the
folders of several built books, it measures each of them in turn, in one run.
"""

import os
import sys
from datetime import date
from pathlib import Path
from statistics import median

from tabulate import tabulate

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "benchmarks" / "PLAYGROUND.md"
PAGE = Path("_build", "html", "book", "playground.html")
NAMES = ("qwen3", "llama3_1", "gemma3")
LABEL = "content of message 2"
# Until what was asked for is drawn: a frame begins, and a message comes after it.
DRAWN = """const drawn = async () => {
  await new Promise(requestAnimationFrame);
  const { port1, port2 } = new MessageChannel();
  await new Promise((done) => { port1.onmessage = done; port2.postMessage(0); });
};"""
KEY = """async (label) => {%s
  const root = document.querySelector("#try-it");
  const box = document.querySelector(`textarea[aria-label="${label}"]`);
  const [before, began] = [root.dataset.shown, performance.now()];
  box.value += " word";
  box.dispatchEvent(new Event("input", { bubbles: true }));
  while (root.dataset.shown === before) await new Promise((done) => setTimeout(done, 1));
  await drawn();
  return performance.now() - began;
}"""
PRESS = """async (key) => {%s
  const token = document.querySelector(".pg-text [role=option][tabindex='0']");
  const began = performance.now();
  token.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  await drawn();
  return performance.now() - began;
}"""
JUMPS, NEXT = ("End", "Home"), ("ArrowRight", "ArrowLeft")
TIMES = 15


class Clock:
    """Times of the page, and what its main thread computed meanwhile, in milliseconds."""

    def __init__(self, page) -> None:
        self.page = page
        self.client = page.context.new_cdp_session(page)
        self.client.send("Performance.enable", {"timeDomain": "threadTicks"})

    def computed(self) -> float:
        metrics = self.client.send("Performance.getMetrics")["metrics"]
        return next(1000 * one["value"] for one in metrics if one["name"] == "TaskDuration")

    def medians(self, script: str, given: tuple[str, ...]) -> str:
        """Return the median time, and that of the main thread's own work after it."""
        times, works = [], []
        for n in range(TIMES):
            before = self.computed()
            times.append(self.page.evaluate(script % DRAWN, given[n % len(given)]))
            works.append(self.computed() - before)
            self.page.wait_for_timeout(80)
        return f"{median(times):.0f} ({median(works):.0f})"


def load(page, folder: Path) -> str:
    """Give the page a tokenizer; return the seconds that it took."""
    files = [folder / "tokenizer.json", folder / "tokenizer_config.json"]
    page.locator(".pg-file").first.set_input_files(files)
    page.get_by_text("Loaded in").wait_for(timeout=120_000)
    return page.locator(".pg-model .pg-status").inner_text().split()[2]


def measure(browser, site: Path, folder: Path | None) -> list:
    """Return one row of the table: a built book with a tokenizer, or with its own."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((site / PAGE).as_uri())
    page.wait_for_selector("#try-it[data-ready=yes]")
    seconds = load(page, folder) if folder else ""
    clock = Clock(page)
    page.wait_for_timeout(500)
    short = clock.medians(KEY, (LABEL,))
    page.get_by_label(LABEL, exact=True).fill("a longer answer " * (1350 if folder else 795))
    page.wait_for_timeout(1500)
    tokens = page.evaluate(
        "JSON.parse(document.querySelector('#playground-json').textContent).full_ids.length"
    )
    long = clock.medians(KEY, (LABEL,))
    moves = [clock.medians(PRESS, keys) for keys in (JUMPS, NEXT)]
    page.close()
    name = folder.name if folder else "the book's"
    return [site.name, name, seconds, short, f"{tokens:,}", long, *moves]


HEADS = (
    "book",
    "tokenizer",
    "load, s",
    "a key, 40 tokens",
    "tokens",
    "a key",
    "from one end to the other",
    "to the next token",
)


def report(rows: list[list], version: str) -> str:
    """Return what was measured as Markdown; the books are named where there are several."""
    first = 0 if len({row[0] for row in rows}) > 1 else 1
    columns, lines = HEADS[first:], [row[first:] for row in rows]
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    return (
        f"# {date.today()}, Chromium {version}: `python benchmarks/playground.py`\n\n"
        f"Milliseconds until what was asked for is drawn, and in brackets what the page's main\n"
        f"thread computed for it; medians of {TIMES}. The machine's processors were asked for\n"
        f"{busy:.1f} times of what they can do.\n\n"
        f"{tabulate(lines, columns, tablefmt='github', disable_numparse=True)}\n"
    )


def main() -> int:
    """Measure each book with each tokenizer that is there, and write the table."""
    sys.path.append(str(ROOT / "scripts"))
    from browser import find_browser
    from playwright.sync_api import sync_playwright

    sites = [Path(one).absolute() for one in sys.argv[1:]] or [ROOT]
    folders = [ROOT / ".cache" / name for name in NAMES]
    path = find_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        rows = [
            measure(browser, site, folder)
            for folder in (None, *(one for one in folders if one.exists()))
            for site in sites
        ]
        text = report(rows, browser.version)
        browser.close()
    OUT.write_text(text, "utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
