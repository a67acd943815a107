"""Make sure that a Chromium exists for the tests, and print its path.

Looks on PATH, in the usual places and among Playwright's own; if there is none, installs one:
through Playwright, or on Debian and Ubuntu as root through apt. Exit 0 when one is found.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from sprat.report.browser import VARIABLE
from sprat.report.browser import find as found


def find() -> str | None:
    """The path of a Chromium; `SPRAT_BROWSER` first. None when there is none."""
    return found() or _playwrights()


def _playwrights() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def install() -> None:
    """Try each way in turn, until one leaves a Chromium behind."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    apt = root and shutil.which("apt-get")
    deps = ["--with-deps"] if apt and sys.platform == "linux" else []
    _run([sys.executable, "-m", "playwright", "install", *deps, "chromium"])
    if apt and not find():
        _run(["apt-get", "update", "-qq"])
        _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"])


def _run(command: list[str]) -> None:
    print("+", " ".join(command), file=sys.stderr)
    # What they say goes to stderr: stdout is for the path. A failure shows in `find` afterwards.
    subprocess.run(command, stdout=sys.stderr, check=False)


def main() -> int:
    """Find or install; print the path, or one line that says what to do."""
    if not find():
        install()
    path = find()
    print(path or f"No Chromium could be installed. Install one, or set {VARIABLE} to its path.")
    return 0 if path else 1


if __name__ == "__main__":
    sys.exit(main())
