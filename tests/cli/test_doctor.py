"""`sprat doctor` names each fault with its fix."""

import asyncio
import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.serve.running import gateway, serving

from sprat.cli import checks, cli
from sprat.errors import UsageError
from sprat.settings import Endpoint, OnnxSettings, ServeSettings, Settings


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["doctor", *arguments])


def test_a_sound_machine_has_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOUNDRY_LOCAL_ENDPOINT", raising=False)
    result = run()
    assert result.exit_code == 0, result.output
    assert "0 faults." in result.output


def test_json_holds_every_check_that_is_printed() -> None:
    found = json.loads(run("--json", "-").stdout)
    assert found["schema"] == 1
    assert {"Python", "Memory", "Disk"} <= {check["name"] for check in found["checks"]}


@pytest.mark.parametrize("name", ["cpu", "CPU", "CPUExecutionProvider"])
def test_a_provider_may_be_written_as_the_engine_takes_it(name: str) -> None:
    (check,) = checks.check_providers(Settings(onnx=OnnxSettings(provider=name)))
    assert check.state == "ok"


def test_a_provider_that_is_not_installed_is_a_fault_with_a_fix() -> None:
    (check,) = checks.check_providers(Settings(onnx=OnnxSettings(provider="made-up")))
    assert check.state == "fault"
    assert "made-up" in check.found
    assert check.fix


def test_only_providers_that_the_engine_takes_are_named() -> None:
    (check,) = checks.check_providers(Settings(onnx=OnnxSettings(provider="azure")))
    assert check.state == "fault"  # the engine refuses it: it computes in a cloud
    assert "Azure" not in check.found


def test_an_endpoint_where_nothing_listens_is_a_fault() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        settings = Settings(endpoints={"here": Endpoint(url=f"http://127.0.0.1:{port}/v1")})
        (alive,) = checks.check_endpoints(settings)
    (dead,) = checks.check_endpoints(settings)
    assert (alive.state, dead.state) == ("ok", "fault")
    assert str(port) in dead.found


def test_a_fault_makes_the_exit_code_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOUNDRY_LOCAL_ENDPOINT", "http://127.0.0.1:9/v1")
    result = run()
    assert result.exit_code == 1
    assert "FAULT" in result.output


def test_little_memory_and_little_disk_are_worth_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    class Little:
        available = free = 1 << 29

    monkeypatch.setattr("psutil.virtual_memory", Little)
    monkeypatch.setattr("shutil.disk_usage", lambda _: Little)
    (memory,) = checks.check_memory(Settings())
    (disk,) = checks.check_disk(Settings())
    assert (memory.state, disk.state) == ("note", "note")
    assert memory.found.startswith("0.5 GiB")


def test_a_file_that_cannot_be_written_is_wrong_use_before_anything_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sprat.cli.doctor.check_all", lambda _: pytest.fail("checked first"))
    with pytest.raises(UsageError, match="no folder"):
        cli.main(["doctor", "--json", str(tmp_path / "missing" / "x")], standalone_mode=False)


def port_check(port: int) -> checks.Check:
    (check,) = checks.check_port(Settings(serve=ServeSettings(port=port)))
    return check


def test_a_free_port_is_said_to_be_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert (port_check(port).state, port_check(port).fix) == ("ok", None)
    assert "free" in port_check(port).found


def test_who_has_the_gateways_port_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOUNDRY_LOCAL_ENDPOINT", raising=False)
    monkeypatch.setattr("sprat.serve.port._PATIENCE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        check = port_check(port)
        monkeypatch.setenv("FOUNDRY_LOCAL_ENDPOINT", f"http://127.0.0.1:{port}/v1")
        expected = port_check(port)
    assert check.state == "note"
    assert f"127.0.0.1:{port} is taken by " in check.found
    assert f"--port {port + 1}" in (check.fix or "")
    assert expected.state == "ok"


async def test_a_gateway_of_ours_at_its_port_is_no_trouble(tmp_path: Path) -> None:
    async with gateway(serving(tmp_path)) as at:
        check = await asyncio.to_thread(port_check, int(at.url.rsplit(":", 1)[1]))
    assert check.state == "ok"
    assert "a Sprat gateway answers" in check.found
