"""docs/hybrid.md shows what benchmarks/hybrid.py makes of the committed outcome logs."""

import asyncio
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from sprat.policies.outcomes import read_log

ROOT = Path(__file__).parent.parent
DATA = ROOT / "benchmarks" / "data"
LOGS = sorted(DATA.glob("*.jsonl.gz"))
needs_logs = pytest.mark.skipif(not LOGS, reason="no outcome logs in benchmarks/data")


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))  # where the script finds its other half
        yield loaded()


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hybrid", ROOT / "benchmarks" / "hybrid.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_without_logs_it_says_how_to_make_them(script, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["hybrid.py", "--data", str(tmp_path)])
    assert script.main() == 1
    assert "benchmarks/outcomes.py --data FOLDER --pack" in capsys.readouterr().out


def test_only_the_marked_blocks_of_a_page_are_filled(script):
    page = (
        "# A\n<!-- begin: gsm8k -->\nold\n<!-- end: gsm8k -->\nB\n"
        "<!-- begin: squad2 -->\n<!-- end: squad2 -->\n"
    )
    assert script.filled(page, {"gsm8k": r"new \1"}) == (
        "# A\n<!-- begin: gsm8k -->\n\nnew \\1\n\n<!-- end: gsm8k -->\nB\n"
        "<!-- begin: squad2 -->\n<!-- end: squad2 -->\n"
    )


def test_the_page_has_a_place_for_every_set(script):
    page = (ROOT / "docs" / "hybrid.md").read_text("utf-8")
    for name in script.SETS:
        assert page.count(f"<!-- begin: {name} -->") == page.count(f"<!-- end: {name} -->") == 1


@needs_logs
@pytest.mark.timeout(600)
def test_the_page_is_what_the_logs_say(script):
    page = (ROOT / "docs" / "hybrid.md").read_text("utf-8")
    made = asyncio.run(script.made())
    assert script.filled(page, made.blocks) == page, (
        "Run: .venv/bin/python benchmarks/hybrid.py --write"
    )
    for name, drawn in made.pictures.items():
        assert (ROOT / "docs" / "images" / name).read_text("utf-8") == drawn


@needs_logs
@pytest.mark.parametrize("file", LOGS, ids=lambda file: file.name)
def test_every_log_can_be_read_and_holds_the_pairs(script, file):
    log = read_log(file)
    for pair in script.PAIRS:
        assert set(log.of(pair[0])) & set(log.of(pair[1]))
