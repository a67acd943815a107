"""`sprat models warm`: in the gateway that runs, at an endpoint's server, or here."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.foundry_service import PHI, foundry_service
from tests.serve.running import gateway, serving

from sprat.cli import cli
from sprat.cli.warm import _refused
from sprat.engines.glance import Glance


def run(*arguments: str, config: Path | None = None) -> Result:
    given = ["--config", str(config)] if config else []
    return CliRunner().invoke(cli, [*given, "models", "warm", *arguments])


def at_port(folder: Path, port: int) -> Path:
    file = folder / "warm.toml"
    file.write_text(f"[serve]\nport = {port}\n", "utf-8")
    return file


async def test_a_gateway_that_runs_loads_the_model_and_keeps_it(tmp_path: Path) -> None:
    async with gateway(serving(tmp_path)) as at:
        config = at_port(tmp_path, int(at.url.rsplit(":", 1)[1]))
        result = await asyncio.to_thread(run, "echo", "--json", "-", config=config)
        refused = await asyncio.to_thread(run, "nobody", config=config)
        states = {standing.name: standing.state for standing in at.gateway.standings}
    warmed = json.loads(result.stdout)
    assert (warmed["where"], warmed["kept"]) == (at.url, True)
    assert states["echo"] == "loaded"
    assert "There is no model 'nobody'" in str(refused.exception)


async def test_a_gateway_that_wants_a_key_gets_that_of_the_settings(tmp_path: Path) -> None:
    async with gateway(serving(tmp_path, key="a-key")) as at:
        config = at_port(tmp_path, int(at.url.rsplit(":", 1)[1]))
        refused = await asyncio.to_thread(run, "echo", config=config)
        config.write_text(f'{config.read_text("utf-8")}key = "a-key"\n', "utf-8")
        result = await asyncio.to_thread(run, "echo", config=config)
    assert "did not load echo: This gateway asks for a key" in str(refused.exception)
    assert result.exit_code == 0, result.output


async def test_a_model_behind_the_gateway_is_loaded_at_its_service_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with foundry_service("server") as service:
        monkeypatch.setenv("FOUNDRY_LOCAL_ENDPOINT", service.url)
        async with gateway(serving(tmp_path, endpoints={"foundry": service.url})) as at:
            config = at_port(tmp_path, int(at.url.rsplit(":", 1)[1]))
            result = await asyncio.to_thread(
                run, "foundry:phi-4-mini", "--json", "-", config=config
            )
        assert service.loaded == {PHI}
    warmed = json.loads(result.stdout)
    assert (warmed["where"], warmed["kept"]) == ("its server", True)
    assert warmed["load_s"] is not None


async def test_what_the_gateway_has_no_name_for_is_measured_here(tmp_path: Path) -> None:
    async with gateway(serving(tmp_path)) as at:
        config = at_port(tmp_path, int(at.url.rsplit(":", 1)[1]))
        script = f"scripted:{tmp_path / 'echo.toml'}"
        result = await asyncio.to_thread(run, script, "--json", "-", config=config)
    warmed = json.loads(result.stdout)
    assert (warmed["where"], warmed["kept"]) == ("this machine", False)


def test_a_gateway_that_goes_away_is_told_without_a_status_that_it_never_gave() -> None:
    told = str(_refused("echo", "http://[::1]:5273", Glance(why="Connection refused")))
    assert "did not load echo: Connection refused." in told
    assert "None" not in told


def test_a_model_of_a_service_is_loaded_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with foundry_service("server") as service:
        monkeypatch.setenv("FOUNDRY_LOCAL_ENDPOINT", service.url)
        result = run("foundry:phi-4-mini", config=at_port(tmp_path, 1))
        assert service.loaded == {PHI}
    assert result.exit_code == 0, result.output
    assert "loaded in" in result.stdout
    assert "kept in memory by its server" in result.stdout


@pytest.mark.real
def test_without_anybody_to_keep_it_the_cold_load_is_measured(tmp_path: Path) -> None:
    result = run("smollm2-135m", config=at_port(tmp_path, 1))
    assert result.exit_code == 0, result.output
    assert "on cpu" in result.stdout
    assert "out of memory again" in result.stdout
