"""What holds for the whole program."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sprat.cli import main
from sprat.errors import first_line
from sprat.settings import Settings

HEAVY = ("onnx", "onnxruntime", "onnxruntime_genai", "numpy", "aiohttp", "rich", "jinja2")


def python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


@pytest.mark.parametrize("start", ["import sprat", "from sprat.cli import main; main(['--help'])"])
def test_starting_loads_nothing_heavy(start: str) -> None:
    code = (
        "import sys, json\n"
        "try:\n"
        f"    {start}\n"
        "except SystemExit: pass\n"
        f"print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    )
    assert json.loads(python(code).splitlines()[-1]) == []


def test_neither_torch_nor_transformers_is_installed() -> None:
    code = (
        "from importlib.metadata import distributions\n"
        "print(sorted({d.name.lower() for d in distributions()} & {'torch', 'transformers'}))"
    )
    assert python(code).strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["comapre"], "Did you mean 'compare'?"),
        (["zzz"], "zzz"),
        (["ask", "no-such-model", "Hello"], "no-such-model"),
        (["--config", "/no/such/file.toml", "doctor"], "file.toml"),
        (["compare", "--margin", "2"], "margin"),
    ],
)
def test_wrong_use_is_one_clear_line_and_exit_code_two(arguments: list[str], says: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sprat", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_what_nobody_foresaw_is_one_line_too_and_a_traceback_only_with_debug(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise ZeroDivisionError("so it goes")

    monkeypatch.setattr("sprat.cli.doctor.check_all", break_down)
    with pytest.raises(SystemExit) as stop:
        main(["doctor"])
    assert stop.value.code == 1
    assert "ZeroDivisionError: so it goes" in capsys.readouterr().err
    with pytest.raises(ZeroDivisionError):
        main(["--debug", "doctor"])


@pytest.mark.real
def test_no_runtime_leaves_a_device_id_or_events_behind(
    tmp_path: Path, real_settings: Settings
) -> None:
    places = ("HOME", "USERPROFILE", "LOCALAPPDATA", "XDG_CACHE_HOME", "XDG_DATA_HOME")
    home = {name: str(tmp_path) for name in places}
    keep = {"SPRAT_HOME": str(real_settings.models_dir.parent)}
    for command in (["ask", "smollm2-135m", "Hi", "--max-tokens", "2"], ["doctor"]):
        done = subprocess.run(
            [sys.executable, "-m", "sprat", *command],
            env={**os.environ, **home, **keep},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
    assert list(tmp_path.rglob("*")) == []


def test_an_error_that_says_nothing_is_told_by_its_class_and_a_long_one_by_its_first_line() -> None:
    assert first_line(ValueError()) == "ValueError"
    assert first_line(ValueError("\n  one\ntwo"), 2) == "on"
