"""Which provider computes: the table, what is missing, what is tried, what is told."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime as ort
import psutil
import pytest
from scipy.special import softmax
from scipy.stats import entropy
from tests.engines.tiny import build

from sprat.door.identity import identity
from sprat.engines.onnx import OnnxEngine, choice
from sprat.engines.onnx.canary import Agreement, sing
from sprat.engines.onnx.choice import settle
from sprat.engines.onnx.decoder import Decoder
from sprat.engines.onnx.device_cache import DeviceCache
from sprat.engines.onnx.folder import read_folder
from sprat.engines.onnx.graph import edited
from sprat.engines.onnx.providers import (
    AUTO,
    PROVIDERS,
    SOFTWARE_VARIABLE,
    checked,
    named,
    names,
    refuse_missing,
)
from sprat.engines.onnx.report import END_S
from sprat.engines.onnx.session import find_device, installed
from sprat.errors import EngineDied, EngineError, UnsupportedRequest
from sprat.settings import OnnxSettings, Settings
from sprat.types import ChatRequest, Message

PROMPT = list(range(3, 80))


def wanting(settings: Settings, provider: str) -> Settings:
    onnx = OnnxSettings(provider=provider, threads=1)
    return Settings(home=settings.home, onnx=onnx)


class Heard:
    """A progress that keeps the remarks."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        self.lines.append(stage)


# The table


def test_every_provider_is_one_that_onnx_runtime_knows_by_that_name():
    known = {*ort.get_all_providers(), "NvTensorRTRTXExecutionProvider"}
    assert {provider.runtime for provider in PROVIDERS} <= known


@pytest.mark.parametrize("text", ["webgpu", "WebGPU", " WebGpuExecutionProvider "])
def test_a_provider_may_be_written_as_users_or_as_onnx_runtime_write_it(text: str):
    assert checked(text) == "webgpu"


def test_directml_has_its_short_name_too_and_auto_is_no_provider():
    assert checked("DML") == "directml"
    assert checked("Auto") == AUTO
    with pytest.raises(UnsupportedRequest, match=r"'auto'"):
        named("auto")


def test_an_unknown_one_names_all_there_are():
    with pytest.raises(UnsupportedRequest, match="abacus") as caught:
        checked("abacus")
    assert all(name in str(caught.value) for name in names())


def test_what_another_system_has_is_said_to_be_of_another_system():
    assert "does not exist for linux" in str(refuse_missing(named("directml"), "linux"))
    assert "pip install onnxruntime-qnn" in str(refuse_missing(named("qnn"), "win32"))


def test_no_fix_names_what_this_system_cannot_have():
    assert "coreml" not in str(refuse_missing(named("directml"), "linux"))


def test_what_is_not_installed_says_what_to_type(tiny: Path, settings: Settings):
    missing = next(p for p in PROVIDERS if p not in installed() and "linux" in p.systems)
    with pytest.raises(UnsupportedRequest, match=r"not installed|does not exist") as caught:
        settle(tiny, wanting(settings, missing.name))
    assert missing.name in str(caught.value)


async def test_the_worker_refuses_it_in_the_same_words(tiny: Path):
    missing = next(p for p in PROVIDERS if p not in installed())
    with pytest.raises(UnsupportedRequest) as caught:
        await OnnxEngine("x", tiny, provider=missing.name).warm()
    assert str(caught.value) == str(refuse_missing(missing))


def test_the_processor_needs_no_trial(tiny: Path, settings: Settings):
    heard = Heard()
    assert settle(tiny, wanting(settings, "CPUExecutionProvider"), heard) == "cpu"
    assert heard.lines == []
    assert not settings.trials_dir.exists()


async def test_loading_says_how_many_operators_the_provider_computes(local: OnnxEngine):
    load = await local.warm()
    graph = onnx.load(local._folder / "model.onnx", load_external_data=False).graph
    assert load.nodes is not None
    assert list(load.nodes) == ["cpu"]
    assert load.nodes["cpu"] >= len(graph.node) - 2  # fused, and what was added as it was loaded


def test_a_study_records_the_provider_by_its_one_name(tiny: Path, settings: Settings):
    wanted = wanting(settings, "CPUExecutionProvider")
    assert identity(str(tiny), wanted)["provider"] == "cpu"


