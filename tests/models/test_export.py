"""The folder as a whole: what is in it, when it appears, what is refused."""

import json
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from gguf import TokenType
from tests.models.tiny import ARCHITECTURES, Tiny

from sprat.errors import BadWeights, DiskFull, SpratError, UnsupportedModel
from sprat.models import disk
from sprat.models.export import RECIPE, export


def made(tmp_path: Path, tiny: Tiny) -> Path:
    export(tiny.write(tmp_path / "tiny.gguf"), tmp_path / "out")
    return tmp_path / "out"


def read(folder: Path, name: str) -> dict:
    return json.loads((folder / name).read_text("utf-8"))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_onnx_runtime_genai_generates_from_the_folder(architecture, tmp_path):
    import onnxruntime_genai as og

    model = og.Model(str(made(tmp_path, Tiny(architecture, "Q4_0"))))
    params = og.GeneratorParams(model)
    params.set_search_options(max_length=12, min_length=12)
    generator = og.Generator(model, params)
    generator.append_tokens([5, 6, 7])
    while not generator.is_done():
        generator.generate_next_token()
    assert len(generator.get_sequence(0)) == 12


def test_the_report_says_what_was_made(tmp_path):
    seen: list[tuple[int, int]] = []
    gguf = Tiny("qwen2", "Q8_0").write(tmp_path / "tiny.gguf")
    made = export(gguf, tmp_path / "out", progress=lambda done, total: seen.append((done, total)))
    assert (made.recipe, made.architecture, made.context_length) == (RECIPE, "qwen2", 64)
    assert made.bytes == sum(file.stat().st_size for file in made.folder.iterdir())
    assert made.tensor_types[0] == "Q8_0"
    assert seen[-1][0] <= seen[-1][1]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_two_exports_of_one_file_are_the_same_bytes(tmp_path):
    gguf = Tiny("llama", "Q4_1").write(tmp_path / "tiny.gguf")
    folders = [export(gguf, tmp_path / name).folder for name in ("a", "b")]
    for file in folders[0].iterdir():
        assert file.read_bytes() == (folders[1] / file.name).read_bytes(), file.name


def test_the_accuracy_level_is_written_into_every_product(tmp_path):
    import onnx

    gguf = Tiny("llama", "Q4_0").write(tmp_path / "tiny.gguf")
    for level in (0, 4):
        folder = export(gguf, tmp_path / str(level), accuracy_level=level).folder
        graph = onnx.load(folder / "model.onnx", load_external_data=False).graph
        products = [node for node in graph.node if node.op_type == "MatMulNBits"]
        levels = {a.i for node in products for a in node.attribute if a.name == "accuracy_level"}
        assert levels == {level}


def test_the_chat_template_and_special_tokens_come_from_the_gguf(tmp_path):
    config = read(made(tmp_path, Tiny()), "tokenizer_config.json")
    assert config["chat_template"].startswith("{% for m in messages %}")
    assert (config["bos_token"], config["eos_token"]) == ("t1", "t2")


def test_every_token_that_ends_a_turn_is_an_end(tmp_path):
    tokens = [f"t{i}" for i in range(94)] + ["<|im_end|>", "<|endoftext|>"]
    kinds = [TokenType.NORMAL] * 94 + [TokenType.CONTROL] * 2
    config = read(made(tmp_path, Tiny(tokens=tokens, kinds=kinds)), "genai_config.json")
    assert config["model"]["eos_token_id"] == [2, 94, 95]


def test_a_model_whose_answers_nothing_would_end_is_refused(tmp_path):
    with pytest.raises(BadWeights, match=r"eos_token_id is 4000, of 96 tokens"):
        made(tmp_path, Tiny(special={"bos": 1, "eos": 4000}))


def test_an_unknown_architecture_is_named(tmp_path):
    with pytest.raises(UnsupportedModel, match="'mamba'"):
        made(tmp_path, Tiny("mamba"))


@pytest.mark.parametrize("damage", [{"kv_heads": 3}, {"keys": {"rope.freq_base": -1.0}}])
def test_sizes_that_cannot_be_are_refused(damage, tmp_path):
    with pytest.raises(BadWeights, match="which cannot be"):
        made(tmp_path, Tiny(**damage))


def test_a_token_that_is_no_text_is_refused(tmp_path):
    gguf = Tiny().write(tmp_path / "tiny.gguf")
    gguf.write_bytes(gguf.read_bytes().replace(b"t17", b"t\x807"))
    with pytest.raises(BadWeights, match="not UTF-8"):
        export(gguf, tmp_path / "out")


def test_an_unknown_way_of_cutting_words_is_named(tmp_path):
    with pytest.raises(UnsupportedModel, match="'poro-chat'"):
        made(tmp_path, Tiny(pre="poro-chat"))


def test_a_missing_tensor_is_named(tmp_path, monkeypatch):
    shapes = Tiny._shapes

    def without(self: Tiny) -> dict:
        return {name: shape for name, shape in shapes(self).items() if "ffn_down" not in name}

    monkeypatch.setattr(Tiny, "_shapes", without)
    with pytest.raises(BadWeights, match=r"blk\.0\.ffn_down\.weight"):
        made(tmp_path, Tiny())
    assert [entry.name for entry in tmp_path.iterdir()] == ["tiny.gguf"]


def test_tensors_that_do_not_fit_each_other_are_refused(tmp_path, monkeypatch):
    layer = Tiny._layer
    wrong = {"ffn_down.weight": (256, 128)}
    monkeypatch.setattr(Tiny, "_layer", lambda self: {**layer(self), **wrong})
    with pytest.raises(BadWeights, match="ffn_down"):
        made(tmp_path, Tiny())


def test_too_little_room_is_said_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(
        disk.shutil, "disk_usage", lambda _: SimpleNamespace(total=10, used=9, free=1)
    )
    gguf = Tiny().write(tmp_path / "tiny.gguf")
    with pytest.raises(DiskFull, match="are free"):
        export(gguf, tmp_path / "out")
    assert list(tmp_path.iterdir()) == [gguf]


def test_a_disk_that_fills_up_leaves_nothing(tmp_path, monkeypatch):
    from sprat.models.export.store import Store

    def full(self: Store, array: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Store, "write", full)
    gguf = Tiny().write(tmp_path / "tiny.gguf")
    with pytest.raises(DiskFull):
        export(gguf, tmp_path / "out")
    assert list(tmp_path.iterdir()) == [gguf]


def test_a_folder_that_exists_is_not_touched(tmp_path):
    folder = made(tmp_path, Tiny())
    before = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    with pytest.raises(SpratError, match="exists already"):
        export(tmp_path / "tiny.gguf", folder)
    assert {file.name: file.stat().st_mtime_ns for file in folder.iterdir()} == before


SLOW = """
import sys, time
from pathlib import Path
from sprat.models.export import export
def slow(done, total):
    print(done, flush=True)
    time.sleep(0.2)
export(Path(sys.argv[1]), Path(sys.argv[2]), progress=slow)
"""


def test_killed_halfway_nothing_of_that_name_is_left(tmp_path):
    gguf = Tiny(layers=8).write(tmp_path / "tiny.gguf")
    command = [sys.executable, "-c", SLOW, str(gguf), str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.stdout.readline()
        child.kill()
    assert not (tmp_path / "out").exists()
    export(gguf, tmp_path / "out")  # and what was left behind is not in the way
    assert time.time() - (tmp_path / "out" / "model.onnx").stat().st_mtime < 60
