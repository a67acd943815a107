"""Models for the page: which there are, and that each is exported once, by whoever comes first."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from tests.page.tiny import tiny_gguf

from sprat.errors import UnknownModel
from sprat.models.export.web import RECIPE
from sprat.models.export.web.manifest import read_manifest
from sprat.models.web_ready import web_folder, web_models
from sprat.settings import ServeSettings, Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    gguf = tiny_gguf(tmp_path / "tiny.gguf")
    serve = ServeSettings(models={"tiny": str(gguf), "gone": str(tmp_path / "gone.gguf")})
    return Settings(home=str(tmp_path / "home"), serve=serve)


def test_the_small_model_and_the_one_for_vectors_are_always_there(settings):
    tasks = {model.name: model.task for model in web_models(settings)}
    assert tasks == {"smollm2-135m": "chat", "all-minilm-l6-v2": "embed", "tiny": "chat"}


def test_a_model_says_where_its_manifest_is(settings):
    assert {model.manifest for model in web_models(settings)} >= {
        "/api/web/models/tiny/manifest.json"
    }


def test_a_file_served_under_a_name_is_exported_for_the_page(settings):
    folder = web_folder("tiny", settings)
    assert read_manifest(folder).name == "tiny"
    assert folder.name.endswith(RECIPE)


def test_the_second_time_nothing_is_written(settings):
    first = web_folder("tiny", settings)
    times = {file: file.stat().st_mtime_ns for file in first.rglob("*")}
    assert web_folder("tiny", settings) == first
    assert times == {file: file.stat().st_mtime_ns for file in first.rglob("*")}


def test_a_folder_of_which_a_file_was_cut_is_made_again(settings):
    folder = web_folder("tiny", settings)
    cut = folder / read_manifest(folder).variants[0].model.name
    whole = cut.read_bytes()
    cut.write_bytes(whole[:100])
    assert web_folder("tiny", settings) == folder
    assert cut.read_bytes() == whole


def test_a_name_of_none_is_refused(settings):
    with pytest.raises(UnknownModel, match="'gone'"):
        web_folder("gone", settings)


CODE = """
import sys, msgspec
from sprat.models.web_ready import web_folder
from sprat.settings import Settings
print(web_folder("tiny", msgspec.json.decode(sys.argv[1], type=Settings)))
"""


def started(settings: Settings) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CODE, msgspec.json.encode(settings).decode()]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_several_processes_make_it_once(settings):
    processes = [started(settings) for _ in range(3)]
    folders = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert len(folders) == 1
    assert read_manifest(Path(folders.pop())).name == "tiny"


@pytest.mark.skipif(sys.platform == "win32", reason="needs kill -9")
def test_an_export_that_was_killed_is_made_again(settings):
    process = started(settings)
    deadline = time.monotonic() + 30
    while not list(settings.exports_dir.glob(".*.part/onnx/*")) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    folder = web_folder("tiny", settings)
    assert json.loads((folder / "manifest.json").read_bytes())["format"] == 1
    assert not list(settings.exports_dir.glob("*.part"))
