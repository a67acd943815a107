"""Every kind of model name of the command line, and the names that mean nothing."""

import os
from pathlib import Path

import msgspec
import pytest

from sprat.errors import UnknownModel
from sprat.models.catalog import CatalogModel
from sprat.models.disk import safe_name
from sprat.models.names import (
    EndpointModel,
    FoundryModel,
    GgufFile,
    HubFile,
    OnnxFolder,
    Scripted,
    looks_like_path,
    resolve,
)
from sprat.settings import Endpoint, Settings

OLLAMA = Endpoint(url="http://127.0.0.1:11434/v1")
FOUNDRY = Endpoint(url="http://127.0.0.1:5273/v1")


@pytest.fixture
def with_endpoints(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, endpoints={"ollama": OLLAMA, "foundry": FOUNDRY})


@pytest.fixture
def gguf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "some.gguf"
    file.write_bytes(b"GGUF")
    return file


def test_a_catalogue_name_is_found_whatever_its_case(settings):
    found = resolve("SmolLM2-135M", settings)
    assert isinstance(found, CatalogModel)
    assert found.name == "smollm2-135m"


@pytest.mark.parametrize("name", ["some.gguf", "./some.gguf"])
def test_a_file_is_found_with_and_without_a_leading_dot(settings, gguf: Path, name: str):
    found = resolve(name, settings)
    assert isinstance(found, GgufFile)
    assert (found.path.absolute(), found.name) == (gguf, name)


def test_a_folder_with_a_genai_config_is_an_onnx_model(settings, tmp_path: Path):
    (tmp_path / "genai_config.json").write_text("{}")
    assert isinstance(resolve(str(tmp_path), settings), OnnxFolder)


def test_a_folder_in_the_way_does_not_hide_a_catalogue_name(settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "smollm2-135m").mkdir()
    assert isinstance(resolve("smollm2-135m", settings), CatalogModel)


def test_a_hub_file_may_be_deep_and_may_name_its_revision(settings):
    found = resolve("hf:unsloth/Qwen3-GGUF/BF16/model.gguf@abc123", settings)
    assert found == HubFile(
        "unsloth", "Qwen3-GGUF", "BF16/model.gguf", "hf:unsloth/Qwen3-GGUF/BF16/model.gguf@abc123",
        "abc123",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["hf:owner", "hf:o/r", "hf:o/r/model.bin", "hf:o/r/../x.gguf"])
def test_a_hub_name_of_another_shape_shows_the_right_one(settings, name: str):
    with pytest.raises(UnknownModel, match=r"hf:OWNER/REPO/FILE\.gguf"):
        resolve(name, settings)


def test_a_part_of_a_split_model_is_refused_before_it_is_fetched(settings):
    with pytest.raises(UnknownModel, match="one of several parts"):
        resolve("hf:o/r/model-Q4_K_M-00001-of-00003.gguf", settings)


def test_a_model_behind_an_endpoint_keeps_slashes_and_colons(with_endpoints):
    found = resolve("ollama/library/qwen2.5:0.5b", with_endpoints)
    assert found == EndpointModel(
        "ollama", OLLAMA, "library/qwen2.5:0.5b", "ollama/library/qwen2.5:0.5b"
    )


@pytest.mark.parametrize("name", ["foundry:phi-4-mini", "foundry/phi-4-mini"])
def test_both_spellings_of_a_foundry_model_go_to_its_endpoint(with_endpoints, name: str):
    found = resolve(name, with_endpoints)
    assert isinstance(found, EndpointModel)
    assert (found.endpoint, found.model, found.name) == (FOUNDRY, "phi-4-mini", name)


def test_a_catalogue_model_of_foundry_goes_there_by_its_plain_name(with_endpoints):
    found = resolve("gpt-oss-20b", with_endpoints)
    assert isinstance(found, EndpointModel)
    assert (found.endpoint_name, found.model) == ("foundry", "gpt-oss-20b")


