"""`sprat foundry status` and `models`, against the stand-in of the service."""

import json
import socket

import pytest
from click.testing import CliRunner, Result
from tests.foundry_service import PHI, QWEN, foundry_service

from sprat.cli import cli
from sprat.cli.foundry import models
from sprat.engines.foundry.service import command, examine


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["foundry", *arguments])


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch):
    return lambda url: monkeypatch.setenv("FOUNDRY_LOCAL_ENDPOINT", url)


@pytest.mark.parametrize("generation", ["server", "service"])
def test_status_tells_the_address_and_what_it_comes_from(generation: str, at):
    with foundry_service(generation, loaded={PHI}) as service:
        at(service.root)  # without /v1, as the service itself prints it
        result = run("status")
    assert result.exit_code == 0, result.output
    assert f"{service.url}, by FOUNDRY_LOCAL_ENDPOINT" in result.output
    assert service.cache_folder in result.output
    assert f"In memory  {PHI}" in result.output
    assert "a web page cannot ask" in result.output.lower()


def test_status_as_json_leaves_what_is_not_told_null(at):
    with foundry_service("server") as service:
        at(service.url)
        found = json.loads(run("status", "--json", "-").stdout)
    assert (found["kind"], found["pid"], found["in_memory"]) == ("server", 4711, [])
    assert found["on_disk"] is None  # the newer service does not say
    assert [trouble["kind"] for trouble in found["troubles"]] == ["cold", "pages"]


def test_a_service_that_cannot_be_used_is_exit_one_with_its_fix(at):
    with socket.create_server(("127.0.0.1", 0)) as server:
        at(f"http://127.0.0.1:{server.getsockname()[1]}/v1")
    result = run("status")
    assert result.exit_code == 1
    assert "FAULT" in result.output
    assert "→" in result.output
    assert run("models").exit_code == 1


def test_models_are_listed_with_their_state(at):
    with foundry_service("service", loaded={QWEN}) as service:
        at(service.url)
        result = run("models")
        found = json.loads(run("models", "--json", "-").stdout)
    lines = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert lines[QWEN].endswith("in memory")
    assert lines[PHI].endswith("on disk")
    assert lines[PHI].split()[1:4] == ["phi-4-mini", "CPU", "3.69"]
    assert [m["id"] for m in found["models"] if m["loaded"]] == [QWEN]
    assert found["registered"] == []


def test_models_in_process_are_enough_without_a_service(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(command.shutil, "which", lambda _: None)
    monkeypatch.setattr(models, "registered_models", lambda _: ["smollm2-135m"])
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setattr(examine, "USUAL", f"http://127.0.0.1:{port}/v1")
    result = run("models")
    assert result.exit_code == 0, result.output
    assert "foundry:smollm2-135m, registered in process" in result.stdout
    assert "FAULT" not in result.output
