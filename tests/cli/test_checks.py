"""Each look of `sprat doctor`, on what it is there to see."""

import asyncio
import json
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from threading import Thread

import pytest
from tests.cli.test_doctor import closed_port, model_on_disk
from tests.engines.tiny import build
from tests.foundry_service import PHI, foundry_service
from tests.serve.running import gateway, serving

from sprat.cli.checks import network, software
from sprat.cli.checks import providers as looking
from sprat.cli.checks.endpoints import check_endpoint
from sprat.cli.checks.every import PATIENCE_S
from sprat.cli.checks.finding import Check
from sprat.cli.checks.foundry import check_foundry
from sprat.cli.checks.gateway import check_gateway, check_port
from sprat.cli.checks.machine import check_disk, check_gpu, check_memory
from sprat.cli.checks.models import check_exports, check_models, check_weights
from sprat.cli.checks.network import check_network
from sprat.cli.checks.providers import check_providers
from sprat.cli.checks.software import check_environment, check_extras, extras
from sprat.engines.onnx import choice
from sprat.engines.onnx.report import Report
from sprat.settings import Endpoint, OnnxSettings, ServeSettings, Settings


@contextmanager
def server(answers: dict[str, tuple[int, object]], key: str | None = None) -> Iterator[str]:
    """Something at an address that answers each path with a status and JSON; `/v1` is not added."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            status, said = answers.get(self.path, (404, "no such page"))
            if key and self.headers.get("Authorization") != f"Bearer {key}":
                status, said = 401, {"error": "a key is wanted"}
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", "http://elsewhere/v1")
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = Thread(target=listening.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.server_port}"
        finally:
            listening.shutdown()
            thread.join()


LISTED = {"/v1/models": (200, {"data": [{"id": "tiny"}, {"id": "small"}]})}


def endpoint_check(url: str, settings: Settings | None = None, **fields: str) -> Check:
    base = settings or Settings()
    endpoints = {"there": Endpoint(url=url, **fields)}
    own = Settings(small=base.small, large=base.large, endpoints=endpoints)
    (check,) = check_endpoint(own, name="there")
    return check


def providers(provider: str) -> dict[str, Check]:
    checks = check_providers(Settings(onnx=OnnxSettings(provider=provider)))
    return {check.name: check for check in checks}


@pytest.mark.parametrize("name", ["cpu", "CPU", "CPUExecutionProvider", "auto"])
def test_a_provider_may_be_written_as_the_engine_takes_it(name: str) -> None:
    assert providers(name)["Execution providers"].state == "ok"


@pytest.mark.parametrize(("name", "fix"), [("made-up", "Use one of"), ("tensorrt", "")])
def test_a_provider_that_is_not_installed_is_a_fault_with_a_fix(name: str, fix: str) -> None:
    check = providers(name)["Execution providers"]
    assert check.state == "fault"
    assert name in check.found
    assert check.fix
    assert fix in check.fix


def test_only_providers_that_the_engine_takes_are_named() -> None:
    check = providers("azure")["Execution providers"]
    assert check.state == "fault"  # the engine refuses it: it computes in a cloud
    assert "azure" not in check.found.partition(";")[0]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "exit status -11"),
        ("raise OSError('libvulkan.so.1 is missing')", "libvulkan.so.1 is missing"),
        ("import time; time.sleep(60)", "did not start within"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="no signals there")
def test_a_provider_that_crashes_fails_or_hangs_does_not_take_the_doctor_with_it(
    code: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "onnxruntime_qnn"
    package.mkdir()
    (package / "__init__.py").write_text(f"def get_library_path():\n    {code}\n", "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(looking, "LOOK_S", 60.0)
    if "sleep" in code:
        monkeypatch.setattr(looking, "start", lambda name, _: choice.start(name, 1.0))
    found = providers("cpu")["Provider qnn"]
    asked = providers("QNNExecutionProvider")["Provider qnn"]
    assert says in found.found
    assert found.fix
    assert (found.state, asked.state) == ("note", "fault")


def test_plug_ins_that_hang_share_one_deadline_and_what_was_seen_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("onnxruntime_qnn", "onnxruntime_ep_openvino"):
        package = tmp_path / name
        package.mkdir()
        sleeping = "def get_library_path():\n    import time; time.sleep(60)\n"
        (package / "__init__.py").write_text(sleeping, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert looking.LOOK_S < PATIENCE_S
    limits: list[float] = []

    def start(name: str, within_s: float) -> Report:
        limits.append(within_s)
        return choice.start(name, 1.0)

    monkeypatch.setattr(looking, "LOOK_S", 60.0)
    monkeypatch.setattr(looking, "start", start)
    seen = providers("cpu")
    assert {"Execution providers", "Provider qnn", "Provider openvino"} <= set(seen)
    assert len(set(limits)) == 1
    assert limits[0] < 60.0


def test_a_runtime_that_is_not_loaded_in_time_is_said_and_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(looking, "LOOK_S", 0.01)
    check = providers("cpu")["Execution providers"]
    assert check.state == "note"
    assert "not loaded within" in check.found


def test_the_extras_are_those_of_the_packages_own_metadata() -> None:
    assert extras()["webgpu"] == ["onnxruntime-ep-webgpu"]
    assert set(extras()) >= {"foundry", "webgpu", "nvidia", "otel", "notebook"}
    assert {check.name for check in check_extras(Settings())} == {f"Extra {e}" for e in extras()}


def test_an_extra_that_is_not_installed_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    real = software.distribution

    def without_webgpu(package: str) -> object:
        if package == "onnxruntime-ep-webgpu":
            raise PackageNotFoundError(package)
        return real(package)

    monkeypatch.setattr(software, "distribution", without_webgpu)
    found = {check.name: check for check in check_extras(Settings())}["Extra webgpu"]
    assert (found.state, found.found) == ("note", "onnxruntime-ep-webgpu is not installed")
    assert found.fix == "pip install 'sprat[webgpu]'"


def test_another_environment_that_the_shell_has_switched_on_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    assert list(check_environment(Settings())) == []
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    (check,) = check_environment(Settings())
    assert (check.state, str(tmp_path) in check.found) == ("note", True)
    assert "activate" in (check.fix or "")


def test_an_endpoint_that_answers_says_how_many_models_it_has() -> None:
    with server(LISTED) as root:
        check = endpoint_check(f"{root}/v1")
    assert (check.state, check.found) == ("ok", f"{root}/v1 answers, 2 models")


def test_an_endpoint_where_nothing_listens_is_a_fault() -> None:
    port = closed_port()
    check = endpoint_check(f"http://127.0.0.1:{port}/v1")
    assert check.state == "fault"
    assert str(port) in check.found


def test_an_endpoint_without_v1_is_told_the_address_that_works() -> None:
    with server(LISTED) as root:
        check = endpoint_check(root)
    assert (check.state, check.fix) == ("fault", f'Set [endpoints.there] url = "{root}/v1"')


def test_a_key_that_is_missing_wrong_or_not_set_is_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("THERE_KEY", raising=False)
    with server(LISTED, key="right") as root:
        missing = endpoint_check(f"{root}/v1")
        wrong = endpoint_check(f"{root}/v1", key="sk-not-it")
        unset = endpoint_check(f"{root}/v1", key_env="THERE_KEY")
        monkeypatch.setenv("THERE_KEY", "right")
        right = endpoint_check(f"{root}/v1", key_env="THERE_KEY")
    assert "wants a key" in missing.found
    assert "does not take the key" in wrong.found
    assert "THERE_KEY, which is not set" in unset.found
    assert right.state == "ok"
    assert "sk-not-it" not in f"{wrong.found} {wrong.fix}"


def test_a_model_that_an_endpoint_does_not_have_is_a_fault_with_what_it_has() -> None:
    with server(LISTED) as root:
        check = endpoint_check(f"{root}/v1", Settings(small="there/tinny"))
    assert check.state == "fault"
    assert check.fix == "It offers: there/tiny"


@pytest.mark.parametrize(
    ("answers", "state", "says"),
    [
        ({"/v1/models": (200, {"data": []})}, "note", "has no model"),
        ({"/v1/models": (302, {})}, "fault", "sends elsewhere"),
        ({"/v1/models": (503, {})}, "note", "is busy"),
        ({"/v1/models": (200, "<html>")}, "note", "lists no models"),
    ],
)
def test_what_answers_and_is_no_ready_server_is_told(
    answers: dict[str, tuple[int, object]], state: str, says: str
) -> None:
    with server(answers) as root:
        check = endpoint_check(f"{root}/v1")
    assert (check.state, says in check.found) == (state, True), check.found


def test_little_memory_and_little_disk_are_worth_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    class Little:
        available = free = 1 << 29

    monkeypatch.setattr("psutil.virtual_memory", Little)
    monkeypatch.setattr("shutil.disk_usage", lambda _: Little)
    (memory,) = check_memory(Settings())
    (disk,) = check_disk(Settings())
    assert (memory.state, disk.state) == ("note", "note")
    assert memory.found.startswith("0.5 GiB")


@pytest.mark.skipif(sys.platform == "win32", reason="the command is a script with a #! line")
@pytest.mark.parametrize(
    ("script", "state", "says"),
    [
        ("print('NVIDIA T4, 15360 MiB, 550.54')", "ok", "NVIDIA T4"),
        ("import sys; print('No devices were found'); sys.exit(6)", "note", "No devices"),
    ],
)
def test_a_gpu_is_what_its_own_tool_says(
    script: str, state: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!{sys.executable}\n{script}\n", "utf-8")
    tool.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda _: str(tool))
    (check,) = check_gpu(Settings())
    assert (check.state, says in check.found) == (state, True)


def test_models_of_the_settings_are_on_disk_to_pull_or_unknown(tmp_path: Path) -> None:
    model_on_disk(tmp_path)
    settings = Settings(home=str(tmp_path), large="no-such-model")
    small, large = check_models(settings)
    assert (small.state, large.state) == ("ok", "fault")
    (_, absent) = check_models(Settings(home=str(tmp_path)))
    assert (absent.state, absent.fix) == ("note", "sprat models pull qwen2.5-coder-0.5b")


def test_weights_that_are_cut_off_are_a_fault_that_a_pull_repairs(tmp_path: Path) -> None:
    weights = model_on_disk(tmp_path)
    weights.write_bytes(weights.read_bytes()[:100])
    (check,) = check_weights(Settings(home=str(tmp_path)))
    assert (check.state, check.fix) == ("fault", "sprat models pull smollm2-135m")
    assert "has 100 bytes, not 260" in check.found


def test_half_a_download_is_a_note_that_says_how_to_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "smollm2-135m"
    folder.mkdir(parents=True)
    (folder / "weights.registry.partial").write_bytes(bytes(5000))
    (check,) = check_weights(Settings(home=str(tmp_path)))
    assert (check.state, check.fix) == ("note", "sprat models pull smollm2-135m")
    assert "5.0 kB" in check.found


def test_an_export_that_lost_a_part_is_a_fault(tmp_path: Path) -> None:
    folder = build(tmp_path / "exports" / "tiny-1")
    settings = Settings(home=str(tmp_path))
    (sound,) = check_exports(settings)
    assert (sound.name, sound.state) == ("Exports", "ok")
    for file in sorted(folder.glob("*.onnx*")):
        whole = file.read_bytes()
        file.write_bytes(whole[: len(whole) // 2])
        damaged, _ = check_exports(settings)
        assert damaged.state == "fault", file.name
        assert str(folder) in (damaged.fix or "")
        file.write_bytes(whole)


def test_a_registry_out_of_reach_matters_only_while_something_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sprat.models.pip_config.config_files", lambda _: [])
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{closed_port()}/simple")
    settings = Settings(home=str(tmp_path))
    (lacking,) = check_network(settings)
    for name in (settings.small, settings.large):
        model_on_disk(tmp_path, name)
    (complete,) = check_network(settings)
    assert (lacking.state, complete.state) == ("fault", "note")
    with server({"/simple/pip/": (200, {})}) as root:
        monkeypatch.setenv("PIP_INDEX_URL", f"{root}/simple")
        (there,) = check_network(Settings(home=str(tmp_path / "empty")))
    assert there.state == "ok"


def test_a_registry_that_is_silent_is_out_of_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sprat.models.pip_config.config_files", lambda _: [])
    monkeypatch.setattr(network, "ALL_S", 0.4)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        monkeypatch.setenv("PIP_INDEX_URL", url)
        (check,) = check_network(Settings(home=str(tmp_path)))
    assert check.state == "fault"
    assert "cannot be reached" in check.found


def test_foundry_local_is_no_fault_where_nobody_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from sprat.engines.foundry import catalogue
    from sprat.engines.foundry.service import command, examine

    monkeypatch.setattr(command.shutil, "which", lambda _: None)
    monkeypatch.setattr(examine, "USUAL", f"http://127.0.0.1:{closed_port()}/v1")
    (nobody,) = check_foundry(Settings())
    assert nobody.state == "ok"
    for name in ("foundry:phi-4-mini", "gpt-oss-20b"):  # the catalogue has the second from there
        monkeypatch.setattr(catalogue, "installed", lambda: True)
        (in_process,) = check_foundry(Settings(large=name))
        monkeypatch.setattr(catalogue, "installed", lambda: False)
        (nowhere,) = check_foundry(Settings(large=name))
        assert (in_process.state, nowhere.state) == ("note", "fault")
        assert f"{name} cannot run" in nowhere.found
        assert "sprat[foundry]" in (nowhere.fix or "")


def test_foundry_local_where_it_is_set_is_looked_at() -> None:
    with foundry_service("server", loaded={PHI}) as service:
        found = list(check_foundry(Settings(endpoints={"foundry": Endpoint(url=service.url)})))
    gone = list(check_foundry(Settings(endpoints={"foundry": Endpoint(url=service.url)})))
    assert [check.state for check in found] == ["ok"]
    assert [check.state for check in gone] == ["fault"]


def port_check(port: int) -> Check:
    (check,) = check_port(Settings(serve=ServeSettings(port=port)))
    return check


def test_a_free_port_is_said_to_be_free() -> None:
    port = closed_port()
    assert (port_check(port).state, port_check(port).fix) == ("ok", None)
    assert "free" in port_check(port).found


def test_who_has_the_gateways_port_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOUNDRY_LOCAL_ENDPOINT", raising=False)
    monkeypatch.setattr("sprat.serve.port._PATIENCE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        check = port_check(port)
        monkeypatch.setenv("FOUNDRY_LOCAL_ENDPOINT", f"http://127.0.0.1:{port}/v1")
        expected = port_check(port)
    assert check.state == "note"
    assert f"127.0.0.1:{port} is taken by " in check.found
    assert f"--port {port + 1}" in (check.fix or "")
    assert expected.state == "ok"


@pytest.mark.parametrize("generation", ["server", "service"])
def test_foundry_local_at_the_gateways_port_is_named(
    generation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FOUNDRY_LOCAL_ENDPOINT", raising=False)
    with foundry_service(generation) as service:
        check = port_check(service.port)
    assert "taken by Foundry Local's service" in check.found
    assert f"FOUNDRY_LOCAL_ENDPOINT={service.url}" in (check.fix or "")


async def test_a_gateway_of_ours_at_its_port_is_no_trouble(tmp_path: Path) -> None:
    async with gateway(serving(tmp_path)) as at:
        check = await asyncio.to_thread(port_check, int(at.url.rsplit(":", 1)[1]))
    assert check.state == "ok"
    assert "a Sprat gateway answers" in check.found


async def test_a_page_that_the_running_gateway_refuses_is_a_fault(tmp_path: Path) -> None:
    page = "http://localhost:3000"
    async with gateway(serving(tmp_path, origins=(page,))) as at:
        port = int(at.url.rsplit(":", 1)[1])

        async def looked(*origins: str) -> dict[str, Check]:
            settings = Settings(serve=ServeSettings(port=port, origins=origins))
            found = await asyncio.to_thread(lambda: list(check_gateway(settings)))
            return {check.name: check for check in found}

        allowed, refused = await looked(page), await looked("http://localhost:9999")
    assert allowed["Pages"].state == "ok"
    assert refused["Pages"].state == "fault"
    assert "CORS" in refused["Pages"].found
    assert "--origin http://localhost:9999" in (refused["Pages"].fix or "")
    assert allowed["In memory"].state == "note"
    assert "sprat models warm" in (allowed["In memory"].fix or "")
