"""Lighthouse's scores for every page of the built book, on its mobile profile, as a table.

Wants npm, a Chromium, the packages of requirements-test.txt and a book (`make book`). It serves
the book on 127.0.0.1 the way a static host would, and fetches nothing but Lighthouse, which asks
for Node 22.19 or newer; Node 20 runs it too, and npm warns.
"""

import argparse
import gzip
import importlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any

from tabulate import tabulate

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache" / "lighthouse"
LIGHTHOUSE = CACHE / "node_modules" / "lighthouse"
VERSION = "13.5.0"
CATEGORIES = {
    "performance": "performance",
    "accessibility": "accessibility",
    "best-practices": "best practices",
    "seo": "SEO",
}
CHROME_FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
TEXT = re.compile(r"text/|application/(javascript|json|xml)|image/svg")


class Handler(SimpleHTTPRequestHandler):
    """Serve files as a static host does: text compressed, and told how long to keep."""

    protocol_version = "HTTP/1.1"  # Reuses connections; 1.0 would open one for every file.
    disable_nagle_algorithm = True  # Else the body waits until the headers are acknowledged.

    def send_head(self) -> BytesIO | None:
        """Send the status and the headers; return the body, or None if there is no such file."""
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        kind, body = self.guess_type(path), path.read_bytes()
        self.send_response(HTTPStatus.OK)
        if TEXT.match(kind):
            kind += "; charset=utf-8"
            if "gzip" in self.headers.get("Accept-Encoding", ""):
                body = gzip.compress(body)
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Vary", "Accept-Encoding")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", self.lifetime(path))
        self.end_headers()
        return BytesIO(body)

    def lifetime(self, path: Path) -> str:
        """Return the Cache-Control of a file."""
        if path.suffix == ".html":
            return "no-cache"
        # Sphinx puts a checksum in the query, so such an address never changes its content.
        return "max-age=31536000, immutable" if "?" in self.path else "max-age=86400"

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: the progress lines would drown in it."""


@contextmanager
def serve(site: Path) -> Iterator[str]:
    """Serve a folder on a free port of 127.0.0.1 and yield its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(site))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def install() -> None:
    """Install Lighthouse under .cache, unless this version is there."""
    manifest = LIGHTHOUSE / "package.json"
    if manifest.exists() and json.loads(manifest.read_text())["version"] == VERSION:
        return
    if not shutil.which("npm"):
        sys.exit("Lighthouse comes from npm, and there is none. Install Node.js.")
    # Chromium is found elsewhere, so that no package here needs its install script.
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"]
    subprocess.run([*command, str(CACHE), f"lighthouse@{VERSION}"], check=True)


def find_chrome() -> str:
    """Return the path of the Chromium that the browser tests use."""
    sys.path.insert(0, str(ROOT / "scripts"))
    browser = importlib.import_module("browser")
    path = browser.find_browser()
    if path is None:
        sys.exit(browser.ADVICE)
    return path


def audit(url: str, chrome: str) -> dict[str, Any]:
    """Return Lighthouse's report on a page, from a browser with an empty cache."""
    command = [
        "node",
        str(LIGHTHOUSE / "cli" / "index.js"),
        url,
        f"--only-categories={','.join(CATEGORIES)}",
        f"--chrome-flags={CHROME_FLAGS}",
        "--output=json",
        "--quiet",
        "--no-enable-error-reporting",
    ]
    env = {**os.environ, "CHROME_PATH": chrome}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def measure(report: dict[str, Any]) -> list[float]:
    """Return a report's scores (0-100), in the order of CATEGORIES, and the kB transferred."""
    scores = [report["categories"][name]["score"] for name in CATEGORIES]
    if None in scores:
        broken = [name for name, one in report["audits"].items() if "errorMessage" in one]
        sys.exit(f"{report['requestedUrl']}: no score, because of {', '.join(broken)}")
    weight = report["audits"]["total-byte-weight"]["numericValue"]
    return [*(score * 100 for score in scores), weight / 1000]


def find_pages(site: Path, names: list[str]) -> list[str]:
    """Return the addresses within a site of the named pages, or of all if no name is given."""
    found = [*sorted((site / "book").glob("*.html")), site / "search.html"]
    pages = {path.stem: path.relative_to(site).as_posix() for path in found if path.exists()}
    if len(pages) < 2:
        sys.exit(f"{site} has no book. Build it with: make book")
    if unknown := set(names) - set(pages):
        sys.exit(f"no page {', '.join(sorted(unknown))}; there are: {', '.join(pages)}")
    return [pages[name] for name in names or pages]


def main() -> None:
    """Audit the pages one after the other and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("page", nargs="*", help="a page's name, such as 06_shift (default: all)")
    parser.add_argument("--runs", type=int, default=3, help="runs a page (default: 3)")
    parser.add_argument("--site", type=Path, default=ROOT / "_build/html", help="the built book")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/PAGES.md", help="the report")
    args = parser.parse_args()
    if args.runs < 1:
        parser.error("--runs must be at least 1")

    pages = find_pages(args.site, args.page)
    chrome = find_chrome()
    install()
    rows = []
    with serve(args.site) as address:
        for page in pages:
            runs = [measure(audit(f"{address}/{page}", chrome)) for _ in range(args.runs)]
            rows.append([page, *(round(median(values)) for values in zip(*runs, strict=True))])
            print(*rows[-1], flush=True)

    version = subprocess.run([chrome, "--version"], stdout=subprocess.PIPE, text=True, check=True)
    chromium = re.search(r"\d[\d.]+", version.stdout)
    command = shlex.join(["python", "benchmarks/pages.py", *sys.argv[1:]])
    heading = (
        f"# {date.today()}, Chromium {chromium[0] if chromium else '?'}, Lighthouse {VERSION}: "
        f"`{command}`"
    )
    note = f"Mobile profile; scores from 0 to 100; the median of {args.runs} run(s) a page."
    table = tabulate(rows, ["page", *CATEGORIES.values(), "transferred kB"], tablefmt="github")
    args.out.write_text(f"{heading}\n\n{note}\n\n{table}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
