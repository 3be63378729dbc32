"""Draw the picture that previews of the book's pages show, from what the package really does.

    python scripts/draw_social.py

It wants Chromium. The file keeps a hash of the page that it was drawn from, since its pixels depend
on the fonts of a machine: a test compares the hash.
"""

import hashlib
import struct
import sys
import zlib
from pathlib import Path

from browser import ADVICE, find_browser
from draw_picture import draw

FILE = Path(__file__).parents[1] / "book" / "_assets" / "social.png"
WIDTH, HEIGHT = 1200, 630
KEY = "Source-SHA256"
MESSAGES = [
    {"role": "user", "content": "What colour is the sky?"},
    {"role": "assistant", "content": "The sky is blue."},
]


def page() -> str:
    """Return the page that is drawn: the book's title, and the pairs of an answer."""
    return (
        "<!doctype html><meta charset='utf-8'><style>"
        "body{margin:0;box-sizing:border-box;height:630px;padding:64px 56px;background:#fff;"
        "color:#111;font:36px sans-serif;display:flex;flex-direction:column;"
        "justify-content:space-between}h1{margin:0;font-size:84px;letter-spacing:-1px}"
        "p{margin:0;color:#444}svg{width:100%}svg *{animation:none!important}</style>"
        "<h1>One token to the left</h1>"
        "<p>Exactly what a chat model is trained on, step by step</p>"
        f"{draw(MESSAGES)}"
        "<p>Read down: what it has read, and what it must write next</p>"
    )


def digest() -> str:
    """Return the hash of the page as it would be drawn now."""
    return hashlib.sha256(page().encode()).hexdigest()


def with_text(png: bytes, text: str) -> bytes:
    """Return the PNG with a text chunk before its last chunk, which has twelve bytes."""
    body = b"tEXt" + KEY.encode() + b"\0" + text.encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:-12] + chunk + png[-12:]


def main() -> int:
    """Draw the page with the browser of the tests."""
    from playwright.sync_api import sync_playwright

    path = find_browser()
    if path is None:
        print(ADVICE)
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        view.set_content(page())
        FILE.write_bytes(with_text(view.screenshot(), digest()))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
