"""The one door: a name, and the engine behind it."""

import subprocess
import sys
from pathlib import Path

import pytest

from sprat.door import open_engine
from sprat.engines.openai import OpenAIEngine
from sprat.engines.scripted import ScriptedEngine
from sprat.errors import UnknownModel
from sprat.settings import Endpoint, Settings


def test_a_script_opens_the_scripted_engine(tmp_path: Path):
    file = tmp_path / "a.toml"
    file.write_text('[[rule]]\ntext = "hi"', encoding="utf-8")
    engine = open_engine(f"scripted:{file}", Settings())
    assert isinstance(engine, ScriptedEngine)
    assert engine.name == f"scripted:{file}"


def test_an_endpoint_opens_the_openai_engine():
    settings = Settings(endpoints={"there": Endpoint(url="http://127.0.0.1:9/v1")})
    engine = open_engine("there/some/model:4b", settings)
    assert isinstance(engine, OpenAIEngine)
    assert engine.name == "there/some/model:4b"
    assert engine.pids == ()


def test_an_unknown_name_is_said_with_the_nearest_one():
    with pytest.raises(UnknownModel, match="smollm2-135m"):
        open_engine("smolm2-135m", Settings())


def test_the_door_itself_loads_nothing_heavy():
    code = (
        "import sys, sprat.engines;"
        "print([m for m in ('aiohttp', 'numpy', 'onnx', 'psutil') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
