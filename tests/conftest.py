"""Fixtures that every test may use."""

import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from sprat.settings import Settings, load_settings

_OURS = (
    "SLM_ALIAS",
    "LLM_ALIAS",
    "COMPARE_PROMPT",
    "FOUNDRY_LOCAL_ENDPOINT",
    "BENCH_MODELS",
    "BENCH_ROUNDS",
    "BENCH_PROMPT",
    "BENCH_STREAM",
)


# How long an example takes tells how busy the machine is, not whether it is right. A change is told
# by the same examples as the one before it; `--hypothesis-profile=new` looks for what they miss.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("new", deadline=None)
settings.load_profile("same")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Who starts the tests in the background has Ctrl-C ignored, and so would every program that
    # they start: those that are stopped by it would run on.
    signal.signal(signal.SIGINT, signal.default_int_handler)


SLOWEST = ("test_docs.py", "test_notebooks.py", "test_contract.py", "test_hybrid_page.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slowest files first: begun last, one of them would run on while all else is over."""
    items.sort(key=lambda item: item.path.name not in SLOWEST)


@pytest.fixture(scope="module", autouse=True)
def small_heap() -> Iterator[None]:
    """What is there before a module's tests is no garbage: a benchmark that collects its own before
    every round would walk through thousands of tests and all packages each time."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def own_home(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unit tests see an empty home and no user's variables; `real` ones see the user's weights."""
    for name in _OURS:
        monkeypatch.delenv(name, raising=False)
    if "real" not in request.keywords:
        tmp_path: Path = request.getfixturevalue("tmp_path")
        monkeypatch.setenv("SPRAT_HOME", str(tmp_path / "home"))


@pytest.fixture
def settings(own_home: None, tmp_path: Path) -> Settings:
    """Settings that keep everything below this test's own folder."""
    return load_settings(environ=dict(os.environ))


@pytest.fixture(scope="session")
def real_settings() -> Settings:
    """The user's own settings, for tests that carry `real`: their weights are used as they lie."""
    home = os.environ.get("SPRAT_HOME", "")
    return load_settings(environ={"SPRAT_HOME": home})
