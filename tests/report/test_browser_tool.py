"""`tools/browser.py`: the browser that the tests of pages use."""

import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "browser.py"


def test_it_prints_the_path_of_a_browser_and_nothing_else() -> None:
    done = subprocess.run([sys.executable, TOOL], capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).is_file()


def test_a_browser_named_in_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPRAT_BROWSER", sys.executable)
    done = subprocess.run([sys.executable, TOOL], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == sys.executable