@pytest.mark.parametrize(("name", "loaded"), [("cuda", 1), ("tensorrt", 1), ("cpu", 0)])
def test_nvidia_s_libraries_are_loaded_from_their_packages_first(
    name: str, loaded: int, monkeypatch: pytest.MonkeyPatch
):
    calls: list[int] = []
    runtimes = [provider.runtime for provider in PROVIDERS if provider.plugin is None]
    monkeypatch.setattr(ort, "get_available_providers", lambda: runtimes)
    monkeypatch.setattr(ort, "get_ep_devices", list)
    monkeypatch.setattr(ort, "preload_dlls", lambda: calls.append(1))
    find_device(named(name))
    assert len(calls) == loaded


class Card:
    """A session whose card has room for so many tensors; they lie in the machine's memory."""

    def __init__(self, room: int) -> None:
        self.room = room

    def create_ortvalue_from_shape_and_type(self, shape, kind, *_: object) -> ort.OrtValue:
        if not self.room:
            raise MemoryError("the card is full")
        self.room -= 1
        return ort.OrtValue.ortvalue_from_numpy(np.zeros(shape, kind))


def test_a_card_that_is_full_as_its_memory_grows_grows_it_at_the_next_try(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
):
    def copy(sources: list[ort.OrtValue], targets: list[ort.OrtValue]) -> None:
        for source, target in zip(sources, targets, strict=True):
            target.update_inplace(source.numpy())

    monkeypatch.setattr(ort, "copy_tensors", copy)  # the real one knows cards only
    folder = read_folder(tiny)
    each = 2 * folder.layers
    card = Card(room=2 * each)
    place = SimpleNamespace(device_id=0, device_vendor_id=0)
    memory = DeviceCache(card, place, folder, np.dtype(np.float32))
    memory.reserve(rows=2, tokens=1, used=0)
    first = memory.tokens
    value = memory._values[0][0]
    marked = value.numpy().copy()
    marked[:, :, 0] = 7
    value.update_inplace(marked)
    card.room = each + 1  # the second row does not fit
    with pytest.raises(MemoryError):
        memory.reserve(rows=2, tokens=first + 1, used=2)
    card.room = 2 * each
    memory.reserve(rows=2, tokens=first + 1, used=2)
    shapes = {tuple(value.shape()) for values in memory._values for value in values}
    assert shapes == {(1, folder.kv_heads, memory.tokens, folder.head_size)}
    assert memory.tokens > first
    assert (memory._values[0][0].numpy()[:, :, 0] == 7).all()


# What is not there, what crashes, what hangs: told in one line, and the parent lives on


def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """No Vulkan driver in any process started from now on, whatever this machine has."""
    monkeypatch.setenv(SOFTWARE_VARIABLE, "1")
    for name in ("VK_ICD_FILENAMES", "VK_DRIVER_FILES"):
        monkeypatch.setenv(name, "/no/such/driver.json")


on_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere WebGPU does not go through Vulkan"
)


