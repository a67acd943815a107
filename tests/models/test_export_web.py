"""What a browser gets: the graphs compute what the GGUF says, and the manifest tells the truth."""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from tests.models.reference import Reference
from tests.models.tiny import ARCHITECTURES, TYPES, Tiny
from tests.page.tiny import TEMPLATE, tiny_gguf, tiny_web, vocabulary

from sprat.models.export.arch import read_shape
from sprat.models.export.blocks import FORMATS, Blocks
from sprat.models.export.packing import pack, widened
from sprat.models.export.web import About, export_web
from sprat.models.export.web.manifest import Manifest, read_manifest
from sprat.models.export.web.rehearsal import rehearsed
from sprat.models.export.web.song import Singer
from sprat.models.gguf import Gguf

IDS = [5, 17, 3, 88, 41, 9, 9, 70, 12, 33, 2, 64, 7, 50, 21, 90]
F32, F16, INT8 = "model_q4.onnx", "model_q4f16.onnx", "model_quantized.onnx"


def made(tiny: Tiny, folder: Path) -> tuple[Path, Path]:
    """The GGUF, and its export for browsers."""
    tokens, merges = vocabulary()
    tiny.tokens, tiny.merges, tiny.template = tokens, merges, TEMPLATE
    gguf = tiny.write(folder / "tiny.gguf")
    return gguf, export_web(gguf, folder / "web", About(name="tiny", title="Tiny")).folder


def logits(gguf: Path, folder: Path, file: str) -> np.ndarray:
    with Gguf(gguf) as opened:
        shape = read_shape(opened)
    with rehearsed(folder / "onnx" / file, shape, 0) as stage:
        return stage.logits(IDS)


def difference(tiny: Tiny, folder: Path, file: str) -> float:
    """Largest difference of a logit, relative to the spread of the reference's logits."""
    gguf, web = made(tiny, folder)
    expected = Reference.load(gguf).logits(IDS)
    return float(np.abs(logits(gguf, web, file) - expected).max() / expected.std())


@pytest.fixture(scope="module")
def web(tmp_path_factory) -> Path:
    return tiny_web(tmp_path_factory.mktemp("web"))


@pytest.fixture(scope="module")
def manifest(web: Path) -> Manifest:
    return read_manifest(web)


# A zero point to 1/32 of a step is half a per cent of noise in a product: five deviations of it.
TOLERANCE = {"Q4_1": 0.12, "Q4_K": 0.12, "Q5_1": 0.12, "Q5_K": 0.12, "Q6_K": 0.05}


def widened_rows(scale: float, minimum: float) -> tuple[np.ndarray, np.ndarray]:
    """A block of every code as it should be, and as eight bits have it."""
    codes = np.tile(np.arange(16, dtype=np.uint8), 2)
    pairs = (codes[0::2] | codes[1::2] << 4).reshape(1, 1, 16)
    size = np.array([[scale]], np.float32)
    blocks = Blocks(pairs, size, np.array([[minimum]], np.float32))
    packed = pack(widened(FORMATS["Q4_1"]), "Q4_1", blocks)
    assert packed.zeros is not None
    found = (packed.codes[0, 0].astype(int) - packed.zeros[0, 0]) * packed.scales[0, 0]
    return codes * scale + minimum, found


@pytest.mark.parametrize("minimum", [0.0, -0.31, -0.7, -1.5])
def test_widening_a_block_loses_at_most_a_thirty_second_of_a_step(minimum):
    exact, found = widened_rows(0.1, minimum)
    assert np.abs(found - exact).max() <= 0.1 / 32 + 1e-6


@pytest.mark.parametrize("minimum", [0.4, -2.5])
def test_a_block_on_one_side_of_zero_is_written_around_its_middle(minimum):
    exact, found = widened_rows(0.1, minimum)
    assert np.abs(found - exact).max() <= np.abs(exact).max() / 127 / 2 + 1e-6


@pytest.mark.parametrize("kind", TYPES)
def test_the_webgpu_graph_computes_what_the_gguf_says(kind, tmp_path):
    assert difference(Tiny("llama", kind), tmp_path, F32) < TOLERANCE.get(kind, 1e-4)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_has_a_graph_for_webgpu(architecture, tmp_path):
    assert difference(Tiny(architecture, "Q8_0"), tmp_path, F32) < 1e-4


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_has_a_graph_of_8_bit_products(architecture, tmp_path):
    assert difference(Tiny(architecture, "Q8_0", context=2048), tmp_path, INT8) < 0.25


