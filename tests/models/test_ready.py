"""From a source to a folder that can be loaded: once with work, afterwards without."""

import hashlib
import os
from pathlib import Path

import pytest
from standin import noise

from sprat.errors import BadWeights
from sprat.models import export, ready
from sprat.models.catalog import catalog
from sprat.models.disk import export_folder, model_folder
from sprat.models.names import GgufFile, HubFile, OnnxFolder
from sprat.models.ready import describe, ensure, known, remove


@pytest.fixture
def exports(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Exports made, by an exporter that only writes what says that it is done."""
    made: list[Path] = []

    def fake(gguf: Path, out: Path, *, progress=None) -> None:
        progress(1, 2)
        out.mkdir(parents=True)
        (out / "genai_config.json").write_text("{}")
        made.append(gguf)

    monkeypatch.setattr(export, "export", fake)
    return made


@pytest.fixture
def own(tmp_path: Path) -> GgufFile:
    file = tmp_path / "own.gguf"
    file.write_bytes(noise(50_000))
    return GgufFile(file, "./own.gguf")


def test_the_first_time_it_pulls_and_exports_and_then_it_asks_nobody(
    server, model, settings, exports
):
    first = ensure(model, settings)
    asked = len(server.requests)
    server.close()
    assert ensure(model, settings) == first
    assert (len(server.requests), len(exports)) == (asked, 1)
    assert (first.name, first.licence) == ("toy", "CC0-1.0")
    assert (first.weights_sha256, first.recipe) == (model.sha256, export.RECIPE)
    assert (first.folder / "genai_config.json").is_file()


def test_a_file_of_ones_own_is_hashed_once(own, settings, exports, monkeypatch):
    first = ensure(own, settings)
    assert first.weights_sha256 == hashlib.sha256(own.path.read_bytes()).hexdigest()
    assert first.gguf == own.path
    monkeypatch.setattr(ready, "sha256_of", lambda *_: pytest.fail("hashed again"))
    assert ensure(own, settings) == first
    assert len(exports) == 1


def test_a_file_of_ones_own_that_changed_is_exported_again(own, settings, exports):
    before = ensure(own, settings)
    own.path.write_bytes(noise(50_000, seed=2))
    os.utime(own.path, ns=(1, 1))
    after = ensure(own, settings)
    assert before.folder != after.folder
    assert len(exports) == 2


def test_the_same_weights_under_two_names_are_exported_once(
    server, model, parts, settings, exports, tmp_path
):
    (tmp_path / "copy.gguf").write_bytes(b"".join(parts))
    assert (
        ensure(model, settings).folder
        == ensure(GgufFile(tmp_path / "copy.gguf", "c"), settings).folder
    )
    assert len(exports) == 1


def test_another_recipe_is_another_export(own, settings, exports, monkeypatch):
    ensure(own, settings)
    monkeypatch.setattr(export, "RECIPE", "next")
    assert ensure(own, settings).folder.name.endswith("-next")
    assert len(exports) == 2


def test_what_a_killed_export_left_is_cleared_and_never_loaded(own, settings, exports):
    sha256 = hashlib.sha256(own.path.read_bytes()).hexdigest()
    folder = export_folder(settings, sha256, export.RECIPE)
    half = folder.with_name(f".{folder.name}.123.part")
    half.mkdir(parents=True)
    (half / "genai_config.json").write_text("{}")
    assert ensure(own, settings).folder == folder
    assert not half.exists()


def test_a_file_that_is_no_gguf_is_named_with_what_it_begins_with(settings, tmp_path):
    (tmp_path / "x.gguf").write_bytes(b"PK\x03\x04 a zip")
    with pytest.raises(BadWeights, match=r"x\.gguf is no GGUF file: it begins with b'PK"):
        ensure(GgufFile(tmp_path / "x.gguf", "x.gguf"), settings)


def test_an_onnx_folder_is_used_as_it_lies(settings, tmp_path):
    found = ensure(OnnxFolder(tmp_path, "./folder"), settings)
    assert (found.folder, found.weights_sha256, found.recipe) == (tmp_path, None, None)


def test_a_hub_file_is_listed_after_the_catalogue_once_it_is_here(server, settings, exports):
    server.files["own.gguf"] = noise(5_000)
    named = HubFile("maker", "own-GGUF", "own.gguf", "hf:maker/own-GGUF/own.gguf")
    assert [m.name for m in known(settings)] == list(catalog())
    ensure(named, settings)
    last = known(settings)[-1]
    assert (last.name, last.on_disk, last.exported, last.bytes) == (named.name, True, True, 5_000)


def test_what_is_known_tells_pulled_from_exported(server, model, settings, exports):
    assert (describe(model, settings).on_disk, describe(model, settings).disk_bytes) == (False, 0)
    ready.pull(model, settings)
    assert (describe(model, settings).on_disk, describe(model, settings).exported) == (True, False)
    ensure(model, settings)
    assert describe(model, settings).exported
    assert describe(model, settings).disk_bytes > model.bytes


def test_removing_frees_weights_and_export_and_says_how_much(server, model, settings, exports):
    made = ensure(model, settings)
    held = describe(model, settings).disk_bytes
    assert remove(model, settings) == held
    assert not made.folder.exists()
    assert not model_folder(settings, "toy").exists()
    assert remove(model, settings) == 0


def test_removing_a_file_of_ones_own_keeps_the_file(own, settings, exports):
    made = ensure(own, settings)
    assert remove(own, settings) > 0
    assert own.path.exists()
    assert not made.folder.exists()


@pytest.mark.real
def test_the_default_small_model_is_made_ready(real_settings):
    made = ensure(catalog()["smollm2-135m"], real_settings)
    assert made.weights_sha256 == catalog()["smollm2-135m"].sha256
    assert (made.folder / "model.onnx").is_file()
