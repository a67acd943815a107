"""Where `foundry:NAME` runs when no address is set: in process, at a service, or fetched."""

import sys
from pathlib import Path

import pytest
from tests.foundry_service import PHI, foundry_service

from sprat.door import identity, open_engine
from sprat.engines.base import ask
from sprat.engines.foundry import catalogue
from sprat.engines.foundry.engine import FoundryEngine
from sprat.engines.foundry.service import find
from sprat.engines.foundry.service.engine import FoundryServiceEngine
from sprat.errors import UsageError
from sprat.models.names import OnnxFolder
from sprat.settings import Settings
from sprat.types import ChatRequest, Message

HELLO = ChatRequest(messages=(Message("user", "Hello"),), max_tokens=8)


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port where nobody listens stands for the usual one, whatever this machine runs."""
    monkeypatch.setattr(find, "USUAL", "http://127.0.0.1:9/v1")


async def test_without_the_extra_a_service_that_runs_answers(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(catalogue, "find_spec", lambda _: None)
    with foundry_service("server", loaded={PHI}) as service:
        monkeypatch.setattr(find, "USUAL", service.url)
        engine = open_engine("foundry:phi-4-mini", settings)
        reply = await ask(engine, HELLO)
        await engine.aclose()
        assert reply.text == "Hello from Foundry."
        assert identity.identity("foundry:phi-4-mini", settings) == {
            "endpoint": service.url,
            "model": "phi-4-mini",
        }


def test_what_is_held_in_process_is_run_there_though_a_service_runs(
    tiny: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    catalogue.register(OnnxFolder(tiny, "tiny"), settings, "tiny")
    with foundry_service("server") as service:
        monkeypatch.setattr(find, "USUAL", service.url)
        assert isinstance(open_engine("foundry:tiny", settings), FoundryEngine)
        assert "foundry" in identity.identity("foundry:tiny", settings)
        assert service.asked == []


def test_a_service_is_asked_before_anything_is_downloaded(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    with foundry_service("server") as service:
        monkeypatch.setattr(find, "USUAL", service.url)
        engine = open_engine("foundry:phi-4-mini", settings)
    assert isinstance(engine, FoundryServiceEngine)
    assert not settings.foundry_dir.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="the command is a script with a #! line")
@pytest.mark.usefixtures("nowhere")
def test_a_service_at_another_port_is_found_though_its_command_takes_its_time(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    with foundry_service("server") as service:
        command = tmp_path / "foundry"
        told = f"import time; time.sleep(1.2); print('Web URLs {service.root}')"
        command.write_text(f"#!{sys.executable}\n{told}\n", "utf-8")
        command.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        engine = open_engine("foundry:phi-4-mini", settings)
    assert isinstance(engine, FoundryServiceEngine)
    assert not settings.foundry_dir.exists()


@pytest.mark.usefixtures("nowhere")
def test_with_neither_it_is_one_line_with_both_ways_out(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(catalogue, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"sprat\[foundry\].*FOUNDRY_LOCAL_ENDPOINT"):
        open_engine("foundry:tiny", settings)
