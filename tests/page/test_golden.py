"""What the page's copies of our code are held against is what our code says today."""

import importlib.util
import json
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
SCRIPTS = sorted((ROOT / "tools").glob("golden_*.py"))


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def same(one: Any, other: Any) -> bool:
    """Numbers may differ in their last digits from one machine's logarithm to the next one's."""
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-12)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_file_is_what_the_script_makes_of_our_code_now(script):
    module = loaded(script)
    kept = json.loads(module.OUT.read_text("utf-8"))
    assert same(json.loads(json.dumps(module.made())), kept), f"run {script.relative_to(ROOT)}"


def test_a_change_of_a_decision_or_of_a_number_is_seen():
    kept = {"confidence": 0.25, "path": "accepted"}
    assert same(kept, dict(kept))
    assert not same(kept, kept | {"path": "escalated"})
    assert not same(kept, kept | {"confidence": 0.25000001})