@on_linux
def test_webgpu_without_an_adapter_is_refused_with_what_is_missing(
    tiny: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    blind(monkeypatch)
    with pytest.raises(EngineError, match=r"webgpu: .*adapter.* needs a graphics card") as caught:
        settle(tiny, wanting(settings, "webgpu"))
    assert "\n" not in str(caught.value)


@on_linux
async def test_the_worker_refuses_it_too_when_nobody_tried_it_before(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
):
    blind(monkeypatch)
    with pytest.raises(EngineError, match="--provider cpu"):
        await OnnxEngine("x", tiny, provider="webgpu").warm()


@on_linux
def test_auto_takes_the_processor_where_nothing_else_works_and_says_why(
    tiny: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    blind(monkeypatch)
    heard = Heard()
    assert settle(tiny, wanting(settings, "auto"), heard) == "cpu"
    told = [line for line in heard.lines if not line.startswith("Trying")]  # said where it is slow
    assert [line.split(":")[:2] for line in told] == [["auto", " webgpu is not used"]]


@pytest.fixture
def plugged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Makes a plug-in package for `qnn` whose library is found by this code."""

    def plug(code: str) -> str:
        package = tmp_path / "packages" / "onnxruntime_qnn"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(f"def get_library_path():\n    {code}\n", "utf-8")
        monkeypatch.setenv("PYTHONPATH", str(package.parent))
        return "qnn"

    return plug


CRASH = "import os; os.abort()"


def test_a_provider_that_crashes_is_named_and_nothing_else_dies(
    tiny: Path, settings: Settings, plugged
):
    with pytest.raises(EngineDied, match=r"qnn ended the process that tried it \(exit status"):
        settle(tiny, wanting(settings, plugged(CRASH)))


async def test_a_worker_that_dies_as_it_loads_names_the_provider(tiny: Path, plugged):
    engine = OnnxEngine("x", tiny, provider=plugged(CRASH))
    with pytest.raises(
        EngineDied, match=r"provider qnn may be at fault: .* ended .*--provider cpu"
    ):
        await engine.warm()


def test_auto_goes_on_to_the_next_after_a_crash(
    tiny: Path, settings: Settings, plugged, monkeypatch: pytest.MonkeyPatch
):
    blind(monkeypatch)
    plugged(CRASH)
    heard = Heard()
    assert settle(tiny, wanting(settings, "auto"), heard) == "cpu"
    told = [line for line in heard.lines if not line.startswith("Trying")]  # said where it is slow
    assert told[0].startswith("auto: qnn is not used: ")
    assert "exit status" in told[0]


def test_a_library_that_is_none_is_a_line(tiny: Path, settings: Settings, plugged):
    provider = plugged(f"return {str(tiny / 'genai_config.json')!r}")
    with pytest.raises(EngineError, match="The library of the execution provider qnn") as caught:
        settle(tiny, wanting(settings, provider))
    assert "\n" not in str(caught.value)


def test_one_that_hangs_is_given_up_and_said_to_be_slow(
    tiny: Path, settings: Settings, plugged, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sprat.engines.onnx.choice.SILENT_S", 0.2)
    monkeypatch.setattr("sprat.engines.onnx.choice.LIMIT_S", 1.0)
    heard = Heard()
    assert settle(tiny, wanting(settings, plugged("import time; time.sleep(99)")), heard) == "qnn"
    assert "Trying qnn" in heard.lines[0]
    assert "did not finish" in heard.lines[1]


def test_one_that_hangs_or_crashes_is_not_tried_again_until_its_report_is_deleted(
    tiny: Path, settings: Settings, plugged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    tries = tmp_path / "tries"
    count = f"open({str(tries)!r}, 'a').write('x')"
    wanted = wanting(settings, plugged(f"{count}; import os; os.abort()"))
    for said in ("ended the process", "remembered: to try it again, delete", "remembered"):
        with pytest.raises(EngineDied, match=said):
            settle(tiny, wanted)
    assert tries.read_text() == "x"
    (report,) = settings.trials_dir.iterdir()
    report.unlink()

    package = tmp_path / "packages" / "onnxruntime_qnn" / "__init__.py"
    code = f"def get_library_path():\n    {count}; import time; time.sleep(99)\n"
    package.write_text(code, "utf-8")
    monkeypatch.setattr("sprat.engines.onnx.choice.SILENT_S", 3.0)
    monkeypatch.setattr("sprat.engines.onnx.choice.LIMIT_S", 0.2)
    assert settle(tiny, wanted) == "qnn"
    assert identity(str(tiny), wanted)["provider"] == "qnn"
    assert tries.read_text() == "xx"


@pytest.mark.skipif(sys.platform == "win32", reason="no signals there")
@pytest.mark.parametrize("signal", ["SIGTERM", "SIGKILL"])
def test_a_trial_that_somebody_ended_says_nothing_of_the_provider(
    tiny: Path, settings: Settings, plugged, signal: str
):
    wanted = wanting(settings, plugged(f"import os, signal; os.kill(os.getpid(), signal.{signal})"))
    with pytest.raises(EngineDied):
        settle(tiny, wanted)
    assert not settings.trials_dir.exists()


def test_what_was_settled_as_a_model_was_opened_is_not_tried_again_for_its_study(
    tiny: Path, settings: Settings, plugged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    blind(monkeypatch)
    tries = tmp_path / "tries"
    plugged(f"open({str(tries)!r}, 'a').write('x'); raise OSError('no such card')")
    wanted = wanting(settings, "auto")
    assert settle(tiny, wanted) == "cpu"
    assert identity(str(tiny), wanted)["provider"] == "cpu"
    assert tries.read_text() == "x"


def test_a_trial_ends_itself_only_after_it_would_have_been_called_slow():
    assert END_S > choice.SILENT_S + choice.LIMIT_S


def test_a_trial_ends_with_whoever_started_it(
    tiny: Path, settings: Settings, plugged, tmp_path: Path
):
    began = tmp_path / "began"
    say = f"import os, time; open({str(began)!r}, 'w').write(str(os.getpid())); time.sleep(99)"
    plugged(say)
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from sprat.engines.onnx.choice import try_on\n"
        "from sprat.settings import Settings\n"
        "try_on(Path(sys.argv[1]), 'qnn', Settings(home=sys.argv[2]))\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, tiny, str(settings.home)]) as parent:
        try:
            soon(lambda: began.exists() and began.read_text() != "")
        finally:
            parent.kill()
    trial = int(began.read_text())
    soon(lambda: ended(trial))


def ended(pid: int) -> bool:
    try:  # where nobody asks what became of an orphan, its entry stays
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def soon(what: Callable[[], bool]) -> None:
    """Wait until it is so; fail when it never is."""
    for _ in range(600):
        if what():
            return
        time.sleep(0.05)
    raise AssertionError("it never was so")


# The canary


def test_the_divergence_is_scipy_s():
    random = np.random.default_rng(1)
    right, found = random.normal(0, 3, (2, 5, 40)).astype(np.float32)
    expected = np.mean([entropy(softmax(a), softmax(b)) for a, b in zip(right, found, strict=True)])
    assert Agreement(right, found).kl == pytest.approx(expected, rel=1e-5)


def test_the_same_logits_agree_and_a_near_tie_is_no_difference():
    right = np.array([[5.0, 4.9999, -3.0], [0.0, 9.0, 1.0]], np.float32)
    found = right.copy()
    found[0, :2] = found[0, 1::-1]
    assert Agreement(right, right).holds
    agreement = Agreement(right, found)
    assert agreement.same_tokens == 1
    assert agreement.holds


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_what_is_no_number_does_not_agree(broken: float):
    right = np.zeros((2, 4), np.float32)
    found = right.copy()
    found[1, 2] = broken
    with np.errstate(invalid="ignore"):
        assert not Agreement(right, found).holds


def test_another_word_does_not_agree_however_alike_the_rest_is():
    right = np.array([[3.0, 2.0, 0.0]] * 50_000, np.float32)
    found = right.copy()
    found[7] = [2.0, 3.0, 0.0]
    agreement = Agreement(right, found)
    assert agreement.kl < 1e-4
    assert not agreement.holds


def test_two_runs_of_one_model_agree_and_other_weights_do_not(tiny: Path, tmp_path: Path):
    right = sing(Decoder(read_folder(tiny), "cpu", 1, exact=True), PROMPT)
    again = sing(Decoder(read_folder(tiny), "cpu", 1, exact=True), PROMPT, right.tokens)
    other = read_folder(build(tmp_path / "other", seed=8))
    wrong = sing(Decoder(other, "cpu", 1, exact=True), PROMPT, right.tokens)
    assert Agreement(right.logits, again.logits).holds
    assert not Agreement(right.logits, wrong.logits).holds


def test_a_song_is_every_place_of_the_prompt_and_every_token_after_it(tiny: Path):
    decoder = Decoder(read_folder(tiny), "cpu", 1)
    decoder.most_tokens = 31
    song = sing(decoder, PROMPT)
    assert len(song.logits) == len(PROMPT) + len(song.tokens)
    at = len(PROMPT) - 1
    assert song.logits[at:-1].argmax(axis=-1).tolist() == song.tokens


def test_other_providers_multiply_in_floats_and_get_no_unused_query(tmp_path: Path):
    folder = read_folder(build(tmp_path / "four", bits=4))
    graph = onnx.load_from_string(edited(folder, pads=False, exact=True).graph).graph
    levels = {a.i for node in graph.node for a in node.attribute if a.name == "accuracy_level"}
    assert levels == {0}
    assert not any("sprat_pad" in i.name for i in graph.input)


async def test_prompts_longer_than_a_provider_takes_at_once_are_cut(tiny: Path):
    from sprat.engines.onnx.intake import Intake
    from sprat.engines.onnx.scheduler import Scheduler
    from sprat.engines.onnx.wire import Ask

    folder = read_folder(tiny)
    decoder, seen = Decoder(folder, "cpu", 1), []
    run = decoder.run
    decoder.run = lambda tokens, *a, **k: (seen.append(tokens.shape[1]), run(tokens, *a, **k))[1]
    decoder.most_tokens = 31
    request = ChatRequest(messages=(Message("user", "hello " * 40),), max_tokens=2)
    scheduler = Scheduler(decoder, batching=True, reuse_prefix=False)
    scheduler.add(Intake(folder).job(Ask(1, request), guesses=False))
    while not scheduler.idle:
        scheduler.step()
    assert max(seen) == 31
    assert len(seen) > 3
