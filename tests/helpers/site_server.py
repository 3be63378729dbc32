"""The built book, served on this machine."""

import http.server
from pathlib import Path

SITE = Path(__file__).parents[2] / "_build" / "html"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # a page's many files come over few connections

    def log_message(self, *arguments):
        pass
