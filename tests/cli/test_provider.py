"""`--provider`: the same on every command that runs local models, and above the settings."""

from pathlib import Path

import pytest
from tests.engines.tiny import build

from sprat.cli import main
from sprat.cli.provider import with_provider
from sprat.settings import OnnxSettings, Settings


@pytest.mark.parametrize(
    "command",
    [
        ["ask", "smollm2-135m", "Hello"],
        ["compare", "--prompt", "Hello"],
        ["serve", "--port", "0"],
    ],
)
def test_an_unknown_provider_is_wrong_use_before_anything_is_fetched(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main([*command, "--provider", "abacus"])
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert "There is no execution provider 'abacus'" in said
    assert len(said.strip().splitlines()) == 1


def test_the_option_beats_the_settings_and_leaves_the_rest() -> None:
    settings = Settings(onnx=OnnxSettings(provider="cuda", threads=3))
    assert with_provider(settings, "webgpu").onnx == OnnxSettings(provider="webgpu", threads=3)
    assert with_provider(settings, None) is settings


def test_ask_runs_on_the_one_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sprat.toml").write_text('[onnx]\nprovider = "abacus"\n', "utf-8")
    command = ["ask", str(build(tmp_path / "model")), "Hello", "--max-tokens", "3"]
    with pytest.raises(SystemExit) as stop:
        main(command)
    assert stop.value.code == 2
    assert "abacus" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        main([*command, "--provider", "CPU"])
    assert not stop.value.code
    assert "3 out" in capsys.readouterr().err
