"""A browser, and the pages of the built book."""

import functools
import http.server
import threading

import pytest
from browser import ADVICE, FIREFOX_ADVICE, find_browser, find_firefox
from firefox import Firefox
from playwright.sync_api import sync_playwright
from site_server import SITE, QuietHandler

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nobody else can be reached; a page that tries is found out by its request.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]

# Runs before a page does: what is asked about its loading can only be seen while it loads.
WATCH = """
window.jumps = [];
window.jumpWatch = new PerformanceObserver(list => window.jumps.push(...list.getEntries()));
window.jumpWatch.observe({ type: "layout-shift", buffered: true });
document.addEventListener("DOMContentLoaded", () => {
  window.late = document.querySelectorAll("[data-widget]").length;
});"""


@pytest.fixture(scope="session")
def site():
    if not (SITE / "index.html").exists():
        pytest.fail("The book is not built: run make book.")
    handler = functools.partial(QuietHandler, directory=SITE)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def chromium():
    path = find_browser()
    if path is None:
        pytest.fail(ADVICE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def firefox():
    path = find_firefox()
    if path is None:
        pytest.fail(FIREFOX_ADVICE)
    with Firefox(path) as window:
        yield window


@pytest.fixture
def open_page(chromium, site):
    """Open a page of the book; at the end, nothing may have gone wrong on it."""
    contexts, wrong = [], []

    def note_request(request):
        if not request.url.startswith((site, "data:", "blob:")):
            wrong.append(f"a request to {request.url}")

    def note_response(response):
        if response.status >= 400:
            wrong.append(f"status {response.status} for {response.url}")

    def note_console(message):
        if message.type == "error":
            wrong.append(message.text)

    def opener(
        path, width=1280, *, wait_until="load", on_response=lambda response: None, **settings
    ):
        context = chromium.new_context(viewport={"width": width, "height": 900}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(WATCH)
        page.on("request", note_request)
        page.on("response", note_response)
        page.on("response", on_response)
        page.on("console", note_console)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(site + path, wait_until=wait_until)
        return page

    yield opener
    for context in contexts:
        context.close()
    assert not wrong
