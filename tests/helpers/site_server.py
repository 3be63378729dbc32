"""The built book, served on this machine."""

import http.server
from pathlib import Path

SITE = Path(__file__).parents[2] / "_build" / "html"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass
