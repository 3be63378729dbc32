"""Find the browsers of the browser tests; run as a script, install those that are not there.

Playwright brings its own Chromium where it can download it; elsewhere the system's package manager
may have one. Firefox is the system's.
"""

import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ADVICE = (
    "The browser tests need Chromium, and there is none. Install it with your system's package "
    "manager (Debian, Ubuntu: apt-get install chromium) or with: playwright install chromium"
)
FIREFOX_ADVICE = (
    "The views are tested in Firefox too, and there is none. Install it with your system's package "
    "manager (Debian: apt-get install firefox-esr)."
)


def find_browser() -> str | None:
    """Return the path of a Chromium, Playwright's own or the system's."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    if Path(own).exists():
        return own
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def find_firefox() -> str | None:
    """Return the path of the system's Firefox."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


def main() -> int:
    """Install a browser if there is none; say how to get one if that fails."""
    commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get"):
        commands += [
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-qq", "-y", "--no-install-recommends", "chromium"],
        ]
    for command in commands:
        if find_browser():
            break
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    if not find_firefox() and shutil.which("apt-get"):
        install = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", "firefox-esr"]
        subprocess.run(install, check=False, stdout=subprocess.DEVNULL)
    found, firefox = find_browser(), find_firefox()
    print(f"browser: {found}" if found else ADVICE)
    print(f"browser: {firefox}" if firefox else FIREFOX_ADVICE)
    return 0 if found and firefox else 1


if __name__ == "__main__":
    sys.exit(main())