@pytest.mark.parametrize("kind", ["F16", "Q4_1", "Q6_K"])
def test_8_bit_columns_are_made_of_every_type(kind, tmp_path):
    assert difference(Tiny("qwen2", kind, tied=kind == "F16"), tmp_path, INT8) < 0.25


def test_a_model_too_large_to_widen_keeps_its_exact_minima(tmp_path, monkeypatch):
    monkeypatch.setattr("sprat.models.export.web.make.WIDE_BYTES", 0)
    assert difference(Tiny("llama", "Q4_1"), tmp_path, F32) < 8e-3


@pytest.mark.parametrize("variant", ["webgpu-f32", "wasm-int8"])
def test_the_canary_is_what_native_onnx_runtime_answers(variant, web, manifest):
    found = next(one for one in manifest.variants if one.id == variant)
    assert found.canary is not None
    with Gguf(web.parent / "tiny.gguf") as opened:
        singer = Singer(web / found.model.name, read_shape(opened))
    song = singer.sing(list(found.canary.prompt), len(found.canary.tokens))
    assert song.tokens == found.canary.tokens
    assert len(song.tokens) >= 12
    for guess in found.canary.top:
        assert song.first[guess.id] == pytest.approx(guess.logit, abs=1e-3)


def test_logits_are_of_the_last_position_however_many_tokens_are_read(web):
    with Gguf(web.parent / "tiny.gguf") as opened:
        singer = Singer(web / "onnx" / F32, read_shape(opened))
    whole = singer.hear(IDS)
    singer.forget()
    singer.hear(IDS[:9])
    assert np.abs(singer.hear(IDS[9:]) - whole).max() < 1e-4


def test_8_bit_answers_do_not_depend_on_how_many_tokens_are_read_at_once(web):
    with Gguf(web.parent / "tiny.gguf") as opened:
        singer = Singer(web / "onnx" / INT8, read_shape(opened))
    whole = singer.hear(IDS)
    singer.forget()
    singer.hear(IDS[:9])
    assert np.abs(singer.hear(IDS[9:]) - whole).max() < 1e-3


def test_the_manifest_vouches_for_every_file_and_no_other(web, manifest):
    names = {file.relative_to(web).as_posix() for file in web.rglob("*") if file.is_file()}
    assert names == {"manifest.json", *(file.name for file in manifest.all_files)}
    for file in manifest.all_files:
        data = (web / file.name).read_bytes()
        assert len(data) == file.bytes
        assert hashlib.sha256(data).hexdigest() == file.sha256


def test_the_manifest_has_the_names_that_the_page_reads(web):
    raw = json.loads((web / "manifest.json").read_bytes())
    assert {"contextTokens", "kvHeads", "headSize", "ends", "vocabulary"} <= raw.keys()
    half = next(one for one in raw["variants"] if one["id"] == "webgpu-f16")
    assert (half["needs"], half["cache"]) == (["shader-f16"], "float16")
    assert {"prompt", "tokens", "top", "tolerance"} == half["canary"].keys()


def test_transformers_js_finds_its_layout(web):
    config = json.loads((web / "config.json").read_bytes())
    assert config["transformers.js_config"]["kv_cache_dtype"] == {"q4f16": "float16"}
    for file in (F32, F16, INT8):
        graph = onnx.load(web / "onnx" / file, load_external_data=False).graph
        assert {
            entry.value
            for tensor in graph.initializer
            for entry in tensor.external_data
            if entry.key == "location"
        } == {f"{file}_data"}
        past = next(one for one in graph.input if one.name == "past_key_values.0.key")
        assert past.type.tensor_type.shape.dim[3].dim_value == config["head_dim"]
    assert "chat_template" in json.loads((web / "tokenizer_config.json").read_bytes())


def test_two_exports_of_one_file_are_the_same_bytes(web, tmp_path):
    again = tiny_web(tmp_path)
    for file in web.rglob("*.*"):
        assert file.read_bytes() == (again / file.relative_to(web)).read_bytes(), file.name


def test_a_model_that_outgrows_halves_has_no_such_graph(tmp_path):
    _, folder = made(Tiny("gemma3", "Q8_0"), tmp_path)
    assert [one.id for one in read_manifest(folder).variants] == ["webgpu-f32", "wasm-int8"]


def test_no_export_is_left_half_written(tmp_path, monkeypatch):
    gguf = tiny_gguf(tmp_path / "tiny.gguf")
    monkeypatch.setattr("sprat.models.export.web.make.entry", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export_web(gguf, tmp_path / "out", About(name="tiny", title="Tiny"))
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.gguf"]