@pytest.mark.parametrize(
    ("name", "alias"),
    [
        ("foundry:phi-4-mini", "phi-4-mini"),
        ("foundry/phi-4-mini", "phi-4-mini"),
        ("gpt-oss-20b", "gpt-oss-20b"),
    ],
)
def test_without_a_foundry_endpoint_it_is_this_machine_s(settings, name: str, alias: str):
    assert resolve(name, settings) == FoundryModel(alias, name)


@pytest.mark.parametrize("name", ["foundry:", "foundry/"])
def test_foundry_alone_names_no_model(settings, with_endpoints, name: str):
    for known in (settings, with_endpoints):
        with pytest.raises(UnknownModel, match="foundry:phi-4-mini"):
            resolve(name, known)


def test_scripted_answers_need_their_file(settings, gguf: Path):
    (gguf.parent / "a.json").write_text("[]")
    assert resolve("scripted:a.json", settings) == Scripted(Path("a.json"), "scripted:a.json")
    with pytest.raises(UnknownModel, match=r"no file 'none\.json'"):
        resolve("scripted:none.json", settings)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("smolm2-135m", "smollm2-135m"),
        ("qwen2.5-coder", "qwen2.5-coder-0.5b"),
        ("phi4mini", "phi-4-mini"),
    ],
)
def test_an_unknown_name_suggests_the_nearest(settings, typed: str, meant: str):
    with pytest.raises(UnknownModel, match=f"no model '{typed}'.*Did you mean .*{meant}"):
        resolve(typed, settings)


def test_a_name_that_is_near_nothing_points_to_the_list(settings):
    with pytest.raises(UnknownModel, match="sprat models list"):
        resolve("zzzzzz", settings)


@pytest.mark.parametrize("name", ["./none.gguf", "none.gguf", "C:\\x\\y.gguf", "C:/x/y.gguf"])
def test_a_file_that_is_not_there_is_said_as_such(settings, gguf: Path, name: str):
    with pytest.raises(UnknownModel, match="There is no file"):
        resolve(name, settings)


def test_a_misspelt_file_suggests_its_neighbour(settings, gguf: Path):
    with pytest.raises(UnknownModel, match=r"Did you mean .*some\.gguf"):
        resolve("./sone.gguf", settings)


def test_a_folder_without_a_model_names_the_weights_inside(settings, gguf: Path):
    with pytest.raises(UnknownModel, match=r"no genai_config\.json.*some\.gguf"):
        resolve(str(gguf.parent), settings)


def test_an_unknown_endpoint_suggests_the_nearest_or_how_to_add_it(with_endpoints):
    with pytest.raises(UnknownModel, match="Did you mean ollama/qwen"):
        resolve("olama/qwen", with_endpoints)
    with pytest.raises(UnknownModel, match=r"Add \[endpoints\.tgi\] url"):
        resolve("tgi/qwen", with_endpoints)


def test_an_endpoint_without_a_model_is_asked_for_one(with_endpoints):
    with pytest.raises(UnknownModel, match="Write ollama/MODEL"):
        resolve("ollama/", with_endpoints)


@pytest.mark.parametrize("name", ["", "  ", "\0", "a" * 5000])
def test_names_that_no_file_can_have_are_unknown_not_a_crash(settings, name: str):
    with pytest.raises(UnknownModel):
        resolve(name, settings)


def test_a_windows_path_looks_like_a_path_everywhere():
    assert looks_like_path("C:\\x\\y")
    assert looks_like_path("..\\y")
    assert not looks_like_path("ollama/qwen2.5:0.5b")


def test_folder_names_hold_no_character_that_some_system_forbids():
    names = ["hf:a/b/c.gguf", "hf:a/b--c.gguf", "con:", "smollm2-135m", "x" * 300, "…"]
    made = [safe_name(name) for name in names]
    assert len(set(made)) == len(names)
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-_") for name in made)
    assert all(0 < len(name) < 100 for name in made)
    assert safe_name("smollm2-135m") == "smollm2-135m"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_said_to_be_one_instead_of_missing(settings, tmp_path):
    os.mkfifo(tmp_path / "weights.gguf")
    with pytest.raises(UnknownModel, match="is no ordinary file"):
        resolve(str(tmp_path / "weights.gguf"), settings)
