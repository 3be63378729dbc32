"""A Firefox of the system, driven by WebDriver BiDi: Playwright drives only one of its own."""

import json
import re
import subprocess
from itertools import count
from tempfile import TemporaryDirectory

import websocket


class Firefox:
    """One window; a context manager."""

    def __init__(self, path):
        self.path = path
        self.numbers = count(1)

    def __enter__(self):
        self.profile = TemporaryDirectory()
        command = [self.path, "--headless", "--no-remote", "--remote-debugging-port", "0"]
        self.process = subprocess.Popen(
            [*command, "--profile", self.profile.name], stderr=subprocess.PIPE, text=True
        )
        assert self.process.stderr is not None
        lines = iter(self.process.stderr.readline, "")
        found = (re.search(r"WebDriver BiDi listening on (ws://\S+)", line) for line in lines)
        address = next(match[1] for match in found if match)
        self.socket = websocket.create_connection(
            f"{address}/session", timeout=60, suppress_origin=True
        )
        self.send("session.new", capabilities={})
        self.window = self.send("browsingContext.getTree")["contexts"][0]["context"]
        return self

    def __exit__(self, *failure):
        self.socket.close()
        self.process.terminate()
        self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()
        self.profile.cleanup()

    def send(self, method, **params):
        """Send a command, and return its result."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == number:
                if answer["type"] == "error":
                    raise RuntimeError(f"{method}: {answer['message']}")
                return answer["result"]

    def goto(self, url, width=1280):
        """Open a page."""
        size = {"width": width, "height": 900}
        self.send("browsingContext.setViewport", context=self.window, viewport=size)
        self.send("browsingContext.navigate", context=self.window, url=url, wait="complete")

    def evaluate(self, expression):
        """Return the value of an expression, waited for if it is a promise."""
        answer = self.send(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then(JSON.stringify)",
            target={"context": self.window},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"].get("value", "null"))

    def act(self, kind, *actions):
        """Do what a reader does with keys or with the pointer."""
        source = {"type": kind, "id": kind, "actions": list(actions)}
        self.send("input.performActions", context=self.window, actions=[source])

    def press(self, key):
        """Press a key and let it go."""
        self.act("key", {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key})

    def drag(self, x, y, by):
        """Drag from a point to the right, or to the left where `by` is negative."""
        here = {"type": "pointerMove", "x": round(x), "y": round(y)}
        there = {"type": "pointerMove", "x": round(x + by), "y": round(y), "duration": 200}
        down, up = {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}
        self.act("pointer", here, down, there, up)

    def screenshot(self):
        """Return a picture of the whole page, as PNG in base64."""
        return self.send(
            "browsingContext.captureScreenshot", context=self.window, origin="document"
        )["data"]
